package bsltest

// appEvents are the application module's events: an extension may handle one
// that the configuration does not.
var appEvents = map[string]bool{
	"передначаломработысистемы": true, "приначалеработысистемы": true, "передзавершениемработысистемы": true, "призавершенииработысистемы": true,
	"обработкавнешнегособытия": true, "beforestart": true, "onstart": true, "beforeexit": true, "onexit": true, "externeventprocessing": true,
}

// instead tells whether a procedure stands in place of another one.
func (p *proc) instead() bool { return has(p.directives, "вместо", "around") }

// annotation compares an extension's procedure with the one it is put around:
// the platform does not apply an extension whose target is not there, or is of
// another kind or with other parameters.
func (c *checker) annotation(p *proc, d directive) {
	base := c.u.decl.base.units[c.u.side]
	if base == nil {
		return
	}
	q := base.procs[fold(d.target)]
	switch {
	case q == nil:
		if app := c.u.decl.Kind == ManagedAppModule || c.u.decl.Kind == OrdinaryAppModule; !app || !appEvents[fold(d.target)] {
			c.fail(d.pos, "Метод расширяемого модуля не обнаружен (%s)", d.target)
		}
	case p.function != q.function:
		c.fail(d.pos, "Процедуру расширяет только процедура, функцию - только функция (%s)", d.target)
	case p.function && !has([]directive{d}, "вместо", "around", "изменениеиконтроль", "changeandvalidate"):
		c.fail(d.pos, "Аннотация &%s недопустима для функции (%s)", d.name, d.target)
	case len(p.params) != len(q.params):
		c.fail(d.pos, "Количество параметров не совпадает с расширяемым методом (%s)", d.target)
	}
}
