package onectest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// faultKinds are those in which a client behaves differently.
var faultKinds = []kind{managedKinds[0], managedKinds[4]}

// TestFaults: whatever happens to the network and the service, a form opens
// once, nothing is lost, nothing is shown twice, and the window stands still
// for no longer than the module promises.
func TestFaults(t *testing.T) {
	for _, f := range []struct {
		name string
		do   func(t *testing.T, s *service, p *proxy, b *base)
	}{
		{"lost answers", func(_ *testing.T, s *service, p *proxy, b *base) {
			p.do(lostAcks(p))
			s.call()
		}},
		{"an answer comes twice", func(_ *testing.T, s *service, p *proxy, b *base) {
			var before string
			p.do(rewritten(func(body string) string {
				if before == "" && strings.Contains(body, interestID) {
					before = body
				} else if before != "" && p.count("again") == 0 {
					return before // a cache on the way gives an old picture
				}
				return body
			}))
			s.call()
			b.until("form", func() bool { return len(b.opened()) > 0 })
			b.RunFast(3*time.Second, 4, nil)
			p.do(nil)
		}},
		{"401 once", func(_ *testing.T, s *service, p *proxy, b *base) {
			p.forget()
			p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
				if polls(r) && p.count("/v1/notifications?") == 1 {
					status(401)(w, r, pass)
					return
				}
				pass(w)
			})
			s.call()
		}},
		{"503 with Retry-After", func(_ *testing.T, s *service, p *proxy, b *base) {
			p.forget()
			p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
				if polls(r) && p.count("/v1/notifications?") <= 2 {
					status(503, "Retry-After", "2")(w, r, pass)
					return
				}
				pass(w)
			})
			s.call()
		}},
		{"503 of a proxy, then a break", func(_ *testing.T, s *service, p *proxy, b *base) {
			p.do(status(503))
			s.call()
			b.RunFast(2*time.Second, 4, nil)
			p.do(down)
			b.RunFast(2*time.Second, 4, nil)
			p.do(nil)
			b.forward(2 * time.Minute)
		}},
		{"a slow service", func(_ *testing.T, s *service, p *proxy, b *base) {
			p.do(slow(5 * time.Second))
			b.RunFast(6*time.Second, 4, nil)
			s.call()
			p.do(nil)
			b.forward(2 * time.Minute)
		}},
		{"the session's name is taken", func(_ *testing.T, s *service, p *proxy, b *base) {
			p.forget()
			p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
				if polls(r) && p.count("/v1/notifications?") == 1 {
					status(409, "Retry-After", "2")(w, r, pass)
					return
				}
				pass(w)
			})
			s.call()
		}},
	} {
		for _, k := range faultKinds {
			t.Run(f.name+"/"+k.name, func(t *testing.T) {
				t.Parallel()
				s := newService(t)
				p := newProxy(t, s.URL)
				b := startAt(t, s, k, p.URL)
				f.do(t, s, p, b)
				b.until("form of the interest", func() bool { return slices.Contains(b.opened(), interestLink) })
				b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
				b.RunFast(time.Second, 4, nil)
				if n := len(b.opened()); n != 1 {
					t.Errorf("opened %v, want one form", b.opened())
				}
				b.quiet()
				if longest := b.LongestBlock(); longest > k.promise+busy {
					t.Errorf("the window stood still for %v, promised is %v", longest, k.promise)
				}
			})
		}
	}
}

// TestOfflineForADay: a client without a network is told once, and once more
// when it is back; then it shows what waits, without doubles.
func TestOfflineForADay(t *testing.T) {
	for _, k := range faultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := startAt(t, s, k, p.URL)
			s.missed("c-0", "+79031234567")
			b.until("the first missed call", func() bool { return len(b.Screen.Shown) == 1 })
			p.do(down)
			for _, call := range []string{"c-1", "c-2", "c-3"} {
				s.missed(call, "+7916000000"+call[2:])
			}
			b.forward(3 * time.Minute)
			b.until("the break told", func() bool {
				return slices.ContainsFunc(b.toasts(), func(x string) bool { return strings.Contains(x, "Нет связи") })
			})
			p.forget()
			b.forward(24 * time.Hour)
			if n := p.count("/v1/notifications?"); n > 24*60*2 {
				t.Errorf("%d requests on a day without a network", n)
			}
			p.do(nil)
			b.forward(2 * time.Minute)
			b.until("what was missed", func() bool { return len(b.Screen.Shown) >= 6 })
			b.RunFast(2*time.Second, 4, nil)
			var told, back int
			seen := map[string]int{}
			for _, x := range b.toasts() {
				switch {
				case strings.Contains(x, "Нет связи"):
					told++
				case strings.Contains(x, "восстановлена"):
					back++
				default:
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
			b.quiet()
		})
	}
}

// TestRestart: the service goes down while the client waits and comes back on
// the same database; the call in between opens its form.
func TestRestart(t *testing.T) {
	for _, k := range faultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := startAt(t, s, k, p.URL)
			b.RunFast(500*time.Millisecond, 4, nil)
			s.Stop()
			b.RunFast(3*time.Second, 4, nil)
			again := s.restart(t)
			p.to(again.URL)
			again.call()
			b.forward(2 * time.Minute)
			b.until("form", func() bool { return slices.Contains(b.opened(), interestLink) })
			b.until("acknowledgement", func() bool { return !slices.Contains(again.pending(), "call.answered") })
			b.quiet()
		})
	}
}

// TestPoison: a row that cannot be read or shown neither loops nor keeps
// others from being shown.
func TestPoison(t *testing.T) {
	for _, k := range faultKinds {
		t.Run(k.name+"/a broken line", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := startAt(t, s, k, p.URL)
			p.do(rewritten(func(body string) string {
				if strings.HasPrefix(body, "{") { // every json answer is broken from now on
					return strings.Replace(body, `"rev":`, `"rev":x`, 1)
				}
				return strings.Replace(body, "\n", "\n66.1\tpoison\n", 1)
			}))
			s.call()
			b.forward(20 * time.Second)
			b.until("form", func() bool { return slices.Contains(b.opened(), interestLink) })
			b.quiet()
		})
		t.Run(k.name+"/an object that is gone", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := start(t, s, k)
			b.interests.Delete(b.Meta.RefOfLink(interestLink))
			s.call()
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			if slices.Contains(b.opened(), interestLink) {
				t.Error("a link to an object that is gone was followed")
			}
			if got := s.outcome("call.answered"); got != "failed" {
				t.Errorf("outcome %q, want failed", got)
			}
			b.RunFast(time.Second, 4, nil)
			if n := len(b.opened()); n != 1 || b.opened()[0] != "ОбщаяФорма.ЗмрКарточка" {
				t.Errorf("opened %v, want the card once", b.opened())
			}
			b.quiet()
		})
		t.Run(k.name+"/a form that throws", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := start(t, s, k)
			tries := 0
			b.OnOpen = func(bsltestOpening) error {
				tries++
				return errOpening
			}
			s.call()
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			b.RunFast(time.Second, 4, nil)
			if got := s.outcome("call.answered"); tries != 1 || got != "failed" {
				t.Errorf("%d tries, outcome %q, want one and failed", tries, got)
			}
			b.quiet()
		})
	}
}
