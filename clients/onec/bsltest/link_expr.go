package bsltest

// statement checks a call whose value nobody uses: it may be a procedure.
func (c *checker) statement(x expr) {
	if call, ok := x.(*call); ok {
		c.call(call, false)
		return
	}
	c.expr(x)
}

func (c *checker) exprs(all []expr) {
	for _, x := range all {
		if x != nil {
			c.expr(x)
		}
	}
}

func (c *checker) expr(x expr) {
	switch x := x.(type) {
	case *ident:
		c.name(x)
	case *member:
		if c.moduleOf(x.x) != nil { // common modules have no variables, only procedures
			c.fail(x.pos, "Поле объекта не обнаружено (%s)", x.name)
			return
		}
		c.expr(x.x)
	case *index:
		c.expr(x.x)
		c.expr(x.i)
	case *call:
		c.call(x, true)
	case *unary:
		c.expr(x.x)
	case *binary:
		c.expr(x.x)
		c.expr(x.y)
	case *ternary:
		c.exprs([]expr{x.c, x.a, x.b})
	case *await:
		c.statement(x.x) // Ждать of a procedure is a promise, too
	case *newExpr:
		c.exprs(x.args)
		c.creation(x)
	}
}

func (c *checker) creation(x *newExpr) {
	if x.name == "" {
		return
	}
	t, ok := c.w.reg.types[fold(x.name)]
	switch {
	case !ok || t.New == nil:
		c.fail(x.pos, "Тип не определен (%s)", x.name)
	case !t.avail.in(c.side, c.w.level):
		c.fail(x.pos, "%s", c.w.lacks(t.avail, c.side, t.name))
	case len(x.args) < t.Min:
		c.fail(x.pos, "Недостаточно фактических параметров")
	case max(t.Max, t.Min) < len(x.args) && t.Max >= 0:
		c.fail(x.pos, "Слишком много фактических параметров")
	case leftOut(x.args, t.Min, false):
		c.fail(x.pos, "Не указан обязательный параметр (%s)", t.name)
	}
}

func (c *checker) name(x *ident) {
	if c.known(x.key) || c.contextual(x.key) {
		return
	}
	if (x.key == "этотобъект" || x.key == "thisobject") && (!c.u.decl.named() || !c.w.level.less(version{8, 3, 3, 0})) {
		return
	}
	if d := c.w.commonModule(x.key); d != nil {
		if !c.reaches(d) {
			c.fail(x.pos, "Переменная не определена (%s)", x.name)
		}
		return
	}
	p, ok := c.w.reg.props[x.key]
	switch {
	case !ok:
		c.fail(x.pos, "Переменная не определена (%s)", x.name)
	case !p.avail.in(c.side, c.w.level):
		c.fail(x.pos, "%s", c.w.lacks(p.avail, c.side, p.name))
	}
}

// reaches tells whether code here can call a common module.
func (c *checker) reaches(d *decl) bool {
	return d.on(c.side) || c.side&anyClient != 0 && d.flags.ServerCall
}

// moduleOf is the common module that an expression names, nil if none.
func (c *checker) moduleOf(x expr) *decl {
	id, ok := x.(*ident)
	if !ok || c.known(id.key) {
		return nil
	}
	return c.w.commonModule(id.key)
}

func (c *checker) call(x *call, value bool) {
	c.exprs(x.args)
	switch fn := x.fn.(type) {
	case *ident:
		c.bareCall(fn, x, value)
	case *member:
		if d := c.moduleOf(fn.x); d != nil {
			c.moduleCall(d, fn, x, value)
			return
		}
		c.expr(fn.x)
		c.methodCall(fn)
	}
}

func (c *checker) bareCall(fn *ident, x *call, value bool) {
	if p, _ := c.w.findProc(c.u.inst, fn.key, c.side); p != nil {
		if p.unit.decl.Kind == FormModule && !c.formReaches(p) {
			c.fail(fn.pos, "Процедура или функция с указанным именем не определена (%s)", fn.name)
			return
		}
		c.procCall(p, fn.pos, x, value)
		return
	}
	if (fn.key == "продолжитьвызов" || fn.key == "proceedwithcall") && (c.proc == nil || !c.proc.instead()) {
		c.fail(fn.pos, "ПродолжитьВызов может использоваться только в процедуре с аннотацией &Вместо")
		return
	}
	g, ok := c.w.reg.functions[fn.key]
	if c.u.decl.Kind == FormModule && c.w.reg.types["форма"].functions[fn.key] != nil {
		return // a method of the form comes before a global function
	}
	switch {
	case !ok && c.contextual(fn.key):
	case !ok:
		c.fail(fn.pos, "Процедура или функция с указанным именем не определена (%s)", fn.name)
	case !g.avail.in(c.side, c.w.level):
		c.fail(fn.pos, "%s", c.w.lacks(g.avail, c.side, g.name))
	case g.Modal && c.side&managedClient != 0 && !c.w.Target.Modal:
		c.fail(fn.pos, "Использование модальных окон в данном режиме запрещено (%s)", g.name)
	case (fn.key == "вычислить" || fn.key == "eval") && !c.w.Target.Execute:
		c.fail(fn.pos, "Выполнение произвольного кода запрещено (%s)", fn.name)
	case value && g.Procedure:
		c.fail(fn.pos, "Обращение к процедуре как к функции (%s)", fn.name)
	case len(x.args) < g.Min:
		c.fail(fn.pos, "Недостаточно фактических параметров (%s)", fn.name)
	case g.Max >= 0 && len(x.args) > g.most(c.w.level):
		c.fail(fn.pos, "Слишком много фактических параметров (%s)", fn.name)
	case leftOut(x.args, g.Min, g.FirstFree):
		c.fail(fn.pos, "Не указан обязательный параметр (%s)", fn.name)
	}
}

// leftOut tells whether one of the arguments that must be given was left out
// between commas.
func leftOut(args []expr, least int, firstFree bool) bool {
	for i, a := range args[:min(least, len(args))] {
		if a == nil && (i > 0 || !firstFree) {
			return true
		}
	}
	return false
}

func (c *checker) procCall(p *proc, at Pos, x *call, value bool) {
	need := 0
	for i, par := range p.params {
		if par.def == nil {
			need = i + 1
		}
	}
	switch {
	case value && !p.function && !p.async:
		c.fail(at, "Обращение к процедуре как к функции (%s)", p.name)
	case len(x.args) < need:
		c.fail(at, "Недостаточно фактических параметров (%s)", p.name)
	case len(x.args) > len(p.params):
		c.fail(at, "Слишком много фактических параметров (%s)", p.name)
	}
}

func (c *checker) moduleCall(d *decl, fn *member, x *call, value bool) {
	if !c.reaches(d) {
		c.fail(fn.x.at(), "Переменная не определена (%s)", d.Name)
		return
	}
	u := d.units[c.side]
	if u == nil {
		u = d.units[Server]
	}
	if u == nil { // compiled for neither: nothing to compare with
		return
	}
	p := u.procs[fold(fn.name)]
	for _, ext := range d.exts {
		if eu := ext.units[u.side]; p == nil && eu != nil {
			p = eu.procs[fold(fn.name)]
		}
	}
	if p == nil || !p.export {
		c.fail(fn.pos, "Метод объекта не обнаружен (%s)", fn.name)
		return
	}
	c.procCall(p, fn.pos, x, value)
}

// methodCall refuses a method that no object of this version and context has:
// of a name that several types share the text alone cannot tell which is meant.
func (c *checker) methodCall(fn *member) {
	owners := c.w.reg.methods[fold(fn.name)]
	for _, m := range owners {
		if m.avail.in(c.side, c.w.level) && (!m.Modal || c.side&managedClient == 0 || c.w.Target.Modal) {
			return
		}
	}
	if len(owners) > 0 {
		c.fail(fn.pos, "%s", c.w.lacks(owners[0].avail, c.side, owners[0].name))
	}
}
