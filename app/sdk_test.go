package app_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	zummer "zummer/clients/go"
	"zummer/models/store/storetest"
)

// seat is a running session of the SDK in a test.
type seat struct {
	*zummer.Session
	opened chan zummer.Notification
	shown  chan zummer.Picture
	states chan zummer.Status
	stop   func()
}

// sit runs a session until the test ends, or stop.
func sit(t *testing.T, c *zummer.Client, name string, outcome zummer.Outcome) *seat {
	t.Helper()
	s := &seat{Session: c.NewSession(name), opened: make(chan zummer.Notification, 100), shown: make(chan zummer.Picture, 1000), states: make(chan zummer.Status, 1000)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- s.Run(ctx, zummer.Handler{
			Open:  func(_ context.Context, n zummer.Notification) zummer.Outcome { s.opened <- n; return outcome },
			Show:  func(p zummer.Picture) { s.shown <- p },
			State: func(st zummer.Status) { s.states <- st },
		})
	}()
	ended := false
	s.stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	}
	t.Cleanup(s.stop)
	s.until(t, "connected", func(zummer.Picture) bool { return true })
	return s
}

// until waits for a picture.
func (s *seat) until(t *testing.T, what string, ok func(zummer.Picture) bool) zummer.Picture {
	t.Helper()
	for deadline := time.After(time.Minute); ; {
		select {
		case p := <-s.shown:
			if ok(p) {
				return p
			}
		case <-deadline:
			t.Fatalf("no %s; the picture is %+v", what, s.Picture())
		}
	}
}

// next is what the session opens next.
func (s *seat) next(t *testing.T) zummer.Notification {
	t.Helper()
	select {
	case n := <-s.opened:
		return n
	case <-time.After(time.Minute):
		t.Fatalf("nothing was opened; the picture is %+v", s.Picture())
		return zummer.Notification{}
	}
}

// quiet fails when a session opens something.
func (s *seat) quiet(t *testing.T) {
	t.Helper()
	select {
	case n := <-s.opened:
		t.Errorf("%s opened %s %s", s.Name(), n.Key(), n.Kind)
	case <-time.After(300 * time.Millisecond):
	}
}

func rows(n int) func(zummer.Picture) bool {
	return func(p zummer.Picture) bool { return len(p.Rows) == n }
}

// TestSDK: the seed of the product through our own client: a call opens the
// object in one of the user's sessions, a card is dismissed in the other, and
// what a busy or leaving session holds passes on.
func TestSDK(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		ctx, admin := t.Context(), in.SDK(apptest.AdminToken)
		source, err := admin.Admin().PutSource(ctx, "office", zummer.SourceInput{Kind: "generic", Name: "Office", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
		if err != nil {
			t.Fatal(err)
		}
		office := zummer.Hook{URL: source.HookURL, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
		token := in.User("ivanov", "office", "101")
		if _, err := admin.PutContact(ctx, "c1", zummer.Contact{Phones: []string{"8 (903) 123-45-67"}, Name: "ООО Ромашка", Responsible: "ivanov",
			Interests: []zummer.Object{{Type: "Документ", Name: "Интерес", UID: "51012ccc-397d-11de-b595-00055d80a2b9", Title: "Интерес 17"}}}); err != nil {
			t.Fatal(err)
		}
		tell := func(event, call string) {
			t.Helper()
			if err := office.Send(ctx, zummer.Event{Type: event, Call: call, Extension: "101", Phone: "+79031234567", Direction: "in", At: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		publish := func(action zummer.Action) zummer.Notification {
			t.Helper()
			made, err := admin.Publish(ctx, zummer.Publication{User: "ivanov", Kind: "note", Action: action, Title: string(action)})
			if err != nil || len(made) != 1 || made[0].User != "ivanov" {
				t.Fatalf("publish: %v, %v", made, err)
			}
			return made[0].Notification
		}

		desk := sit(t, in.SDK(token), "desk", zummer.Opened)
		tell("ringing", "c1")
		if p := desk.until(t, "ringing row", rows(1)); p.Rows[0].Kind != "call.ringing" || p.Rows[0].Title != "ООО Ромашка" {
			t.Errorf("while it rings: %+v", p.Rows[0])
		}
		tell("answered", "c1")
		if n := desk.next(t); n.Action != zummer.Open || n.Object == nil || n.Object.Link == "" || n.Session != desk.Name() {
			t.Errorf("on the answer: %+v", n)
		}
		desk.until(t, "end of the row", rows(0))

		laptop := sit(t, in.SDK(token), "laptop", zummer.Opened)
		card := publish(zummer.Show)
		desk.until(t, "card", rows(1))
		laptop.until(t, "card", rows(1))
		laptop.Ack(card.Key(), zummer.Dismissed, "closed by hand")
		laptop.until(t, "end of the card there", rows(0))
		desk.until(t, "end of the card here too", rows(0))

		desk.SetBusy(true)
		inTime(t, "desk is busy", func() bool {
			me, err := in.SDK(token).Me(ctx)
			return err == nil && slices.ContainsFunc(me.Sessions, func(s zummer.Seen) bool { return s.Session == desk.Name() && s.Busy })
		})
		publish(zummer.Open)
		laptop.next(t)
		desk.quiet(t)
		laptop.stop()
		inTime(t, "the laptop has left", func() bool { // its last poll, which nobody reads any more, could get the row
			me, err := in.SDK(token).Me(ctx)
			return err == nil && !slices.ContainsFunc(me.Sessions, func(s zummer.Seen) bool { return s.Session == laptop.Name() && s.Waiting })
		})
		desk.SetBusy(false)
		publish(zummer.Create)
		desk.next(t)
		desk.until(t, "end of all", rows(0))

		claimed := publish(zummer.CallBack)
		desk.until(t, "card", rows(1))
		if got, err := desk.Claim(ctx, claimed.Key()); err != nil || got.Session != desk.Name() || got.LeaseS == 0 {
			t.Errorf("claim: %+v, %v", got, err)
		}
		if _, err := in.SDK(token).Claim(ctx, "other", claimed.Key()); zummer.CodeOf(err) != "claimed" || zummer.StatusOf(err) != http.StatusConflict {
			t.Errorf("another one's claim: %v", err)
		}
		released, err := desk.Release(ctx, claimed.Key())
		if err != nil || released.Rev != claimed.Rev+1 {
			t.Errorf("release: %+v, %v", released, err)
		}
		if r, err := in.SDK(token).Ack(ctx, zummer.Ack{ID: claimed.ID, Rev: claimed.Rev}); err != nil || r.Result != zummer.StaleRev {
			t.Errorf("an ack of the revision before: %+v, %v", r, err)
		}
		publish(zummer.Show)
		p := desk.until(t, "two cards", rows(2))
		if n, err := in.SDK(token).AckAll(ctx, p.Version, desk.Name()); err != nil || n != 2 {
			t.Errorf("ack-all: %d, %v", n, err)
		}
		desk.until(t, "end of all", rows(0))
		history, _, complete, err := in.SDK(token).History(ctx, time.Now().Add(-time.Hour), time.Time{}, "", 100)
		if err != nil || !complete || len(history) < 6 || !slices.ContainsFunc(history, func(h zummer.HistoryRow) bool { return h.Outcome == zummer.Dismissed && h.ID == card.ID }) {
			t.Errorf("history: %d rows, complete %t, %v", len(history), complete, err)
		}
		desk.quiet(t)
	})
}

// inTime waits until ok.
func inTime(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// TestSDKOverARestart: the client hears that the service drains and goes, comes
// back by itself, keeps its picture meanwhile, and opens nothing again.
func TestSDKOverARestart(t *testing.T) {
	t.Parallel()
	dsn := storetest.SQLite(t)
	in := apptest.Start(t, dsn)
	in.Source("office", "generic", nil)
	token := in.User("ivanov", "office", "101")
	admin := in.SDK(apptest.AdminToken)
	for _, action := range []zummer.Action{zummer.Open, zummer.Show} {
		if _, err := admin.Publish(t.Context(), zummer.Publication{User: "ivanov", Kind: "note", Action: action}); err != nil {
			t.Fatal(err)
		}
	}
	desk := sit(t, in.SDK(token), "desk", zummer.Later) // it opens, and has no outcome yet
	desk.next(t)
	address := in.App.Addr().String()
	in.Stop()
	if st := <-desk.states; !st.Connected {
		t.Errorf("first state %+v", st)
	}
	if st := <-desk.states; st.Connected || st.Err == nil || st.Next <= 0 {
		t.Errorf("while it is away: %+v", st)
	}
	if n := len(desk.Picture().Rows); n != 2 {
		t.Errorf("while it is away the picture has %d rows", n)
	}
	again := apptest.Start(t, dsn, func(o *app.Options) { o.Config.Listen = address })
	back := false
	for wait := time.After(time.Minute); !back; {
		select {
		case st := <-desk.states: // it may have tried in vain once more
			back = st.Connected
		case <-wait:
			t.Fatal("it does not come back")
		}
	}
	desk.quiet(t)
	for _, n := range desk.Picture().Rows {
		desk.Ack(n.Key(), zummer.Opened, "")
	}
	inTime(t, "the acks arrive", func() bool { return len(again.Poll(token, "").Rows) == 0 })
}
