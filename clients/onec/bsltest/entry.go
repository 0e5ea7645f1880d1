package bsltest

import (
	"fmt"
	"strings"
	"time"
)

// enter is one piece of work of the window's thread. What it throws and
// nobody catches the platform shows to the user: it is returned, and kept in
// Errors.
func (w *World) enter(what string, do func()) (err error) {
	if w.entry != nil { // within another piece
		do()
		return nil
	}
	w.entry = &Entry{What: what, Began: w.now}
	w.began, w.steps = time.Now(), 0
	defer func() {
		w.entries = append(w.entries, *w.entry)
		w.entry = nil
		switch r := recover().(type) {
		case nil:
		case *Exception:
			w.errs = append(w.errs, r)
			err = r
		case overrun:
			e := &Exception{Text: fmt.Sprintf("%d операторов без конца", int(r))}
			w.errs = append(w.errs, e)
			err = e
		default:
			panic(r)
		}
	}()
	do()
	return nil
}

// Call calls an exported procedure or function of a common module,
// "Модуль.Имя", or one of the application's or a global module, "Имя". The
// arguments are Go values or values of the language; so is the result, see
// Go. What a program throws comes back as an *Exception, refusals as Errors.
// An asynchronous function gives its *Promise.
func (w *World) Call(name string, args ...any) (any, error) {
	return w.callOn(w.Target.Context, name, args)
}

// CallServer is Call for code that runs on the server: a scheduled job.
func (w *World) CallServer(name string, args ...any) (any, error) {
	return w.callOn(Server, name, args)
}

func (w *World) callOn(side Context, name string, args []any) (any, error) {
	if err := w.Link(); err != nil {
		return nil, err
	}
	inst, p, err := w.locate(side, name)
	if err != nil {
		return nil, err
	}
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = Value(a)
	}
	var v any
	err = w.enter(name, func() { v = w.invoke(nil, inst, p, values, nil) })
	if pr, ok := v.(*Promise); ok {
		pr.observed = p.function
	}
	if errs := len(w.errs); err != nil && errs > 0 { // told to the caller
		w.errs = w.errs[:errs-1]
	}
	w.Pump()
	return v, err
}

func (w *World) locate(side Context, name string) (*instance, *proc, error) {
	moduleName, procName, dotted := cutLast(name)
	if !dotted {
		for _, d := range w.decls {
			if u := d.units[side]; d.flags.Global && u != nil && u.procs[fold(name)] != nil {
				return u.inst, u.procs[fold(name)], nil
			}
		}
		return nil, nil, fmt.Errorf("no global procedure %s", name)
	}
	d := w.byName[fold(moduleName)]
	if d == nil {
		return nil, nil, fmt.Errorf("no module %s", moduleName)
	}
	for _, d := range append([]*decl{d}, d.exts...) {
		u := d.units[side]
		if u == nil {
			u = d.units[Server]
		}
		if u != nil && u.procs[fold(procName)] != nil {
			return u.inst, u.procs[fold(procName)], nil
		}
	}
	return nil, nil, fmt.Errorf("module %s has no %s", moduleName, procName)
}

func cutLast(name string) (before, after string, found bool) {
	i := strings.LastIndex(name, ".")
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// Start does what the start of the program does: it links the modules and
// calls ПередНачаломРаботыСистемы and ПриНачалеРаботыСистемы of the
// application's module, with what extensions put around them.
func (w *World) Start() error {
	if err := w.Link(); err != nil {
		return err
	}
	if err := w.Event("ПередНачаломРаботыСистемы", false); err != nil {
		return err
	}
	return w.Event("ПриНачалеРаботыСистемы")
}

// Event calls an event handler of the application's module, if there is one.
func (w *World) Event(name string, args ...any) error {
	app := w.byName["\x00app"]
	if app == nil || app.units[w.Target.Context] == nil {
		return nil
	}
	u := app.units[w.Target.Context]
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = Value(a)
	}
	p := u.procs[fold(name)]
	if p == nil { // an extension may handle what the configuration does not
		p = &proc{name: name, unit: u}
		for range args {
			p.params = append(p.params, param{name: fmt.Sprintf("П%d", len(p.params))})
		}
	}
	if len(values) > len(p.params) {
		values = values[:len(p.params)]
	}
	err := w.enter(name, func() { w.invoke(nil, u.inst, p, values, nil) })
	w.Pump()
	return err
}

// Wait lets the World live until a promise is kept, for at most d of real
// time, and gives its value.
func (w *World) Wait(promise any, d time.Duration) (any, error) {
	p, ok := promise.(*Promise)
	if !ok {
		return promise, nil
	}
	p.observed = true
	if !w.Run(d, func() bool { return p.done }) {
		return nil, fmt.Errorf("the promise was not kept within %v", d)
	}
	if p.err != nil {
		return nil, p.err
	}
	return p.value, nil
}

// Errors are the exceptions that nobody caught: what the user would have seen
// as an error window. It forgets them.
func (w *World) Errors() []*Exception {
	errs := w.errs
	w.errs = nil
	return errs
}

// Entries are the pieces of work done since the last call of it.
func (w *World) Entries() []Entry {
	all := w.entries
	w.entries = nil
	return all
}

// LongestBlock is how long the window stood still at most since the last call
// of Entries.
func (w *World) LongestBlock() (longest time.Duration) {
	for _, e := range w.entries {
		longest = max(longest, e.Blocked)
	}
	return longest
}

// block measures a synchronous call: the window stands still meanwhile.
func (w *World) block(do func()) {
	began := newWatch()
	do()
	if w.entry != nil && !w.onServer {
		w.entry.Blocked += began.elapsed()
		w.entry.Requests++
	}
}
