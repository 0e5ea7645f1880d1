package bsltest

// eval evaluates an expression. The place of an exception is where it is.
func (f *frame) eval(e expr) any {
	switch e := e.(type) {
	case *literal:
		return e.value
	case *ident:
		f.at = e.pos
		return f.name(e)
	case *member:
		x := f.eval(e.x)
		f.at = e.pos
		return f.w.member(f, x, e.name)
	case *index:
		x, i := f.eval(e.x), f.eval(e.i)
		f.at = e.pos
		return f.w.index(f, x, i)
	case *call:
		return f.call(e, true)
	case *unary:
		x := f.eval(e.x)
		f.at = e.pos
		switch e.op {
		case "не":
			return !truth(x)
		case "-":
			return number(x).neg()
		}
		return number(x)
	case *binary:
		return f.binary(e)
	case *ternary:
		if truth(f.eval(e.c)) {
			return f.eval(e.a)
		}
		return f.eval(e.b)
	case *newExpr:
		return f.create(e)
	case *await:
		return f.await(f.eval(e.x), e.pos)
	}
	throw("Неизвестное выражение")
	return nil
}

func (f *frame) binary(e *binary) any {
	x := f.eval(e.x)
	switch e.op {
	case "и":
		return truth(x) && truth(f.eval(e.y))
	case "или":
		return truth(x) || truth(f.eval(e.y))
	}
	y := f.eval(e.y)
	f.at = e.pos
	return operate(e.op, x, y)
}

// name is the value of a bare name: a variable, a property of the form or the
// object that the module belongs to, a common module, a global property.
func (f *frame) name(e *ident) any {
	if c := f.lookup(e.key); c != nil {
		return c.v
	}
	if f.inst.this != nil {
		switch e.key {
		case "этотобъект", "thisobject", "этаформа", "thisform":
			return f.inst.this
		}
		if v, ok := f.w.field(f, f.inst.this, e.name); ok {
			return v
		}
	} else if e.key == "этотобъект" || e.key == "thisobject" {
		return &moduleRef{f.inst.unit.decl}
	}
	if m := f.w.commonModule(e.key); m != nil {
		return &moduleRef{m}
	}
	if p, ok := f.w.reg.props[e.key]; ok {
		f.w.mustHave(p.avail, f.side, p.name)
		return p.Get(&Call{W: f.w, f: f, name: p.name})
	}
	throw("Переменная не определена (%s)", e.name)
	return nil
}

// call calls a procedure of the module, a global one or a method. With value
// somebody uses what it returns: a procedure returns nothing.
func (f *frame) call(e *call, value bool) any {
	switch fn := e.fn.(type) {
	case *ident:
		args, refs := f.args(e.args)
		f.at = e.pos
		if p, inst := f.w.findProc(f.inst, fn.key, f.side); p != nil {
			return f.w.invoke(f, inst, p, args, refs)
		}
		if f.inst.this != nil {
			if v, ok := f.w.method(f, f.inst.this, fn.name, args, refs); ok {
				return v
			}
		}
		g, ok := f.w.reg.functions[fn.key]
		if !ok {
			throw("Процедура или функция с указанным именем не определена (%s)", fn.name)
		}
		return f.w.host(f, g, nil, args, refs)
	case *member:
		x := f.eval(fn.x)
		args, refs := f.args(e.args)
		f.at = e.pos
		if value && f.w.procedure(f, x, fn.name) {
			throw("Обращение к процедуре объекта как к функции (%s)", fn.name)
		}
		v, ok := f.w.method(f, x, fn.name, args, refs)
		if !ok {
			if _, isObject := x.(Object); !isObject {
				throw("Значение не является значением объектного типа (%s)", fn.name)
			}
			throw("Метод объекта не обнаружен (%s)", fn.name)
		}
		return v
	}
	throw("Выражение не может быть вызвано")
	return nil
}

// args evaluates arguments; of those that are plain variables the cells are
// returned too, because parameters without Знач are passed by reference.
func (f *frame) args(exprs []expr) (args []any, refs []*cell) {
	for _, e := range exprs {
		if e == nil {
			args, refs = append(args, skipped), append(refs, nil)
			continue
		}
		var ref *cell
		if id, ok := e.(*ident); ok {
			ref = f.lookup(id.key)
		}
		args, refs = append(args, f.eval(e)), append(refs, ref)
	}
	return args, refs
}

func (f *frame) create(e *newExpr) any {
	name, args, refs := e.name, []any(nil), []*cell(nil)
	if name == "" {
		given, _ := f.args(e.args)
		if len(given) == 0 {
			throw("Недостаточно фактических параметров")
		}
		name = str(given[0])
		if len(given) > 1 {
			list, ok := given[1].(*array)
			if !ok {
				throw("Несоответствие типов (параметр номер '2')")
			}
			args = list.items
		}
	} else {
		args, refs = f.args(e.args)
	}
	f.at = e.pos
	t, ok := f.w.reg.types[fold(name)]
	if !ok || t.New == nil {
		throw("Тип не определен (%s)", name)
	}
	f.w.mustHave(t.avail, f.side, t.name)
	checkArgs(len(args), t.Min, max(t.Max, t.Min))
	return t.New(&Call{W: f.w, Args: args, refs: refs, f: f, name: t.name})
}

func checkArgs(n, least, most int) {
	if n < least {
		throw("Недостаточно фактических параметров")
	}
	if most >= 0 && n > most {
		throw("Слишком много фактических параметров")
	}
}
