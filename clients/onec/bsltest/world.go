package bsltest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"
)

// World is one running client of 1C with its server: modules, a window (one
// thread), a clock, and records of what the user would have seen. It is used
// from one goroutine.
type World struct {
	Target Target
	Meta   *Metadata  // the infobase's objects, configured by the test
	Screen *Screen    // what the user saw and did
	Log    []LogEntry // the event log

	User          User   // who works
	Users         []User // the others of the infobase
	SessionNumber int
	Queries       []string  // the texts of all queries
	Sessions      []Session // of others; the World's own is always there
	NotAdmin      bool      // ПравоДоступа("Администрирование") is refused
	Pushed        []Push    // what the server sent by УведомленияКлиента

	// OnOpen decides whether opening a form, a value or a link works; an
	// error becomes an exception of the opening call. nil: always.
	OnOpen func(Opening) error
	// OnQuery answers Запрос.Выполнить; nil, or ErrInfobase from it, asks
	// Metadata.
	OnQuery func(text string, params map[string]any) ([]map[string]any, error)
	// Grace is added to the time-out of every request: for tests in which nobody
	// keeps a client waiting on purpose, so that a busy machine does not either.
	Grace time.Duration
	// Temp is the folder of temporary files; "": the system's.
	Temp string
	// TLS is used by secure connections; a test gives its own root here.
	TLS *tls.Config
	// Budget bounds the statements of one call from outside, so that a
	// program that loops fails its test; 0 means ten million.
	Budget int

	level     version
	reg       *registry
	decls     []*decl
	byName    map[string]*decl
	linked    bool
	now       time.Time
	idle      []*idleHandler
	ready     []func()
	inbox     chan func() // from requests under way
	wg        sync.WaitGroup
	closers   []func()
	pending   int // asynchronous operations under way
	entries   []Entry
	entry     *Entry
	began     time.Time
	steps     int
	errs      []*Exception
	cache     map[string]any
	jobs      []*job
	storage   map[string]any
	session   *structure
	secrets   map[string]any
	coros     map[*coroutine]bool
	forms     map[string]*formDecl
	scheduled map[string]*scheduledJob
	push      map[string]*callback
	client    UUID
	ctx       context.Context // of every request: the life of the World
	cancel    context.CancelFunc
	runs      []func([]any, []*cell) any // of ПродолжитьВызов
	onServer  bool
	nesting   int  // of the value being copied over the border
	unguarded bool // in the privileged mode, until the end of the procedure
}

// New makes a World of the target's kind, with everything the platform has.
func New(target Target) *World {
	w := &World{Target: target, level: target.level(), reg: platform().clone(), byName: map[string]*decl{}, now: target.Now, inbox: make(chan func(), 1024),
		cache: map[string]any{}, storage: map[string]any{}, secrets: map[string]any{}, coros: map[*coroutine]bool{}, push: map[string]*callback{}, forms: map[string]*formDecl{}, scheduled: map[string]*scheduledJob{}, client: NewUUID(),
		Screen: &Screen{}, User: User{UID: "11111111-1111-1111-1111-111111111111", Name: "Иванов", FullName: "Иванов Иван"}, SessionNumber: 1}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	if w.now.IsZero() {
		w.now = time.Now()
	}
	w.Meta = newMetadata()
	w.session = newStructure()
	return w
}

// Add extends the World's language; what has a name already is replaced.
// Before the first call.
func (w *World) Add(h Host) { w.reg.add(h) }

// Close ends what is under way. A World whose programs used HTTP must be
// closed.
func (w *World) Close() {
	w.cancel()
	for co := range w.coros {
		co.stop()
	}
	for _, stop := range w.closers {
		stop()
	}
	w.wg.Wait()
}

// sides are what modules are compiled for: the client and the server, which
// run, and the external connection, which is only checked.
func (w *World) sides() []Context {
	return []Context{w.Target.Context, Server, ExternalConnection}
}

// Load parses a module for every side that has it. The error is an Errors
// when the platform would refuse the text.
func (w *World) Load(m Module) error {
	text, err := m.source()
	if err != nil {
		return err
	}
	d := &decl{Module: m, flags: m.Kind.flags(), title: m.title(), units: map[Context]*unit{}}
	if m.Kind == CommonModule {
		d.flags = m.Flags
	}
	var all Errors
	for _, side := range w.sides() {
		if !d.on(side) {
			continue
		}
		known := symbols(side)
		if parseVersion(w.Target.Version).less(version{8, 3, 1, 0}) {
			known[noRegions] = true
		}
		mod, refused := parse(d.title, text, known)
		if refused != nil {
			if len(all) == 0 || *all[0] != *refused {
				all = append(all, refused)
			}
			continue
		}
		d.units[side] = newUnit(d, side, mod)
	}
	if len(all) > 0 {
		return all
	}
	key := fold(m.Name)
	if m.Kind == ManagedAppModule || m.Kind == OrdinaryAppModule {
		key = "\x00app"
	}
	if base, ok := w.byName[key]; ok {
		if !m.Extends {
			return fmt.Errorf("модуль %s уже загружен", m.Name)
		}
		d.base = base
		base.exts = append(base.exts, d)
	} else {
		w.byName[key] = d
	}
	w.decls = append(w.decls, d)
	w.linked = false
	return nil
}

func newUnit(d *decl, side Context, mod *module) *unit {
	u := &unit{decl: d, side: side, mod: mod, procs: map[string]*proc{}, hits: map[stmt]int{}}
	for _, p := range mod.procs {
		p.unit = u
		u.procs[fold(p.name)] = p
	}
	u.inst = u.instance(nil)
	return u
}

func (u *unit) instance(of Object) *instance {
	inst := &instance{unit: u, vars: map[string]*cell{}, this: of}
	for _, v := range u.mod.vars {
		inst.vars[fold(v.name)] = &cell{Undefined}
	}
	return inst
}

// context ends with the World: no request outlives it.
func (w *World) context() context.Context { return w.ctx }

// commonModule finds a module that is written by its name.
func (w *World) commonModule(key string) *decl {
	if d, ok := w.byName[key]; ok && d.named() {
		return d
	}
	return nil
}

// exportedVar finds a variable that the application's module exports: the
// clients' code sees those as its own.
func (w *World) exportedVar(key string, side Context) *cell {
	app := w.byName["\x00app"]
	if app == nil || side&anyClient == 0 {
		return nil
	}
	for _, d := range append([]*decl{app}, app.exts...) {
		u := d.units[side]
		if u == nil {
			continue
		}
		for _, v := range u.mod.vars {
			if v.export && fold(v.name) == key {
				return u.inst.vars[key]
			}
		}
	}
	return nil
}

// patient is a time-out with the Grace; 0 is none at all.
func (w *World) patient(timeout time.Duration) time.Duration {
	if timeout <= 0 {
		return 0
	}
	return timeout + w.Grace
}

// errAs finds an exception in an error.
func errAs(err error) *Exception {
	var e *Exception
	if errors.As(err, &e) {
		return e
	}
	return nil
}
