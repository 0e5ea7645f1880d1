package bsltest

// callback is ОписаниеОповещения: a procedure of a module to be called later,
// with what is kept for it.
type callback struct {
	name   string
	module any // *moduleRef or a form
	extra  any
}

func (*callback) TypeName() string { return "ОписаниеОповещения" }

// notify calls the procedure with a result and what was kept for it.
func (w *World) notify(b *callback, result any) { w.callBack(b, result, b.extra) }

// notifyBare calls the procedure with what was kept for it and nothing else:
// so do a click on a toast and the end of a message box.
func (w *World) notifyBare(b *callback) { w.callBack(b, b.extra) }

func (w *World) callBack(b *callback, args ...any) {
	var inst *instance
	switch m := b.module.(type) {
	case *moduleRef:
		if u := m.d.units[w.Target.Context]; u != nil {
			inst = u.inst
		}
	case *Form:
		inst = m.inst
	}
	if inst == nil {
		throw("Метод объекта не обнаружен (%s)", b.name)
	}
	p := inst.unit.procs[fold(b.name)]
	if p == nil || !p.export || p.sideOf(w.Target.Context)&anyClient == 0 {
		throw("Метод объекта не обнаружен (%s)", b.name)
	}
	w.invoke(nil, inst, p, args, nil)
}

func callbackHost() Host {
	return Host{
		Types: []*Type{{Names: "ОписаниеОповещения NotifyDescription", Since: "8.3.3 =client", Min: 2, Max: 5,
			New: func(c *Call) any {
				switch c.Arg(1).(type) {
				case *moduleRef, *Form:
				default:
					c.Mismatch(1)
				}
				return &callback{c.Str(0), c.Arg(1), c.Arg(2)}
			},
			Properties: []Property{
				get("ИмяПроцедуры ProcedureName", func(b *callback) any { return b.name }),
				get("Модуль Module", func(b *callback) any { return b.module }),
				getSet("ДополнительныеПараметры AdditionalParameters", func(b *callback) any { return b.extra }, func(b *callback, v any) { b.extra = v }),
			}}},
		Functions: []Function{{Names: "ВыполнитьОбработкуОповещения ExecuteNotifyProcessing", Since: "8.3.3 =client", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
			c.W.notify(arg[*callback](c, 0), c.Arg(1))
			return nil
		}}},
	}
}
