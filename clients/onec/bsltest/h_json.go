package bsltest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"time"
)

// jsonReader is ЧтениеJSON, read as a whole by ПрочитатьJSON.
type jsonReader struct{ d *json.Decoder }

// jsonWriter is ЗаписьJSON into a string, written as a whole by ЗаписатьJSON.
type jsonWriter struct {
	b      strings.Builder
	pretty bool
	opened bool
}

func (*jsonReader) TypeName() string { return "ЧтениеJSON" }
func (*jsonWriter) TypeName() string { return "ЗаписьJSON" }

func (r *jsonReader) open(text string) {
	r.d = json.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	r.d.UseNumber()
}

const jsonSince = "8.3.6 -web"

func jsonHost() Host {
	return Host{
		Types: []*Type{
			{Names: "ЧтениеJSON JSONReader", Since: jsonSince, New: func(*Call) any { return &jsonReader{} }, Methods: []Function{
				{Names: "УстановитьСтроку SetString", Min: 1, Procedure: true, Do: func(c *Call) any { this[*jsonReader](c).open(c.Str(0)); return nil }},
				{Names: "ОткрытьФайл OpenFile", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
					data, err := os.ReadFile(c.Str(0))
					if err != nil {
						throw("Файл не обнаружен (%s)", c.Str(0))
					}
					this[*jsonReader](c).open(string(data))
					return nil
				}},
				{Names: "Закрыть Close", Procedure: true, Do: func(*Call) any { return nil }},
			}},
			{Names: "ЗаписьJSON JSONWriter", Since: jsonSince, New: func(*Call) any { return &jsonWriter{} }, Methods: []Function{
				{Names: "УстановитьСтроку SetString", Max: 1, Procedure: true, Do: func(c *Call) any {
					w := this[*jsonWriter](c)
					w.b.Reset()
					w.opened = true
					w.pretty = true // the platform breaks lines unless told not to
					if p, ok := c.Arg(0).(*jsonSettings); ok {
						w.pretty = p.breaks
					}
					return nil
				}},
				{Names: "Закрыть Close", Do: func(c *Call) any { return this[*jsonWriter](c).b.String() }},
			}},
			{Names: "ПараметрыЗаписиJSON JSONWriterSettings", Since: jsonSince, Max: 10, New: func(c *Call) any {
				e, ok := c.Arg(0).(*EnumValue)
				return &jsonSettings{breaks: !ok || e.Name != "Нет"}
			}},
			{Names: "НастройкиСериализацииJSON JSONSerializerSettings", Since: "8.3.7 -web", New: func(*Call) any { return &userMessage{newStructure()} }},
		},
		Functions: []Function{
			{Names: "ПрочитатьJSON ReadJSON", Since: jsonSince, Min: 1, Max: 9, Do: func(c *Call) any {
				r := arg[*jsonReader](c, 0)
				if r.d == nil {
					throw("Не задан источник данных чтения JSON")
				}
				for i := 4; i < len(c.Args); i++ { // the function that restores values, and what belongs to it
					if c.Given(i) {
						throw("Параметр номер '%d' ПрочитатьJSON не поддерживается", i+1)
					}
				}
				if e, ok := c.Arg(3).(*EnumValue); c.Given(3) && (!ok || e.Name != "ISO") {
					throw("Формат даты JSON не поддерживается")
				}
				dates := map[string]bool{}
				switch x := c.Arg(2).(type) {
				case string:
					dates = lowered(x)
				case *array:
					for _, v := range x.items {
						dates[fold(str(v))] = true
					}
				}
				return r.value(c, c.Bool(1), "", dates)
			}},
			{Names: "ЗаписатьJSON WriteJSON", Since: jsonSince, Min: 2, Max: 6, Procedure: true, Do: func(c *Call) any {
				w := arg[*jsonWriter](c, 0)
				if !w.opened {
					throw("Не задан приемник данных записи JSON")
				}
				for i := 2; i < len(c.Args); i++ {
					if c.Given(i) {
						throw("Параметр номер '%d' ЗаписатьJSON не поддерживается", i+1)
					}
				}
				w.write(c.Arg(1), 0)
				return nil
			}},
		},
	}
}

type jsonSettings struct{ breaks bool }

func (*jsonSettings) TypeName() string { return "ПараметрыЗаписиJSON" }

func (r *jsonReader) token() json.Token {
	t, err := r.d.Token()
	if err != nil {
		text := err.Error()
		if errors.Is(err, io.EOF) {
			text = "неожиданный конец"
		}
		throw("Непредвиденный символ при чтении JSON: %s", text)
	}
	return t
}

// value reads one value: objects become Соответствие or Структура.
func (r *jsonReader) value(c *Call, maps bool, name string, dates map[string]bool) any {
	switch t := r.token().(type) {
	case json.Delim:
		switch t {
		case '[':
			a := &array{}
			for r.d.More() {
				a.items = append(a.items, r.value(c, maps, name, dates))
			}
			r.token()
			return a
		case '{':
			m, s := newMapping(), newStructure()
			for r.d.More() {
				key, _ := r.token().(string)
				v := r.value(c, maps, key, dates)
				if maps {
					m.set(key, v)
				} else {
					s.insert(c, key, v)
				}
			}
			r.token()
			if maps {
				return m
			}
			return s
		}
	case string:
		if dates[fold(name)] {
			return jsonDate(c.W, t)
		}
		return t
	case json.Number:
		n, ok := parseNum(t.String())
		if !ok {
			f, err := t.Float64()
			if err != nil {
				throw("Неверное число JSON (%s)", t)
			}
			return floatNum(f)
		}
		return n
	case bool:
		return t
	case nil:
		return Undefined
	}
	throw("Непредвиденный символ при чтении JSON")
	return nil
}

// jsonDate reads an ISO date; one with a zone becomes local time.
func jsonDate(w *World, s string) any {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return wallDate(t.In(w.now.Location()))
	}
	cut := s
	if i := strings.IndexAny(s, ".Z+"); i > 0 {
		cut = s[:i]
	}
	if len(cut) > 19 {
		cut = cut[:19]
	}
	d, ok := dateOf(cut)
	if !ok {
		throw("Представление даты имеет неверный формат (%s)", s)
	}
	return d
}

func (w *jsonWriter) line(depth int) {
	if w.pretty {
		w.b.WriteString("\n" + strings.Repeat(" ", depth))
	}
}

func (w *jsonWriter) write(v any, depth int) {
	quote := func(s string) {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			throw("Недопустимая строка JSON")
		}
		w.b.WriteString(strings.TrimSuffix(b.String(), "\n"))
	}
	object := func(pairs []any) {
		w.b.WriteByte('{')
		for i, p := range pairs {
			if i > 0 {
				w.b.WriteByte(',')
			}
			w.line(depth + 1)
			key, ok := p.(*pair).key.(string)
			if !ok {
				throw("Недопустимое имя свойства JSON: ключ соответствия не является строкой")
			}
			quote(key)
			w.b.WriteByte(':')
			if w.pretty {
				w.b.WriteByte(' ')
			}
			w.write(p.(*pair).value, depth+1)
		}
		if len(pairs) > 0 {
			w.line(depth)
		}
		w.b.WriteByte('}')
	}
	if depth > maxNesting {
		throw("Слишком большая вложенность для записи JSON")
	}
	switch x := v.(type) {
	case string:
		quote(x)
	case Num:
		w.b.WriteString(x.String())
	case bool:
		w.b.WriteString(xmlString(x))
	case Date:
		quote(x.xml())
	case undefinedType, nullType:
		w.b.WriteString("null")
	case *structure:
		object(structureItems(x))
	case *mapping:
		var pairs []any
		for _, k := range x.keys {
			pairs = append(pairs, &pair{k, x.get(k)})
		}
		object(pairs)
	case *array:
		w.b.WriteByte('[')
		for i, item := range x.items {
			if i > 0 {
				w.b.WriteByte(',')
			}
			w.line(depth + 1)
			w.write(item, depth+1)
		}
		if len(x.items) > 0 {
			w.line(depth)
		}
		w.b.WriteByte(']')
	default:
		throw("Недопустимый тип значения для записи JSON (%s)", typeName(v))
	}
}
