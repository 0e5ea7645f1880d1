package bsltest

import "errors"

// ErrInfobase is what OnQuery returns for a query that it leaves to the
// infobase of Metadata.
var ErrInfobase = errors.New("ask the infobase")

// query is Запрос. It is answered by World.OnQuery if there is one, else from
// Metadata, as far as selectRows understands it.
type query struct {
	text   string
	params *structure
}

type queryResult struct{ rows []*structure }

// selection is ВыборкаИзРезультатаЗапроса, and that of a register.
type selection struct {
	rows []*structure
	at   int
}

func (*query) TypeName() string       { return "Запрос" }
func (*queryResult) TypeName() string { return "РезультатЗапроса" }
func (*selection) TypeName() string   { return "ВыборкаИзРезультатаЗапроса" }

func (s *selection) Field(_ *Call, name string) (any, bool) {
	if s.at < 0 || s.at >= len(s.rows) {
		return nil, false
	}
	return s.rows[s.at].Field(nil, name)
}

func (s *selection) fields() []string { return s.rows[s.at].names }

func (q *query) run(c *Call) *queryResult {
	c.W.Queries = append(c.W.Queries, q.text)
	r := &queryResult{}
	if c.W.OnQuery == nil {
		r.rows = c.W.selectRows(q.text, q.params)
		return r
	}
	rows, err := c.W.OnQuery(q.text, goMap(q.params))
	if errors.Is(err, ErrInfobase) {
		r.rows = c.W.selectRows(q.text, q.params)
		return r
	}
	if err != nil {
		throw("%s", err.Error())
	}
	for _, m := range rows {
		s := newStructure()
		for k, v := range m {
			s.set(k, Value(v))
		}
		r.rows = append(r.rows, s)
	}
	return r
}

func (r *queryResult) table() *table {
	t := &table{}
	for _, row := range r.rows {
		for _, n := range row.names {
			if !t.has(n) {
				t.cols = append(t.cols, n)
			}
		}
		tr := t.add()
		for _, n := range row.names {
			tr.SetField(nil, n, row.get(n))
		}
	}
	return t
}

func queryHost() Host {
	const since = "-thin -web"
	return Host{Types: []*Type{
		{Names: "Запрос Query", Since: since, Max: 1, New: func(c *Call) any { return &query{c.Str(0), newStructure()} },
			Properties: []Property{
				getSet("Текст Text", func(q *query) any { return q.text }, func(q *query, v any) { q.text = str(v) }),
				get("Параметры Parameters", func(q *query) any { return q.params }),
			},
			Methods: []Function{
				{Names: "УстановитьПараметр SetParameter", Min: 2, Procedure: true, Do: func(c *Call) any {
					this[*query](c).params.set(c.Str(0), c.Arg(1))
					return nil
				}},
				{Names: "Выполнить Execute", Do: func(c *Call) any { return this[*query](c).run(c) }},
			}},
		{Names: "РезультатЗапроса QueryResult", Since: since, Methods: []Function{
			{Names: "Пустой IsEmpty", Do: func(c *Call) any { return len(this[*queryResult](c).rows) == 0 }},
			{Names: "Выбрать Select", Do: func(c *Call) any { return &selection{this[*queryResult](c).rows, -1} }},
			{Names: "Выгрузить Unload", Do: func(c *Call) any { return this[*queryResult](c).table() }},
		}},
		{Names: "ВыборкаИзРезультатаЗапроса QueryResultSelection", Since: since, Methods: []Function{
			{Names: "Следующий Next", Do: func(c *Call) any {
				s := this[*selection](c)
				if s.at < len(s.rows) {
					s.at++
				}
				return s.at < len(s.rows)
			}},
			{Names: "Количество Count", Do: func(c *Call) any { return count(len(this[*selection](c).rows)) }},
			{Names: "Сбросить Reset", Procedure: true, Do: func(c *Call) any { this[*selection](c).at = -1; return nil }},
		}},
	}}
}
