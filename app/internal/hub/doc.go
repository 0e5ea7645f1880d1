// Package hub knows the polls that wait in this process. It is memory only:
// a wake-up is a hint, and what there is to answer is always read elsewhere.
//
// The order that makes it safe is: Enter first, look second, Wait third. What
// is stored between Enter and Wait is then either seen by the look or
// announced to Wait, never lost:
//
//	w, err := h.Enter(user, session, token)
//	…
//	defer w.Close()
//	for {
//		w.Clear()
//		set, ok := look()
//		if ok { return set }
//		switch w.Wait(ctx, until) { … }
//	}
//
// A waiter costs no goroutine and no timer of its own: one goroutine (Run)
// keeps the deadlines of all in a timing wheel, and sleeps for as long as none
// is due.
package hub
