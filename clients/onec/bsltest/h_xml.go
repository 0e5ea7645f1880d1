package bsltest

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
)

// xmlReader is ЧтениеXML. Attributes are read by name; an element without
// content has, as on the platform, its end as a node of its own.
type xmlReader struct {
	d     *xml.Decoder
	node  xml.Token
	attrs []xml.Attr
	at    int  // of ПрочитатьАтрибут; -1 before the first
	depth int  // open elements
	root  bool // there was one
}

func (*xmlReader) TypeName() string { return "ЧтениеXML" }

func (x *xmlReader) open(text string) {
	x.d = xml.NewDecoder(strings.NewReader(text))
	x.d.Strict = true
	x.d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	x.node, x.depth, x.root = nil, 0, false
}

func (x *xmlReader) read() bool {
	if x.d == nil {
		throw("Не задан источник данных чтения XML")
	}
	for {
		t, err := x.d.Token()
		if errors.Is(err, io.EOF) {
			if !x.root {
				throw("Ошибка разбора XML: документ пуст")
			}
			x.node = nil
			return false
		}
		if err != nil {
			throw("Ошибка разбора XML: %s", err.Error())
		}
		switch n := t.(type) {
		case xml.ProcInst, xml.Directive:
			continue
		case xml.StartElement:
			if x.depth == 0 && x.root {
				throw("Ошибка разбора XML: лишнее после корневого элемента")
			}
			x.depth++
			x.root = true
		case xml.EndElement:
			x.depth--
		case xml.CharData:
			if strings.TrimSpace(string(n)) == "" {
				continue // ЧтениеXML ignores white space unless told otherwise
			}
			if x.depth == 0 {
				throw("Ошибка разбора XML: текст вне корневого элемента")
			}
		}
		x.node, x.attrs, x.at = xml.CopyToken(t), nil, -1
		if s, ok := x.node.(xml.StartElement); ok {
			x.attrs = s.Attr
		}
		return true
	}
}

func qualified(n xml.Name) string {
	if n.Space != "" && !strings.Contains(n.Space, "/") {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func (x *xmlReader) name() any {
	if x.at >= 0 {
		return qualified(x.attrs[x.at].Name)
	}
	switch n := x.node.(type) {
	case xml.StartElement:
		return qualified(n.Name)
	case xml.EndElement:
		return qualified(n.Name)
	case xml.CharData:
		return "#text"
	}
	return ""
}

func (x *xmlReader) value() any {
	if x.at >= 0 {
		return x.attrs[x.at].Value
	}
	if t, ok := x.node.(xml.CharData); ok {
		return string(t)
	}
	return ""
}

func (x *xmlReader) kind(w *World) any {
	name := "Ничего"
	switch x.node.(type) {
	case xml.StartElement:
		name = "НачалоЭлемента"
	case xml.EndElement:
		name = "КонецЭлемента"
	case xml.CharData:
		name = "Текст"
	case xml.Comment:
		name = "Комментарий"
	}
	return w.enumOf("ТипУзлаXML", name)
}

func (x *xmlReader) attribute(name string) any {
	for _, a := range x.attrs {
		if qualified(a.Name) == name {
			return a.Value
		}
	}
	return Undefined
}

func (x *xmlReader) skip() {
	if _, ok := x.node.(xml.StartElement); !ok {
		return
	}
	for depth := 1; depth > 0 && x.read(); {
		switch x.node.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
}

func xmlHost() Host {
	return Host{Types: []*Type{{Names: "ЧтениеXML XMLReader", Since: "-web", New: func(*Call) any { return &xmlReader{at: -1} },
		Methods: []Function{
			{Names: "УстановитьСтроку SetString", Min: 1, Max: 3, Procedure: true, Do: func(c *Call) any { this[*xmlReader](c).open(c.Str(0)); return nil }},
			{Names: "ОткрытьФайл OpenFile", Min: 1, Max: 4, Procedure: true, Do: func(c *Call) any {
				data, err := os.ReadFile(c.Str(0))
				if err != nil {
					throw("Файл не обнаружен (%s)", c.Str(0))
				}
				this[*xmlReader](c).open(string(data))
				return nil
			}},
			{Names: "Прочитать Read", Do: func(c *Call) any { return this[*xmlReader](c).read() }},
			{Names: "Закрыть Close", Procedure: true, Do: func(c *Call) any { this[*xmlReader](c).node = nil; return nil }},
			{Names: "Пропустить Skip", Procedure: true, Do: func(c *Call) any { this[*xmlReader](c).skip(); return nil }},
			{Names: "ЗначениеАтрибута AttributeValue", Min: 1, Max: 2, Do: func(c *Call) any {
				x := this[*xmlReader](c)
				if i, ok := c.Arg(0).(Num); ok {
					if i.sign() >= 0 && i.int() < len(x.attrs) {
						return x.attrs[i.int()].Value
					}
					return Undefined
				}
				return x.attribute(c.Str(0))
			}},
			{Names: "ПолучитьАтрибут GetAttribute", Min: 1, Max: 2, Do: func(c *Call) any { return this[*xmlReader](c).attribute(c.Str(0)) }},
			{Names: "КоличествоАтрибутов AttributeCount", Do: func(c *Call) any { return count(len(this[*xmlReader](c).attrs)) }},
			{Names: "ИмяАтрибута AttributeName", Min: 1, Do: func(c *Call) any {
				x, i := this[*xmlReader](c), c.Int(0)
				if i < 0 || i >= len(x.attrs) {
					throw("Индекс находится за границами массива")
				}
				return qualified(x.attrs[i].Name)
			}},
			{Names: "ПрочитатьАтрибут ReadAttribute", Do: func(c *Call) any {
				x := this[*xmlReader](c)
				if x.at+1 >= len(x.attrs) {
					x.at = -1
					return false
				}
				x.at++
				return true
			}},
		},
		Properties: []Property{
			{Names: "ТипУзла NodeType", Get: func(c *Call) any { return this[*xmlReader](c).kind(c.W) }},
			get("Имя Name", func(x *xmlReader) any { return x.name() }),
			get("ЛокальноеИмя LocalName", func(x *xmlReader) any { return x.name() }),
			get("Значение Value", func(x *xmlReader) any { return x.value() }),
			get("ИмеетЗначение HasValue", func(x *xmlReader) any { return x.value() != "" }),
		}}}}
}
