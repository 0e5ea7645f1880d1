package bsltest

import (
	"iter"
)

// Objects whose members are data (a structure's keys, an infobase's tables)
// have these besides what their Type lists.
type (
	fielder interface {
		Field(c *Call, name string) (any, bool)
	}
	fieldSetter interface {
		SetField(c *Call, name string, v any) bool
	}
	caller interface {
		CallMethod(c *Call, name string) (any, bool)
	}
)

func (w *World) typeOf(x any) *hostType {
	return w.reg.types[fold(typeName(x))]
}

// field is the value of x.name, false if there is none.
func (w *World) field(f *frame, x any, name string) (any, bool) {
	c := &Call{W: w, This: x, f: f, name: name}
	if o, ok := x.(fielder); ok {
		if v, ok := o.Field(c, name); ok {
			return v, true
		}
	}
	if t := w.typeOf(x); t != nil {
		if p, ok := t.props[fold(name)]; ok {
			w.mustHave(p.avail, f.here(), p.name)
			return p.Get(c), true
		}
	}
	return nil, false
}

func (w *World) member(f *frame, x any, name string) any {
	if v, ok := w.field(f, x, name); ok {
		return v
	}
	if _, ok := x.(Object); !ok {
		throw("Значение не является значением объектного типа (%s)", name)
	}
	throw("Поле объекта не обнаружено (%s)", name)
	return nil
}

// setMember assigns x.name. With quiet an unknown name is reported by false.
func (w *World) setMember(f *frame, x any, name string, v any, quiet bool) bool {
	c := &Call{W: w, This: x, f: f, name: name}
	if o, ok := x.(fieldSetter); ok && o.SetField(c, name, v) {
		return true
	}
	if t := w.typeOf(x); t != nil {
		if p, ok := t.props[fold(name)]; ok {
			if p.Set == nil {
				throw("Поле объекта недоступно для записи (%s)", name)
			}
			w.mustHave(p.avail, f.here(), p.name)
			p.Set(c, v)
			return true
		}
	}
	if quiet {
		return false
	}
	if _, ok := x.(Object); !ok {
		throw("Значение не является значением объектного типа (%s)", name)
	}
	throw("Поле объекта не обнаружено (%s)", name)
	return false
}

// method calls x.name(args), false if there is no such method.
func (w *World) method(f *frame, x any, name string, args []any, refs []*cell) (any, bool) {
	if m, ok := x.(*moduleRef); ok {
		return w.moduleCall(f, m, name, args, refs), true
	}
	if form, ok := x.(*Form); ok && form.inst != nil { // exports of a form's module are its methods
		if p := form.inst.unit.procs[fold(name)]; p != nil && p.export {
			return w.invoke(f, form.inst, p, args, refs), true
		}
	}
	if t := w.typeOf(x); t != nil {
		if m, ok := t.functions[fold(name)]; ok {
			return w.host(f, m, x, args, refs), true
		}
	}
	if o, ok := x.(caller); ok {
		return o.CallMethod(&Call{W: w, This: x, Args: args, refs: refs, f: f, name: name}, name)
	}
	return nil, false
}

// host calls a function of the platform.
func (w *World) host(f *frame, g *function, x any, args []any, refs []*cell) any {
	w.mustHave(g.avail, f.here(), g.name)
	if g.Modal && f.here()&managedClient != 0 && !w.Target.Modal {
		throw("Использование модальных окон в данном режиме запрещено (%s)", g.name)
	}
	checkArgs(len(args), g.Min, g.most(w.level))
	for i, a := range args[:g.Min] {
		if a == any(skipped) && (i > 0 || !g.FirstFree) {
			throw("Не указан обязательный параметр (%s)", g.name)
		}
	}
	v := g.Do(&Call{W: w, This: x, Args: args, refs: refs, f: f, name: g.name})
	if v == nil {
		return Undefined
	}
	return v
}

// here is the context a frame runs in; from Go, the client.
func (f *frame) here() Context {
	if f == nil {
		return 0
	}
	return f.side
}

// mustHave is the check at run time: what the static check cannot know.
func (w *World) mustHave(a availability, c Context, name string) {
	if c != 0 && !a.in(c, w.level) {
		throw("%s", w.lacks(a, c, name))
	}
}

func (w *World) index(f *frame, x, i any) any {
	if t := w.typeOf(x); t != nil && t.Index != nil {
		return t.Index(&Call{W: w, This: x, f: f}, i)
	}
	if name, ok := i.(string); ok {
		if v, ok := w.field(f, x, name); ok {
			return v
		}
		if _, ok := x.(Object); ok {
			throw("Поле объекта не обнаружено (%s)", name)
		}
	}
	throw("Получение элемента по индексу для значения не определено")
	return nil
}

func (w *World) setIndex(f *frame, x, i, v any) {
	if t := w.typeOf(x); t != nil && t.SetIndex != nil {
		t.SetIndex(&Call{W: w, This: x, f: f}, i, v)
		return
	}
	if name, ok := i.(string); ok {
		w.setMember(f, x, name, v, false)
		return
	}
	throw("Установка элемента по индексу для значения не определена")
}

// each goes through a collection as it is at every step: what a program
// deletes under its own feet makes it miss the next one. To keys and values
// the platform promises no order while they come and go, so that is refused.
func (w *World) each(x any) iter.Seq[any] {
	t := w.typeOf(x)
	if t == nil || t.Items == nil {
		throw("Итератор для значения не определен")
	}
	o := x.(Object)
	return func(yield func(any) bool) {
		switch o := o.(type) {
		case *array:
			for i := 0; i < len(o.items) && yield(o.items[i]); i++ {
			}
			return
		case *mapping:
			for i, n := 0, len(o.keys); i < n && yield(&pair{o.keys[i], o.get(o.keys[i])}); i++ {
				unchanged(n == len(o.keys))
			}
			return
		case *structure:
			for i, n := 0, len(o.names); i < n && yield(&pair{o.names[i], o.get(o.names[i])}); i++ {
				unchanged(n == len(o.names))
			}
			return
		}
		for i := 0; ; i++ {
			if now := t.Items(o); i >= len(now) || !yield(now[i]) {
				return
			}
		}
	}
}

func unchanged(same bool) {
	if !same {
		throw("Коллекция изменена при обходе")
	}
}

// procedure tells whether a method returns nothing.
func (w *World) procedure(f *frame, x any, name string) bool {
	key := fold(name)
	var p *proc
	switch o := x.(type) {
	case *moduleRef:
		u := o.d.units[f.side]
		if u == nil {
			u = o.d.units[Server]
		}
		if u != nil {
			p = u.procs[key]
		}
	case *Form:
		if o.inst != nil {
			p = o.inst.unit.procs[key]
		}
	}
	if p != nil {
		return !p.function && !p.async
	}
	t := w.typeOf(x)
	return t != nil && t.functions[key] != nil && t.functions[key].Procedure
}
