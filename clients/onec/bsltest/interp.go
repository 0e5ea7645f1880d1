package bsltest

// cell holds the value of a variable.
type cell struct{ v any }

// instance is a module at work: its variables and, of forms and objects, what
// ЭтотОбъект is. Common modules have one.
type instance struct {
	unit *unit
	vars map[string]*cell
	this Object
}

// frame is one running procedure.
type frame struct {
	w      *World
	inst   *instance
	proc   *proc // nil: the module's body
	side   Context
	locals map[string]*cell
	result any
	caught *Exception
	co     *coroutine // of an asynchronous procedure
	depth  int
	at     Pos
}

type flow int

const (
	flowNext flow = iota
	flowBreak
	flowContinue
	flowReturn
)

const maxCalls = 900

// run executes statements. An exception that has no place yet gets that of
// the statement.
func (f *frame) run(body []stmt) flow {
	for _, s := range body {
		if fl := f.exec(s); fl != flowNext {
			return fl
		}
	}
	return flowNext
}

func (f *frame) place(e *Exception, at Pos) {
	if e.Module == "" {
		e.Module, e.Pos = f.inst.unit.mod.name, at
	}
}

func (f *frame) exec(s stmt) flow {
	f.at = s.at()
	f.w.step()
	f.inst.unit.hits[s]++
	switch s := s.(type) {
	case *assignStmt:
		f.assign(s.target, f.eval(s.value))
	case *callStmt:
		if c, ok := s.x.(*call); ok {
			f.call(c, false)
		} else {
			f.eval(s.x)
		}
	case *ifStmt:
		for _, b := range s.branches {
			if truth(f.eval(b.cond)) {
				return f.run(b.body)
			}
		}
		return f.run(s.els)
	case *whileStmt:
		for truth(f.eval(s.cond)) {
			if fl := f.run(s.body); fl == flowBreak {
				break
			} else if fl == flowReturn {
				return fl
			}
			f.at = s.pos
			f.w.step()
		}
	case *forStmt:
		from := number(f.eval(s.from))
		to := number(f.eval(s.to))
		v := f.variable(s.name)
		for v.v = from; number(v.v).cmp(to) <= 0; v.v = number(v.v).add(intNum(1)) {
			if fl := f.run(s.body); fl == flowBreak {
				break
			} else if fl == flowReturn {
				return fl
			}
			f.at = s.pos
			f.w.step()
		}
	case *eachStmt:
		v := f.variable(s.name)
		for item := range f.w.each(f.eval(s.in)) {
			f.at = s.pos
			v.v = item
			if fl := f.run(s.body); fl == flowBreak {
				break
			} else if fl == flowReturn {
				return fl
			}
		}
	case *breakStmt:
		return flowBreak
	case *continueStmt:
		return flowContinue
	case *returnStmt:
		if s.value != nil {
			f.result = f.eval(s.value)
		}
		return flowReturn
	case *tryStmt:
		return f.try(s)
	case *raiseStmt:
		f.raise(s)
	case *executeStmt:
		throw("Выполнить не поддерживается")
	case *labelStmt:
	default:
		throw("Оператор не поддерживается")
	}
	return flowNext
}

func (f *frame) try(s *tryStmt) (fl flow) {
	caught := func() (e *Exception) {
		defer func() {
			switch r := recover().(type) {
			case nil:
			case *Exception:
				f.place(r, f.at)
				e = r
			default:
				panic(r)
			}
		}()
		fl = f.run(s.body)
		return nil
	}()
	if caught == nil {
		return fl
	}
	before := f.caught
	f.caught = caught
	fl = f.run(s.handler)
	f.caught = before
	return fl
}

func (f *frame) raise(s *raiseStmt) {
	if len(s.args) == 0 {
		if f.caught == nil {
			throw("ВызватьИсключение без параметров может использоваться только внутри обработчика исключения")
		}
		panic(f.caught)
	}
	v := f.eval(s.args[0])
	e := &Exception{Text: str(v)}
	if info, ok := v.(*errorInfo); ok {
		again := *info.e
		e = &again
	}
	if len(s.args) > 3 && s.args[3] != nil {
		e.Params = f.eval(s.args[3])
	}
	if len(s.args) > 4 && s.args[4] != nil {
		if info, ok := f.eval(s.args[4]).(*errorInfo); ok {
			e.Cause = info.e
		}
	}
	f.at = s.pos
	f.place(e, s.pos)
	panic(e)
}

// variable finds or makes the variable that an assignment names.
func (f *frame) variable(name string) *cell {
	key := fold(name)
	if c := f.lookup(key); c != nil {
		return c
	}
	c := &cell{Undefined}
	f.locals[key] = c
	return c
}

// lookup finds a variable: local, of the module, exported by the application's
// module.
func (f *frame) lookup(key string) *cell {
	if c, ok := f.locals[key]; ok {
		return c
	}
	if f.proc != nil && f.proc.assigned[key] { // it is there from the beginning, and Неопределено
		c := &cell{Undefined}
		f.locals[key] = c
		return c
	}
	if c, ok := f.inst.vars[key]; ok {
		return c
	}
	return f.w.exportedVar(key, f.side)
}

func (f *frame) assign(target expr, v any) {
	switch t := target.(type) {
	case *ident:
		if c := f.lookup(t.key); c != nil {
			c.v = v
			return
		}
		if f.inst.this != nil && f.w.setMember(f, f.inst.this, t.name, v, true) {
			return
		}
		f.variable(t.name).v = v
	case *member:
		x := f.eval(t.x)
		f.at = t.pos
		f.w.setMember(f, x, t.name, v, false)
	case *index:
		x, i := f.eval(t.x), f.eval(t.i)
		f.at = t.pos
		f.w.setIndex(f, x, i, v)
	}
}
