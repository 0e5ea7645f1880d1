package bsltest

import (
	"maps"
	"slices"
)

// AddTransactions gives the server's code transactions that roll back what
// was written to the infobase since they began. Without it they do nothing.
func (w *World) AddTransactions() {
	type state struct {
		rows map[any]*row
		keys []any
	}
	depth := 0
	var before map[*Table]state
	begin := func(*Call) any {
		if depth++; depth > 1 {
			return nil
		}
		before = map[*Table]state{}
		for _, t := range w.Meta.order {
			before[t] = state{maps.Clone(t.rows), slices.Clone(t.keys)}
		}
		return nil
	}
	end := func(back bool) func(*Call) any {
		return func(*Call) any {
			if depth == 0 {
				throw("Транзакция не активна")
			}
			depth--
			for _, t := range w.Meta.order {
				if s, ok := before[t]; back && ok {
					t.rows, t.keys = s.rows, s.keys
				}
			}
			return nil
		}
	}
	const since = "=server,thick"
	w.Add(Host{Functions: []Function{
		{Names: "НачатьТранзакцию BeginTransaction", Since: since, Max: 1, Procedure: true, Do: begin},
		{Names: "ЗафиксироватьТранзакцию CommitTransaction", Since: since, Procedure: true, Do: end(false)},
		{Names: "ОтменитьТранзакцию RollbackTransaction", Since: since, Procedure: true, Do: end(true)},
		{Names: "ТранзакцияАктивна TransactionActive", Since: since, Do: func(*Call) any { return depth > 0 }},
	}})
}
