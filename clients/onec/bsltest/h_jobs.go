package bsltest

import "strings"

// job is ФоновоеЗадание: it runs on the server as soon as the window's thread
// is free, see Pump.
type job struct {
	name, key string
	uid       UUID
	state     string
	err       *Exception
}

func (*job) TypeName() string { return "ФоновоеЗадание" }

type jobManager struct{}

func (*jobManager) TypeName() string { return "МенеджерФоновыхЗаданий" }

func (w *World) startJob(c *Call) any {
	j := &job{name: c.Str(0), key: c.Str(2), uid: NewUUID(), state: "Активно"}
	for _, other := range w.jobs {
		if j.key != "" && other.key == j.key && strings.EqualFold(other.name, j.name) && other.state == "Активно" {
			throw("Задание с таким значением ключа уже выполняется (%s)", j.key)
		}
	}
	inst, p, err := w.locate(Server, j.name)
	if err != nil {
		throw("Метод не обнаружен (%s)", j.name)
	}
	var args []any
	if a, ok := c.Arg(1).(*array); ok {
		args = w.transferAll(a.items)
	}
	w.jobs = append(w.jobs, j)
	w.ready = append(w.ready, func() {
		defer func() {
			switch r := recover().(type) {
			case nil:
				j.state = "Завершено"
			case *Exception:
				j.state, j.err = "ЗавершеноАварийно", r
			default:
				panic(r)
			}
		}()
		outer := w.onServer
		w.onServer = true
		defer func() { w.onServer = outer }()
		w.invoke(nil, inst, p, args, nil)
	})
	return j
}

// JobErrors are the exceptions that ended background jobs.
func (w *World) JobErrors() (errs []*Exception) {
	for _, j := range w.jobs {
		if j.err != nil {
			errs = append(errs, j.err)
		}
	}
	return errs
}

func jobHost() Host {
	const since = "=server,thick"
	return Host{
		Properties: []Property{{Names: "ФоновыеЗадания BackgroundJobs", Since: since, Get: func(*Call) any { return &jobManager{} }}},
		Types: []*Type{
			{Names: "МенеджерФоновыхЗаданий BackgroundJobsManager", Since: since, Methods: []Function{
				{Names: "Выполнить Execute", Min: 1, Max: 4, Do: func(c *Call) any { return c.W.startJob(c) }},
				{Names: "НайтиПоУникальномуИдентификатору FindByUUID", Min: 1, Do: func(c *Call) any {
					for _, j := range c.W.jobs {
						if j.uid == arg[UUID](c, 0) {
							return j
						}
					}
					return Undefined
				}},
				{Names: "ПолучитьФоновыеЗадания GetBackgroundJobs", Max: 1, Do: func(c *Call) any {
					a := &array{}
					filter, _ := c.Arg(0).(*structure)
					for _, j := range c.W.jobs {
						if filter == nil || j.matches(c.W, filter) {
							a.items = append(a.items, j)
						}
					}
					return a
				}},
			}},
			{Names: "ФоновоеЗадание BackgroundJob", Since: since, Properties: []Property{
				get("УникальныйИдентификатор UUID", func(j *job) any { return j.uid }),
				get("Ключ Key", func(j *job) any { return j.key }),
				get("ИмяМетода MethodName", func(j *job) any { return j.name }),
				{Names: "Состояние State", Get: func(c *Call) any {
					return c.W.enumOf("СостояниеФоновогоЗадания", this[*job](c).state)
				}},
				get("ИнформацияОбОшибке ErrorInfo", func(j *job) any {
					if j.err == nil {
						return Undefined
					}
					return &errorInfo{j.err}
				}),
			}, Methods: []Function{
				{Names: "Отменить Cancel", Procedure: true, Do: func(c *Call) any { this[*job](c).state = "Отменено"; return nil }},
				{Names: "ОжидатьЗавершения WaitForCompletion", Max: 1, Do: func(c *Call) any { return c.This }},
			}},
		},
	}
}

func (j *job) matches(w *World, filter *structure) bool {
	for _, n := range filter.names {
		v := filter.get(n)
		switch fold(n) {
		case "ключ", "key":
			if str(v) != j.key {
				return false
			}
		case "имяметода", "methodname":
			if !strings.EqualFold(str(v), j.name) {
				return false
			}
		case "состояние", "state":
			if v != w.enumOf("СостояниеФоновогоЗадания", j.state) {
				return false
			}
		case "уникальныйидентификатор", "uuid":
			if v != any(j.uid) {
				return false
			}
		}
	}
	return true
}
