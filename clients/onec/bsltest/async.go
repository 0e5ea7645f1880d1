package bsltest

import "iter"

// Promise is an Обещание.
type Promise struct {
	done     bool
	value    any
	err      *Exception
	waiting  []func()
	observed bool // somebody waits, or holds it as a value
}

// TypeName is the name of its type.
func (*Promise) TypeName() string { return "Обещание" }

// coroutine is an asynchronous procedure that can stop in the middle.
type coroutine struct {
	yield func(*Promise) bool
	stop  func()
}

// unwound is thrown through the frames of a procedure that will not go on
// because its World was closed.
type unwound struct{}

// goAsync starts an asynchronous procedure: it runs until its first Ждать,
// then the caller goes on with its promise.
func (w *World) goAsync(f *frame) any {
	p := &Promise{}
	co := &coroutine{}
	f.co = co
	next, stop := iter.Pull(func(yield func(*Promise) bool) {
		co.yield = yield
		defer func() {
			switch r := recover().(type) {
			case nil:
				w.settle(p, f.result, nil)
			case *Exception:
				w.settle(p, nil, r)
			case unwound:
			default:
				panic(r)
			}
		}()
		f.do(f.proc.body)
	})
	co.stop = stop
	w.coros[co] = true
	w.resume(co, next)
	return p
}

// resume runs a coroutine to its next Ждать and books its going on.
func (w *World) resume(co *coroutine, next func() (*Promise, bool)) {
	on, more := next()
	if !more {
		delete(w.coros, co)
		return
	}
	w.then(on, func() { w.resume(co, next) })
}

// await stops the procedure until the promise is kept. A value that is no
// promise is itself.
func (f *frame) await(v any, at Pos) any {
	p, ok := v.(*Promise)
	if !ok {
		return v
	}
	p.observed = true
	if !f.co.yield(p) {
		panic(unwound{})
	}
	f.at = at
	if p.err != nil {
		again := *p.err
		panic(&again)
	}
	return p.value
}

// then books do for when the promise is kept, never at once.
func (w *World) then(p *Promise, do func()) {
	p.observed = true
	if p.done {
		w.ready = append(w.ready, do)
		return
	}
	p.waiting = append(p.waiting, do)
}

// settle keeps or breaks a promise.
func (w *World) settle(p *Promise, v any, err *Exception) {
	p.done, p.value, p.err = true, v, err
	w.ready = append(w.ready, p.waiting...)
	p.waiting = nil
	if err != nil {
		w.ready = append(w.ready, func() {
			if !p.observed { // nobody waits: the platform shows it to the user
				w.errs = append(w.errs, err)
			}
		})
	}
}

// background runs work on a goroutine of its own and finishes on the window's
// thread with what work returned.
func (w *World) background(work func() func()) {
	w.pending++
	w.wg.Add(1)
	go func() {
		defer w.wg.Done()
		finish := work()
		w.inbox <- func() {
			w.pending--
			finish()
		}
	}()
}
