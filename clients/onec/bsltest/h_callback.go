package bsltest

import "strings"

// callback is ОписаниеОповещения: a procedure of a module to be called later,
// with what is kept for it.
type callback struct {
	name   string
	module any // *moduleRef or a form
	extra  any
}

func (*callback) TypeName() string { return "ОписаниеОповещения" }

// notify calls the procedure with a result.
func (w *World) notify(b *callback, result any) {
	if m, ok := b.module.(*moduleRef); ok {
		u := m.d.units[w.Target.Context]
		if u == nil || u.procs[strings.ToLower(b.name)] == nil || !u.procs[strings.ToLower(b.name)].export {
			throw("Метод объекта не обнаружен (%s)", b.name)
		}
		p := u.procs[strings.ToLower(b.name)]
		w.invoke(nil, u.inst, p, []any{result, b.extra}[:min(2, len(p.params))], nil)
		return
	}
	if form, ok := b.module.(*Form); ok && form.inst != nil {
		if p := form.inst.unit.procs[strings.ToLower(b.name)]; p != nil {
			w.invoke(nil, form.inst, p, []any{result, b.extra}[:min(2, len(p.params))], nil)
			return
		}
	}
	throw("Метод объекта не обнаружен (%s)", b.name)
}

func callbackHost() Host {
	return Host{
		Types: []*Type{{Names: "ОписаниеОповещения NotifyDescription", Since: "8.3.3 =client", Min: 2, Max: 5,
			New: func(c *Call) any { return &callback{c.Str(0), c.Arg(1), c.Arg(2)} },
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
