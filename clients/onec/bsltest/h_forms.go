package bsltest

import (
	"strings"
)

// Form is an open form: its parameters, its attributes, and its module if one
// was loaded under the form's name.
type Form struct {
	Name   string
	Open   bool
	params *structure
	attrs  *structure // attributes
	props  *structure // Заголовок and the like
	items  map[string]*structure
	inst   *instance
	key    any // of uniqueness
	closed any // ОписаниеОповещения to call at closing
	ref    *Ref
	decl   *formDecl
	// refused says that ПриСозданииНаСервере set Отказ: nothing opens, and
	// nothing is thrown.
	refused bool
}

// TypeName is the name of its type.
func (*Form) TypeName() string { return "Форма" }

// Attr is an attribute of the form, as a Go value.
func (f *Form) Attr(name string) any { return Go(f.attrs.get(name)) }

// Field finds an attribute or a property of the form.
func (f *Form) Field(c *Call, name string) (any, bool) {
	if v, ok := f.attrs.Field(c, name); ok {
		return v, true
	}
	if formProps[fold(name)] {
		return f.props.get(name), true
	}
	return nil, false
}

// Item is a property that the program gave an element of the form, as a Go
// value; nil if it gave none.
func (f *Form) Item(name, property string) any {
	if i := f.items[fold(name)]; i != nil {
		return Go(i.get(property))
	}
	return nil
}

// Title is the form's Заголовок if the program set one.
func (f *Form) Title() string { return str(f.props.get("Заголовок")) }

// SetField sets an attribute, or a property such as Заголовок; a form without
// a module takes any name.
func (f *Form) SetField(_ *Call, name string, v any) bool {
	key := fold(name)
	if formProps[key] {
		f.props.set(name, v)
		return true
	}
	if _, known := f.attrs.data[key]; !known && f.inst != nil {
		return false
	}
	f.attrs.set(name, v)
	return true
}

// formProps are properties of every form that programs set.
var formProps = map[string]bool{"заголовок": true, "title": true, "автозаголовок": true, "режимоткрытияокна": true, "windowopeningmode": true,
	"закрыватьпривыборе": true, "закрыватьпризакрытиивладельца": true, "модифицированность": true, "толькопросмотр": true, "ключуникальности": true}

// formModule is the loaded module of a form, by the name it is opened with.
func (w *World) formModule(name string) *decl {
	if d := w.byName[fold(name)]; d != nil && d.Kind == FormModule {
		return d
	}
	return nil
}

// newForm makes a form and calls ПриСозданииНаСервере.
func (w *World) newForm(name string, params *structure) *Form {
	f := &Form{Name: name, params: params, attrs: newStructure(), props: newStructure(), items: map[string]*structure{}}
	if d := w.forms[fold(name)]; d != nil {
		f.attrs = w.transfer(d.attrs).(*structure)
		f.decl = d
		if d.params != nil {
			f.params = w.transfer(d.params).(*structure)
			for _, n := range params.names {
				if _, known := d.params.data[fold(n)]; known || standardParams[fold(n)] {
					f.params.set(n, params.get(n))
				}
			}
		}
	}
	if d := w.formModule(name); d != nil {
		if u := d.units[w.Target.Context]; u != nil {
			f.inst = u.instance(f)
			if w.Target.Context != ThickOrdinary {
				f.refused = w.formEvent(f, "ПриСозданииНаСервере", false, true)
			}
		}
	}
	return f
}

// formEvent calls a handler of the form, if it has one, and tells whether the
// handler set its first parameter: Отказ, where the event has it.
func (w *World) formEvent(f *Form, name string, args ...any) bool {
	if f.inst == nil {
		return false
	}
	if p := f.inst.unit.procs[fold(name)]; p != nil {
		if len(p.params) < len(args) && w.Target.Context != ThickOrdinary {
			throw("Количество параметров обработчика события не совпадает (%s)", name)
		}
		caller := &frame{w: w, inst: f.inst, side: w.Target.Context}
		first := &cell{}
		if len(args) > 0 {
			first.v = args[0]
		}
		w.invoke(caller, f.inst, p, args[:min(len(args), len(p.params))], []*cell{first})
		return first.v == true
	}
	return false
}

// show opens a form: the window appears and ПриОткрытии runs.
func (w *World) show(f *Form, how string) {
	w.open(Opening{How: how, Name: f.Name, Params: goMap(f.params), Form: f, Ref: f.ref})
	f.Open = true
	w.Screen.Forms = append(w.Screen.Forms, f)
	w.formEvent(f, "ПриОткрытии", false)
}

// CloseForm closes a form as the user does.
func (w *World) CloseForm(f *Form, result any) {
	_ = w.enter("закрытие "+f.Name, func() { w.closeForm(f, Value(result)) })
	w.Pump()
}

func (w *World) closeForm(f *Form, result any) {
	if !f.Open {
		return
	}
	f.Open = false
	for i, x := range w.Screen.Forms {
		if x == f {
			w.Screen.Forms = append(w.Screen.Forms[:i:i], w.Screen.Forms[i+1:]...)
			break
		}
	}
	kept := w.idle[:0]
	for _, h := range w.idle {
		if h.inst != f.inst || f.inst == nil {
			kept = append(kept, h)
		}
	}
	w.idle = kept
	w.formEvent(f, "ПриЗакрытии", false)
	if b, ok := f.closed.(*callback); ok {
		w.ready = append(w.ready, func() { w.notify(b, result) })
	}
}

// FormCall calls a procedure of a form's module, such as a command's.
func (w *World) FormCall(f *Form, name string, args ...any) error {
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = Value(a)
	}
	err := w.enter(f.Name+"."+name, func() {
		if f.inst == nil || f.inst.unit.procs[fold(name)] == nil {
			throw("Метод объекта не обнаружен (%s)", name)
		}
		w.formEvent(f, name, values...)
	})
	w.Pump()
	return err
}

func formHost() Host {
	openForm := func(c *Call) any {
		f := takeForm(c, 3)
		switch {
		case f.refused:
			return Undefined
		case f.Open: // the same key: the open one comes to the front
			if f.ref != nil {
				c.W.open(Opening{How: "форма", Name: f.Name, Params: goMap(f.params), Form: f, Ref: f.ref})
			}
			c.W.formEvent(f, "ПриПовторномОткрытии")
			return f
		}
		if c.Has(6) {
			f.closed = c.Arg(6)
		}
		c.W.show(f, "форма")
		return f
	}
	return Host{
		Functions: []Function{
			{Names: "ОткрытьФорму OpenForm", Since: "=client", Min: 1, Max: 8, Do: openForm},
			{Names: "ПолучитьОбщуюФорму GetCommonForm", Since: "=thick", Min: 1, Max: 3, Do: func(c *Call) any {
				name := "ОбщаяФорма." + c.Str(0)
				for _, f := range c.W.Screen.Forms {
					if strings.EqualFold(f.Name, name) && c.Given(2) && equal(f.key, c.Arg(2)) {
						return f
					}
				}
				c.W.mustKnowForm(name)
				f := c.W.newForm(name, newStructure())
				f.key = c.Arg(2)
				return f
			}},
			{Names: "ПолучитьФорму GetForm", Since: "=client", Min: 1, Max: 6, Do: func(c *Call) any {
				if f := takeForm(c, 3); !f.refused {
					return f
				}
				return Undefined
			}},
			{Names: "ОткрытьФормуМодально OpenFormModal", Since: "=thin,thick", Min: 1, Max: 4, Modal: true, Do: func(c *Call) any {
				if f := takeForm(c, 3); !f.refused {
					c.W.show(f, "форма")
				}
				return Undefined
			}},
			{Names: "ПолучитьОкна GetWindows", Since: "=client", Do: func(c *Call) any {
				a := &array{}
				for _, f := range c.W.Screen.Forms {
					a.items = append(a.items, &window{f})
				}
				if c.W.Screen.Locked {
					f := &Form{Name: "Блокирующая", Open: true, params: newStructure(), attrs: newStructure(), props: newStructure(), items: map[string]*structure{}}
					f.props.set("РежимОткрытияОкна", c.W.enumOf("РежимОткрытияОкнаФормы", "БлокироватьВесьИнтерфейс"))
					a.items = append(a.items, &window{f})
				}
				return a
			}},
			{Names: "АктивноеОкно ActiveWindow", Since: "=client", Do: func(c *Call) any {
				if n := len(c.W.Screen.Forms); n > 0 {
					return &window{c.W.Screen.Forms[n-1]}
				}
				return Undefined
			}},
		},
		Types: []*Type{
			{Names: "Форма ClientApplicationForm", Properties: []Property{
				get("Параметры Parameters", func(f *Form) any { return f.params }),
				get("ИмяФормы FormName", func(f *Form) any { return f.Name }),
				get("Элементы Items", func(f *Form) any { return &formItems{f} }),
				get("ЭлементыФормы Controls", func(f *Form) any { return &formItems{f} }),
				get("Объект Object", func(f *Form) any { return f.attrs.get("Объект") }),
			}, Methods: formMethods()},
			{Names: "ЭлементыФормы FormItems"},
			{Names: "ОкноКлиентскогоПриложения ClientApplicationWindow", Properties: []Property{
				get("Заголовок Caption", func(x *window) any { return x.f.Name }),
				get("Содержимое Content", func(x *window) any { return &array{items: []any{x.f}} }),
				get("Основное Main", func(*window) any { return false }),
			}, Methods: []Function{{Names: "Активизировать Activate", Procedure: true, Do: func(*Call) any { return nil }}}},
		},
	}
}

// takeForm finds or makes the form that ОткрытьФорму or ПолучитьФорму names:
// by name and parameters, or a form itself. The form of an object (parameter
// Ключ) is one for the object; of an object that is gone there is none.
func takeForm(c *Call, keyAt int) *Form {
	if f, ok := c.Arg(0).(*Form); ok {
		return f
	}
	params := newStructure()
	if p, ok := c.Arg(1).(*structure); ok {
		params = p
	}
	key := c.Arg(keyAt)
	ref, _ := params.get("Ключ").(*Ref)
	if ref != nil && ref.row() == nil && !ref.empty() {
		throw("Объект не найден (%s)", ref.String())
	}
	for _, f := range c.W.Screen.Forms {
		if strings.EqualFold(f.Name, c.Str(0)) && f.key != nil && f.key != any(Undefined) && equal(f.key, key) {
			return f
		}
		if strings.EqualFold(f.Name, c.Str(0)) && ref != nil && !ref.empty() && f.ref != nil && equal(f.ref, ref) {
			return f
		}
	}
	c.W.mustKnowForm(c.Str(0))
	f := c.W.newForm(c.Str(0), params)
	f.key = key
	f.ref = ref
	return f
}

type window struct{ f *Form }

func (*window) TypeName() string { return "ОкноКлиентскогоПриложения" }

// formItems makes an element as soon as it is named, if the form may have it.
type formItems struct{ f *Form }

func (*formItems) TypeName() string { return "ЭлементыФормы" }

func (i *formItems) Field(_ *Call, name string) (any, bool) {
	key := fold(name)
	if d := i.f.decl; d != nil && d.items != nil && !d.items[key] {
		return nil, false
	}
	if i.f.items[key] == nil {
		i.f.items[key] = newStructure()
	}
	return &formItem{i.f.items[key]}, true
}

type formItem struct{ *structure }

func (*formItem) TypeName() string { return "ЭлементФормы" }

func (i *formItem) cross(*World) any {
	throw("Ошибка передачи данных между клиентом и сервером. Значение недопустимого типа (%s)", i.TypeName())
	return nil
}

func (i *formItem) SetField(_ *Call, name string, v any) bool {
	i.set(name, v)
	return true
}
