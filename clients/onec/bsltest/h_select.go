package bsltest

import (
	"slices"
	"strings"
)

// A small engine of 1C's query language: one table (or tabular section), with
// conditions and an order. What it does not know is an exception of the query,
// so that a test sees it.

// selectParser reads a query; its errors are exceptions.
type selectParser struct {
	w      *World
	params *structure
	tokens []token
	at     int
	alias  string
	table  *Table
	tab    string
}

// qrow is a row while a query looks at it: a reference, or a row of a tabular
// section, or a record of a register.
type qrow struct {
	ref  *Ref
	data func(name string) (any, bool)
}

type qexpr func(*qrow) any

func (p *selectParser) fail(what string) {
	t := p.tokens[p.at]
	throw("Ошибка запроса: {(%d, %d)}: %s", t.pos.Line, t.pos.Col, what)
}

func (p *selectParser) word(words ...string) bool {
	for i, want := range words {
		if p.at+i >= len(p.tokens) {
			return false
		}
		t := p.tokens[p.at+i]
		if t.kind == tString || !strings.EqualFold(t.raw, want) {
			return false
		}
	}
	p.at += len(words)
	return true
}

func (p *selectParser) need(word string) {
	if !p.word(word) {
		p.fail("ожидается " + word)
	}
}

func (p *selectParser) name() string {
	t := p.tokens[p.at]
	if t.kind != tIdent && t.kind != tKeyword {
		p.fail("ожидается имя")
	}
	p.at++
	return t.raw
}

func (p *selectParser) path() []string {
	all := []string{p.name()}
	for p.word(".") {
		all = append(all, p.name())
	}
	return all
}

// selectRows runs a query over the World's metadata.
func (w *World) selectRows(text string, params *structure) []*structure {
	tokens, bad := lex("Запрос", text)
	if bad != nil {
		throw("Ошибка запроса: %s", bad.Text)
	}
	p := &selectParser{w: w, params: params, tokens: tokens}
	p.need("ВЫБРАТЬ")
	distinct, allowed, limit := false, false, -1
	for more := true; more; {
		switch {
		case p.word("РАЗРЕШЕННЫЕ"):
			allowed = true
		case p.word("РАЗЛИЧНЫЕ"):
			distinct = true
		case p.word("ПЕРВЫЕ"):
			limit = mustNum(p.tokens[p.at].text).int()
			p.at++
		default:
			more = false
		}
	}
	fieldsAt := p.at
	for depth := 0; depth != 0 || !p.word("ИЗ"); p.at++ { // the table comes after what is asked of it
		switch t := p.tokens[p.at]; {
		case t.kind == tEOF:
			p.fail("ожидается ИЗ")
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		}
	}
	p.from()
	end := p.at
	p.at = fieldsAt
	names, fields := p.fields()
	if !p.word("ИЗ") {
		p.fail("не поддерживается: " + p.tokens[p.at].raw)
	}
	p.at = end
	var where qexpr
	if p.word("ГДЕ") {
		where = p.or()
	}
	order, down := p.order(names, fields)
	for p.word(";") {
	}
	if p.tokens[p.at].kind != tEOF {
		p.fail("не поддерживается: " + p.tokens[p.at].raw)
	}
	var found []*qrow
	for _, r := range p.rows() {
		if where != nil {
			yes, ok := where(r).(bool)
			if !ok {
				throw("Ошибка запроса: условие ГДЕ не является логическим выражением")
			}
			if !yes {
				continue
			}
		}
		if p.table.Hidden != nil && r.ref != nil && w.asUser() && p.table.Hidden(r.ref) {
			w.guard(!allowed)
			continue
		}
		found = append(found, r)
	}
	slices.SortStableFunc(found, func(a, b *qrow) int {
		for i, o := range order {
			c := queryOrder(o(a), o(b))
			if down[i] {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return project(found, names, fields, distinct, limit)
}

func project(found []*qrow, names []string, fields []qexpr, distinct bool, limit int) (out []*structure) {
	seen := map[string]bool{}
	for _, r := range found {
		if limit >= 0 && len(out) == limit {
			break
		}
		s, key := newStructure(), ""
		for i, f := range fields {
			v := f(r)
			s.set(names[i], v)
			if k, ok := keyOf(v).(string); ok {
				key += k + "\x00"
			} else {
				key += str(v) + "\x00"
			}
		}
		if distinct && seen[key] {
			continue
		}
		seen[key] = true
		out = append(out, s)
	}
	return out
}

func (p *selectParser) from() {
	path := p.path()
	if len(path) < 2 {
		p.fail("ожидается имя таблицы")
	}
	p.table = p.w.Meta.Find(path[0] + "." + path[1])
	if p.table == nil {
		p.fail("Таблица не найдена \"" + strings.Join(path, ".") + "\"")
	}
	if len(path) == 3 {
		p.tab = fold(path[2])
		if p.table.tabs[p.tab] == nil {
			p.fail("Таблица не найдена \"" + strings.Join(path, ".") + "\"")
		}
	}
	p.w.guard(p.table.Guarded)
	p.alias = path[len(path)-1]
	if p.word("КАК") {
		p.alias = p.name()
	}
}

func (p *selectParser) fields() (names []string, fields []qexpr) {
	for {
		at := p.at
		f := p.or()
		name := p.tokens[p.at-1].raw
		if p.word("КАК") {
			name = p.name()
		} else if at == p.at {
			p.fail("ожидается поле")
		}
		names, fields = append(names, name), append(fields, f)
		if !p.word(",") {
			return names, fields
		}
	}
}

func (p *selectParser) order(names []string, fields []qexpr) (order []qexpr, down []bool) {
	if !p.word("УПОРЯДОЧИТЬ", "ПО") {
		return nil, nil
	}
	for {
		var o qexpr
		t := p.tokens[p.at]
		if next := p.tokens[min(p.at+1, len(p.tokens)-1)]; !next.is(".") {
			for i, n := range names {
				if strings.EqualFold(n, t.raw) {
					o = fields[i]
					p.at++
					break
				}
			}
		}
		if o == nil {
			o = p.operand()
		}
		order, down = append(order, o), append(down, p.word("УБЫВ"))
		p.word("ВОЗР")
		if !p.word(",") {
			return order, down
		}
	}
}

// rows are what the table holds.
func (p *selectParser) rows() (all []*qrow) {
	for _, k := range p.table.keys {
		r := p.table.rows[k]
		var ref *Ref
		if r.uid != "" {
			ref = &Ref{p.table, r.uid}
		}
		if p.tab == "" {
			all = append(all, &qrow{ref, func(name string) (any, bool) {
				if ref != nil {
					return ref.Field(nil, name)
				}
				return r.data.get(name), p.table.has(name)
			}})
			continue
		}
		if r.tabs[p.tab] == nil {
			continue
		}
		for _, line := range r.tabs[p.tab].rows {
			all = append(all, &qrow{ref, func(name string) (any, bool) {
				if strings.EqualFold(name, "Ссылка") {
					return ref, true
				}
				return line.Field(nil, name)
			}})
		}
	}
	return all
}
