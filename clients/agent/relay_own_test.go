package agent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	zummer "zummer/clients/go"
)

// register is a service that takes all claims of one session, and acks while it
// is not away.
type register struct {
	mu       sync.Mutex
	away     bool
	acks     int
	released []string
	releases func() // is called in the middle of one, with mu held
}

func (g *register) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	path := strings.Split(r.URL.Path, "/")
	w.Header().Set("Content-Type", "application/json")
	switch do := path[len(path)-1]; {
	case g.away:
		w.WriteHeader(http.StatusServiceUnavailable)
	case do == "processed":
		g.acks++
		fmt.Fprintf(w, `{"id":%q,"rev":1,"result":"processed"}`, path[3])
	case do == "claim", do == "release":
		if do == "release" {
			g.released = append(g.released, path[3])
			if g.releases != nil {
				g.releases()
			}
		}
		fmt.Fprintf(w, `{"id":%q,"rev":1,"session":"the-agent","lease_s":60}`, path[3])
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (g *register) set(away bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.away = away
}

// onRelease has fn called in the middle of each release; nil: nothing.
func (g *register) onRelease(fn func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.releases = fn
}

func (g *register) acked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.acks
}

// TestRelayClaims: the service knows all local programs as one session; here the
// first that claims a row has it, and what one of them or the agent opens is no
// other's.
func TestRelayClaims(t *testing.T) {
	s := serve(t, (&register{}).ServeHTTP, nil)
	ours := func(id string) zummer.Notification {
		return zummer.Notification{ID: id, Rev: 1, Action: zummer.Open, Session: s.session.Name()}
	}
	s.set([]zummer.Notification{{ID: "1", Rev: 1, Action: zummer.Show}, {ID: "2", Rev: 1, Action: zummer.Open}, ours("3"), ours("4")})
	s.say("GET /v1/notifications?session=first HTTP/1.0\r\nAuthorization: Bearer "+s.config.Relay.Secret+"\r\n\r\n", false)
	if !s.hand(zummer.Key{ID: "3", Rev: 1}) {
		t.Fatal("nobody opens")
	}
	for _, c := range []struct {
		name, id, do, session string
		status                int
	}{
		{"a card", "1", "claim", "first", 200},
		{"the same once more", "1", "claim", "first", 200},
		{"a card that is taken", "1", "claim", "second", 409},
		{"giving back another's", "1", "release", "second", 409},
		{"a row of nobody", "2", "claim", "second", 200},
		{"a row of the second", "2", "claim", "first", 409},
		{"what was left to the first", "3", "claim", "second", 409},
		{"giving back what was left to the first", "3", "release", "second", 409},
		{"what was left to it", "3", "claim", "first", 200},
		{"what the agent opens", "4", "claim", "second", 409},
		{"giving back", "1", "release", "first", 200},
		{"what was given back", "1", "claim", "second", 200},
		{"a row that came a moment ago", "9", "claim", "first", 200},
		{"that one, of another", "9", "claim", "second", 409},
		{"without a name", "1", "claim", "", 422},
		{"giving back without a name", "1", "release", "", 422},
	} {
		body := fmt.Sprintf(`{"rev":1,"session":%q}`, c.session)
		res, text := s.say(fmt.Sprintf("POST /v1/notifications/%s/%s HTTP/1.0\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", c.id, c.do, s.config.Relay.Secret, len(body), body), false)
		if res.StatusCode != c.status || c.status == 409 && !strings.Contains(text, `"claimed"`) {
			t.Errorf("%s: %d %s, want %d", c.name, res.StatusCode, text, c.status)
		}
	}
	if !s.hand(zummer.Key{ID: "2", Rev: 1}) { // the agent has got it meanwhile
		t.Error("the agent opens what a program has claimed")
	}
	rows, _, _ := s.view("first")
	for i := range rows {
		if n := &rows[i]; n.ID == "2" && n.Session == "first" {
			t.Error("the first one opens what the second has claimed")
		}
	}
}

// TestRelayOutage: a program that goes on asking while the service is away keeps
// what was left to it; nothing that it has opened passes to others.
func TestRelayOutage(t *testing.T) {
	g := &register{}
	s := serve(t, g.ServeHTTP, nil)
	k := zummer.Key{ID: "1", Rev: 1}
	s.set([]zummer.Notification{{ID: "1", Rev: 1, Action: zummer.Open, Session: s.session.Name()}})
	poll := func(ack string) int {
		res, _ := s.say("GET /v1/notifications?session=onec&ack="+ack+" HTTP/1.0\r\nAuthorization: Bearer "+s.config.Relay.Secret+"\r\n\r\n", false)
		return res.StatusCode
	}
	if poll("") != http.StatusOK || !s.hand(k) {
		t.Fatal("nobody opens")
	}
	g.set(true)
	s.mu.Lock()
	s.holder.seen = time.Now().Add(-50 * time.Second)
	s.mu.Unlock()
	if status := poll("1.1"); status != http.StatusServiceUnavailable {
		t.Errorf("the ack is answered %d", status)
	}
	if left, gone := s.forsaken(time.Now().Add(15 * time.Second)); gone {
		t.Errorf("it asked 15 s ago and is gone; %v would pass on", left)
	}
}

// TestRelayApps: a program that names its infobase gets the rows of that one and
// of none, and opens no others'.
func TestRelayApps(t *testing.T) {
	r := bench(t, 0)
	var rows []zummer.Notification
	for id, app := range []string{"", "trade", "books"} {
		rows = append(rows, zummer.Notification{ID: fmt.Sprint(id), Rev: 1, App: app, Action: zummer.Open, Session: r.session.Name()})
	}
	r.set(rows)
	if p := asked(t, r, "session=a&app=trade"); p.ids() != "0 1" {
		t.Errorf("trade gets %s", p.ids())
	}
	for id, want := range []bool{true, true, false} {
		if got := r.hand(zummer.Key{ID: fmt.Sprint(id), Rev: 1}); got != want {
			t.Errorf("row %d is left to trade: %t", id, got)
		}
	}
	if p := asked(t, r, "session=b&app=books"); p.ids() != "0 2" {
		t.Errorf("books gets %s", p.ids())
	}
	if p := asked(t, r, "session=c"); p.ids() != "0 1 2" {
		t.Errorf("who names none gets %s", p.ids())
	}
	if p := asked(t, r, "app=trade&limit=1"); p.ids() != "0" || p.Next == nil {
		t.Errorf("the first page of trade: %+v", p)
	} else if p = asked(t, r, "app=trade&limit=1&after="+*p.Next); p.ids() != "1" || p.Next != nil {
		t.Errorf("the last page of trade: %+v", p)
	}
}

// TestRelayNewDatabase: a row that has the name of one that was settled in the
// database before is settled too.
func TestRelayNewDatabase(t *testing.T) {
	g := &register{}
	s := serve(t, g.ServeHTTP, nil)
	row := []zummer.Notification{{ID: "1", Rev: 1, Action: zummer.Show}}
	ack := func(want int) {
		t.Helper()
		res, body := s.say("GET /v1/notifications?ack=1.1 HTTP/1.0\r\nAuthorization: Bearer "+s.config.Relay.Secret+"\r\n\r\n", false)
		var p struct{ Acks []zummer.AckResult }
		if err := json.Unmarshal([]byte(body), &p); err != nil || res.StatusCode != 200 || len(p.Acks) != 1 || p.Acks[0].Result != zummer.Processed {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		if got := g.acked(); got != want {
			t.Errorf("the service has %d acks, want %d", got, want)
		}
	}
	s.set(row)
	ack(1)
	ack(1) // a repeat
	s.set(row)
	ack(2)
}
