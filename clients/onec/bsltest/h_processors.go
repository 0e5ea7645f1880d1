package bsltest

import "strings"

// processor is a declared Обработка; processorObject is one made by Создать.
type processor struct {
	name  string
	attrs []string
}

type processorObject struct {
	p    *processor
	data *structure
}

type processors struct{ meta *Metadata }

type processorManager struct{ p *processor }

func (*processors) TypeName() string         { return "ОбработкиМенеджер" }
func (m *processorManager) TypeName() string { return "ОбработкаМенеджер" }
func (o *processorObject) TypeName() string  { return "ОбработкаОбъект" }

func (p *processors) Field(_ *Call, name string) (any, bool) {
	if x := p.meta.processors[fold(name)]; x != nil {
		return &processorManager{x}, true
	}
	return nil, false
}

func (o *processorObject) Field(_ *Call, name string) (any, bool) {
	v, ok := o.data.data[fold(name)]
	return v, ok
}

func (o *processorObject) SetField(_ *Call, name string, v any) bool {
	if _, ok := o.data.data[fold(name)]; !ok {
		return false
	}
	o.data.set(name, v)
	return true
}

func (o *processorObject) fields() []string { return o.data.names }

func processorHost() Host {
	const since = "-thin -web"
	return Host{
		Properties: []Property{
			{Names: "Обработки DataProcessors", Since: since, Get: func(c *Call) any { return &processors{c.W.Meta} }},
			{Names: "Перечисления Enums", Since: since, Get: func(c *Call) any { return &enumManagers{c.W.Meta, ""} }},
		},
		Types: []*Type{
			{Names: "ОбработкиМенеджер"}, {Names: "ПеречисленияМенеджер"},
			{Names: "ОбработкаМенеджер", Since: since, Methods: []Function{
				{Names: "Создать Create", Do: func(c *Call) any {
					o := &processorObject{this[*processorManager](c).p, newStructure()}
					for _, a := range o.p.attrs {
						o.data.set(a, Undefined)
					}
					return o
				}},
				{Names: "ПолучитьФорму GetForm", Since: "=ordinary", Max: 3, Do: func(c *Call) any {
					return c.W.newForm("Обработка."+this[*processorManager](c).p.name+".Форма", newStructure())
				}},
			}},
			{Names: "ОбработкаОбъект", Since: since, Methods: []Function{
				{Names: "ПолучитьФорму GetForm", Since: "=ordinary", Max: 3, Do: func(c *Call) any {
					o := this[*processorObject](c)
					name := "Форма"
					if c.Given(0) {
						name = c.Str(0)
					}
					f := c.W.newForm("Обработка."+o.p.name+"."+name, o.data) // what the object holds the form shows
					for _, n := range o.data.names {
						f.attrs.set(n, o.data.get(n))
					}
					return f
				}},
			}},
		},
	}
}

// enumManagers is Перечисления, and one of them.
type enumManagers struct {
	meta *Metadata
	name string
}

func (*enumManagers) TypeName() string { return "ПеречисленияМенеджер" }

func (e *enumManagers) Field(_ *Call, name string) (any, bool) {
	if e.name != "" {
		v := e.meta.EnumValue(e.name, name)
		return v, v != nil
	}
	for key := range e.meta.enums {
		if strings.HasPrefix(key, fold("Перечисление."+name+".")) {
			return &enumManagers{e.meta, name}, true
		}
	}
	return nil, false
}
