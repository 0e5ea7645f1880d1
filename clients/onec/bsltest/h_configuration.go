package bsltest

import "strings"

// AddConfiguration gives programs what infobases have besides catalogs,
// documents and registers: data processors, tasks, scheduled jobs, hashes,
// value storages, the session's own entry and the contents of windows.
func (w *World) AddConfiguration() {
	for _, h := range []Host{processingHost(), scheduledHost(), hashHost()} {
		w.Add(h)
	}
	w.extend("ОкноКлиентскогоПриложения", get("Содержимое Content", func(x *window) any { return &array{items: []any{x.f}} }))
	w.extend("Форма", Property{Names: "РежимОткрытияОкна WindowOpeningMode", Since: "8.3.3 =client", Get: func(c *Call) any {
		if c.W.secrets[lockedForm] == any(this[*Form](c)) {
			return c.W.enumOf("РежимОткрытияОкнаФормы", "БлокироватьВесьИнтерфейс")
		}
		return c.W.enumOf("РежимОткрытияОкнаФормы", "Независимый")
	}})
	w.extend("ПользовательИнформационнойБазы", get("АутентификацияOpenID OpenIDAuthentication", func(*ibUser) any { return false }))
	w.Add(Host{Functions: []Function{{Names: "ПолучитьТекущийСеансИнформационнойБазы GetCurrentInfoBaseSession", Since: "8.3.1 =server,ordinary", Do: func(c *Call) any {
		return &infobaseSession{c.W.User, c.W.SessionNumber, map[Context]string{ThinClient: "1CV8C", WebClient: "WebClient"}[c.W.Target.Context]}
	}}}})
}

// extend gives the objects of a type another property.
func (w *World) extend(typeName string, p Property) {
	t := w.reg.types[strings.ToLower(typeName)]
	for _, name := range spellings(p.Names) {
		t.props[name] = newProperty(p, t.Since)
		w.reg.known[name] = true
	}
}

// What tests have put into a World besides secrets.
const (
	lockedForm    = "\x00locked"
	scheduledJobs = "\x00scheduled"
)

// Lock opens a form that locks the whole interface, as a modal dialog does in
// managed applications; the result closes it.
func (w *World) Lock() (unlock func()) {
	f := &Form{Name: "Диалог", Open: true, params: newStructure(), attrs: newStructure(), items: map[string]*structure{}}
	w.secrets[lockedForm] = f
	w.Screen.Forms = append(w.Screen.Forms, f)
	return func() {
		delete(w.secrets, lockedForm)
		w.CloseForm(f, nil)
	}
}

// Processing declares a data processor.
func (m *Metadata) Processing(name string, attrs ...string) *Table {
	return m.add(&Table{Kind: "Обработка", Name: name, Attrs: attrs})
}

type processingManagers struct {
	meta *Metadata
	kind string
}

type processingManager struct{ t *Table }

type processing struct {
	t    *Table
	data *structure
}

func (*processingManagers) TypeName() string  { return "МенеджерыОбъектовПрочие" }
func (m *processingManager) TypeName() string { return "ОбработкаМенеджер." + m.t.Name }
func (p *processing) TypeName() string        { return "ОбработкаОбъект." + p.t.Name }

func (m *processingManagers) Field(_ *Call, name string) (any, bool) {
	if t := m.meta.Find(m.kind + "." + name); t != nil {
		return &processingManager{t}, true
	}
	return nil, false
}

func (m *processingManager) CallMethod(_ *Call, name string) (any, bool) {
	if strings.EqualFold(name, "Создать") {
		return &processing{m.t, newStructure()}, true
	}
	return nil, false
}

func (p *processing) Field(_ *Call, name string) (any, bool) {
	if !p.t.has(name) {
		return nil, false
	}
	if v, ok := p.data.data[strings.ToLower(name)]; ok {
		return v, true
	}
	return Undefined, true
}

func (p *processing) SetField(_ *Call, name string, v any) bool {
	if p.t.has(name) {
		p.data.set(name, v)
	}
	return p.t.has(name)
}

func (p *processing) CallMethod(c *Call, name string) (any, bool) {
	if !strings.EqualFold(name, "ПолучитьФорму") {
		return nil, false
	}
	f := c.W.newForm(p.t.full()+"."+c.Str(0), newStructure())
	for _, n := range p.data.names {
		f.attrs.set(n, p.data.get(n))
	}
	return f, true
}

func processingHost() Host {
	h := Host{Types: []*Type{{Names: "МенеджерыОбъектовПрочие"}}}
	for names, kind := range map[string]string{"Обработки DataProcessors": "Обработка", "Задачи Tasks": "Задача", "БизнесПроцессы BusinessProcesses": "БизнесПроцесс"} {
		h.Properties = append(h.Properties, Property{Names: names, Since: "-thin -web", Get: func(c *Call) any { return &processingManagers{c.W.Meta, kind} }})
	}
	return h
}
