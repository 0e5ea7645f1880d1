package bsltest

// block reads statements up to a keyword that ends the enclosing construct;
// which one is for the caller to check.
func (p *parser) block() (all []stmt) {
	p.nest()
	defer func() { p.depth-- }()
	for {
		if p.accept(";") {
			continue
		}
		t := p.cur()
		if t.kind == tEOF || t.kind == tDirective || t.kind == tKeyword && endsBlock(t.text) {
			return all
		}
		if t.kind == tLabel {
			p.advance()
			p.expect(":")
			all = append(all, &labelStmt{t.pos, t.text})
			continue
		}
		all = append(all, p.statement())
		if next := p.cur(); !next.is(";") && next.kind != tEOF && (next.kind != tKeyword || !endsBlock(next.text)) {
			p.fail(next.pos, "Ожидается символ ';'")
		}
	}
}

func endsBlock(word string) bool {
	switch word {
	case "конецесли", "иначе", "иначеесли", "конеццикла", "исключение", "конецпопытки", "конецпроцедуры", "конецфункции", "процедура", "функция", "асинх":
		return true
	}
	return false
}

func (p *parser) statement() stmt {
	t := p.cur()
	if t.kind != tKeyword {
		return p.simple()
	}
	switch t.text {
	case "если":
		return p.ifStatement()
	case "для":
		return p.forStatement()
	case "пока":
		p.advance()
		cond := p.expression()
		p.expect("цикл")
		body := p.loopBody()
		return &whileStmt{t.pos, cond, body}
	case "прервать", "продолжить":
		p.advance()
		if p.loops == 0 {
			p.fail(t.pos, "Оператор "+map[string]string{"прервать": "Прервать", "продолжить": "Продолжить"}[t.text]+" может использоваться только внутри цикла")
		}
		if t.text == "прервать" {
			return &breakStmt{t.pos}
		}
		return &continueStmt{t.pos}
	case "возврат":
		return p.returnStatement()
	case "попытка":
		p.advance()
		s := &tryStmt{pos: t.pos, body: p.block()}
		p.expect("исключение")
		p.excepts++
		s.handler = p.block()
		p.excepts--
		p.expect("конецпопытки")
		return s
	case "вызватьисключение":
		return p.raiseStatement()
	case "выполнить":
		p.advance()
		return &executeStmt{t.pos, p.expression()}
	case "добавитьобработчик", "удалитьобработчик":
		p.advance()
		s := &handlerStmt{pos: t.pos, add: t.text == "добавитьобработчик", event: p.expression()}
		p.expect(",")
		s.handler = p.expression()
		return s
	case "перейти":
		p.advance()
		if p.cur().kind != tLabel {
			p.fail(p.cur().pos, "Ожидается метка")
		}
		return &gotoStmt{t.pos, p.advance().text}
	case "перем":
		p.fail(t.pos, "Описание переменных должно предшествовать операторам")
	case "ждать":
		return &callStmt{t.pos, p.unary()}
	case "новый":
		p.fail(t.pos, "Выражение не может быть оператором")
	}
	p.fail(t.pos, "Встречено неожиданное ключевое слово "+spelled(t.text))
	return nil
}

// simple is an assignment or a call.
func (p *parser) simple() stmt {
	t := p.cur()
	if t.kind != tIdent {
		p.fail(t.pos, "Ожидается оператор")
	}
	x := p.postfix()
	if p.accept("=") {
		switch x.(type) {
		case *ident, *member, *index:
		default:
			p.fail(t.pos, "Значение не может быть присвоено: слева стоит не переменная")
		}
		return &assignStmt{t.pos, x, p.expression()}
	}
	if _, ok := x.(*call); !ok {
		p.fail(p.cur().pos, "Ожидается символ '=' или '('")
	}
	return &callStmt{t.pos, x}
}

func (p *parser) ifStatement() stmt {
	s := &ifStmt{pos: p.advance().pos}
	for {
		cond := p.expression()
		p.expect("тогда")
		s.branches = append(s.branches, branch{cond, p.block()})
		if p.accept("иначеесли") {
			continue
		}
		if p.accept("иначе") {
			s.els = p.block()
		}
		p.expect("конецесли")
		return s
	}
}

func (p *parser) forStatement() stmt {
	at := p.advance().pos
	if p.accept("каждого") {
		name := p.ident().text
		p.expect("из")
		in := p.expression()
		p.expect("цикл")
		return &eachStmt{at, name, in, p.loopBody()}
	}
	name := p.ident().text
	p.expect("=")
	from := p.expression()
	p.expect("по")
	to := p.expression()
	p.expect("цикл")
	return &forStmt{at, name, from, to, p.loopBody()}
}

func (p *parser) loopBody() []stmt {
	p.loops++
	body := p.block()
	p.loops--
	p.expect("конеццикла")
	return body
}

func (p *parser) returnStatement() stmt {
	s := &returnStmt{pos: p.advance().pos}
	if next := p.cur(); !next.is(";") && next.kind != tEOF && (next.kind != tKeyword || !endsBlock(next.text)) {
		s.value = p.expression()
	}
	switch {
	case p.proc == nil:
		p.fail(s.pos, "Оператор Возврат может использоваться только внутри процедуры или функции")
	case s.value != nil && !p.proc.function:
		p.fail(s.pos, "Процедура не может возвращать значение")
	case s.value == nil && p.proc.function:
		p.fail(s.pos, "Функция должна возвращать значение")
	}
	return s
}

func (p *parser) raiseStatement() stmt {
	s := &raiseStmt{pos: p.advance().pos}
	next := p.cur()
	if next.is(";") || next.kind == tEOF || next.kind == tKeyword && endsBlock(next.text) {
		if p.excepts == 0 {
			p.fail(s.pos, "Оператор ВызватьИсключение без параметров может использоваться только внутри обработчика исключения")
		}
		return s
	}
	if next.is("(") && p.commaInside() { // ВызватьИсключение(Текст, Категория, …), 8.3.21
		p.advance()
		s.args = p.arguments()
		return s
	}
	s.args = []expr{p.expression()}
	return s
}

// commaInside tells whether the bracket at hand holds a comma of its own.
func (p *parser) commaInside() bool {
	depth := 0
	for i := p.at; i < len(p.tokens); i++ {
		switch t := p.tokens[i]; {
		case t.is("("), t.is("["):
			depth++
		case t.is(")"), t.is("]"):
			if depth--; depth == 0 {
				return false
			}
		case t.is(",") && depth == 1:
			return true
		case t.is(";"):
			return false
		}
	}
	return false
}
