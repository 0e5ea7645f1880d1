package bsltest

import "strings"

// expression reads an expression: Или < И < Не < comparison < sum < product.
func (p *parser) expression() expr {
	p.nest()
	defer func() { p.depth-- }()
	x := p.conjunction()
	for p.cur().is("или") {
		at := p.advance().pos
		x = &binary{at, "или", x, p.conjunction()}
	}
	return x
}

func (p *parser) conjunction() expr {
	x := p.negation()
	for p.cur().is("и") {
		at := p.advance().pos
		x = &binary{at, "и", x, p.negation()}
	}
	return x
}

func (p *parser) negation() expr {
	if t := p.cur(); t.is("не") {
		p.advance()
		p.nest()
		defer func() { p.depth-- }()
		return &unary{t.pos, "не", p.negation()}
	}
	return p.comparison()
}

func (p *parser) comparison() expr {
	x := p.sum()
	for {
		t := p.cur()
		if t.kind != tOp || !strings.Contains(" = <> < > <= >= ", " "+t.text+" ") {
			return x
		}
		p.advance()
		x = &binary{t.pos, t.text, x, p.sum()}
	}
}

func (p *parser) sum() expr {
	x := p.product()
	for p.cur().is("+") || p.cur().is("-") {
		t := p.advance()
		x = &binary{t.pos, t.text, x, p.product()}
	}
	return x
}

func (p *parser) product() expr {
	x := p.unary()
	for p.cur().is("*") || p.cur().is("/") || p.cur().is("%") {
		t := p.advance()
		x = &binary{t.pos, t.text, x, p.unary()}
	}
	return x
}

func (p *parser) unary() expr {
	t := p.cur()
	p.nest()
	defer func() { p.depth-- }()
	switch {
	case t.is("-"), t.is("+"):
		p.advance()
		return &unary{t.pos, t.text, p.unary()}
	case t.is("не"): // А = -Не Б and the like
		p.advance()
		return &unary{t.pos, "не", p.unary()}
	case t.is("ждать"):
		p.advance()
		if p.proc == nil || !p.proc.async {
			p.fail(t.pos, "Оператор Ждать может использоваться только внутри асинхронной процедуры или функции")
		}
		return &await{t.pos, p.unary()}
	}
	return p.postfix()
}

func (p *parser) postfix() expr {
	bracket := p.cur().is("(")
	x := p.primary()
	if _, made := x.(*newExpr); (made || bracket) && (p.cur().is(".") || p.cur().is("[")) {
		p.fail(p.cur().pos, "Ожидается символ ';'") // Новый А().Б and (А).Б: only through a variable
	}
	for {
		t := p.cur()
		switch {
		case t.is("."):
			p.advance()
			name := p.cur()
			if name.kind != tIdent && name.kind != tKeyword { // keywords are names after a dot: Запрос.Выполнить()
				p.fail(name.pos, "Ожидается имя")
			}
			p.advance()
			x = &member{name.pos, x, name.raw}
		case t.is("["):
			p.advance()
			i := p.expression()
			p.expect("]")
			x = &index{t.pos, x, i}
		case t.is("("):
			switch fn := x.(type) {
			case *ident:
				p.advance()
				x = &call{fn.pos, x, p.arguments()}
			case *member:
				p.advance()
				x = &call{fn.pos, x, p.arguments()}
			default:
				p.fail(t.pos, "Ожидается символ ';'")
			}
		default:
			return x
		}
	}
}

// arguments reads up to the closing bracket; a skipped argument is nil.
func (p *parser) arguments() []expr {
	args := []expr{}
	if p.accept(")") {
		return args
	}
	for {
		if p.cur().is(",") || p.cur().is(")") {
			args = append(args, nil)
		} else {
			args = append(args, p.expression())
		}
		if p.accept(")") {
			return args
		}
		p.expect(",")
	}
}

func (p *parser) primary() expr {
	t := p.cur()
	if v, ok := p.literal(); ok {
		return v
	}
	switch {
	case t.kind == tIdent:
		p.advance()
		return &ident{t.pos, t.text, fold(t.text)}
	case t.is("("):
		p.advance()
		x := p.expression()
		p.expect(")")
		return x
	case t.is("?"):
		p.advance()
		p.expect("(")
		x := &ternary{pos: t.pos, c: p.expression()}
		p.expect(",")
		x.a = p.expression()
		p.expect(",")
		x.b = p.expression()
		p.expect(")")
		return x
	case t.is("новый"):
		return p.newExpression()
	}
	p.fail(t.pos, "Ожидается выражение")
	return nil
}

func (p *parser) newExpression() expr {
	x := &newExpr{pos: p.advance().pos}
	if p.accept("(") {
		x.args = p.arguments()
		return x
	}
	name := p.ident()
	x.name, x.pos = name.text, name.pos
	if p.accept("(") {
		x.args = p.arguments()
	}
	return x
}

func (p *parser) literal() (expr, bool) {
	t := p.cur()
	var v any
	switch {
	case t.kind == tNumber:
		v = mustNum(t.text)
	case t.kind == tString:
		text := t.text
		for p.peek(1).kind == tString { // literals side by side are lines of one text
			p.advance()
			text += "\n" + p.cur().text
		}
		v = text
	case t.kind == tDate:
		d, ok := dateOf(t.text)
		if !ok {
			p.fail(t.pos, "Неправильный литерал даты")
		}
		v = d
	case t.is("истина"):
		v = true
	case t.is("ложь"):
		v = false
	case t.is("неопределено"):
		v = Undefined
	case t.is("null"):
		v = Null
	default:
		return nil, false
	}
	p.advance()
	return &literal{t.pos, v}, true
}
