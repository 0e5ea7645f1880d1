package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	zummer "zummer/clients/go"
)

// wall is a notifier that keeps what is on the screen.
type wall struct {
	mu    sync.Mutex
	keys  []string
	shown map[string]Toast
	acks  []string // of its agent
}

func (w *wall) Show(key string, t Toast) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, was := w.shown[key]; !was {
		w.keys = append(w.keys, key)
	}
	w.shown[key] = t
	return nil
}

func (w *wall) Close(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.shown, key)
	w.keys = slices.DeleteFunc(w.keys, func(k string) bool { return k == key })
}

func (w *wall) Stop() {}

// all is what is on the screen, and the keys, in the order in which they came.
func (w *wall) all() (toasts []Toast, keys []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range w.keys {
		toasts = append(toasts, w.shown[k])
	}
	return toasts, slices.Clone(w.keys)
}

// walled is an agent before its session, whose toasts are on a wall; it works
// until end. opens says what the system does with a link.
func walled(t *testing.T, russian bool, opens func(link string) error) (a *Agent, w *wall, end func()) {
	t.Helper()
	w = &wall{shown: map[string]Toast{}}
	a = &Agent{Config: Config{OpenForms: true, Infobase: "e1c://server/srv1c/trade", Links: Links{Hosts: []string{"crm.example", "server/srv1c/trade"}}}, Russian: russian,
		Log: slog.New(slog.DiscardHandler), Open: func(_ context.Context, link string) error { return opens(link) },
		ack: func(k zummer.Key, o zummer.Outcome, _ string) { w.acks = append(w.acks, k.String()+" "+string(o)) }}
	out := &outputs{}
	finish := out.start()
	a.desk = newDesk(out, russian, a.linkOf, a.Log)
	a.desk.notifier = w
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { a.desk.run(ctx) })
	return a, w, func() { stop(); all.Wait(); finish() }
}

// TestFailedToast: what could not be opened is told to the user, with the name,
// the number and why, and stays when the row is gone.
func TestFailedToast(t *testing.T) {
	for _, c := range []struct {
		name   string
		object zummer.Object
		fails  error
		en, ru string // why
		again  bool   // a click tries again
	}{
		{"a system without a program for it", zummer.Object{Link: "e1cib/data/x"}, errors.New("xdg-open: exit status 2"), "did not open a link e1c://", "не открыла ссылку e1c://", true},
		{"a host that is not on the list", zummer.Object{URL: "https://evil.example/i/17"}, nil, "links.hosts", "links.hosts", false},
		{"a scheme that is not allowed", zummer.Object{URL: "ftp://crm.example/i/17"}, nil, "of this kind", "такого вида", false},
		{"a link that is none", zummer.Object{URL: "https://crm.example/a b"}, nil, "malformed", "записана неверно", false},
	} {
		for _, russian := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				a, w, end := walled(t, russian, func(string) error { return c.fails })
				n := zummer.Notification{ID: "1042", Rev: 2, Action: zummer.Open, Title: "ООО Ромашка", Name: "Пётр", Phone: "+79031234567", Text: "Входящий", Object: &c.object, Call: &zummer.Call{ID: "77", State: "answered"}}
				a.desk.set(zummer.Picture{Rows: []zummer.Notification{n}})
				synctest.Wait()
				if got := a.open(t.Context(), n); got != zummer.Failed {
					t.Errorf("%s: the outcome is %s", c.name, got)
				}
				a.desk.set(zummer.Picture{Gone: []zummer.Notification{n}}) // the service has the ack
				synctest.Wait()
				title, why, label := "Could not open: ООО Ромашка", c.en, "Try again"
				if russian {
					title, why, label = "Не открылось: ООО Ромашка", c.ru, "Повторить"
				}
				if !c.again {
					label = ""
				}
				toasts, _ := w.all()
				if len(toasts) != 1 || toasts[0].Title != title || !toasts[0].Urgent || toasts[0].Action != label {
					t.Fatalf("%s: %+v", c.name, toasts)
				}
				for _, want := range []string{why, "Пётр", "+79031234567", "Входящий"} {
					if !strings.Contains(toasts[0].Text, want) {
						t.Errorf("%s: no %q in %q", c.name, want, toasts[0].Text)
					}
				}
				end()
			})
		}
	}
}

// TestFailedAgain: a click on what could not be opened tries again; when it opens,
// or the user puts it away, it is gone. None of it settles the row anew.
func TestFailedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries, works := 0, false
		a, w, end := walled(t, false, func(string) error {
			if tries++; works {
				return nil
			}
			return errors.New("no program")
		})
		defer end()
		n := zummer.Notification{ID: "1", Rev: 1, Action: zummer.Open, Title: "one", Object: &zummer.Object{URL: "https://crm.example/i/1"}}
		a.open(t.Context(), n)
		synctest.Wait()
		_, keys := w.all()
		if len(keys) != 1 {
			t.Fatalf("shown: %q", keys)
		}
		a.clicked(t.Context(), keys[0])
		synctest.Wait()
		if _, now := w.all(); !slices.Equal(now, keys) || tries != 2 {
			t.Errorf("it failed again after %d tries: shown %q", tries, now)
		}
		works = true
		a.clicked(t.Context(), keys[0])
		synctest.Wait()
		if _, now := w.all(); len(now) != 0 || tries != 3 {
			t.Errorf("it is open after %d tries: shown %q", tries, now)
		}
		works = false
		a.open(t.Context(), n)
		synctest.Wait()
		a.dismissed(keys[0])
		w.Close(keys[0]) // the user did
		a.clicked(t.Context(), keys[0])
		synctest.Wait()
		if _, now := w.all(); len(now) != 0 || tries != 4 {
			t.Errorf("what was put away: shown %q after %d tries", now, tries)
		}
		if len(w.acks) != 0 {
			t.Errorf("acks of a row that is settled: %q", w.acks)
		}
	})
}

// TestFailedCard: a card whose link does not open stays pending, and its user is
// told why; opening it then settles it.
func TestFailedCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := errors.New("no program")
		a, w, end := walled(t, false, func(string) error { return fails })
		defer end()
		n := zummer.Notification{ID: "1", Rev: 1, Action: zummer.Show, Title: "a note", UpdatedAt: time.Now(), Object: &zummer.Object{URL: "https://crm.example/i/1"}}
		a.desk.set(zummer.Picture{Rows: []zummer.Notification{n}, New: []zummer.Notification{n}})
		synctest.Wait()
		a.clicked(t.Context(), "row 1")
		synctest.Wait()
		toasts, keys := w.all()
		if len(toasts) != 2 || toasts[1].Title != "Could not open: a note" || len(w.acks) != 0 {
			t.Fatalf("shown %+v, acks %q", toasts, w.acks)
		}
		fails = nil
		a.clicked(t.Context(), keys[1])
		synctest.Wait()
		if _, now := w.all(); !slices.Equal(now, keys[:1]) || !slices.Equal(w.acks, []string{"1.1 opened"}) {
			t.Errorf("shown %q, acks %q", now, w.acks)
		}
	})
}

// TestFailedMany: a desktop that opens nothing is not covered by what is told of
// it.
func TestFailedMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, w, end := walled(t, false, func(string) error { return errors.New("no program") })
		defer end()
		for i := range 4 * mostFailed {
			a.open(t.Context(), zummer.Notification{ID: fmt.Sprint(i), Rev: 1, Action: zummer.Open, Title: fmt.Sprint("row ", i), Object: &zummer.Object{URL: "https://crm.example/"}})
		}
		synctest.Wait()
		toasts, _ := w.all()
		if len(toasts) != mostFailed || toasts[mostFailed-1].Title != fmt.Sprint("Could not open: row ", 4*mostFailed-1) {
			t.Errorf("%d shown: %+v", len(toasts), toasts)
		}
	})
}
