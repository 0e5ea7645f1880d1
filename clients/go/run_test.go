package zummer_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	zummer "zummer/clients/go"
)

// play runs a session beside a test until the test is over.
func play(t *testing.T, s *service, w *watcher) *zummer.Session {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	session := s.client().NewSession("desk")
	done := make(chan error)
	go func() { done <- session.Run(ctx, w.handler()) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
	synctest.Wait()
	return session
}

// after lets time go by.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// bubble is a test on a fake clock.
func bubble(t *testing.T, name string, fn func(t *testing.T, s *service, w *watcher)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { fn(t, newService(), &watcher{}) })
	})
}

func TestRun(t *testing.T) {
	bubble(t, "a row of this session is opened once, and its ack goes with the next poll", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		after(time.Second)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1"})
		want(t, "acks", s.acks(), map[string]int{"1.1 opened": 1})
		want(t, "requests", len(s.requests()), 3) // the first set, the row, the ack
		want(t, "rows left", len(c.Picture().Rows), 0)
	})
	bubble(t, "what is another session's, or nobody's yet, or opens nothing, is shown only", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		s.put("1", 1, "open", "laptop-1")
		s.put("2", 1, "create", "")
		s.put("3", 1, "show", "")
		s.put("4", 1, "sing", c.Name()) // a word of tomorrow
		after(time.Second)
		opened, _ := w.get()
		want(t, "opened", len(opened), 0)
		want(t, "picture", len(c.Picture().Rows), 4)
		s.put("2", 1, "create", c.Name()) // the revision gets its session later
		after(time.Second)
		opened, _ = w.get()
		want(t, "opened", opened, []string{"2.1"})
	})
	bubble(t, "a new revision is a row of its own", func(t *testing.T, s *service, w *watcher) {
		w.later = true
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		after(time.Second)
		s.put("1", 2, "open", c.Name())
		after(time.Second)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1", "1.2"})
	})
	bubble(t, "a lost answer: the ack goes again, and nothing opens twice", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		cut := func(r *http.Request, body map[string]any) *http.Response {
			body["wait"] = 0.0
			_, _ = s.poll(r, body) // applied, and then the line breaks
			return nil
		}
		s.put("1", 1, "open", c.Name())
		s.next(cut)
		after(5 * time.Second)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1"})
		want(t, "acks", s.acks(), map[string]int{"1.1 opened": 2})
	})
	bubble(t, "a row without an outcome yet is opened once, however often it comes", func(t *testing.T, s *service, w *watcher) {
		w.later = true
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		for _, id := range []string{"2", "3", "4"} {
			after(time.Second)
			s.put(id, 1, "show", "")
		}
		after(2 * time.Minute)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1"})
		want(t, "acks", len(s.acks()), 0)
	})
	for name, answer := range map[string]answer{
		"no answer":  func(*http.Request, map[string]any) *http.Response { return nil },
		"superseded": page("superseded", "", ""),
	} {
		bubble(t, "after "+name+" a row may be another's: it is opened when a poll has said so", func(t *testing.T, s *service, w *watcher) {
			w.opens = func(n zummer.Notification) { <-time.After(10 * time.Second) }
			c := play(t, s, w)
			s.put("1", 1, "open", c.Name())
			s.put("2", 1, "open", c.Name())
			after(time.Second)
			s.next(slices.Repeat(some(answer), 5)...)
			c.Ack(zummer.Key{ID: "9", Rev: 1}, zummer.Dismissed, "") // has it ask
			after(11 * time.Second)
			opened, _ := w.get()
			want(t, "opened while it is not sure", opened, []string{"1.1"})
			after(2 * time.Minute)
			opened, _ = w.get()
			want(t, "opened", opened, []string{"1.1", "2.1"})
		})
	}
	bubble(t, "an answer that does not speak of an ack leaves it owed", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		s.next(page("set", "a.0", "", row("1", 1, "show", "")))
		c.Ack(zummer.Key{ID: "1", Rev: 1}, zummer.Dismissed, "")
		after(10 * time.Second)
		want(t, "acks", s.acks(), map[string]int{"1.1 dismissed": 2})
	})
	bubble(t, "unchanged after acks names the version that they made, and the next poll waits on it", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		after(2 * time.Minute)
		all := s.requests()
		want(t, "version of the last poll", all[len(all)-1].body["version"], any("a.2"))
		want(t, "polls that did not wait", slices.IndexFunc(gaps(s)[3:], func(d time.Duration) bool { return d < 20*time.Second }), -1)
	})
	bubble(t, "not so when an ack was no success", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		s.next(func(*http.Request, map[string]any) *http.Response {
			return reply(200, map[string]any{"state": "unchanged", "version": "z.9", "acks": []any{map[string]any{"id": "1", "rev": 1, "result": "stale_rev"}}})
		})
		c.Ack(zummer.Key{ID: "1", Rev: 1}, zummer.Dismissed, "")
		after(10 * time.Second)
		all := s.requests()
		want(t, "version", all[len(all)-1].body["version"], any("a.0"))
	})
	bubble(t, "a slow form does not stop the polls; its ack interrupts the one that waits", func(t *testing.T, s *service, w *watcher) {
		w.opens = func(zummer.Notification) { <-time.After(40 * time.Second) }
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		after(20 * time.Second)
		s.put("2", 1, "show", "")
		after(time.Second)
		want(t, "picture while the form opens", len(c.Picture().Rows), 2)
		after(20 * time.Second)
		want(t, "acks", s.acks(), map[string]int{"1.1 opened": 1})
		want(t, "picture", len(c.Picture().Rows), 1)
	})
	bubble(t, "what is pending no more is not opened any more", func(t *testing.T, s *service, w *watcher) {
		w.opens = func(zummer.Notification) { <-time.After(10 * time.Second) }
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		s.put("2", 1, "open", c.Name())
		after(time.Second)
		s.settle("2", 1)
		after(20 * time.Second)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1"})
	})
	bubble(t, "what was dismissed by hand while it waited for its turn is not opened any more", func(t *testing.T, s *service, w *watcher) {
		var c *zummer.Session
		w.opens = func(n zummer.Notification) {
			<-time.After(10 * time.Second)
			c.Ack(zummer.Key{ID: "2", Rev: 1}, zummer.Dismissed, "")
		}
		c = play(t, s, w)
		s.put("1", 1, "open", c.Name())
		s.put("2", 1, "open", c.Name())
		after(20 * time.Second)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1"})
		want(t, "acks", s.acks(), map[string]int{"1.1 opened": 1, "2.1 dismissed": 1})
	})
	bubble(t, "when the lease may have passed on behind a line that is dead, nothing is opened", func(t *testing.T, s *service, w *watcher) {
		w.opens = func(n zummer.Notification) { <-time.After(62 * time.Second) }
		ctx, stop := context.WithCancel(t.Context())
		c := s.client().NewSession("desk")
		c.Wait = 50 * time.Second // and 15 of grace
		s.put("1", 1, "open", c.Name())
		s.put("2", 1, "open", c.Name())
		s.next(nil, func(r *http.Request, _ map[string]any) *http.Response { <-r.Context().Done(); return nil })
		done := make(chan error)
		go func() { done <- c.Run(ctx, w.handler()) }()
		after(61 * time.Second)
		s.put("2", 2, "open", "laptop-1") // its lease is 60 s
		after(10 * time.Second)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1"})
		stop()
		<-done
	})
	bubble(t, "a row is shown before it is opened, also while an opener asks for the next", func(t *testing.T, s *service, w *watcher) {
		var told []string
		h := w.handler()
		h.Open = func(_ context.Context, n zummer.Notification) zummer.Outcome {
			told = append(told, "open "+n.ID)
			<-time.After(10 * time.Second)
			return zummer.Later
		}
		h.Show = func(p zummer.Picture) {
			<-time.After(time.Second)
			for _, n := range p.New {
				told = append(told, "show "+n.ID)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		c := s.client().NewSession("desk")
		done := make(chan error)
		go func() { done <- c.Run(ctx, h) }()
		s.put("1", 1, "open", c.Name())
		after(10500 * time.Millisecond) // 1 is still being opened
		s.put("2", 1, "open", c.Name()) // and done with while 2 is shown
		after(10 * time.Second)
		want(t, "told", told, []string{"show 1", "open 1", "show 2", "open 2"})
		stop()
		<-done
	})
	bubble(t, "busy is told at once and opens nothing; free again, what is ours opens", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		c.SetBusy(true)
		after(time.Second)
		last := s.requests()[len(s.requests())-1]
		want(t, "busy of the poll", last.body["busy"], any(true))
		s.put("1", 1, "open", c.Name())
		after(time.Second)
		opened, _ := w.get()
		want(t, "opened while busy", len(opened), 0)
		c.SetBusy(false)
		after(time.Second)
		opened, _ = w.get()
		want(t, "opened", opened, []string{"1.1"})
	})
	bubble(t, "busy holds back what was about to open", func(t *testing.T, s *service, w *watcher) {
		w.opens = func(zummer.Notification) { <-time.After(3 * time.Second) }
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		s.put("2", 1, "open", c.Name())
		after(time.Second)
		s.next(func(r *http.Request, _ map[string]any) *http.Response { <-r.Context().Done(); return nil }) // nothing tells it anew
		c.SetBusy(true)
		after(5 * time.Second)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1"})
	})
	bubble(t, "acks by hand interrupt the poll, but not so often that the service sees a fight", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		for _, id := range []string{"1", "2", "3", "4", "5", "6"} {
			s.put(id, 1, "show", "")
			after(500 * time.Millisecond)
			c.Ack(zummer.Key{ID: id, Rev: 1}, zummer.Dismissed, "")
			after(500 * time.Millisecond)
		}
		want(t, "nudges in ten seconds at most", len(s.requests()) <= 6+2+2, true)
		after(15 * time.Second)
		want(t, "acks", len(s.acks()), 6)
		want(t, "picture", len(c.Picture().Rows), 0)
	})
	bubble(t, "at the end owed acks are sent and rows that were not opened are given back", func(t *testing.T, s *service, w *watcher) {
		ctx, stop := context.WithCancel(t.Context())
		c := s.client().NewSession("desk")
		c.Settle = time.Minute
		w.opens = func(zummer.Notification) {
			stop()
			<-time.After(30 * time.Second) // the form opens all the same
		}
		s.put("1", 1, "open", c.Name())
		s.put("2", 1, "open", c.Name())
		_ = c.Run(ctx, w.handler())
		var paths []string
		for _, a := range s.requests()[1:] {
			paths = append(paths, a.path)
		}
		want(t, "said at the end", paths, []string{"/v1/notifications/1/processed", "/v1/notifications/2/release"})
	})
	bubble(t, "more acks than one poll takes go one after the other, soon", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		for i := range 250 {
			c.Ack(zummer.Key{ID: strconv.Itoa(i), Rev: 1}, zummer.Dismissed, "")
		}
		after(5 * time.Second)
		want(t, "acks", len(s.acks()), 250)
		for _, r := range s.requests() {
			want(t, "acks of one poll at most 100", len(list(r.body["ack"])) <= 100, true)
		}
	})
	bubble(t, "what a claim and a release name is this session", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		for _, do := range []func(context.Context, zummer.Key) (zummer.Claimed, error){c.Claim, c.Release} {
			s.next(func(*http.Request, map[string]any) *http.Response {
				return reply(200, map[string]any{"id": "1", "rev": 2})
			})
			if got, err := do(t.Context(), zummer.Key{ID: "1", Rev: 1}); err != nil || got.Rev != 2 {
				t.Errorf("%+v, %v", got, err)
			}
		}
		asked := s.requests()
		for i, path := range []string{"/v1/notifications/1/claim", "/v1/notifications/1/release"} {
			r := asked[len(asked)-2+i]
			want(t, "asked", []any{r.path, r.body["session"], r.body["rev"]}, []any{path, c.Name(), 1})
		}
	})
	bubble(t, "a failure leaves no connection that may be as dead, a refusal does", func(t *testing.T, s *service, w *watcher) {
		s.next(func(*http.Request, map[string]any) *http.Response { return reply(503, nil) })
		play(t, s, w)
		after(10 * time.Second)
		want(t, "closed after a refusal", s.idleClosed(), 0)
		s.next(func(*http.Request, map[string]any) *http.Response { return nil })
		after(time.Minute)
		want(t, "closed after a failure", s.idleClosed(), 1)
	})
	bubble(t, "a program that opens nothing polls without a name", func(t *testing.T, s *service, w *watcher) {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		h := w.handler()
		h.Open = nil
		_ = s.client().Run(ctx, h)
		want(t, "session", s.requests()[0].body["session"], any(nil))
	})
}

// TestNewDatabase: a service with a new database, or one that was restored,
// gives names of revisions out again.
func TestNewDatabase(t *testing.T) {
	again := func(s *service, session string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		m := row("1", 1, "open", session)
		m["created_at"] = "2026-11-26T12:00:00Z"
		s.epoch, s.version, s.rows = s.epoch+"b", 0, []map[string]any{m}
		s.bump()
	}
	bubble(t, "what has the name of something that was opened opens too, and is new", func(t *testing.T, s *service, w *watcher) {
		w.later = true
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		after(time.Second)
		again(s, c.Name())
		after(time.Second)
		opened, shown := w.get()
		want(t, "opened", opened, []string{"1.1", "1.1"})
		want(t, "pictures", shown, []int{0, 1, 1})
	})
	bubble(t, "what was still being opened is not acknowledged for it", func(t *testing.T, s *service, w *watcher) {
		var acked []int
		w.opens = func(zummer.Notification) {
			<-time.After(10 * time.Second)
			acked = append(acked, len(s.acks()))
		}
		c := play(t, s, w)
		s.put("1", 1, "open", c.Name())
		after(time.Second)
		again(s, c.Name())
		after(time.Minute)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1", "1.1"})
		want(t, "acks when each was open", acked, []int{0, 0})
		want(t, "acks", s.acks(), map[string]int{"1.1 opened": 1})
		want(t, "pending", len(c.Picture().Rows), 0)
	})
	bubble(t, "the same row under a new version does not open again", func(t *testing.T, s *service, w *watcher) {
		w.later = true
		c := play(t, s, w)
		again(s, c.Name())
		after(time.Second)
		again(s, c.Name())
		after(time.Second)
		opened, _ := w.get()
		want(t, "opened", opened, []string{"1.1"})
	})
}

func TestNames(t *testing.T) {
	plain := regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	for _, prefix := range []string{"", "desk", "ИВАНОВ-ПК", "a b/c", strings.Repeat("x", 200), "---"} {
		c := &zummer.Client{}
		one, two := c.NewSession(prefix).Name(), c.NewSession(prefix).Name()
		if one == two || !plain.MatchString(one) {
			t.Errorf("%q makes %q and %q", prefix, one, two)
		}
		if prefix == "desk" && !strings.HasPrefix(one, "desk-") {
			t.Errorf("%q makes %q", prefix, one)
		}
	}
	bubble(t, "a session has one name in all its polls", func(t *testing.T, s *service, w *watcher) {
		c := play(t, s, w)
		after(2 * time.Minute)
		for _, r := range s.requests() {
			want(t, "session", r.body["session"], any(c.Name()))
		}
	})
}

func TestRunKeepsItsPicture(t *testing.T) {
	for name, answer := range map[string]func(*http.Request, map[string]any) *http.Response{
		"unchanged":            page("unchanged", "", ""),
		"a state nobody knows": page("thinking", "", ""),
		"401": func(*http.Request, map[string]any) *http.Response {
			return reply(401, map[string]any{"code": "unauthorized"})
		},
		"503":                   func(*http.Request, map[string]any) *http.Response { return reply(503, nil, "Retry-After", "2") },
		"no answer":             func(*http.Request, map[string]any) *http.Response { return nil },
		"a page of a hotel":     func(*http.Request, map[string]any) *http.Response { return reply(200, "Welcome") },
		"JSON of somebody else": func(*http.Request, map[string]any) *http.Response { return reply(200, map[string]any{"ok": true}) },
		"superseded":            page("superseded", "", ""),
		"the first page of two": page("set", "", "p2", row("7", 1, "show", "")),
		"a redirect": func(*http.Request, map[string]any) *http.Response {
			return reply(302, nil, "Location", "http://else.test/")
		},
		"an internal error, 500": func(*http.Request, map[string]any) *http.Response { return reply(500, nil) },
	} {
		bubble(t, name, func(t *testing.T, s *service, w *watcher) {
			c := play(t, s, w)
			s.put("1", 1, "show", "")
			after(time.Second)
			lost := func(*http.Request, map[string]any) *http.Response { return nil }
			s.next(answer, lost, lost)
			c.Ack(zummer.Key{ID: "9", Rev: 1}, zummer.Dismissed, "")
			after(500 * time.Millisecond)
			want(t, "picture", len(c.Picture().Rows), 1)
			_, shown := w.get()
			want(t, "shown", shown, []int{0, 1})
			after(2 * time.Minute)
			s.put("2", 1, "show", "")
			after(time.Second)
			want(t, "picture when it is over", len(c.Picture().Rows), 2)
		})
	}
}

func TestPages(t *testing.T) {
	a, b, c := row("1", 1, "show", ""), row("2", 1, "show", ""), row("3", 1, "show", "")
	for _, tc := range []struct {
		name   string
		script []func(*http.Request, map[string]any) *http.Response
		want   []string
		state  zummer.State
	}{
		{"one page", some(page("reset", "v1", "", a)), []string{"1.1"}, "reset"},
		{"two pages", some(page("set", "", "p2", a), page("set", "v1", "", b)), []string{"1.1", "2.1"}, "set"},
		{"a reset in between begins again", some(page("set", "", "p2", a), page("reset", "", "p2", b), page("set", "v2", "", c)), []string{"2.1", "3.1"}, "set"},
		{"a reset that is all", some(page("set", "", "p2", a), page("reset", "v2", "", c)), []string{"3.1"}, "reset"},
		{"superseded in between is no set", some(page("set", "", "p2", a), page("superseded", "", "")), nil, "superseded"},
		{"unchanged in between is no set, and names no version", some(page("set", "", "p2", a), page("unchanged", "v9", "")), nil, "unchanged"},
		{"a row that stands on both pages comes once", some(page("set", "", "p2", a), page("set", "v1", "", a, b)), []string{"1.1", "2.1"}, "set"},
	} {
		bubble(t, tc.name, func(t *testing.T, s *service, _ *watcher) {
			s.next(tc.script...)
			set, err := s.client().PollWhole(t.Context(), zummer.PollQuery{Acks: []zummer.Ack{{ID: "9", Rev: 1}}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range set.Rows {
				got = append(got, set.Rows[i].Key().String())
			}
			want(t, "rows", got, tc.want)
			want(t, "state", set.State, tc.state)
			want(t, "it names a version", set.Version != "", tc.want != nil)
			for i, r := range s.requests() {
				want(t, "acks of a page", len(list(r.body["ack"])), map[bool]int{true: 1, false: 0}[i == 0])
			}
		})
	}
	bubble(t, "a page that does not come leaves no set", func(t *testing.T, s *service, _ *watcher) {
		s.next(page("set", "", "p2", a), func(*http.Request, map[string]any) *http.Response { return nil })
		if set, err := s.client().PollWhole(t.Context(), zummer.PollQuery{}); err == nil {
			t.Errorf("got %+v", set)
		}
	})
}

func some[T any](v ...T) []T { return v }

// gaps are the pauses between the polls.
func gaps(s *service) []time.Duration {
	var out []time.Duration
	all := s.requests()
	for i := 1; i < len(all); i++ {
		out = append(out, all[i].at.Sub(all[i-1].at))
	}
	return out
}

func TestPace(t *testing.T) {
	refuse := func(status int, header ...string) func(*http.Request, map[string]any) *http.Response {
		return func(*http.Request, map[string]any) *http.Response {
			return reply(status, map[string]any{"code": "x"}, header...)
		}
	}
	told := func(state string, ms int) func(*http.Request, map[string]any) *http.Response {
		return func(*http.Request, map[string]any) *http.Response {
			return reply(200, map[string]any{"state": state, "version": "a.0", "notifications": []any{}, "acks": []any{}, "poll_after_ms": ms})
		}
	}
	for _, tc := range []struct {
		name     string
		answer   func(*http.Request, map[string]any) *http.Response
		from, to time.Duration // of the pause after it
	}{
		{"poll_after_ms", told("unchanged", 5000), 5 * time.Second, 6 * time.Second},
		{"an answer that should have waited", told("unchanged", 0), time.Second, 2100 * time.Millisecond},
		{"superseded", told("superseded", 2000), 2 * time.Second, 3100 * time.Millisecond},
		{"superseded without a pace", told("superseded", 0), 2 * time.Second, 3100 * time.Millisecond},
		{"503 with Retry-After", refuse(503, "Retry-After", "7"), 7 * time.Second, 9 * time.Second},
		{"429 with Retry-After", refuse(429, "Retry-After", "20"), 20 * time.Second, 26 * time.Second},
		{"409 session_conflict", refuse(409, "Retry-After", "10"), 10 * time.Second, 13 * time.Second},
		{"401", refuse(401), 5 * time.Second, 10 * time.Second},
		{"500", refuse(500), 500 * time.Millisecond, 10 * time.Second},
		{"no answer", func(*http.Request, map[string]any) *http.Response { return nil }, 500 * time.Millisecond, 1100 * time.Millisecond},
	} {
		bubble(t, tc.name, func(t *testing.T, s *service, w *watcher) {
			s.next(tc.answer)
			play(t, s, w)
			after(time.Minute)
			if got := gaps(s)[0]; got < tc.from || got > tc.to {
				t.Errorf("the next poll came after %v, want %v to %v", got, tc.from, tc.to)
			}
		})
	}
	bubble(t, "the pauses of a service that is away grow, and end with it", func(t *testing.T, s *service, w *watcher) {
		away := func(*http.Request, map[string]any) *http.Response { return nil }
		s.next(slices.Repeat(some(away), 12)...)
		play(t, s, w)
		after(10 * time.Minute)
		g := gaps(s)
		if g[0] > 1100*time.Millisecond || g[8] < 15*time.Second || g[8] > 30*time.Second {
			t.Errorf("pauses %v", g)
		}
		if last := g[len(g)-1]; last != 25*time.Second {
			t.Errorf("the polls of the end are %v apart", last)
		}
		want(t, "states", len(w.states), 2)
	})
	for name, answer := range map[string]func(*http.Request, map[string]any) *http.Response{
		"no answer":            func(*http.Request, map[string]any) *http.Response { return nil },
		"503 with Retry-After": refuse(503, "Retry-After", "40"),
		"superseded":           told("superseded", 2000),
	} {
		bubble(t, "chance keeps clients from coming back together: "+name, func(t *testing.T, s *service, w *watcher) {
			s.next(slices.Repeat(some(answer), 14)...)
			play(t, s, w)
			after(30 * time.Minute)
			g := gaps(s)[6:12] // the longest pauses there are
			slices.Sort(g)
			if g[0] == g[len(g)-1] {
				t.Errorf("pauses %v", g)
			}
		})
	}
	bubble(t, "an answer ends what failures have piled up", func(t *testing.T, s *service, w *watcher) {
		away := func(*http.Request, map[string]any) *http.Response { return nil }
		s.next(slices.Repeat(some(away), 8)...)
		s.next(told("unchanged", 3000), away)
		play(t, s, w)
		after(10 * time.Minute)
		if g := gaps(s); g[7] < 15*time.Second || g[9] > 1100*time.Millisecond {
			t.Errorf("pauses %v", g[:10])
		}
	})
	bubble(t, "two programs under one name keep out of each other's way", func(t *testing.T, s *service, w *watcher) {
		s.next(slices.Repeat(some(told("superseded", 2000)), 6)...)
		play(t, s, w)
		after(2 * time.Minute)
		if g := gaps(s); g[5] < 29*time.Second {
			t.Errorf("pauses %v", g[:6])
		}
	})
}
