package bsltest

import (
	"strings"
	"sync"
	"unicode"
)

// lexer cuts a module's text into tokens. It never fails silently: the first
// thing it cannot read is a refusal with its place.
type lexer struct {
	module string
	src    []rune
	at     int
	pos    Pos
	words  map[string]string
	tokens []token
}

// lexed keeps the tokens of long texts, which nobody changes: hundreds of
// infobases load the same modules.
var lexed sync.Map // text → []token

// lex returns the tokens of text, the last one tEOF.
func lex(module, text string) ([]token, *Error) {
	if known, ok := lexed.Load(text); ok {
		return known.([]token), nil
	}
	tokens, err := lexText(module, text)
	if err == nil && len(text) > 1000 {
		lexed.Store(text, tokens)
	}
	return tokens, err
}

func lexText(module, text string) (tokens []token, err *Error) {
	l := &lexer{module: module, src: []rune(strings.TrimPrefix(text, "\ufeff")), pos: Pos{1, 1}, words: keywords()}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			tokens, err = nil, e
		}
	}()
	for l.next() {
	}
	return append(l.tokens, token{kind: tEOF, pos: l.pos}), nil
}

func (l *lexer) fail(at Pos, text string) { panic(&Error{Module: l.module, Pos: at, Text: text}) }

func (l *lexer) peek(ahead int) rune {
	if l.at+ahead >= len(l.src) {
		return 0
	}
	return l.src[l.at+ahead]
}

func (l *lexer) step() rune {
	r := l.src[l.at]
	l.at++
	if r == '\n' {
		l.pos = Pos{l.pos.Line + 1, 1}
	} else {
		l.pos.Col++
	}
	return r
}

func (l *lexer) take(while func(rune) bool) string {
	from := l.at
	for l.at < len(l.src) && while(l.src[l.at]) {
		l.step()
	}
	return string(l.src[from:l.at])
}

// blank is white space between words. The unbreakable space is none: it comes
// with text copied from pages, and the platform does not know the symbol.
func blank(r rune) bool {
	return r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '\f' || r == '\v'
}

func notNewline(r rune) bool { return r != '\n' }

func identStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func identPart(r rune) bool { return identStart(r) || unicode.IsDigit(r) }

func digit(r rune) bool { return r >= '0' && r <= '9' }

// next reads one token or one stretch of nothing; false at the end.
func (l *lexer) next() bool {
	if l.at >= len(l.src) {
		return false
	}
	at, r := l.pos, l.peek(0)
	add := func(k kind, text, raw string) { l.tokens = append(l.tokens, token{k, text, raw, at}) }
	switch {
	case blank(r):
		l.step()
	case r == '/' && l.peek(1) == '/':
		l.take(notNewline)
	case identStart(r):
		raw := l.take(identPart)
		if word, ok := l.words[fold(raw)]; ok {
			add(tKeyword, word, raw)
		} else {
			add(tIdent, raw, raw)
		}
	case digit(r):
		text := l.take(digit)
		if l.peek(0) == '.' && digit(l.peek(1)) {
			l.step()
			text += "." + l.take(digit)
		}
		if identStart(l.peek(0)) {
			l.fail(l.pos, "Неправильный символ в числовом литерале")
		}
		add(tNumber, text, text)
	case r == '"':
		add(tString, l.str(), "")
	case r == '\'':
		l.step()
		raw := l.take(func(r rune) bool { return r != '\'' && r != '\n' })
		if l.peek(0) != '\'' {
			l.fail(at, "Незавершенный литерал даты")
		}
		l.step()
		add(tDate, raw, raw)
	case r == '&':
		l.step()
		name := l.take(identPart)
		if name == "" {
			l.fail(at, "Ожидается имя директивы компиляции")
		}
		add(tDirective, name, "&"+name)
	case r == '#':
		if n := len(l.tokens); n > 0 && l.tokens[n-1].pos.Line == at.Line {
			l.fail(at, "Инструкция препроцессора должна начинаться с новой строки")
		}
		l.step()
		line := l.take(notNewline)
		if i := strings.Index(line, "//"); i >= 0 {
			line = line[:i]
		}
		add(tPreproc, strings.TrimSpace(line), line)
	case r == '~':
		l.step()
		add(tLabel, l.take(identPart), "")
	default:
		l.operator(at, add)
	}
	return true
}

func (l *lexer) operator(at Pos, add func(kind, string, string)) {
	r := l.step()
	op := string(r)
	if two := op + string(l.peek(0)); two == "<>" || two == "<=" || two == ">=" {
		l.step()
		op = two
	} else if !strings.ContainsRune("+-*/%=<>()[].,;?:", r) {
		l.fail(at, "Неизвестный символ \""+op+"\"")
	}
	add(tOp, op, op)
}

// str reads a string literal: a doubled quote is a quote, a line that begins
// with | continues it, comments between such lines are none of it.
func (l *lexer) str() string {
	at := l.pos
	l.step()
	var b strings.Builder
	for {
		if l.at >= len(l.src) {
			l.fail(at, "Незавершенный строковый литерал")
		}
		switch r := l.step(); {
		case r == '"' && l.peek(0) == '"':
			l.step()
			b.WriteByte('"')
		case r == '"':
			return b.String()
		case r == '\r' && l.peek(0) == '\n':
		case r == '\n':
			l.continued(at)
			b.WriteByte('\n')
		default:
			b.WriteRune(r)
		}
	}
}

func (l *lexer) continued(at Pos) {
	for {
		l.take(blank)
		switch {
		case l.peek(0) == '|':
			l.step()
			return
		case l.peek(0) == '/' && l.peek(1) == '/':
			l.take(notNewline)
		default:
			l.fail(at, "Незавершенный строковый литерал")
		}
	}
}
