package bsltest

// mapping is Соответствие; it keeps the order of insertion so that tests are
// the same each time (the platform promises none).
type mapping struct {
	keys  []any
	data  map[any]any
	fixed bool
}

func newMapping() *mapping { return &mapping{data: map[any]any{}} }

func (m *mapping) TypeName() string {
	if m.fixed {
		return "ФиксированноеСоответствие"
	}
	return "Соответствие"
}

func (m *mapping) get(key any) any {
	if v, ok := m.data[keyOf(key)]; ok {
		return v
	}
	return Undefined
}

func (m *mapping) set(key, v any) {
	k := keyOf(key)
	if _, ok := m.data[k]; !ok {
		m.keys = append(m.keys, key)
	}
	m.data[k] = v
}

func (m *mapping) remove(key any) {
	delete(m.data, keyOf(key))
	for i, k := range m.keys {
		if equal(k, key) {
			m.keys = append(m.keys[:i:i], m.keys[i+1:]...)
			return
		}
	}
}

func (m *mapping) cross(w *World) any {
	n := newMapping()
	n.fixed = m.fixed
	for _, k := range m.keys {
		n.set(w.transfer(k), w.transfer(m.get(k)))
	}
	return n
}

func mapHost() Host {
	items := func(o Object) (all []any) {
		m := o.(*mapping)
		for _, k := range m.keys {
			all = append(all, &pair{k, m.get(k)})
		}
		return all
	}
	at := func(c *Call, key any) any { return this[*mapping](c).get(key) }
	read := []Function{
		{Names: "Получить Get", Min: 1, Do: func(c *Call) any { return this[*mapping](c).get(c.Arg(0)) }},
		{Names: "Количество Count", Do: func(c *Call) any { return intNum(int64(len(this[*mapping](c).keys))) }},
	}
	return Host{Types: []*Type{
		{Names: "Соответствие Map", Max: 1, Items: items, Index: at,
			SetIndex: func(c *Call, key, v any) { this[*mapping](c).set(key, v) },
			New: func(c *Call) any {
				m := newMapping()
				if from, ok := c.Arg(0).(*mapping); ok {
					for _, k := range from.keys {
						m.set(k, from.get(k))
					}
				}
				return m
			},
			Methods: append([]Function{
				{Names: "Вставить Insert", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
					this[*mapping](c).set(c.Arg(0), c.Arg(1))
					return nil
				}},
				{Names: "Удалить Delete", Min: 1, Procedure: true, Do: func(c *Call) any {
					this[*mapping](c).remove(c.Arg(0))
					return nil
				}},
				{Names: "Очистить Clear", Procedure: true, Do: func(c *Call) any {
					m := this[*mapping](c)
					m.keys, m.data = nil, map[any]any{}
					return nil
				}},
			}, read...)},
		{Names: "ФиксированноеСоответствие FixedMap", Min: 1, Items: items, Index: at, Methods: read, New: func(c *Call) any {
			m := newMapping()
			from := arg[*mapping](c, 0)
			for _, k := range from.keys {
				m.set(k, from.get(k))
			}
			m.fixed = true
			return m
		}},
	}}
}
