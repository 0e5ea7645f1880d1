package bsltest

// parser is a recursive-descent parser of one module. Its errors are panics
// of *Error that parse turns into a result.
type parser struct {
	module  string
	tokens  []token
	at      int
	proc    *proc // the one being read, nil in the module's body
	loops   int
	excepts int // how many Исключение are around
	depth   int
}

// maxDepth bounds the nesting, so that no text can exhaust the stack.
const maxDepth = 400

// parse reads a module whose preprocessor symbols are given.
func parse(name, text string, symbols map[string]bool) (m *module, err *Error) {
	tokens, err := lex(name, text)
	if err != nil {
		return nil, err
	}
	if tokens, err = preprocess(name, tokens, symbols); err != nil {
		return nil, err
	}
	p := &parser{module: name, tokens: tokens}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			m, err = nil, e
		}
	}()
	return p.parseModule(), nil
}

func (p *parser) cur() token { return p.tokens[p.at] }

func (p *parser) peek(ahead int) token {
	return p.tokens[min(p.at+ahead, len(p.tokens)-1)]
}

func (p *parser) advance() token {
	t := p.cur()
	if p.at < len(p.tokens)-1 {
		p.at++
	}
	return t
}

func (p *parser) fail(at Pos, text string) { panic(&Error{Module: p.module, Pos: at, Text: text}) }

func (p *parser) accept(word string) bool {
	if p.cur().is(word) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expect(word string) token {
	if !p.cur().is(word) {
		what := "символ '" + word + "'"
		if identStart([]rune(word)[0]) {
			what = "ключевое слово " + spelled(word)
		}
		p.fail(p.cur().pos, "Ожидается "+what)
	}
	return p.advance()
}

// spelled is a keyword as people write it.
func spelled(word string) string {
	for _, s := range []string{"Если", "Тогда", "ИначеЕсли", "Иначе", "КонецЕсли", "Для", "Каждого", "Из", "По", "Пока", "Цикл", "КонецЦикла", "Процедура",
		"КонецПроцедуры", "Функция", "КонецФункции", "Исключение", "КонецПопытки"} {
		if fold(s) == word {
			return s
		}
	}
	return word
}

// ident reads a name.
func (p *parser) ident() token {
	if p.cur().kind != tIdent {
		p.fail(p.cur().pos, "Ожидается имя")
	}
	return p.advance()
}

func (p *parser) nest() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.cur().pos, "Слишком большая вложенность")
	}
}

func (p *parser) parseModule() *module {
	m := &module{name: p.module}
	for {
		directives := p.directives()
		switch t := p.cur(); {
		case t.is("перем"):
			if len(m.procs) > 0 {
				p.fail(t.pos, "Описания переменных должны размещаться перед процедурами, функциями и операторами тела модуля")
			}
			made := p.vars(true)
			for _, v := range made {
				v.directives = directives
			}
			m.vars = append(m.vars, made...)
		case t.is("процедура"), t.is("функция"), t.is("асинх"):
			m.procs = append(m.procs, p.parseProc(directives))
		default:
			if len(directives) > 0 {
				p.fail(t.pos, "Ожидается описание переменной, процедуры или функции")
			}
			m.body = p.block()
			m.end = p.cur().pos
			switch t := p.cur(); {
			case t.kind == tEOF:
				return m
			case t.is("процедура"), t.is("функция"), t.is("асинх"), t.kind == tDirective:
				p.fail(t.pos, "Определения процедур и функций должны размещаться перед операторами тела модуля")
			default:
				p.fail(t.pos, "Встречено неожиданное ключевое слово "+spelled(t.text))
			}
		}
	}
}

func (p *parser) directives() (all []directive) {
	for p.cur().kind == tDirective {
		t := p.advance()
		d := directive{name: fold(t.text), pos: t.pos}
		if p.accept("(") {
			if p.cur().kind != tString {
				p.fail(p.cur().pos, "Ожидается строковый литерал")
			}
			d.target = p.advance().text
			p.expect(")")
		}
		all = append(all, d)
	}
	return all
}

func (p *parser) vars(exports bool) (all []*varDecl) {
	p.expect("перем")
	for {
		t := p.ident()
		v := &varDecl{name: t.text, pos: t.pos}
		if exports && p.accept("экспорт") {
			v.export = true
		}
		all = append(all, v)
		if !p.accept(",") {
			p.expect(";")
			return all
		}
	}
}

func (p *parser) parseProc(directives []directive) *proc {
	f := &proc{directives: directives}
	f.async = p.accept("асинх")
	f.function = p.cur().is("функция")
	if !f.function && !p.cur().is("процедура") {
		p.fail(p.cur().pos, "Ожидается ключевое слово Процедура или Функция")
	}
	p.advance()
	name := p.ident()
	f.name, f.pos = name.text, name.pos
	p.expect("(")
	for !p.accept(")") {
		if len(f.params) > 0 {
			p.expect(",")
		}
		par := param{byValue: p.accept("знач")}
		t := p.ident()
		par.name, par.pos = t.text, t.pos
		if p.accept("=") {
			par.def = p.constant()
		}
		f.params = append(f.params, par)
	}
	f.export = p.accept("экспорт")
	p.proc = f
	for p.cur().is("перем") {
		f.vars = append(f.vars, p.vars(false)...)
	}
	f.body = p.block()
	f.end = p.cur().pos
	if f.function {
		p.expect("конецфункции")
	} else {
		p.expect("конецпроцедуры")
	}
	p.proc = nil
	return f
}

// constant is a default value: a literal, with a sign if it is a number.
func (p *parser) constant() expr {
	t := p.cur()
	if p.accept("-") {
		if p.cur().kind != tNumber {
			p.fail(p.cur().pos, "Ожидается константа")
		}
		return &literal{t.pos, mustNum("-" + p.advance().text)}
	}
	if v, ok := p.literal(); ok {
		return v
	}
	p.fail(t.pos, "Ожидается константа")
	return nil
}
