package bsltest

import (
	"strings"
	"time"
)

// idleHandler is one ПодключитьОбработчикОжидания.
type idleHandler struct {
	name  string
	inst  *instance
	proc  *proc
	due   time.Time
	every time.Duration
	once  bool
}

// attach books a handler; the same procedure again replaces it.
func (w *World) attach(inst *instance, p *proc, every time.Duration, once bool) {
	w.detach(inst, p.name)
	w.idle = append(w.idle, &idleHandler{name: p.name, inst: inst, proc: p, due: w.now.Add(every), every: every, once: once})
}

func (w *World) detach(inst *instance, name string) {
	kept := w.idle[:0]
	for _, h := range w.idle {
		if h.inst != inst || !strings.EqualFold(h.name, name) {
			kept = append(kept, h)
		}
	}
	w.idle = kept
}

// Now is the time by the World's clock.
func (w *World) Now() time.Time { return w.now }

// NextTick is how long until the next idle handler is due; false if none is
// attached.
func (w *World) NextTick() (time.Duration, bool) {
	h := w.earliest()
	if h == nil {
		return 0, false
	}
	return max(0, h.due.Sub(w.now)), true
}

func (w *World) earliest() *idleHandler {
	var first *idleHandler
	for _, h := range w.idle {
		if first == nil || h.due.Before(first.due) {
			first = h
		}
	}
	return first
}

// Advance moves the clock by d; the handlers that fall due run in order, and
// so does what finished meanwhile. While a modal window is open no handler
// runs, only the time passes.
func (w *World) Advance(d time.Duration) {
	end := w.now.Add(d)
	w.Pump()
	for {
		h := w.earliest()
		if h == nil || h.due.After(end) || w.Screen.Modal {
			break
		}
		if h.due.After(w.now) {
			w.now = h.due
		}
		w.fire(h)
		w.Pump()
	}
	w.now = end
}

func (w *World) fire(h *idleHandler) {
	if h.once {
		w.detach(h.inst, h.name)
	} else {
		h.due = w.now.Add(h.every)
	}
	_ = w.enter("обработчик ожидания "+h.name, func() { w.invoke(nil, h.inst, h.proc, nil, nil) })
}

// Pump runs what is ready: continuations of asynchronous procedures whose
// answers have come. It waits for nothing.
func (w *World) Pump() {
	for {
		select {
		case do := <-w.inbox:
			_ = w.enter("ответ", do)
			continue
		default:
		}
		if len(w.ready) == 0 {
			return
		}
		do := w.ready[0]
		w.ready = w.ready[1:]
		_ = w.enter("продолжение", do)
	}
}

// Run lets the World live for at most d of real time, its clock going along,
// until the condition holds; it reports whether it does. A nil condition never
// holds.
func (w *World) Run(d time.Duration, until func() bool) bool { return w.RunFast(d, 1, until) }

// RunFast is Run with a clock that goes times as fast as the real one, for
// programs that pause longer than a test should. While the machine lets all
// stand still no clock moves.
func (w *World) RunFast(d time.Duration, times int, until func() bool) bool {
	began := newWatch()
	var last time.Duration
	for {
		now := max(last, began.elapsed())
		w.Advance((now - last) * time.Duration(times))
		last = now
		if until != nil && until() {
			return true
		}
		if now >= d {
			return false
		}
		pause := min(20*time.Millisecond, d-now)
		if next, ok := w.NextTick(); ok && !w.Screen.Modal {
			pause = min(pause, next/time.Duration(times)+time.Millisecond)
		}
		timer := time.NewTimer(pause)
		select {
		case do := <-w.inbox:
			_ = w.enter("ответ", do)
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Settle waits up to d of real time until no asynchronous request is under
// way, the clock standing still.
func (w *World) Settle(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for w.Pump(); w.pending > 0; w.Pump() {
		select {
		case do := <-w.inbox:
			_ = w.enter("ответ", do)
		case <-timer.C:
			return false
		}
	}
	return true
}
