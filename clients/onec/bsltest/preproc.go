package bsltest

import (
	"strings"
)

// noRegions is no symbol of the language: it says that the platform is older
// than regions.
const noRegions = "\x00"

// preprocess keeps the tokens that the platform compiles where symbols hold,
// and drops the directives themselves. Regions must be closed in order.
// Regions came with 8.3.1: where symbols hold noRegions they are refused.
func preprocess(moduleName string, tokens []token, symbols map[string]bool) ([]token, *Error) {
	type level struct {
		pos       Pos
		kind      string
		last      bool // #Иначе was: no branch follows
		live      bool // this branch is compiled
		taken     bool // a branch was
		outerLive bool
	}
	var stack []level
	live := true
	out := make([]token, 0, len(tokens))
	fail := func(at Pos, text string) *Error { return &Error{Module: moduleName, Pos: at, Text: text} }
	for _, t := range tokens {
		if t.kind != tPreproc {
			if live || t.kind == tEOF {
				out = append(out, t)
			}
			if t.kind == tEOF && len(stack) > 0 {
				last := stack[len(stack)-1]
				return nil, fail(last.pos, "Незавершенная инструкция препроцессора #"+last.kind)
			}
			continue
		}
		word, rest := t.text, ""
		if i := strings.IndexFunc(t.text, blank); i >= 0 {
			word, rest = t.text[:i], strings.TrimSpace(t.text[i:])
		}
		pop := func(kind string) (level, *Error) {
			if len(stack) == 0 || stack[len(stack)-1].kind != kind {
				return level{}, fail(t.pos, "Непарная инструкция препроцессора #"+word)
			}
			l := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			return l, nil
		}
		switch strings.ToLower(word) {
		case "если", "if", "иначеесли", "elsif", "область", "region":
		default:
			if rest != "" {
				return nil, fail(t.pos, "Лишнее после инструкции препроцессора #"+word)
			}
		}
		switch strings.ToLower(word) {
		case "область", "region":
			if symbols[noRegions] {
				return nil, fail(t.pos, "Неизвестная инструкция препроцессора #"+word)
			}
			if !isName(rest) {
				return nil, fail(t.pos, "Ожидается имя области")
			}
			stack = append(stack, level{pos: t.pos, kind: "Область", outerLive: live})
		case "конецобласти", "endregion":
			if _, err := pop("Область"); err != nil {
				return nil, err
			}
		case "вставка", "insert":
			stack = append(stack, level{pos: t.pos, kind: "Вставка", outerLive: live})
		case "конецвставки", "endinsert":
			if _, err := pop("Вставка"); err != nil {
				return nil, err
			}
		case "удаление", "delete":
			stack = append(stack, level{pos: t.pos, kind: "Удаление", outerLive: live})
			live = false
		case "конецудаления", "enddelete":
			l, err := pop("Удаление")
			if err != nil {
				return nil, err
			}
			live = l.outerLive
		case "если", "if":
			yes, err := condition(rest, symbols)
			if err != "" {
				return nil, fail(t.pos, err)
			}
			stack = append(stack, level{pos: t.pos, kind: "Если", live: yes, taken: yes, outerLive: live})
			live = live && yes
		case "иначеесли", "elsif":
			l, err := pop("Если")
			if err != nil {
				return nil, err
			}
			yes, bad := condition(rest, symbols)
			if bad != "" {
				return nil, fail(t.pos, bad)
			}
			if l.last {
				return nil, fail(t.pos, "Непарная инструкция препроцессора #"+word)
			}
			l.live = yes && !l.taken
			l.taken = l.taken || yes
			stack = append(stack, l)
			live = l.outerLive && l.live
		case "иначе", "else":
			l, err := pop("Если")
			if err != nil {
				return nil, err
			}
			if l.last {
				return nil, fail(t.pos, "Непарная инструкция препроцессора #"+word)
			}
			l.live, l.taken, l.last = !l.taken, true, true
			stack = append(stack, l)
			live = l.outerLive && l.live
		case "конецесли", "endif":
			l, err := pop("Если")
			if err != nil {
				return nil, err
			}
			live = l.outerLive
		default:
			return nil, fail(t.pos, "Неизвестная инструкция препроцессора #"+word)
		}
	}
	return out, nil
}

// condition evaluates «Клиент И Не ВебКлиент Тогда»; the second result is a
// refusal, "" if there is none.
func condition(text string, symbols map[string]bool) (bool, string) {
	for _, b := range []string{"(", ")"} {
		text = strings.ReplaceAll(text, b, " "+b+" ")
	}
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 || words[len(words)-1] != "тогда" && words[len(words)-1] != "then" {
		return false, "Ожидается ключевое слово Тогда"
	}
	c := &conditionParser{words: words[:len(words)-1], symbols: symbols}
	yes := c.or()
	if c.bad == "" && len(c.words) > 0 {
		c.bad = "Ошибка в условии препроцессора"
	}
	return yes, c.bad
}

type conditionParser struct {
	words   []string
	symbols map[string]bool
	bad     string
}

func (c *conditionParser) eat(ru, en string) bool {
	if len(c.words) > 0 && (c.words[0] == ru || c.words[0] == en) {
		c.words = c.words[1:]
		return true
	}
	return false
}

func (c *conditionParser) or() bool {
	yes := c.and()
	for c.eat("или", "or") {
		right := c.and()
		yes = yes || right
	}
	return yes
}

func (c *conditionParser) and() bool {
	yes := c.not()
	for c.eat("и", "and") {
		right := c.not()
		yes = yes && right
	}
	return yes
}

func (c *conditionParser) not() bool {
	if c.eat("не", "not") {
		return !c.not()
	}
	if c.eat("(", "(") {
		yes := c.or()
		if !c.eat(")", ")") {
			c.bad = "Ошибка в условии препроцессора"
		}
		return yes
	}
	if len(c.words) == 0 {
		c.bad = "Ошибка в условии препроцессора"
		return false
	}
	name := c.words[0]
	c.words = c.words[1:]
	yes, known := c.symbols[name]
	if !known {
		c.bad = "Неизвестный символ препроцессора " + name
	}
	return yes
}
