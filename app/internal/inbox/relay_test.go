package inbox

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zummer/models"
)

// relay gives the rig a token that speaks for all.
func (r *rig) relay() {
	t := &models.Token{ID: 9, Hash: "relay", Name: "crm", Scopes: []string{models.ScopeRelay}}
	r.install(func(d *models.Directory) { d.Tokens["relay"] = t })
	<-time.After(time.Second) // the start is over
}

// install puts a changed copy of the set-up into force, as a snapshot does.
func (r *rig) install(change func(*models.Directory)) {
	d := *r.now.Load()
	d.Users, d.Tokens = maps.Clone(d.Users), maps.Clone(d.Tokens)
	for id, u := range d.Users {
		c := *u
		d.Users[id] = &c
	}
	change(&d)
	d.Index()
	r.now.Store(&d)
	r.in.ReleaseRevoked(&d)
}

func (r *rig) ask(q models.PollQuery) (models.PendingSet, error) {
	if q.Limit == 0 {
		q.Limit = 5000
	}
	return r.in.Relay(r.t.Context(), models.Caller{Token: r.now.Load().Tokens["relay"], Client: "crm/1"}, q)
}

func (r *rig) asked(q models.PollQuery) models.PendingSet {
	r.t.Helper()
	set, err := r.ask(q)
	if err != nil {
		r.t.Fatalf("Relay(%+v): %v", q, err)
	}
	return set
}

// asks polls for all in the background.
func (r *rig) asks(q models.PollQuery) <-chan answered {
	out := make(chan answered, 1)
	go func() {
		set, err := r.ask(q)
		out <- answered{set, err, time.Now()}
	}()
	synctest.Wait()
	return out
}

// publishTo makes a row for a user.
func (r *rig) publishTo(in *Inbox, login string) int64 {
	r.t.Helper()
	rows, err := in.Publish(r.t.Context(), r.who(1), models.Publication{User: login, Kind: "chat"})
	if err != nil {
		r.t.Fatal(err)
	}
	return rows[0].ID
}

// whose lists the rows of an answer as "login id.rev", sorted.
func whose(set models.PendingSet) string {
	var out []string
	for _, n := range set.Rows {
		out = append(out, fmt.Sprintf("%s %d.%d", set.Users[n.UserID].Login, n.ID, n.Rev))
	}
	return strings.Join(slices.Sorted(slices.Values(out)), ", ")
}

// TestRelayWaitsForAnybody: news of any user wakes the poll for all, at once,
// with the right user; while there is none it waits its time.
func TestRelayWaitsForAnybody(t *testing.T) {
	bubble(t, func(r *rig) {
		r.relay()
		first := r.asked(models.PollQuery{})
		if first.State != models.StateReset || first.Version != nobody || len(first.Rows) != 0 {
			t.Fatalf("the first answer: %+v", first)
		}
		v := first.Version
		for _, login := range []string{"petrova", "ivanov", "sidorov", "petrova"} {
			wait := r.asks(models.PollQuery{Version: v, Wait: 25 * time.Second})
			<-time.After(3 * time.Second)
			began := time.Now()
			id := r.publishTo(r.in, login)
			a := <-wait
			if a.err != nil || a.at.Sub(began) > 20*time.Millisecond || !strings.Contains(whose(a.set), fmt.Sprintf("%s %d.1", login, id)) || a.set.Version == v {
				t.Fatalf("news of %s: %s %q %v after %s", login, a.set.State, whose(a.set), a.err, a.at.Sub(began))
			}
			v = a.set.Version
		}
		for i := range v {
			if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-_", rune(v[i])) {
				t.Errorf("version %q", v)
			}
		}
		if got := r.asked(models.PollQuery{Version: v}); got.State != models.StateUnchanged || got.Version != v {
			t.Errorf("at the version: %+v", got)
		}
		began := time.Now()
		if got := r.asked(models.PollQuery{Version: v, Wait: 25 * time.Second}); got.State != models.StateUnchanged || time.Since(began) < 25*time.Second {
			t.Errorf("nothing new: %+v after %s", got, time.Since(began))
		}
		if got := r.asked(models.PollQuery{Version: "abcdefgh.nobody", Wait: time.Second}); got.State != models.StateReset || len(got.Rows) != 4 {
			t.Errorf("a version nobody made: %+v", got)
		}
		old := r.asked(models.PollQuery{Version: v})
		r.publishTo(r.in, "ivanov")
		if got := r.asked(models.PollQuery{Version: old.Version}); got.State != models.StateSet || len(got.Rows) != 5 {
			t.Errorf("the version before: %+v, want a set", got)
		}
	})
}

// TestRelayFromAnotherReplica: the same of what another process commits, with
// and without hints.
func TestRelayFromAnotherReplica(t *testing.T) {
	bubble(t, func(r *rig) {
		other := r.replica(&fakeReplica{})
		r.relay()
		v := r.asked(models.PollQuery{}).Version
		wait := r.asks(models.PollQuery{Version: v, Wait: time.Minute})
		<-time.After(time.Second)
		r.publishTo(other, "petrova")
		r.rep.heard <- []models.Hint{{UserID: 2, Version: 1}}
		began := time.Now()
		a := <-wait
		if len(a.set.Rows) != 1 || a.at.Sub(began) > 20*time.Millisecond {
			t.Fatalf("a hint: %+v %v", a.set, a.err)
		}
		wait = r.asks(models.PollQuery{Version: a.set.Version, Wait: time.Minute})
		<-time.After(time.Second)
		began = time.Now()
		r.publishTo(other, "sidorov")
		if a := <-wait; len(a.set.Rows) != 2 || a.at.Sub(began) > 31*time.Second {
			t.Errorf("the hint lost: %+v %v after %s", a.set, a.err, a.at.Sub(began))
		}
	})
}

// TestRelayIdlesForFree: while nothing changes, a program that waits costs no
// statement but the check of what it waits for.
func TestRelayIdlesForFree(t *testing.T) {
	bubble(t, func(r *rig) {
		r.relay()
		r.publishTo(r.in, "ivanov")
		v := r.asked(models.PollQuery{Session: "srv"}).Version
		r.mem.mu.Lock()
		reads, sets := r.mem.reads, r.mem.setReads
		r.mem.mu.Unlock()
		for range 40 {
			if got := r.asked(models.PollQuery{Session: "srv", Version: v, Wait: 25 * time.Second}); got.State != models.StateUnchanged {
				t.Fatalf("%+v", got)
			}
		}
		r.mem.mu.Lock()
		defer r.mem.mu.Unlock()
		if r.mem.reads != reads || r.mem.setReads != sets {
			t.Errorf("%d and %d reads in 17 minutes, want none", r.mem.reads-reads, r.mem.setReads-sets)
		}
	})
}

// TestRelayNeverTellsAnEmptySetByMistake: a database that cannot be read is a 503.
func TestRelayNeverTellsAnEmptySetByMistake(t *testing.T) {
	bubble(t, func(r *rig) {
		r.relay()
		r.publishTo(r.in, "ivanov")
		v := r.asked(models.PollQuery{}).Version
		away := func(on bool) {
			r.mem.mu.Lock()
			r.mem.away = on
			r.mem.mu.Unlock()
		}
		away(true)
		r.rep.mu.Lock()
		r.rep.fail = true
		r.rep.mu.Unlock()
		<-time.After(5 * time.Second)
		for _, q := range []models.PollQuery{{}, {Version: v}, {Version: v, Wait: 5 * time.Second}, {Version: v, Acks: []models.Ack{{ID: 1, Raw: "1", Rev: 1}}}} {
			if set, err := r.ask(q); models.KindOf(err) != models.Unavailable {
				t.Errorf("%+v: %+v %v, want 503", q, set, err)
			}
		}
		away(false)
		r.rep.mu.Lock()
		r.rep.fail = false
		r.rep.mu.Unlock()
		if got := r.asked(models.PollQuery{Version: v, Wait: 5 * time.Second}); got.State != models.StateUnchanged || got.Version != v {
			t.Errorf("after it: %+v", got)
		}
	})
}

// TestRelayExpiry: no answer past the end of anybody's row, and who waits is
// told of it.
func TestRelayExpiry(t *testing.T) {
	bubble(t, func(r *rig) {
		r.relay()
		if _, err := r.in.Publish(r.t.Context(), r.who(1), models.Publication{User: "petrova", Kind: "chat", TTL: 10 * time.Second}); err != nil {
			t.Fatal(err)
		}
		kept := r.publishTo(r.in, "ivanov")
		v := r.asked(models.PollQuery{}).Version
		began := time.Now()
		a := <-r.asks(models.PollQuery{Version: v, Wait: 25 * time.Second})
		if took := a.at.Sub(began); took < 10*time.Second || took > 10200*time.Millisecond || whose(a.set) != fmt.Sprintf("ivanov %d.1", kept) {
			t.Errorf("%q %v after %s", whose(a.set), a.err, took)
		}
		if _, err := r.in.Publish(r.t.Context(), r.who(1), models.Publication{User: "sidorov", Kind: "chat", TTL: 10 * time.Second}); err != nil {
			t.Fatal(err)
		}
		<-time.After(11 * time.Second)
		if got := r.asked(models.PollQuery{}); len(got.Rows) != 1 {
			t.Errorf("a read after the end: %q", whose(got))
		}
	})
}

// TestRelayEnds: what ends a poll for all before its time.
func TestRelayEnds(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(r *rig, other *Inbox)
		want func(a answered) bool
	}{
		{"its token is revoked", func(r *rig, _ *Inbox) {
			r.install(func(d *models.Directory) {
				gone := *d.Tokens["relay"]
				gone.RevokedAt = time.Now()
				d.Tokens["relay"] = &gone
			})
		}, func(a answered) bool { return models.KindOf(a.err) == models.Unauthorized }},
		{"another token is", func(r *rig, _ *Inbox) {
			r.install(func(d *models.Directory) {
				gone := *d.Tokens["hash1"]
				gone.RevokedAt = time.Now()
				d.Tokens["hash1"] = &gone
			})
		}, nil},
		{"the process stops", func(r *rig, _ *Inbox) { r.hub.Drain(0) },
			func(a answered) bool { return a.set.Draining && a.set.State == models.StateUnchanged }},
		{"a newer request of the session", func(r *rig, _ *Inbox) { r.asked(models.PollQuery{Session: "srv"}) },
			func(a answered) bool {
				return a.set.State == models.StateSuperseded && a.set.PollAfter >= 2*time.Second
			}},
		{"a newer request of the session on another replica", func(r *rig, other *Inbox) {
			_, _ = other.Relay(r.t.Context(), models.Caller{Token: r.now.Load().Tokens["relay"]}, models.PollQuery{Session: "srv", Limit: 10})
		}, func(a answered) bool { return a.set.State == models.StateSuperseded }},
		{"another session", func(r *rig, _ *Inbox) { r.asked(models.PollQuery{Session: "second"}) }, nil},
		{"a user of that name", func(r *rig, _ *Inbox) { r.poll(3, models.PollQuery{Session: "srv"}) }, nil},
		{"a user is called otherwise", func(r *rig, _ *Inbox) {
			r.install(func(d *models.Directory) { d.Users[1].Login = "ivanova" })
		}, func(a answered) bool { return strings.HasPrefix(whose(a.set), "ivanova ") }},
		{"a user is switched off", func(r *rig, _ *Inbox) {
			r.install(func(d *models.Directory) { d.Users[1].Active = false })
		}, func(a answered) bool { return len(a.set.Rows) == 0 && a.set.Version == nobody }},
		{"a user without rows is switched off", func(r *rig, _ *Inbox) {
			r.install(func(d *models.Directory) { d.Users[3].Active = false })
		}, nil},
	} {
		bubble(t, func(r *rig) {
			other := r.joined()
			r.relay()
			r.publishTo(r.in, "ivanov")
			v := r.asked(models.PollQuery{Session: "srv"}).Version
			wait := r.asks(models.PollQuery{Session: "srv", Version: v, Wait: 20 * time.Second})
			<-time.After(5 * time.Second)
			began := time.Now()
			tt.do(r, other)
			a := <-wait
			switch took := a.at.Sub(began); {
			case tt.want == nil:
				if a.set.State != models.StateUnchanged || took < 14*time.Second {
					t.Errorf("%s: %+v %v after %s, want the wait to go on", tt.name, a.set, a.err, took)
				}
			case took > 200*time.Millisecond || !tt.want(a):
				t.Errorf("%s: %+v %v after %s", tt.name, a.set, a.err, took)
			}
		})
	}
}

// TestRelayNeedsItsScope: nobody else polls for all.
func TestRelayNeedsItsScope(t *testing.T) {
	bubble(t, func(r *rig) {
		for _, who := range []models.Caller{{}, r.who(1), {Token: &models.Token{ID: 5, Scopes: []string{models.ScopeAdmin}}}, {Token: &models.Token{Scopes: []string{models.ScopeRelay}}}} {
			if _, err := r.in.Relay(r.t.Context(), who, models.PollQuery{Limit: 10}); models.KindOf(err) != models.Forbidden {
				t.Errorf("%+v: %v, want forbidden", who, err)
			}
		}
	})
}

// TestRelayAcks: rows of any user are acknowledged, and the poll waits on what
// its own acks made.
func TestRelayAcks(t *testing.T) {
	bubble(t, func(r *rig) {
		r.relay()
		one, two, three := r.publishTo(r.in, "ivanov"), r.publishTo(r.in, "petrova"), r.publishTo(r.in, "petrova")
		ack := func(id int64, rev int) models.Ack { return models.Ack{ID: id, Raw: fmt.Sprint(id), Rev: rev} }
		v := r.asked(models.PollQuery{Session: "srv"}).Version
		wait := r.asks(models.PollQuery{Session: "srv", Version: v, Wait: 25 * time.Second, Acks: []models.Ack{ack(two, 1), ack(one, 1)}})
		<-time.After(10 * time.Second)
		began := time.Now()
		four := r.publishTo(r.in, "sidorov")
		a := <-wait
		want := []models.AckResult{{ID: fmt.Sprint(two), Rev: 1, Result: models.AckProcessed}, {ID: fmt.Sprint(one), Rev: 1, Result: models.AckProcessed}}
		if a.err != nil || a.at.Before(began) || !slices.Equal(a.set.Acks, want) || whose(a.set) != fmt.Sprintf("petrova %d.1, sidorov %d.1", three, four) {
			t.Errorf("acks and news: %q %+v %v", whose(a.set), a.set.Acks, a.err)
		}
		if left := r.poll(2, models.PollQuery{}); len(left.Rows) != 1 {
			t.Errorf("petrova has %s", kindsOf(left))
		}
		for _, tt := range []struct {
			name string
			ack  models.Ack
			want string
		}{
			{"again", ack(one, 1), models.AckAlready},
			{"another rev", ack(three, 2), models.AckStale},
			{"nobody's", ack(9999, 1), models.AckNotFound},
			{"no id", models.Ack{Raw: "abc", Rev: 1}, models.AckNotFound},
		} {
			got := r.asked(models.PollQuery{Session: "s2", Acks: []models.Ack{tt.ack}})
			if len(got.Acks) != 1 || got.Acks[0].Result != tt.want {
				t.Errorf("%s: %+v, want %s", tt.name, got.Acks, tt.want)
			}
		}
		r.install(func(d *models.Directory) { d.Users[2].Active = false })
		if got := r.asked(models.PollQuery{Session: "s2", Acks: []models.Ack{ack(three, 1)}}); got.Acks[0].Result != models.AckNotFound {
			t.Errorf("of a user who is switched off: %+v", got.Acks)
		}
	})
}

// TestRelayPages: a picture in pages has one version, which the last page
// names; one that moves on begins anew.
func TestRelayPages(t *testing.T) {
	bubble(t, func(r *rig) {
		r.relay()
		for i := range 12 {
			r.publishTo(r.in, []string{"ivanov", "petrova", "sidorov"}[i%3])
		}
		seen := map[int64]bool{}
		q := models.PollQuery{Limit: 5}
		for page := 1; ; page++ {
			set := r.asked(q)
			for _, n := range set.Rows {
				seen[n.ID] = true
			}
			if (set.Version == "") == (set.Next == "") || page > 3 || page > 1 && set.State != models.StateSet {
				t.Fatalf("page %d: version %q, next %q, %s", page, set.Version, set.Next, set.State)
			}
			if q.After = set.Next; set.Next == "" {
				break
			}
		}
		if len(seen) != 12 {
			t.Errorf("%d rows on all pages, want 12", len(seen))
		}
		q.After = r.asked(models.PollQuery{Limit: 5}).Next
		r.publishTo(r.in, "ivanov")
		if got := r.asked(q); got.State != models.StateReset || got.Offset != 0 || len(got.Rows) != 5 {
			t.Errorf("the picture moved on: %s at %d", got.State, got.Offset)
		}
	})
}

// TestRelayHotLoop: a program that asks the same again and again is held.
func TestRelayHotLoop(t *testing.T) {
	bubble(t, func(r *rig) {
		r.relay()
		r.publishTo(r.in, "ivanov")
		began, answers := time.Now(), 0
		for ; time.Since(began) < 20*time.Second; answers++ {
			r.asked(models.PollQuery{Session: "hot"})
			<-time.After(time.Millisecond)
		}
		if answers > 22 || answers < 6 {
			t.Errorf("%d answers in 20 s, want one in 1–3 s", answers)
		}
	})
}

// TestRelayMakesEverybodyPresent, here and elsewhere: whether the user behind
// it is there is not known.
func TestRelayMakesEverybodyPresent(t *testing.T) {
	bubble(t, func(r *rig) {
		other := r.joined()
		r.relay()
		<-time.After(2 * time.Minute)
		if r.in.Present(3, within) || other.Present(3, within) {
			t.Fatal("present before")
		}
		v := r.asked(models.PollQuery{}).Version
		wait := r.asks(models.PollQuery{Version: v, Wait: time.Minute})
		<-time.After(20 * time.Second)
		if !r.in.Present(3, within) || !other.Present(3, within) {
			t.Errorf("while it waits: here %v, there %v", r.in.Present(3, within), other.Present(3, within))
		}
		<-wait
		<-time.After(5 * time.Minute)
		if r.in.Present(3, within) || other.Present(3, within) {
			t.Error("present long after it went")
		}
	})
}

// TestRelayDeliveries: the timeline knows that the program was told, once.
func TestRelayDeliveries(t *testing.T) {
	bubble(t, func(r *rig) {
		r.relay()
		v := ""
		for i := range 5 {
			r.publishTo(r.in, []string{"ivanov", "petrova"}[i%2])
			v = r.asked(models.PollQuery{Session: "srv", Version: v}).Version
			<-time.After(10 * time.Second)
		}
		// What changed just before the answer before may be noted again: the
		// table keeps the first.
		if got := slices.Compact(sortedTold(r.written())); len(got) != 5 {
			t.Errorf("deliveries %q, want 5", got)
		}
		if d := r.mem.told[1]; d.UserID != 2 || d.Session != "srv" || d.Client != "crm/1" {
			t.Errorf("delivery %+v", d)
		}
	})
}

// TestRelayIsTheUnion: whatever happens, on whichever replica, the picture that
// a program keeps by polling for all is, once all is quiet, the union of what
// each user gets.
func TestRelayIsTheUnion(t *testing.T) {
	for seed := range uint64(25) {
		bubble(t, func(r *rig) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			instances := []*Inbox{r.in, r.joined()}
			r.relay()
			ctx, stop := context.WithCancel(r.t.Context())
			type state struct{ version, rows string }
			picture := make(chan state, 1)
			go func() { // the program
				var now state
				for ctx.Err() == nil {
					in := instances[rand.IntN(2)]
					set, err := in.Relay(ctx, models.Caller{Token: r.now.Load().Tokens["relay"]}, models.PollQuery{Session: "srv", Version: now.version, Wait: 20 * time.Second, Limit: 5000})
					switch {
					case err != nil || set.State == models.StateSuperseded || set.Draining:
						<-time.After(100 * time.Millisecond)
					case set.State != models.StateUnchanged:
						now = state{set.Version, whose(set)}
					}
				}
				picture <- now
			}()
			logins := []string{"ivanov", "petrova", "sidorov"}
			var rows []int64
			for range 60 {
				in := instances[rnd.IntN(2)]
				switch rnd.IntN(6) {
				case 0, 1:
					rows = append(rows, r.publishTo(in, logins[rnd.IntN(2)])) // sidorov may be switched off
				case 2:
					if _, err := in.Publish(ctx, r.who(1), models.Publication{Group: "sales", Kind: "chat", CollapseKey: "k", TTL: time.Duration(1+rnd.IntN(9)) * time.Second}); err != nil {
						t.Error(err)
					}
				case 3:
					if len(rows) > 0 {
						id := rows[rnd.IntN(len(rows))]
						if _, err := in.Acknowledge(ctx, 1+rnd.Int64N(3), []models.Ack{{ID: id, Rev: 1, Raw: "x"}}); err != nil {
							t.Error(err)
						}
					}
				case 4:
					e := event([]models.EventType{models.EventRinging, models.EventAnswered, models.EventEnded}[rnd.IntN(3)], fmt.Sprint(101+rnd.IntN(3)))
					e.Call = fmt.Sprint("c-", rnd.IntN(4))
					if _, err := in.Accept(ctx, models.Accepted{Source: r.dir.Sources[1], Webhook: models.Webhook{Body: []byte("{}")}, Events: []models.Event{e}}); err != nil {
						t.Error(err)
					}
				case 5:
					r.install(func(d *models.Directory) { d.Users[3].Active = rnd.IntN(2) == 0 })
				}
				<-time.After(time.Duration(rnd.IntN(1500)) * time.Millisecond)
			}
			<-time.After(3 * time.Minute) // what rang has expired
			stop()
			got := <-picture
			want := models.PendingSet{Users: r.now.Load().Users}
			for id, u := range r.now.Load().Users {
				if u.Active {
					want.Rows = append(want.Rows, r.poll(id, models.PollQuery{Limit: 100}).Rows...)
				}
			}
			if got.rows != whose(want) {
				t.Errorf("seed %d: the program has\n%s, the users have\n%s", seed, got.rows, whose(want))
			}
		})
	}
}
