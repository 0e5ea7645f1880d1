package bsltest

import (
	"fmt"
	"slices"
	"strings"
)

// Link checks every module against the target, as the platform does when it
// compiles: names that are not defined, calls with too few or too many
// arguments, functions, types and methods that the version or the kind of
// client lacks. The error is an Errors. Call and Start link by themselves.
func (w *World) Link() error {
	if w.linked {
		return nil
	}
	var all Errors
	for _, d := range w.decls {
		for _, side := range w.sides() {
			if u := d.units[side]; u != nil {
				all = append(all, w.check(u)...)
			}
		}
	}
	if len(all) > 0 {
		slices.SortStableFunc(all, func(a, b *Error) int {
			if c := strings.Compare(a.Module, b.Module); c != 0 {
				return c
			}
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Col - b.Col
		})
		return slices.CompactFunc(all, func(a, b *Error) bool { return *a == *b })
	}
	w.linked = true
	return nil
}

// checker walks one procedure.
type checker struct {
	w     *World
	u     *unit
	side  Context
	proc  *proc
	names map[string]bool // variables known so far, in the order of the text
	errs  Errors
}

func (w *World) check(u *unit) Errors {
	c := &checker{w: w, u: u}
	seen := map[string]Pos{}
	for _, v := range u.mod.vars {
		if _, twice := seen[fold(v.name)]; twice {
			c.fail(v.pos, "Переменная с указанным именем уже определена (%s)", v.name)
		}
		seen[fold(v.name)] = v.pos
	}
	if u.decl.named() {
		if len(u.mod.vars) > 0 {
			c.fail(u.mod.vars[0].pos, "Описание переменных недопустимо в общем модуле")
		}
		if len(u.mod.body) > 0 {
			c.fail(u.mod.body[0].at(), "Операторы тела модуля недопустимы в общем модуле")
		}
	}
	clear(seen)
	for _, p := range u.mod.procs {
		key := fold(p.name)
		if _, twice := seen[key]; twice {
			c.fail(p.pos, "Процедура или функция с указанным именем уже определена (%s)", p.name)
		}
		seen[key] = p.pos
		for _, side := range p.sides(w.Target.Context) {
			c.side = side
			if m := w.reg.types["форма"].functions[key]; u.decl.Kind == FormModule && m != nil && m.avail.in(c.side, w.level) {
				c.fail(p.pos, "Процедура или функция с указанным именем уже определена (%s)", p.name)
			}
			c.procedure(p)
		}
	}
	c.side, c.proc, c.names = u.side, nil, map[string]bool{}
	c.block(u.mod.body)
	return c.errs
}

func (c *checker) fail(at Pos, format string, args ...any) {
	c.errs = append(c.errs, &Error{c.u.mod.name, at, fmt.Sprintf(format, args...)})
}

func (c *checker) procedure(p *proc) {
	c.proc, c.names = p, map[string]bool{}
	if p.async && (c.side&anyClient == 0 || c.w.level.less(version{8, 3, 18, 0})) {
		what := "версии " + c.w.Target.Version
		if c.side&anyClient == 0 {
			what = "контексте «" + c.side.String() + "»"
		}
		c.fail(p.pos, "Асинхронные процедуры и функции недоступны в %s (%s)", what, p.name)
	}
	for _, par := range p.params {
		key := fold(par.name)
		if c.names[key] {
			c.fail(par.pos, "Параметр с указанным именем уже определен (%s)", par.name)
		}
		c.names[key] = true
	}
	for _, v := range p.vars {
		key := fold(v.name)
		if c.names[key] {
			c.fail(v.pos, "Переменная с указанным именем уже определена (%s)", v.name)
		}
		c.names[key] = true
	}
	sides := 0
	for _, d := range p.directives {
		c.directive(d)
		if d.target == "" {
			if sides++; sides > 1 {
				c.fail(d.pos, "Директива компиляции уже указана (&%s)", d.name)
			}
		} else if c.u.decl.base != nil {
			c.annotation(p, d)
		}
	}
	c.block(p.body)
}

func (c *checker) directive(d directive) {
	switch d.name {
	case "наклиенте", "насервере", "насерверебезконтекста", "наклиентенасервере", "наклиентенасерверебезконтекста",
		"atclient", "atserver", "atservernocontext", "atclientatserver", "atclientatservernocontext":
		if c.u.decl.Kind != FormModule {
			c.fail(d.pos, "Директива компиляции &%s недопустима в этом модуле", d.name)
		}
	case "перед", "после", "вместо", "изменениеиконтроль", "before", "after", "around", "changeandvalidate":
		if !c.u.decl.Extends {
			c.fail(d.pos, "Аннотация &%s допустима только в модулях расширений", d.name)
		}
	default:
		c.fail(d.pos, "Неизвестная директива компиляции (&%s)", d.name)
	}
}

func (c *checker) block(body []stmt) {
	for _, s := range body {
		switch s := s.(type) {
		case *assignStmt:
			c.expr(s.value)
			if id, ok := s.target.(*ident); ok {
				c.define(id.pos, id.name)
			} else {
				c.expr(s.target)
			}
		case *callStmt:
			c.statement(s.x)
		case *ifStmt:
			for _, b := range s.branches {
				c.expr(b.cond)
				c.block(b.body)
			}
			c.block(s.els)
		case *whileStmt:
			c.expr(s.cond)
			c.block(s.body)
		case *forStmt:
			c.expr(s.from)
			c.expr(s.to)
			c.define(s.pos, s.name)
			c.block(s.body)
		case *eachStmt:
			c.expr(s.in)
			c.define(s.pos, s.name)
			c.block(s.body)
		case *returnStmt:
			if s.value != nil {
				c.expr(s.value)
			}
		case *tryStmt:
			c.block(s.body)
			c.block(s.handler)
		case *raiseStmt:
			if len(s.args) > 1 && c.w.level.less(version{8, 3, 21, 0}) {
				c.fail(s.pos, "ВызватьИсключение с категорией недоступно в версии %s", c.w.Target.Version)
			}
			c.exprs(s.args)
		case *executeStmt:
			if !c.w.Target.Execute {
				c.fail(s.pos, "Выполнение произвольного кода запрещено (Выполнить)")
			}
		case *gotoStmt:
			c.fail(s.pos, "Оператор Перейти не поддерживается")
		case *handlerStmt:
			c.fail(s.pos, "Динамические обработчики событий не поддерживаются")
		}
	}
}

// define makes a name known from here on.
func (c *checker) define(at Pos, name string) {
	key := fold(name)
	if c.known(key) {
		return
	}
	if !c.contextual(key) {
		if p, ok := c.w.reg.props[key]; ok {
			c.fail(at, "Свойство глобального контекста недоступно для записи (%s)", p.name)
			return
		}
		if d := c.w.commonModule(key); d != nil && c.reaches(d) {
			c.fail(at, "Свойство глобального контекста недоступно для записи (%s)", d.Name)
			return
		}
		if c.proc != nil {
			if c.proc.assigned == nil {
				c.proc.assigned = map[string]bool{}
			}
			c.proc.assigned[key] = true
		}
	}
	c.names[key] = true
}

// known tells whether key is a variable at this point of the text.
func (c *checker) known(key string) bool {
	return c.names[key] || c.moduleVar(key) || c.w.exportedVar(key, c.side) != nil
}

// contextual tells whether the running form or object may know a name; of a
// declared form it is known which ones.
func (c *checker) contextual(key string) bool {
	switch c.u.decl.Kind {
	case ObjectModule:
		return true
	case FormModule:
		if c.proc != nil && c.proc.contextless() {
			return false
		}
		form := c.w.forms[fold(c.u.decl.Name)]
		if form == nil {
			return true
		}
		t := c.w.reg.types["форма"]
		_, attr := form.attrs.data[key]
		return attr || formProps[key] || t.props[key] != nil || t.functions[key] != nil || key == "этаформа" || key == "этотобъект" || key == "thisform"
	}
	return false
}

// lacks says what a version or a context has not.
func (w *World) lacks(a availability, side Context, name string) string {
	since, ok := a[side]
	if !ok {
		return fmt.Sprintf("%s недоступно в контексте «%s»", name, side)
	}
	n := 4
	for n > 2 && since[n-1] == 0 {
		n--
	}
	text := strings.Trim(strings.ReplaceAll(fmt.Sprint(since[:n]), " ", "."), "[]")
	return fmt.Sprintf("%s недоступно в версии %s: появилось в %s", name, w.Target.Version, text)
}
