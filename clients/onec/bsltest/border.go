package bsltest

// serverCall carries a call over the border: what is passed is copied there,
// what parameters without Знач became is copied back, and the window waits.
func (w *World) serverCall(p *proc, args []any, refs []*cell, do func([]any, []*cell) any) any {
	began := newWatch()
	if w.entry != nil {
		w.entry.ServerCalls++
	}
	sent := make([]any, len(args))
	cells := make([]*cell, len(args))
	for i, a := range args {
		sent[i] = w.transfer(a)
		if i < len(refs) && refs[i] != nil && i < len(p.params) && !p.params[i].byValue {
			cells[i] = &cell{sent[i]}
		}
	}
	outer, unguarded := w.onServer, w.unguarded
	w.onServer, w.unguarded = true, false
	defer func() {
		w.onServer, w.unguarded = outer, unguarded
		if !outer && w.entry != nil {
			w.entry.Blocked += began.elapsed()
		}
	}()
	v := do(sent, cells)
	for i, c := range cells {
		if c != nil {
			refs[i].v = w.transfer(c.v)
		}
	}
	return w.transfer(v)
}

// crosser is an object that can be sent over the border: it makes its copy.
type crosser interface {
	cross(w *World) any
}

// guard is an exception where a client's call of the server touches what the
// user has no right to without the privileged mode. Jobs of the server have
// every right.
func (w *World) guard(closed bool) {
	if closed && w.asUser() {
		throw("Нарушение прав доступа!")
	}
}

// asUser tells whether the server works for a client, with the rights of its
// user.
func (w *World) asUser() bool {
	return w.onServer && w.entry != nil && w.entry.ServerCalls > 0 && !w.unguarded
}

// maxNesting bounds what is copied or written as a whole: a collection that
// holds itself has no end.
const maxNesting = 200

// transfer copies a value as it passes between client and server; forms, COM
// objects, connections and such do not pass.
func (w *World) transfer(v any) any {
	switch x := v.(type) {
	case crosser:
		w.nesting++
		defer func() { w.nesting-- }()
		if w.nesting > maxNesting {
			throw("Ошибка передачи данных между клиентом и сервером. Слишком большая вложенность")
		}
		return x.cross(w)
	case Object:
		throw("Ошибка передачи данных между клиентом и сервером. Значение недопустимого типа (%s)", x.TypeName())
	}
	return v
}

func (w *World) transferAll(all []any) []any {
	out := make([]any, len(all))
	for i, v := range all {
		out[i] = w.transfer(v)
	}
	return out
}
