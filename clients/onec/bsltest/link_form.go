package bsltest

// What a form's module may touch: its directives decide on which side a
// procedure runs, and which of the others it can call there.

// has tells whether a procedure or a variable has one of the directives.
func has(all []directive, names ...string) bool {
	for _, d := range all {
		for _, n := range names {
			if d.name == n {
				return true
			}
		}
	}
	return false
}

// both tells whether a form's procedure is compiled for both sides.
func (p *proc) both() bool {
	return has(p.directives, "наклиентенасервере", "наклиентенасерверебезконтекста", "atclientatserver", "atclientatservernocontext")
}

// sides are where a procedure is compiled.
func (p *proc) sides(client Context) []Context {
	side := p.sideOf(client)
	if p.unit.decl.Kind == FormModule && client != ThickOrdinary && p.both() {
		return []Context{client, Server}
	}
	return []Context{side}
}

// formReaches tells whether the procedure at hand can call another one of the
// form: the server does not know the client's, and without the form's context
// there are only the others without it.
func (c *checker) formReaches(q *proc) bool {
	if c.proc == nil || c.w.Target.ordinary() {
		return true
	}
	if c.proc.contextless() {
		return q.contextless()
	}
	return c.side != Server || q.both() || q.sideOf(c.w.Target.Context) == Server
}

// moduleVar tells whether a name is a variable of the module on this side; one
// of a form lives where its directive says, on the server if it has none.
func (c *checker) moduleVar(key string) bool {
	for _, v := range c.u.mod.vars {
		if fold(v.name) != key {
			continue
		}
		if c.u.decl.Kind != FormModule || c.w.Target.ordinary() {
			return true
		}
		return has(v.directives, "наклиенте", "atclient") == (c.side&anyClient != 0) && (c.proc == nil || !c.proc.contextless())
	}
	return false
}
