package bsltest

import (
	"slices"
	"strings"
)

// table is ТаблицаЗначений: what programs do with small ones.
type table struct {
	cols []string
	rows []*tableRow
}

type tableRow struct {
	t    *table
	data map[string]any
}

type columns struct{ t *table }

type column struct{ name string }

func (*table) TypeName() string    { return "ТаблицаЗначений" }
func (*tableRow) TypeName() string { return "СтрокаТаблицыЗначений" }
func (*columns) TypeName() string {
	return "КоллекцияКолонокТаблицыЗначений"
}
func (*column) TypeName() string { return "КолонкаТаблицыЗначений" }

func (t *table) has(name string) bool {
	return slices.ContainsFunc(t.cols, func(c string) bool { return strings.EqualFold(c, name) })
}

func (t *table) add() *tableRow {
	r := &tableRow{t, map[string]any{}}
	t.rows = append(t.rows, r)
	return r
}

func (r *tableRow) Field(_ *Call, name string) (any, bool) {
	if !r.t.has(name) {
		return nil, false
	}
	if v, ok := r.data[fold(name)]; ok {
		return v, true
	}
	return Undefined, true
}

func (r *tableRow) SetField(_ *Call, name string, v any) bool {
	if !r.t.has(name) {
		return false
	}
	r.data[fold(name)] = v
	return true
}

func (t *table) at(i any) *tableRow {
	n := number(i)
	if n.sign() < 0 || n.int() >= len(t.rows) {
		throw("Индекс находится за границами таблицы")
	}
	return t.rows[n.int()]
}

func (t *table) matching(c *Call, by *structure) (rows []any) {
	for _, r := range t.rows {
		same := true
		for _, n := range by.names {
			v, ok := r.Field(c, n)
			if !ok {
				throw("Неверное имя колонки (%s)", n)
			}
			same = same && equal(v, by.get(n))
		}
		if same {
			rows = append(rows, r)
		}
	}
	return rows
}

func tableHost() Host {
	const since = "-thin -web" // thick clients and the server only
	return Host{Types: []*Type{
		{Names: "ТаблицаЗначений ValueTable", Since: since, New: func(*Call) any { return &table{} },
			Properties: []Property{get("Колонки Columns", func(t *table) any { return &columns{t} })},
			Index:      func(c *Call, i any) any { return this[*table](c).at(i) },
			Items: func(o Object) (all []any) {
				for _, r := range o.(*table).rows {
					all = append(all, r)
				}
				return all
			},
			Methods: []Function{
				{Names: "Добавить Add", Do: func(c *Call) any { return this[*table](c).add() }},
				{Names: "Количество Count", Do: func(c *Call) any { return intNum(int64(len(this[*table](c).rows))) }},
				{Names: "Получить Get", Min: 1, Do: func(c *Call) any { return this[*table](c).at(c.Arg(0)) }},
				{Names: "Очистить Clear", Procedure: true, Do: func(c *Call) any { this[*table](c).rows = nil; return nil }},
				{Names: "Удалить Delete", Min: 1, Procedure: true, Do: func(c *Call) any {
					t := this[*table](c)
					gone, ok := c.Arg(0).(*tableRow)
					if !ok {
						gone = t.at(c.Arg(0))
					}
					t.rows = slices.DeleteFunc(t.rows, func(r *tableRow) bool { return r == gone })
					return nil
				}},
				{Names: "Найти Find", Min: 1, Max: 2, Do: func(c *Call) any {
					t := this[*table](c)
					names := t.cols
					if c.Has(1) {
						names = splitNames(c.Str(1))
					}
					for _, r := range t.rows {
						for _, n := range names {
							if v, _ := r.Field(c, n); equal(v, c.Arg(0)) {
								return r
							}
						}
					}
					return Undefined
				}},
				{Names: "НайтиСтроки FindRows", Min: 1, Do: func(c *Call) any {
					return &array{items: this[*table](c).matching(c, arg[*structure](c, 0))}
				}},
				{Names: "ВыгрузитьКолонку UnloadColumn", Min: 1, Do: func(c *Call) any {
					a := &array{}
					for _, r := range this[*table](c).rows {
						v, ok := r.Field(c, c.Str(0))
						if !ok {
							throw("Неверное имя колонки (%s)", c.Str(0))
						}
						a.items = append(a.items, v)
					}
					return a
				}},
				{Names: "Сортировать Sort", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
					name, order, _ := strings.Cut(splitNames(c.Str(0))[0], " ")
					down := strings.EqualFold(strings.TrimSpace(order), "Убыв") || strings.EqualFold(strings.TrimSpace(order), "Desc")
					slices.SortStableFunc(this[*table](c).rows, func(a, b *tableRow) int {
						x, _ := a.Field(c, name)
						y, _ := b.Field(c, name)
						if down {
							x, y = y, x
						}
						return compare(x, y)
					})
					return nil
				}},
			}},
		{Names: "СтрокаТаблицыЗначений ValueTableRow", Since: since},
		{Names: "КоллекцияКолонокТаблицыЗначений ValueTableColumnCollection", Since: since,
			Items: func(o Object) (all []any) {
				for _, n := range o.(*columns).t.cols {
					all = append(all, &column{n})
				}
				return all
			},
			Methods: []Function{
				{Names: "Добавить Add", Min: 1, Max: 4, Do: func(c *Call) any {
					t := this[*columns](c).t
					t.cols = append(t.cols, c.Str(0))
					return &column{c.Str(0)}
				}},
				{Names: "Количество Count", Do: func(c *Call) any { return intNum(int64(len(this[*columns](c).t.cols))) }},
				{Names: "Найти Find", Min: 1, Do: func(c *Call) any {
					if this[*columns](c).t.has(c.Str(0)) {
						return &column{c.Str(0)}
					}
					return Undefined
				}},
			}},
		{Names: "КолонкаТаблицыЗначений ValueTableColumn", Properties: []Property{get("Имя Name", func(c *column) any { return c.name })}},
	}}
}

// splitNames cuts "А, Б" into names.
func splitNames(text string) (names []string) {
	for _, n := range strings.Split(text, ",") {
		if n = strings.TrimSpace(n); n != "" {
			names = append(names, n)
		}
	}
	return names
}
