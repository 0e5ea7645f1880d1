package onectest_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// TestClosing: when a colleague answers, the toast of the ring is replaced by
// the one that says who; a call that was given up loses its toast for that of
// the missed call, never the other way round.
func TestClosing(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := start(t, s, k)
			s.User("petrova", "office", "102")
			s.event(map[string]any{"event": "ringing", "call": "c-1", "extension": "101", "phone": "+79160000000"})
			s.event(map[string]any{"event": "ringing", "call": "c-1", "extension": "102", "phone": "+79160000000"})
			b.until("toast of the ring", func() bool { return len(b.Screen.Toasts) == 1 })
			s.event(map[string]any{"event": "answered", "call": "c-1", "extension": "102"})
			s.event(map[string]any{"event": "ring_ended", "call": "c-1", "extension": "101", "reason": "answered_elsewhere"})
			told := func(what string) func() bool {
				return func() bool {
					return slices.ContainsFunc(b.Screen.Toasts, func(x toast) bool { return strings.Contains(x.Explanation, what) })
				}
			}
			b.until("who answered", told("petrova"))
			one, two := 1, 2
			if slices.Contains(k.layers, "legacy-8.3.6") { // toasts have no key there: each stays
				one, two = 2, 4
			}
			if len(b.Screen.Toasts) != one || len(b.opened()) > 0 {
				t.Errorf("toasts %v, opened %v", b.toasts(), b.opened())
			}
			s.end("c-1")
			s.ring("c-2", "+79160000001")
			b.until("toast of the second ring", func() bool { return len(b.Screen.Toasts) == one+1 })
			s.end("c-2")
			b.until("the missed call", told("Пропущенный"))
			b.live(time.Second)
			if len(b.Screen.Toasts) != two || !told("Пропущенный")() {
				t.Errorf("toasts now %+v", b.Screen.Toasts)
			}
			b.quiet()
		})
	}
}

// TestCallBack: the button of a card. Without a token of his own a user is
// told why not; with one the PBX gets the order once, and a number only.
func TestCallBack(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := startAt(t, s, managedKinds[0], p.URL)
	s.publish(`{"user":"ivanov","kind":"test.kind","action":"call_back","title":"Перезвоните","phone":"+79160000000"}`)
	b.until("toast", func() bool { return len(b.Screen.Toasts) == 1 })
	if err := b.Click(b.Screen.Toasts[0]); err != nil {
		t.Fatal(err)
	}
	card := b.Screen.Opened[0].Form
	press := func() {
		t.Helper()
		if err := b.FormCall(card, "Перезвонить", nil); err != nil {
			t.Fatal(err)
		}
	}
	press()
	if last := b.Screen.Shown[len(b.Screen.Shown)-1]; !strings.Contains(last.Text, "не удалось") {
		t.Errorf("without a token: %+v", last)
	}
	var order, token, key string
	orders := 0
	p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		if r.Method == "POST" && r.URL.Path == "/v1/calls" {
			body, _ := io.ReadAll(r.Body)
			orders++
			order, token, key = string(body), r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key")
			w.WriteHeader(http.StatusAccepted)
			return
		}
		pass(w)
	})
	if _, err := b.CallServer("ЗмрСервер.ЗадатьТокенЗвонков", ivanovID, "dial-token"); err != nil {
		t.Fatal(err)
	}
	shown := len(b.Screen.Shown)
	press()
	press() // the PBX has not answered yet
	if orders != 1 {
		t.Errorf("%d orders", orders)
	}
	b.Advance(5 * time.Second) // it has accepted: nothing more to say
	if order != `{"phone":"+79160000000"}` || token != "Bearer dial-token" || key == "" || len(b.Screen.Shown) != shown {
		t.Errorf("the order %s as %s under %q, shown %v", order, token, key, b.toasts()[shown:])
	}
	if press(); orders != 2 {
		t.Errorf("after an answer: %d orders", orders)
	}
	b.quiet()
}

// TestRefused: a platform that lacks what a set needs refuses it, instead of
// failing later at somebody's desk.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		layers []string
		target bsltest.Target
		want   string
	}{
		{"the asynchronous set before 8.3.18", []string{"server", "managed"}, bsltest.Target{Version: "8.3.17.1549", Context: bsltest.ThinClient}, "Асинх"},
		{"the asynchronous set before 8.3.21", []string{"server", "managed"}, bsltest.Target{Version: "8.3.20.1549", Context: bsltest.ThinClient}, "ПолучитьАсинх"},
		{"in a mode of compatibility", []string{"server", "managed"}, bsltest.Target{Version: "8.3.27.2342", Compat: "8.3.17", Context: bsltest.ThinClient}, "Асинх"},
		{"the set for web clients before 8.3.10, without its layer", []string{"server", "managed", "web"}, bsltest.Target{Version: "8.3.6.1977", Context: bsltest.ThinClient}, "СтатусОповещенияПользователя"},
		{"pushes before 8.3.26", []string{"server", "managed", "fanout"}, bsltest.Target{Version: "8.3.24.1467", Context: bsltest.ThinClient}, "УведомленияКлиента"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := bsltest.New(c.target)
			defer w.Close()
			var folders []string
			for _, layer := range c.layers {
				folders = append(folders, folder+"/"+layer)
			}
			err := w.LoadDump(folders...)
			if err == nil {
				err = w.Link()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one of %s", err, c.want)
			}
		})
	}
}
