package bsltest

import "strings"

// structure is Структура and ФиксированнаяСтруктура.
type structure struct {
	names []string // as written, in order
	data  map[string]any
	fixed bool
}

func newStructure() *structure { return &structure{data: map[string]any{}} }

func (s *structure) TypeName() string {
	if s.fixed {
		return "ФиксированнаяСтруктура"
	}
	return "Структура"
}

func (s *structure) set(name string, v any) {
	key := fold(name)
	if _, ok := s.data[key]; !ok {
		s.names = append(s.names, name)
	}
	s.data[key] = v
}

func (s *structure) get(name string) any {
	if v, ok := s.data[fold(name)]; ok {
		return v
	}
	return Undefined
}

func (s *structure) remove(name string) {
	delete(s.data, fold(name))
	for i, n := range s.names {
		if strings.EqualFold(n, name) {
			s.names = append(s.names[:i:i], s.names[i+1:]...)
			return
		}
	}
}

func (s *structure) Field(_ *Call, name string) (any, bool) {
	v, ok := s.data[fold(name)]
	return v, ok
}

func (s *structure) SetField(_ *Call, name string, v any) bool {
	_, ok := s.data[fold(name)]
	if ok && s.fixed {
		throw("Поле объекта недоступно для записи (%s)", name)
	}
	if ok {
		s.set(name, v)
	}
	return ok
}

func (s *structure) cross(w *World) any {
	n := newStructure()
	n.fixed = s.fixed
	for _, name := range s.names {
		n.set(name, w.transfer(s.get(name)))
	}
	return n
}

// pair is КлючИЗначение.
type pair struct{ key, value any }

func (*pair) TypeName() string { return "КлючИЗначение" }

func isName(s string) bool {
	for i, r := range s {
		if i == 0 && !identStart(r) || !identPart(r) {
			return false
		}
	}
	return s != ""
}

func (s *structure) insert(c *Call, name string, v any) {
	if !isName(name) {
		throw("Задано неправильное имя атрибута структуры '%s'", name)
	}
	s.set(name, v)
}

func newStructureFrom(c *Call) any {
	s := newStructure()
	switch x := c.Arg(0).(type) {
	case undefinedType:
	case *structure:
		for _, n := range x.names {
			s.set(n, x.get(n))
		}
	case string:
		i := 1
		for _, name := range strings.Split(x, ",") {
			if name = strings.TrimSpace(name); name != "" {
				s.insert(c, name, c.Arg(i))
			}
			i++
		}
	default:
		c.Mismatch(0)
	}
	return s
}

func structureItems(o Object) (all []any) {
	s := o.(*structure)
	for _, n := range s.names {
		all = append(all, &pair{n, s.get(n)})
	}
	return all
}

func structureHost() Host {
	read := []Function{
		{Names: "Количество Count", Do: func(c *Call) any { return intNum(int64(len(this[*structure](c).names))) }},
		{Names: "Свойство Property", Min: 1, Max: 2, Do: func(c *Call) any {
			v, ok := this[*structure](c).Field(c, c.Str(0))
			if !ok {
				v = Undefined
			}
			c.Set(1, v)
			return ok
		}},
	}
	return Host{Types: []*Type{
		{Names: "Структура Structure", Max: 100, New: newStructureFrom, Items: structureItems, Methods: append([]Function{
			{Names: "Вставить Insert", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
				this[*structure](c).insert(c, c.Str(0), c.Arg(1))
				return nil
			}},
			{Names: "Удалить Delete", Min: 1, Procedure: true, Do: func(c *Call) any {
				this[*structure](c).remove(c.Str(0))
				return nil
			}},
			{Names: "Очистить Clear", Procedure: true, Do: func(c *Call) any {
				s := this[*structure](c)
				s.names, s.data = nil, map[string]any{}
				return nil
			}},
		}, read...)},
		{Names: "ФиксированнаяСтруктура FixedStructure", Max: 100, Items: structureItems, Methods: read, New: func(c *Call) any {
			s := newStructureFrom(c).(*structure)
			s.fixed = true
			return s
		}},
		{Names: "КлючИЗначение KeyAndValue", Properties: []Property{
			get("Ключ Key", func(p *pair) any { return p.key }),
			get("Значение Value", func(p *pair) any { return p.value }),
		}},
	}}
}
