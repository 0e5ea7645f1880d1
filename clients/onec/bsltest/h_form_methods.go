package bsltest

// formMethods are what a program calls on a form, its own or another.
func formMethods() []Function {
	return []Function{
		{Names: "Открыть Open", Since: "=client", Procedure: true, Do: func(c *Call) any {
			f := this[*Form](c)
			if !f.Open {
				c.W.show(f, "форма")
			}
			return nil
		}},
		{Names: "Закрыть Close", Since: "=client", Max: 1, Do: func(c *Call) any {
			c.W.closeForm(this[*Form](c), c.Arg(0))
			return true
		}},
		{Names: "Открыта IsOpen", Since: "=client", Do: func(c *Call) any { return this[*Form](c).Open }},
		{Names: "Активизировать Activate", Since: "=client", Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "Обновить Refresh", Since: "=ordinary", Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "ОбновитьОтображениеДанных RefreshDataRepresentation", Since: "=managed", Max: 1, Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "РеквизитФормыВЗначение FormAttributeToValue", Since: "=server", Min: 1, Max: 2, Do: func(c *Call) any { return this[*Form](c).attrs.get(c.Str(0)) }},
		{Names: "ЗначениеВРеквизитФормы ValueToFormAttribute", Since: "=server", Min: 2, Procedure: true, Do: func(c *Call) any {
			this[*Form](c).attrs.set(c.Str(1), c.Arg(0))
			return nil
		}},
		{Names: "ПодключитьОбработчикОжидания AttachIdleHandler", Since: "=client", Min: 2, Max: 3, Procedure: true, Do: func(c *Call) any {
			f := this[*Form](c)
			var p *proc
			if f.inst != nil {
				p = f.inst.unit.procs[fold(c.Str(0))]
			}
			if p == nil || p.function || len(p.params) > 0 || p.sideOf(c.W.Target.Context)&anyClient == 0 {
				throw("Неверное имя процедуры обработчика ожидания (%s)", c.Str(0))
			}
			c.W.attach(f.inst, p, interval(c), c.Bool(2))
			return nil
		}},
		{Names: "ОтключитьОбработчикОжидания DetachIdleHandler", Since: "=client", Min: 1, Procedure: true, Do: func(c *Call) any {
			if f := this[*Form](c); f.inst != nil {
				c.W.detach(f.inst, c.Str(0))
			}
			return nil
		}},
	}
}
