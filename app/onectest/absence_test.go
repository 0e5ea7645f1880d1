package onectest_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/models/store/storetest"
)

// absent is an infobase whose client has not been started yet: what comes now
// waits for it.
func absent(t *testing.T, s *service, k kind) *base {
	t.Helper()
	b := newBase(t, k, false)
	b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
	b.connect(s.URL, s.key)
	b.state.Put(map[string]any{"Ключ": "пользователь." + ivanovID + ".Номер", "Значение": "101"})
	b.acquaint()
	return b
}

// told are the toasts that say how many rows wait.
func (b *base) told() (all []toast) {
	for _, x := range b.Screen.Shown {
		if strings.HasPrefix(x.Text, "Ждут еще") {
			all = append(all, x)
		}
	}
	return all
}

// rows are the titles of the toasts, without those that tell how many wait, or
// of the connection, which a busy machine may seem to break.
func (b *base) rows() (all []string) {
	for _, x := range b.Screen.Shown {
		if !strings.HasPrefix(x.Text, "Ждут еще") && !strings.Contains(x.Text, "с сервисом звонков") {
			all = append(all, x.Text)
		}
	}
	return all
}

// asleep lets time pass in which the client does nothing.
func (b *base) asleep(d time.Duration) {
	b.Screen.Modal = true
	b.Advance(d)
	b.Screen.Modal = false
}

// waiting is how many rows wait for ivanov, calls not counted: a ring goes by
// itself.
func (s *service) waiting() (n int) {
	a := s.Do("GET", "/v1/notifications?limit=500&wait=0", s.key, nil, "X-Zummer-User", "ivanov")
	for _, row := range a.JSON(s.T)["notifications"].([]any) {
		if row.(map[string]any)["call"] == nil {
			n++
		}
	}
	return n
}

// TestAfterAbsence: fifty rows wait on a Monday morning, and one call rings.
// The call comes first, with it the nine newest, and one toast says how many
// more there are; these come on a click on it, in the place of those that were
// closed, or an hour later. What comes now is not kept back by what is old.
func TestAfterAbsence(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := absent(t, s, k)
			var ids []string
			for i := range 50 {
				ids = append(ids, s.publish(`{"user":"ivanov","kind":"note","title":"N%d"}`, i))
			}
			s.ring("c-1", "+79160000000") // it rings for a minute at most
			if err := b.Start(); err != nil {
				t.Fatal(err)
			}
			b.until("what waits", func() bool { return len(b.told()) == 1 })
			b.live(time.Second)
			rows := b.rows()
			if len(rows) != 10 || strings.HasPrefix(rows[0], "N") || !slices.Equal(rows[1:], titles(49, 41)) {
				t.Fatalf("shown %v, want the call and the nine newest", rows)
			}
			if x := b.told(); len(x) != 1 || !strings.Contains(x[0].Text, ": 41") || !strings.Contains(x[0].Explanation, "разберите") {
				t.Errorf("told %+v", x)
			}
			if n := s.waiting(); n != 50 {
				t.Errorf("%d rows wait, of 50 that nobody touched", n)
			}
			if err := b.Click(b.told()[0]); err != nil {
				t.Fatal(err)
			}
			if rows = b.rows(); len(rows) != 20 || !slices.Equal(rows[10:], titles(40, 31)) {
				t.Errorf("after a click %v", rows)
			}
			if x := b.told(); len(x) != 2 || !strings.Contains(x[1].Text, ": 31") {
				t.Errorf("told after a click %+v", x)
			}
			// of those that it showed two are closed: two others come instead
			for _, i := range []int{35, 36} {
				if _, err := b.Call("ЗмрКлиент.Подтвердить", ids[i]+".1", "d"); err != nil {
					t.Fatal(err)
				}
			}
			b.until("two in their place", func() bool { return len(b.rows()) >= 22 })
			b.live(time.Second)
			if rows = b.rows(); !slices.Equal(rows[20:], titles(30, 29)) || len(b.told()) != 2 {
				t.Errorf("for two that were closed %v, told %+v", rows[20:], b.told())
			}
			// new ones do not queue behind the old ones, and a call behind nothing
			b.asleep(2 * time.Minute)
			s.publish(`{"user":"ivanov","kind":"note","title":"новое"}`)
			b.until("the new one", func() bool { return slices.Contains(b.rows(), "новое") })
			s.event(map[string]any{"event": "ringing", "call": "c-2", "extension": "101", "phone": "+79160000002"})
			b.until("the second call", func() bool { return len(b.rows()) >= 24 })
			// an hour later nobody looks at them any more
			b.asleep(61 * time.Minute)
			s.publish(`{"user":"ivanov","kind":"note","title":"через час"}`)
			b.until("the next ones", func() bool { return slices.Contains(b.rows(), "N28") })
			b.live(time.Second)
			old := slices.DeleteFunc(b.rows()[24:], func(x string) bool { return !strings.HasPrefix(x, "N") })
			if len(old) < 9 || len(old) > 10 || s.waiting() != 50 {
				t.Errorf("an hour later %v; %d rows wait", old, s.waiting())
			}
			b.quiet()
		})
	}
}

// titles are N<from> … N<to>, downwards.
func titles(from, to int) (all []string) {
	for i := from; i >= to; i-- {
		all = append(all, fmt.Sprint("N", i))
	}
	return all
}

// TestFormsAfterAbsence: forms that open by themselves are ten too, and what
// was not shown is not opened and not acknowledged.
func TestFormsAfterAbsence(t *testing.T) {
	t.Parallel()
	for _, k := range faultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := absent(t, s, k)
			for i := range 15 {
				s.publish(`{"user":"ivanov","kind":"mail","action":"create","title":"N%d","phone":"+7916%07d"}`, i, i)
			}
			if err := b.Start(); err != nil {
				t.Fatal(err)
			}
			b.until("ten forms", func() bool { return len(b.opened()) >= 10 })
			b.until("ten acknowledgements", func() bool { return s.waiting() == 5 })
			b.live(2 * time.Second)
			if len(b.opened()) != 10 || len(b.rows()) != 10 || s.waiting() != 5 {
				t.Fatalf("%d forms, toasts %v, %d wait", len(b.opened()), b.rows(), s.waiting())
			}
			if err := b.Click(b.told()[0]); err != nil {
				t.Fatal(err)
			}
			b.until("the others", func() bool { return len(b.opened()) == 15 && s.waiting() == 0 })
			told := len(b.told())
			if err := b.Click(b.told()[0]); err != nil { // of an hour ago
				t.Fatal(err)
			}
			if len(b.told()) != told || !strings.Contains(b.rows()[15], "показаны") {
				t.Errorf("when nothing waits: %v", b.toasts())
			}
			b.quiet()
		})
	}
}

// TestBurst: many at once while the user works are ten toasts and one, too, and
// the count is told again only when there are more, a minute later.
func TestBurst(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{managedKinds[0], managedKinds[4], managedKinds[5]} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			for try := 1; !burst(t, k); try++ {
				if try == 5 {
					t.Fatal("five times the minute was over before all was known")
				}
			}
		})
	}
}

// burst is one try; false: the machine was so busy that the minute was over.
func burst(t *testing.T, k kind) bool {
	t.Helper()
	s := newService(t)
	b := start(t, s, k)
	began := b.Now()
	over := func() bool { return b.Now().Sub(began) > time.Minute }
	for i := range 14 {
		s.publish(`{"user":"ivanov","kind":"note","title":"N%d"}`, i)
		if i == 11 {
			b.until("ten of them", func() bool { return len(b.rows()) >= 10 && len(b.told()) >= 1 || over() })
		}
	}
	b.until("all known", func() bool {
		return len(b.remembered("Отложенные").(map[string]any))+len(b.rows()) >= 14 || over()
	})
	if over() {
		return false
	}
	if len(b.rows()) != 10 || len(b.told()) != 1 {
		t.Errorf("%v, told %+v", b.rows(), b.told())
	}
	b.asleep(2 * time.Minute)
	s.publish(`{"user":"ivanov","kind":"note","title":"N14"}`)
	b.until("the new one, and the count told again", func() bool { return slices.Contains(b.rows(), "N14") && len(b.told()) == 2 })
	if x := b.told()[1]; !strings.Contains(x.Text, ": 4") {
		t.Errorf("told %+v", x)
	}
	if k.throughServer() { // others need no news for it: an answer that nothing has changed takes them half a minute
		b.asleep(61 * time.Minute)
		b.until("the old ones, an hour later", func() bool { return len(b.rows()) == 15 })
	}
	b.quiet()
	return true
}

// TestRestoredAfterForms: of a form that opened by itself the client remembers
// the row's name; a service that was restored gives it to another row, which is
// shown and opened all the same.
func TestRestoredAfterForms(t *testing.T) {
	t.Parallel()
	for _, k := range faultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			dsn := storetest.SQLite(t) // a copy of its file is the backup
			s := serviceOn(t, dsn)
			p := newProxy(t, s.URL)
			b := startAt(t, s, k, p.URL)
			path := strings.TrimPrefix(dsn, "sqlite:")
			s.Stop()
			backup, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s = s.restart(t)
			p.to(s.URL)
			first := s.publish(`{"user":"ivanov","kind":"mail","action":"create","title":"A","phone":"+79160000001"}`)
			b.until("a form, and its acknowledgement", func() bool { return len(b.opened()) == 1 && s.waiting() == 0 })
			s.Stop()
			for _, end := range []string{"-wal", "-shm"} {
				_ = os.Remove(path + end)
			}
			if err := os.WriteFile(path, backup, 0o600); err != nil {
				t.Fatal(err)
			}
			s = s.restart(t)
			<-time.After(1100 * time.Millisecond) // the formats tell the second of a row
			second := s.publish(`{"user":"ivanov","kind":"mail","action":"create","title":"B","phone":"+79160000002"}`)
			if second != first {
				t.Fatalf("the names are %s and %s", first, second)
			}
			p.to(s.URL)
			b.until("the other row", func() bool { return slices.Equal(b.rows(), []string{"A", "B"}) && s.waiting() == 0 })
		})
	}
}
