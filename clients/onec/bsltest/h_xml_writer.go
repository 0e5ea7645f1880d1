package bsltest

import (
	"encoding/xml"
	"strings"
)

// xmlWriter is ЗаписьXML into a string.
type xmlWriter struct {
	b    strings.Builder
	open []string
	tag  bool // the start tag is not closed yet
}

func (*xmlWriter) TypeName() string { return "ЗаписьXML" }

func escapeXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		throw("Недопустимый символ XML")
	}
	return b.String()
}

func (x *xmlWriter) seal() {
	if x.tag {
		x.b.WriteByte('>')
		x.tag = false
	}
}

func (x *xmlWriter) end() {
	if len(x.open) == 0 {
		throw("Нет открытого элемента")
	}
	name := x.open[len(x.open)-1]
	x.open = x.open[:len(x.open)-1]
	if x.tag {
		x.b.WriteString("/>")
		x.tag = false
		return
	}
	x.b.WriteString("</" + name + ">")
}

func xmlWriterHost() Host {
	do := func(names string, least, most int, f func(*Call, *xmlWriter)) Function {
		return Function{Names: names, Min: least, Max: most, Procedure: true, Do: func(c *Call) any { f(c, this[*xmlWriter](c)); return nil }}
	}
	return Host{Types: []*Type{{Names: "ЗаписьXML XMLWriter", Since: "-web", New: func(*Call) any { return &xmlWriter{} }, Methods: []Function{
		do("УстановитьСтроку SetString", 0, 2, func(_ *Call, x *xmlWriter) { x.b.Reset() }),
		do("ЗаписатьОбъявлениеXML WriteXMLDeclaration", 0, 0, func(_ *Call, x *xmlWriter) { x.b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`) }),
		do("ЗаписатьНачалоЭлемента WriteStartElement", 1, 2, func(c *Call, x *xmlWriter) {
			x.seal()
			x.b.WriteString("<" + c.Str(0))
			x.open, x.tag = append(x.open, c.Str(0)), true
		}),
		do("ЗаписатьКонецЭлемента WriteEndElement", 0, 0, func(_ *Call, x *xmlWriter) { x.end() }),
		do("ЗаписатьАтрибут WriteAttribute", 2, 3, func(c *Call, x *xmlWriter) {
			if !x.tag {
				throw("Атрибут не может быть записан: нет открытого элемента")
			}
			x.b.WriteString(" " + c.Str(0) + `="` + escapeXML(c.Str(1)) + `"`)
		}),
		do("ЗаписатьТекст WriteText", 1, 1, func(c *Call, x *xmlWriter) {
			x.seal()
			x.b.WriteString(escapeXML(c.Str(0)))
		}),
		{Names: "Закрыть Close", Do: func(c *Call) any {
			x := this[*xmlWriter](c)
			for len(x.open) > 0 {
				x.end()
			}
			return x.b.String()
		}},
	}}}}
}
