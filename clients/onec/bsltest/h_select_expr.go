package bsltest

import (
	"regexp"
	"strings"
)

func (p *selectParser) or() qexpr {
	x := p.and()
	for p.word("ИЛИ") {
		a, b := x, p.and()
		x = func(r *qrow) any { return a(r) == true || b(r) == true }
	}
	return x
}

func (p *selectParser) and() qexpr {
	x := p.not()
	for p.word("И") {
		a, b := x, p.not()
		x = func(r *qrow) any { return a(r) == true && b(r) == true }
	}
	return x
}

func (p *selectParser) not() qexpr {
	if p.word("НЕ") {
		x := p.not()
		return func(r *qrow) any { return x(r) != true }
	}
	return p.condition()
}

// condition is a comparison, ПОДОБНО, В, МЕЖДУ, ЕСТЬ NULL, or a bare value.
func (p *selectParser) condition() qexpr {
	x := p.operand()
	negative := p.word("НЕ")
	sign := func(f func(*qrow) bool) qexpr {
		return func(r *qrow) any { return f(r) != negative }
	}
	switch {
	case p.word("ПОДОБНО"):
		y := p.operand()
		return sign(func(r *qrow) bool { return like(str(x(r)), str(y(r))) })
	case p.word("В"):
		list := p.list()
		return sign(func(r *qrow) bool {
			for _, v := range list(r) {
				if equal(x(r), v) {
					return true
				}
			}
			return false
		})
	case p.word("МЕЖДУ"):
		low := p.operand()
		p.need("И")
		high := p.operand()
		return sign(func(r *qrow) bool { return queryOrder(x(r), low(r)) >= 0 && queryOrder(x(r), high(r)) <= 0 })
	case p.word("ЕСТЬ"):
		negative = p.word("НЕ")
		p.need("NULL")
		return sign(func(r *qrow) bool { return x(r) == any(Null) })
	case negative:
		p.fail("ожидается ПОДОБНО, В или МЕЖДУ")
	}
	for _, op := range []string{"<>", "<=", ">=", "=", "<", ">"} {
		if p.word(op) {
			y := p.operand()
			return func(r *qrow) any {
				a, b := x(r), y(r)
				switch op {
				case "=":
					return equal(a, b)
				case "<>":
					return !equal(a, b)
				}
				c := queryOrder(a, b)
				return op == "<" && c < 0 || op == ">" && c > 0 || op == "<=" && c <= 0 || op == ">=" && c >= 0
			}
		}
	}
	return x
}

func (p *selectParser) list() func(*qrow) []any {
	p.need("(")
	var all []qexpr
	for {
		all = append(all, p.operand())
		if p.word(")") {
			break
		}
		p.need(",")
	}
	return func(r *qrow) (values []any) {
		for _, x := range all {
			switch v := x(r).(type) {
			case *array:
				values = append(values, v.items...)
			case *valueList:
				for _, i := range v.items {
					values = append(values, i.value)
				}
			default:
				values = append(values, v)
			}
		}
		return values
	}
}

func (p *selectParser) operand() qexpr {
	t := p.tokens[p.at]
	constant := func(v any) qexpr {
		p.at++
		return func(*qrow) any { return v }
	}
	switch {
	case t.kind == tDirective: // &Параметр
		if _, ok := p.params.data[fold(t.text)]; !ok {
			p.fail("Не задано значение параметра \"" + t.text + "\"")
		}
		return constant(p.params.get(t.text))
	case t.kind == tNumber:
		return constant(mustNum(t.text))
	case t.kind == tString:
		return constant(t.text)
	case t.is("истина"):
		return constant(true)
	case t.is("ложь"):
		return constant(false)
	case t.is("неопределено"):
		return constant(Undefined)
	case t.is("null"):
		return constant(Null)
	case p.word("("):
		x := p.or()
		p.need(")")
		return x
	case p.word("ЗНАЧЕНИЕ", "("):
		path := strings.Join(p.path(), ".")
		p.need(")")
		v := p.w.Meta.predefined(path)
		return func(*qrow) any { return v }
	}
	return p.field()
}

// field is a column, possibly through references: Телефоны.Ссылка.Наименование.
func (p *selectParser) field() qexpr {
	at := p.at
	path := p.path()
	if strings.EqualFold(path[0], p.alias) && len(path) > 1 {
		path = path[1:]
	}
	known := p.tab == "" && (p.table.has(path[0]) || p.table.Kind != "РегистрСведений" && strings.EqualFold(path[0], "Ссылка")) ||
		p.tab != "" && (p.table.tabs[p.tab].has(path[0]) || strings.EqualFold(path[0], "Ссылка"))
	if !known {
		p.at = at
		p.fail("Поле не найдено \"" + strings.Join(path, ".") + "\"")
	}
	return func(r *qrow) any {
		v, _ := r.data(path[0])
		for _, name := range path[1:] {
			ref, ok := v.(*Ref)
			if !ok {
				return Null
			}
			if v, ok = ref.Field(nil, name); !ok {
				throw("Ошибка запроса: Поле не найдено \"%s\"", name)
			}
		}
		return v
	}
}

func queryOrder(a, b any) int {
	if x, ok := a.(*Ref); ok {
		if y, ok := b.(*Ref); ok {
			return strings.Compare(string(x.uid), string(y.uid))
		}
	}
	if x, ok := a.(bool); ok {
		a = number(x)
	}
	if x, ok := b.(bool); ok {
		b = number(x)
	}
	if typeName(a) != typeName(b) {
		return strings.Compare(typeName(a), typeName(b))
	}
	switch a.(type) {
	case Num, string, Date:
		return compare(a, b)
	}
	return 0
}

// like is ПОДОБНО: % any text, _ any letter; case does not matter.
func like(s, pattern string) bool {
	if strings.Contains(pattern, "[") {
		throw("Ошибка запроса: наборы символов в шаблоне ПОДОБНО не поддерживаются")
	}
	q := regexp.QuoteMeta(pattern)
	q = strings.ReplaceAll(strings.ReplaceAll(q, "%", ".*"), "_", ".")
	return regexp.MustCompile("(?is)^" + q + "$").MatchString(s)
}
