package bsltest

import (
	"fmt"
	"strings"
	"time"
)

// moduleRef is a common module as a value: ТлфКлиент, or what
// ОбщегоНазначения.ОбщийМодуль("ТлфКлиент") gives.
type moduleRef struct{ d *decl }

func (*moduleRef) TypeName() string { return "ОбщийМодуль" }

// findProc finds what a bare call means: a procedure of the module (and of
// the one it extends), an export of the application's or a global module.
func (w *World) findProc(inst *instance, key string, side Context) (*proc, *instance) {
	if p := inst.unit.procs[key]; p != nil {
		return p, inst
	}
	if base := inst.unit.decl.base; base != nil {
		if u := base.units[inst.unit.side]; u != nil {
			if p := u.procs[key]; p != nil {
				return p, u.inst
			}
		}
	}
	for _, d := range w.decls {
		if u := d.units[side]; d.flags.Global && u != nil {
			if p := u.procs[key]; p != nil && p.export {
				return p, u.inst
			}
		}
	}
	return nil, nil
}

// moduleCall calls an export of a common module, over the border if the
// module is only on the other side of it.
func (w *World) moduleCall(f *frame, m *moduleRef, name string, args []any, refs []*cell) any {
	side := f.side
	u := m.d.units[side]
	if u == nil && side&anyClient != 0 && m.d.flags.ServerCall {
		u = m.d.units[Server]
	}
	if u == nil {
		throw("Переменная не определена (%s)", m.d.Name)
	}
	p := u.procs[fold(name)]
	inst := u.inst
	if p == nil {
		for _, ext := range m.d.exts {
			if eu := ext.units[u.side]; eu != nil && eu.procs[fold(name)] != nil {
				p, inst = eu.procs[fold(name)], eu.inst
			}
		}
	}
	if p == nil || !p.export {
		throw("Метод объекта не обнаружен (%s)", name)
	}
	if !m.d.flags.Cached || !p.function {
		return w.invoke(f, inst, p, args, refs)
	}
	key := fmt.Sprintf("%d %s.%s", side, m.d.Name, fold(name)) // each side keeps its own
	for _, a := range args {
		key += fmt.Sprintf("|%v", keyOf(a))
	}
	if v, ok := w.cache[key]; ok {
		return v
	}
	v := w.invoke(f, inst, p, args, refs)
	w.cache[key] = v
	return v
}

// sideOf is where a procedure runs: in forms its directive says it.
func (p *proc) sideOf(client Context) Context {
	if p.unit.decl.Kind != FormModule || p.unit.decl.flags.ClientOrdinary && client == ThickOrdinary {
		return p.unit.side
	}
	for _, d := range p.directives {
		switch d.name {
		case "наклиенте", "atclient", "наклиентенасервере", "наклиентенасерверебезконтекста", "atclientatserver", "atclientatservernocontext":
			return client
		}
	}
	return Server
}

// contextless tells whether a form's procedure runs on the server without the
// form: its attributes are not there.
func (p *proc) contextless() bool {
	for _, d := range p.directives {
		switch d.name {
		case "насерверебезконтекста", "наклиентенасерверебезконтекста", "atservernocontext", "atclientatservernocontext":
			return true
		}
	}
	return false
}

// invoke runs a procedure in the frame of who calls it (nil from Go).
func (w *World) invoke(f *frame, inst *instance, p *proc, args []any, refs []*cell) any {
	side := p.sideOf(w.Target.Context)
	if f != nil && f.side&anyClient != 0 && side == Server {
		return w.serverCall(p, args, refs, func(args []any, refs []*cell) any { return w.enterProc(f, inst, p, side, args, refs) })
	}
	if f != nil && f.side == Server && side&anyClient != 0 {
		if p.unit.decl.Kind != FormModule {
			throw("Процедура клиента недоступна на сервере (%s)", p.name)
		}
		side = Server // &НаКлиентеНаСервере
	}
	return w.enterProc(f, inst, p, side, args, refs)
}

// enterProc checks and binds the arguments, lets extensions in, and runs.
func (w *World) enterProc(f *frame, inst *instance, p *proc, side Context, args []any, refs []*cell) any {
	w.boot(inst.unit)
	before, around, after := w.interceptors(inst.unit, p.name)
	for _, x := range before {
		w.runProc(f, x.unit.inst, x, side, args, refs)
	}
	var v any
	if around != nil {
		w.runs = append(w.runs, func(args []any, refs []*cell) any { return w.runProc(f, inst, p, side, args, refs) })
		v = w.runProc(f, around.unit.inst, around, side, args, refs)
		w.runs = w.runs[:len(w.runs)-1]
	} else {
		v = w.runProc(f, inst, p, side, args, refs)
	}
	for _, x := range after {
		w.runProc(f, x.unit.inst, x, side, args, refs)
	}
	return v
}

// interceptors are what extensions put before, in place of and after a
// procedure.
func (w *World) interceptors(u *unit, name string) (before []*proc, around *proc, after []*proc) {
	for _, ext := range u.decl.exts {
		eu := ext.units[u.side]
		if eu == nil {
			continue
		}
		for _, p := range eu.mod.procs {
			for _, d := range p.directives {
				if !strings.EqualFold(d.target, name) {
					continue
				}
				switch d.name {
				case "перед", "before":
					before = append(before, p)
				case "после", "after":
					after = append(after, p)
				case "вместо", "around", "изменениеиконтроль", "changeandvalidate":
					around = p
				}
			}
		}
	}
	return before, around, after
}

func (w *World) runProc(f *frame, inst *instance, p *proc, side Context, args []any, refs []*cell) any {
	n := &frame{w: w, inst: inst, proc: p, side: side, locals: map[string]*cell{}, result: Undefined, depth: 1}
	if f != nil {
		n.depth = f.depth + 1
	}
	if n.depth > maxCalls {
		throw("Переполнение стека встроенного языка на сервере")
	}
	if len(args) > len(p.params) {
		throw("Слишком много фактических параметров")
	}
	for i, par := range p.params {
		key := fold(par.name)
		switch given := i < len(args) && args[i] != any(skipped); {
		case given && !par.byValue && !p.async && i < len(refs) && refs[i] != nil:
			n.locals[key] = refs[i]
		case given:
			n.locals[key] = &cell{args[i]}
		case par.def != nil:
			n.locals[key] = &cell{n.eval(par.def)}
		case i < len(args):
			n.locals[key] = &cell{Undefined}
		default:
			throw("Недостаточно фактических параметров")
		}
	}
	for _, v := range p.vars {
		n.locals[fold(v.name)] = &cell{Undefined}
	}
	if p.async {
		return w.goAsync(n)
	}
	unguarded := w.unguarded
	defer func() { w.unguarded = unguarded }() // the privileged mode ends with the procedure that switched it on
	n.do(p.body)
	return n.result
}

// do runs a body to its end; an exception without a place gets this one's.
func (f *frame) do(body []stmt) {
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(*Exception); ok {
				f.place(e, f.at)
			}
			panic(r)
		}
	}()
	f.run(body)
}

// boot runs a module's body once, before its first procedure.
func (w *World) boot(u *unit) {
	if u.ready {
		return
	}
	u.ready = true
	if len(u.mod.body) > 0 {
		f := &frame{w: w, inst: u.inst, side: u.side, locals: map[string]*cell{}, result: Undefined}
		f.do(u.mod.body)
	}
}

// overrun ends a program that does not end by itself; Попытка cannot catch it.
type overrun int

// step counts a statement against the budget.
func (w *World) step() {
	budget := w.Budget
	if budget == 0 {
		budget = 10_000_000
	}
	if w.steps++; w.steps > budget {
		panic(overrun(budget))
	}
}

// Entry is one piece of work of the window's thread: an event, an idle
// handler, a call from the test.
type Entry struct {
	What        string
	Began       time.Time     // by the World's clock
	Blocked     time.Duration // real time of synchronous requests and server calls, see newWatch
	ServerCalls int
	Requests    int // synchronous HTTP requests from the client itself
}
