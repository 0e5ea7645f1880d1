package bsltest

// record is МенеджерЗаписи of an information register, and one record of a set.
type record struct {
	t     *Table
	data  *structure
	found bool
}

// recordSet is НаборЗаписей.
type recordSet struct {
	t      *Table
	filter *structure
	rows   []*record
}

func (*record) TypeName() string    { return "МенеджерЗаписиРегистра" }
func (*recordSet) TypeName() string { return "НаборЗаписейРегистра" }

func (r *record) fields() []string { return r.t.names() }

func (r *record) Field(_ *Call, name string) (any, bool) {
	if !r.t.has(name) {
		return nil, false
	}
	if v, ok := r.data.data[fold(name)]; ok {
		return v, true
	}
	return Undefined, true
}

func (r *record) SetField(_ *Call, name string, v any) bool {
	if r.t.has(name) {
		r.data.set(name, v)
	}
	return r.t.has(name)
}

func copyOf(s *structure) *structure {
	n := newStructure()
	for _, name := range s.names {
		n.set(name, s.get(name))
	}
	return n
}

// rowsBy are the rows of a register that have the filter's values.
func (t *Table) rowsBy(filter *structure) (found []*row) {
	for _, k := range t.keys {
		same := true
		for _, n := range filter.names {
			same = same && equal(t.rows[k].data.get(n), filter.get(n))
		}
		if same {
			found = append(found, t.rows[k])
		}
	}
	return found
}

func registerHost() Host {
	const since = "-thin -web"
	filterOf := func(c *Call, i int) *structure {
		if s, ok := c.Arg(i).(*structure); ok {
			return s
		}
		return newStructure()
	}
	return Host{Types: []*Type{
		{Names: "МенеджерРегистра", Since: since, Methods: []Function{
			{Names: "СоздатьМенеджерЗаписи CreateRecordManager", Do: func(c *Call) any { t := this[*manager](c).t; return &record{t: t, data: t.fresh()} }},
			{Names: "СоздатьНаборЗаписей CreateRecordSet", Do: func(c *Call) any { return &recordSet{t: this[*manager](c).t, filter: newStructure()} }},
			{Names: "Получить Get", Min: 1, Max: 1, Do: func(c *Call) any {
				t := this[*manager](c).t
				c.W.guard(t.Guarded)
				s := newStructure()
				rows := t.rowsBy(filterOf(c, 0))
				for _, a := range t.Attrs {
					s.set(a, Undefined)
					if len(rows) == 1 {
						s.set(a, rows[0].data.get(a))
					}
				}
				return s
			}},
			{Names: "Выбрать Select", Max: 2, Do: func(c *Call) any {
				s := &selection{at: -1}
				c.W.guard(this[*manager](c).t.Guarded)
				for _, r := range this[*manager](c).t.rowsBy(filterOf(c, 0)) {
					s.rows = append(s.rows, copyOf(r.data))
				}
				return s
			}},
		}},
		{Names: "МенеджерЗаписиРегистра", Since: since, Methods: []Function{
			{Names: "Прочитать Read", Procedure: true, Do: func(c *Call) any {
				r := this[*record](c)
				c.W.guard(r.t.Guarded)
				row := r.t.rows[r.t.dimKey(r.data)]
				if r.found = row != nil; r.found {
					r.data = copyOf(row.data)
				}
				return nil
			}},
			{Names: "Выбран Selected", Do: func(c *Call) any { return this[*record](c).found }},
			{Names: "Записать Write", Max: 1, Procedure: true, Do: func(c *Call) any {
				r := this[*record](c)
				c.W.guard(r.t.Guarded)
				r.t.put(r.t.dimKey(r.data), &row{data: copyOf(r.data)})
				r.found = true
				return nil
			}},
			{Names: "Удалить Delete", Procedure: true, Do: func(c *Call) any {
				r := this[*record](c)
				c.W.guard(r.t.Guarded)
				r.t.drop(r.t.dimKey(r.data))
				return nil
			}},
		}},
		{Names: "НаборЗаписейРегистра", Since: since,
			Properties: []Property{get("Отбор Filter", func(s *recordSet) any { return &filters{s} })},
			Items: func(o Object) (all []any) {
				for _, r := range o.(*recordSet).rows {
					all = append(all, r)
				}
				return all
			},
			Index: func(c *Call, i any) any { return this[*recordSet](c).rows[number(i).int()] },
			Methods: []Function{
				{Names: "Добавить Add", Do: func(c *Call) any {
					s := this[*recordSet](c)
					r := &record{t: s.t, data: s.t.fresh()}
					for _, n := range s.filter.names {
						r.data.set(n, s.filter.get(n))
					}
					s.rows = append(s.rows, r)
					return r
				}},
				{Names: "Количество Count", Do: func(c *Call) any { return count(len(this[*recordSet](c).rows)) }},
				{Names: "Очистить Clear", Procedure: true, Do: func(c *Call) any { this[*recordSet](c).rows = nil; return nil }},
				{Names: "Прочитать Read", Procedure: true, Do: func(c *Call) any {
					s := this[*recordSet](c)
					c.W.guard(s.t.Guarded)
					s.rows = nil
					for _, r := range s.t.rowsBy(s.filter) {
						s.rows = append(s.rows, &record{t: s.t, data: copyOf(r.data), found: true})
					}
					return nil
				}},
				{Names: "Записать Write", Max: 1, Procedure: true, Do: func(c *Call) any {
					s := this[*recordSet](c)
					c.W.guard(s.t.Guarded)
					if !c.Has(0) || c.Bool(0) { // replace what the filter covers
						for _, r := range s.t.rowsBy(s.filter) {
							s.t.drop(s.t.dimKey(r.data))
						}
					}
					for _, r := range s.rows {
						s.t.put(s.t.dimKey(r.data), &row{data: copyOf(r.data)})
					}
					return nil
				}},
			}},
		{Names: "ОтборРегистра", Since: since},
		{Names: "ЭлементОтбора FilterItem", Since: since, Methods: []Function{{Names: "Установить Set", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
			i := this[*filterItem](c)
			i.s.filter.set(i.name, c.Arg(0))
			return nil
		}}}},
	}}
}

type filters struct{ s *recordSet }

func (*filters) TypeName() string { return "ОтборРегистра" }

func (f *filters) Field(_ *Call, name string) (any, bool) {
	if !f.s.t.has(name) {
		return nil, false
	}
	return &filterItem{f.s, name}, true
}

type filterItem struct {
	s    *recordSet
	name string
}

func (*filterItem) TypeName() string { return "ЭлементОтбора" }

func (i *filterItem) SetField(_ *Call, name string, v any) bool {
	switch fold(name) {
	case "значение", "value":
		i.s.filter.set(i.name, v)
		return true
	case "использование", "use":
		return true
	}
	return false
}
