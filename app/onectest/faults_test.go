package onectest_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fault is something that happens to a running client, its network or the
// service.
type fault struct {
	name string
	do   func(l *life)
}

// life is one client that meets all faults one after the other, as it would on
// a bad day: what one of them leaves behind must not hurt in the next.
type life struct {
	t *testing.T // the whole life's
	s *service
	p *proxy
	b *base
	n int
}

// at makes a subtest the one that failures belong to.
func (l *life) at(t *testing.T) {
	t.Helper()
	l.s.T, l.b.t = t, t
	l.b.Screen.Opened, l.b.Screen.Shown = nil, nil
	l.b.Entries()
	l.p.forget()
}

// call is a call that ivanov answers, another one each time.
func (l *life) call() {
	l.n++
	l.s.answered("c-" + strconv.Itoa(l.n))
}

// settled waits for the form of the call, and its acknowledgement.
func (l *life) settled() {
	l.b.t.Helper()
	l.b.until("form of the interest", func() bool { return slices.Contains(l.b.opened(), interestLink) })
	l.b.until("acknowledgement", func() bool { return !slices.Contains(l.s.pending(), "call.answered") })
}

// faults in order; each is followed by a call, unless it made one.
var faults = []fault{
	{"lost answers", func(l *life) { l.p.do(lostAcks()) }},
	{"an answer comes twice", func(l *life) {
		l.p.do(rewritten(cached(interestID)))
		l.call()
		l.b.until("form", func() bool { return len(l.b.opened()) > 0 })
		l.b.live(2 * time.Second)
		l.p.do(nil)
	}},
	{"401 once", func(l *life) { l.p.do(once(1, status(401))) }},
	{"503 with Retry-After", func(l *life) { l.p.do(once(2, status(503, "Retry-After", "2"))) }},
	{"503 of a proxy, then a break", func(l *life) {
		l.p.do(status(503))
		l.call()
		l.b.live(time.Second)
		l.p.do(down)
		l.b.live(time.Second)
		l.p.do(nil)
	}},
	{"a slow service", func(l *life) {
		l.p.do(slow(3 * time.Second))
		l.s.publish(`{"user":"ivanov","kind":"note","title":"ends the poll that waits"}`)
		l.b.live(3200 * time.Millisecond)
		l.call()
		l.p.do(nil)
	}},
	{"the session's name is taken", func(l *life) {
		before := l.b.remembered("Сеанс")
		l.p.do(once(1, status(409, "Retry-After", "2")))
		l.s.publish(`{"user":"ivanov","kind":"note","title":"ends the poll that waits"}`)
		l.b.until("another name", func() bool { return l.b.remembered("Сеанс") != before && l.p.count("/v1/notifications?") > 1 })
	}},
	{"a line that is no row", func(l *life) {
		l.p.do(rewritten(func(body string) string {
			if strings.HasPrefix(body, "{") { // every json answer is broken from now on
				return strings.Replace(body, `"rev":`, `"rev":x`, 1)
			}
			return strings.Replace(body, "\n", "\n66.1\tpoison\n", 1)
		}))
	}},
	{"a restart", func(l *life) {
		l.b.live(200 * time.Millisecond)
		l.s.Stop()
		l.b.live(time.Second)
		l.s = l.s.restart(l.t)
		l.p.to(l.s.URL)
	}},
}

// TestFaults: whatever happens to the network and the service, a form opens
// once, nothing is lost, nothing is shown twice, and the window of each kind of
// client stands still for no longer than the module promises.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			l := &life{t: t, s: s, p: p, b: startAt(t, s, k, p.URL).hurried()}
			for _, f := range faults {
				t.Run(f.name, func(t *testing.T) {
					l.at(t)
					before := l.n
					f.do(l)
					if l.n == before {
						l.call()
					}
					l.settled()
					l.b.live(300 * time.Millisecond)
					if n := len(l.b.opened()); n != 1 {
						t.Errorf("opened %v, want one form", l.b.opened())
					}
					seen := map[string]int{}
					for _, x := range l.b.toasts() {
						if seen[x]++; seen[x] > 2 { // while it rang, and at the answer
							t.Errorf("%q was shown %d times", x, seen[x])
						}
					}
					l.b.quiet()
					if longest := l.b.LongestBlock(); longest > k.promise+busy {
						t.Errorf("the window stood still for %v, promised is %v", longest, k.promise)
					}
					l.p.do(nil)
					l.s.end("c-" + strconv.Itoa(l.n))
				})
			}
			t.Run("poison", func(t *testing.T) { l.poison(t) })
			t.Run("offline for a day", func(t *testing.T) { l.offline(t) })
		})
	}
}

// poison: rows that cannot be opened neither loop nor keep others away.
func (l *life) poison(t *testing.T) {
	for _, c := range []struct {
		name          string
		do            func() (undo func())
		opened, shown []string // forms that opened
		outcome       string
	}{
		{"an object that is gone", func() func() {
			ref := l.b.Meta.RefOfLink(interestLink)
			row := l.b.interests.Rows()[0]
			l.b.interests.Delete(ref)
			return func() { l.b.interests.Add(interestID, row) }
		}, []string{"ОбщаяФорма.ЗмрКарточка"}, nil, "failed"},
		{"a form that throws", func() func() {
			l.b.OnOpen = func(bsltestOpening) error { return errOpening }
			return func() { l.b.OnOpen = nil }
		}, nil, nil, "failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.at(t)
			defer c.do()()
			l.call()
			l.b.until("acknowledgement", func() bool { return !slices.Contains(l.s.pending(), "call.answered") })
			l.b.live(300 * time.Millisecond)
			if !slices.Equal(l.b.opened(), c.opened) {
				t.Errorf("opened %v, want %v", l.b.opened(), c.opened)
			}
			if got := l.s.outcome("call.answered"); got != c.outcome {
				t.Errorf("outcome %q, want %q", got, c.outcome)
			}
			l.b.quiet()
			l.s.end("c-" + strconv.Itoa(l.n))
		})
	}
}

// offline: a client without a network for a day is told once, and once more
// when it is back; then it shows what waits, without doubles.
func (l *life) offline(t *testing.T) {
	l.at(t)
	l.s.missed("m-0", "+79031234567")
	missed := func() (n int) {
		for _, x := range l.b.toasts() {
			if strings.Contains(x, "Пропущенный") {
				n++
			}
		}
		return n
	}
	l.b.until("the first missed call", func() bool { return missed() == 1 })
	l.p.do(down)
	for _, call := range []string{"m-1", "m-2", "m-3"} {
		l.s.missed(call, "+7916000000"+call[2:])
	}
	l.b.until("the break told", func() bool {
		return slices.ContainsFunc(l.b.toasts(), func(x string) bool { return strings.Contains(x, "Нет связи") })
	})
	l.p.forget()
	l.b.forward(24 * time.Hour)
	if n := l.p.count("/v1/notifications?"); n > 24*60*2 {
		t.Errorf("%d requests on a day without a network", n)
	}
	l.p.do(nil)
	l.b.until("what was missed", func() bool { return missed() >= 4 })
	l.b.live(500 * time.Millisecond)
	var told, back int
	seen := map[string]int{}
	for _, x := range l.b.toasts() {
		switch {
		case strings.Contains(x, "Нет связи"):
			told++
		case strings.Contains(x, "восстановлена"):
			back++
		case strings.Contains(x, "Пропущенный"):
			seen[x]++
		}
	}
	if told != 1 || back != 1 || len(seen) != 4 {
		t.Errorf("told %d times, back %d times, shown %v", told, back, seen)
	}
	for text, n := range seen {
		if n != 1 {
			t.Errorf("%q was shown %d times", text, n)
		}
	}
	l.b.quiet()
}
