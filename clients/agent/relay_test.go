package agent

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	zummer "zummer/clients/go"
)

// bench is a relay whose picture a test makes; the service behind it is away.
func bench(t *testing.T, rows int) *relay {
	t.Helper()
	cfg, err := NewConfig("http://127.0.0.1:1", "a-token")
	if err != nil {
		t.Fatal(err)
	}
	client, err := Client(cfg, "agent-test")
	if err != nil {
		t.Fatal(err)
	}
	r := newRelay(cfg, client, client.NewSession("desk"), slog.New(slog.DiscardHandler))
	r.port = "8081"
	r.peer = func(_, _ netip.AddrPort) owner { return ownerUs } // there is no connection
	r.connected(true)
	var list []zummer.Notification
	for i := range rows {
		list = append(list, zummer.Notification{ID: fmt.Sprint(100 + i), Rev: 1, Kind: "note", Action: zummer.Show, Title: "Заметка"})
	}
	r.set(list)
	return r
}

type localPage struct {
	State         string
	Version, Next *string
	Notifications []struct {
		ID      string
		Session *string
	}
}

// asked is what a local client of the relay gets.
func asked(t *testing.T, r *relay, query string) (p localPage) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8081/v1/notifications?"+query, nil)
	req.RemoteAddr = "127.0.0.1:40000"
	req.Header.Set("Authorization", "Bearer "+r.config.Relay.Secret)
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &p) != nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return p
}

func (p *localPage) ids() string {
	var out []string
	for _, n := range p.Notifications {
		out = append(out, n.ID)
	}
	return strings.Join(out, " ")
}

// TestRelayPages: a picture of several pages has its version on the last one; a
// picture that changes between two begins anew.
func TestRelayPages(t *testing.T) {
	r := bench(t, 5)
	var ids []string
	query, version := "limit=2", ""
	for n := 1; version == ""; n++ {
		p := asked(t, r, query)
		ids = append(ids, p.ids())
		want := "set"
		if n == 1 {
			want = "reset"
		}
		if p.State != want || (p.Next == nil) != (n == 3) || (p.Version == nil) != (n < 3) {
			t.Fatalf("page %d: %+v", n, p)
		}
		if p.Version != nil {
			version = *p.Version
		} else {
			query = "limit=2&after=" + *p.Next
		}
	}
	if got := strings.Join(ids, ","); got != "100 101,102 103,104" {
		t.Errorf("pages %s", got)
	}
	if p := asked(t, r, "version="+version); p.State != "unchanged" || len(p.Notifications) != 0 {
		t.Errorf("nothing new: %+v", p)
	}
	first := asked(t, r, "limit=2")
	r.set(append(r.rows[:1:1], zummer.Notification{ID: "7", Rev: 1, Action: zummer.Show}))
	if p := asked(t, r, "limit=2&after="+*first.Next); p.State != "reset" || p.ids() != "100 7" || p.Version == nil {
		t.Errorf("it changed between two pages: %+v", p)
	}
	if p := asked(t, r, "version="+version); p.State != "set" || p.ids() != "100 7" {
		t.Errorf("it changed: %+v", p)
	}
	if p := asked(t, r, "limit=2&after=nonsense"); p.State != "reset" {
		t.Errorf("a page that never was: %+v", p)
	}
}

// TestRelayForsaken: the local client that opens is gone when it has not polled
// for a minute; what was left to it is given back, and the next one opens.
func TestRelayForsaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := bench(t, 0)
		row := zummer.Notification{ID: "1", Rev: 2, Action: zummer.Open, Session: r.session.Name()}
		r.set([]zummer.Notification{row})
		if r.hand(row.Key()) {
			t.Error("a row is left to nobody")
		}
		asked(t, r, "session=onec")
		if !r.hand(row.Key()) {
			t.Fatal("nobody opens")
		}
		if p := asked(t, r, "session=onec"); p.Notifications[0].Session == nil || *p.Notifications[0].Session != "onec" {
			t.Errorf("it is the local client's: %+v", p)
		}
		<-time.After(50 * time.Second)
		if p := asked(t, r, "session=other"); *p.Notifications[0].Session == "other" {
			t.Errorf("another client opens too: %+v", p)
		}
		if keys, gone := r.forsaken(time.Now()); gone {
			t.Errorf("it is gone after 50 s, and leaves %v", keys)
		}
		<-time.After(10 * time.Second)
		if r.hand(zummer.Key{ID: "9", Rev: 1}) {
			t.Error("a row is left to who is gone")
		}
		if keys, gone := r.forsaken(time.Now()); !gone || len(keys) != 1 || keys[0] != row.Key() {
			t.Errorf("gone %t, left %v", gone, keys)
		}
		if keys, gone := r.forsaken(time.Now()); gone {
			t.Errorf("gone twice, left %v", keys)
		}
		asked(t, r, "session=other")
		if !r.hand(row.Key()) {
			t.Error("the next one does not open")
		}
		if p := asked(t, r, "session=other"); *p.Notifications[0].Session != "other" {
			t.Errorf("it is the next one's: %+v", p)
		}
	})
}
