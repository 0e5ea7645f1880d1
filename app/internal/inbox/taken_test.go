package inbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"zummer/models"
)

// share makes 150 a phone of all three users, and 150's calls theirs.
func (r *rig) share(mode string, users ...int64) {
	d := testDirectory()
	e := &models.Extension{SourceID: 1, Extension: "150", Mode: mode}
	for _, u := range users {
		e.Owners = append(e.Owners, models.Owner{UserID: u})
	}
	d.Shared = map[models.ExtKey]*models.Extension{{SourceID: 1, Extension: "150"}: e}
	d.Groups[2] = &models.Group{ID: 2, Name: "desk", Members: []int64{1, 2, 3}}
	d.Index()
	r.mem.mu.Lock()
	r.dir, r.mem.dir = d, d
	r.mem.mu.Unlock()
	r.now.Store(d)
}

// miss makes a missed call that rang 101, 102 and 103.
func (r *rig) miss(call string) {
	r.t.Helper()
	for _, e := range []models.Event{event(models.EventRinging, "101"), event(models.EventRinging, "102"), event(models.EventRinging, "103"), event(models.EventEnded, "")} {
		e.Call = call
		r.accept(e)
		<-time.After(time.Second)
	}
	<-time.After(time.Minute) // the closing states of the ring are over
}

func (r *rig) row(user int64) models.Notification {
	r.t.Helper()
	set := r.poll(user, models.PollQuery{})
	if len(set.Rows) != 1 {
		r.t.Fatalf("user %d has %d rows, want one: %s", user, len(set.Rows), kindsOf(set))
	}
	return set.Rows[0]
}

func (r *rig) ack(user int64, n models.Notification, how models.Outcome) string {
	r.t.Helper()
	res, err := r.in.Acknowledge(r.t.Context(), user, []models.Ack{{ID: n.ID, Rev: n.Rev, Outcome: how}})
	if err != nil {
		r.t.Fatal(err)
	}
	return res[0].Result
}

// rows are a user's rows in words: "kind/action text".
func (r *rig) rows(user int64) string {
	r.t.Helper()
	var out []string
	for _, n := range r.poll(user, models.PollQuery{}).Rows {
		out = append(out, fmt.Sprintf("%s/%s %s", n.Kind, n.Action, n.Payload.Text))
	}
	return strings.Join(out, "; ")
}

// What a user does to a missed call of three, and what he and the others see.
func TestAMissedCallIsTakenByOne(t *testing.T) {
	const card, taken = "call.missed/call_back Пропущенный +7 903 123-45-67", "call.answered_elsewhere/none Взял ivanov"
	for _, tc := range []struct {
		name         string
		do           func(*rig) string
		said         string
		first, other string
	}{
		{"he opens it", func(r *rig) string { return r.ack(1, r.row(1), models.OutcomeOpened) }, models.AckProcessed, "", taken},
		{"he puts it away", func(r *rig) string { return r.ack(1, r.row(1), models.OutcomeDismissed) }, models.AckProcessed, "", card},
		{"he cannot open it", func(r *rig) string { return r.ack(1, r.row(1), models.OutcomeFailed) }, models.AckProcessed, "", card},
		{"he claims it", func(r *rig) string {
			n := r.row(1)
			_, err := r.in.Claim(r.t.Context(), 1, models.Claim{ID: n.ID, Session: "desk", Rev: n.Rev})
			return fmt.Sprint(err)
		}, "<nil>", card, taken},
		{"he acknowledges a revision that is gone", func(r *rig) string { n := r.row(1); n.Rev = 7; return r.ack(1, n, models.OutcomeOpened) }, models.AckStale, card, card},
		{"all of his rows at once: only his own", func(r *rig) string {
			n, err := r.in.AckAll(r.t.Context(), 1, r.poll(1, models.PollQuery{}).Version, "")
			return fmt.Sprint(n, err)
		}, "1 <nil>", "", card},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.miss("c-1")
				if got := tc.do(r); got != tc.said {
					r.t.Errorf("said %q, want %q", got, tc.said)
				}
				for user, want := range map[int64]string{1: tc.first, 2: tc.other, 3: tc.other} {
					if got := r.rows(user); got != want {
						r.t.Errorf("user %d sees %q, want %q", user, got, want)
					}
				}
			})
		})
	}
}

// A client that acknowledges and waits hears of nothing else: its own version
// is the one that its acknowledgement made. Those from whom the task is taken
// are woken.
func TestTakingWakesTheOthers(t *testing.T) {
	bubble(t, func(r *rig) {
		r.miss("c-1")
		n, set := r.row(1), r.poll(1, models.PollQuery{})
		other := r.later(2, models.PollQuery{Version: r.poll(2, models.PollQuery{}).Version, Wait: 20 * time.Second})
		mine := r.later(1, models.PollQuery{Version: set.Version, Wait: 20 * time.Second, Acks: []models.Ack{{ID: n.ID, Rev: n.Rev, Outcome: models.OutcomeOpened}}})
		if got := <-other; kindsOf(got.set) != "call.answered_elsewhere/none/2 " {
			r.t.Errorf("the other one is told %q", kindsOf(got.set))
		}
		if got := <-mine; got.set.State != models.StateUnchanged || got.set.Acks[0].Result != models.AckProcessed {
			r.t.Errorf("he is told %s %v", got.set.State, got.set.Acks)
		}
	})
}

// After a task was taken, the next missed call of the number is a new one.
func TestTheNextMissedCallCountsAnew(t *testing.T) {
	bubble(t, func(r *rig) {
		r.miss("c-1")
		r.miss("c-2")
		if got := r.rows(2); !strings.Contains(got, "2 попытки") {
			r.t.Fatalf("two attempts: %q", got)
		}
		r.ack(1, r.row(1), models.OutcomeOpened)
		e := event(models.EventRinging, "102")
		e.Call = "c-3"
		r.accept(e)
		e.Type = models.EventEnded
		r.accept(e)
		if got := r.rows(2); !strings.HasPrefix(got, "call.missed/call_back Пропущенный") && !strings.Contains(got, "; call.missed/call_back Пропущенный") {
			r.t.Errorf("after it was taken: %q", got)
		}
	})
}

// Timelines on both sides say who took it.
func TestTakingIsOnBothTimelines(t *testing.T) {
	bubble(t, func(r *rig) {
		r.miss("c-1")
		first, second := r.row(1), r.row(2)
		r.ack(1, first, models.OutcomeOpened)
		says := map[int64]string{}
		for _, s := range r.mem.steps {
			if s.Rule == "taken" {
				says[s.NotificationID] += s.What + ": " + s.Reason
			}
		}
		if says[first.ID] != "taken: taken by ivanov" || says[second.ID] != "revised: taken by ivanov" {
			r.t.Errorf("timelines: %v", says)
		}
	})
}

// A phone that rings for all: the first who claims the answered call has it.
func TestASharedCallIsTakenByOne(t *testing.T) {
	for _, tc := range []struct {
		name  string
		take  func(r *rig, user int64, n models.Notification) string
		first string
	}{
		{"claimed", func(r *rig, user int64, n models.Notification) string {
			_, err := r.in.Claim(r.t.Context(), user, models.Claim{ID: n.ID, Session: "desk", Rev: n.Rev})
			var e *models.Error
			return fmt.Sprint(errors.As(err, &e) && e.Code == "claimed")
		}, "call.answered/resolve Входящий +7 903 123-45-67"},
		{"acknowledged", func(r *rig, user int64, n models.Notification) string {
			return fmt.Sprint(r.ack(user, n, models.OutcomeOpened) == models.AckStale)
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.share(models.SharedAll, 1, 2, 3)
				r.accept(event(models.EventRinging, "150"))
				<-time.After(time.Second)
				r.accept(event(models.EventAnswered, "150"))
				a, b := r.row(2), r.row(3)
				if a.Kind != models.KindAnswered || a.Action != models.ActionIndicate || a.Payload.Data["take"] != true {
					r.t.Fatalf("offered: %+v", a)
				}
				if refused := tc.take(r, 2, a); refused != "false" {
					r.t.Errorf("the first one is refused")
				}
				if refused := tc.take(r, 3, b); refused != "true" {
					r.t.Errorf("the second one is let in")
				}
				const gone = "call.answered_elsewhere/none Взял petrova"
				for user, want := range map[int64]string{1: gone, 2: tc.first, 3: gone} {
					if got := r.rows(user); got != want {
						r.t.Errorf("user %d sees %q, want %q", user, got, want)
					}
				}
				c := r.mem.calls[models.CallKey{Source: 1, Key: "c-1"}]
				if l := c.Legs[0]; l.User != 2 || !l.Opened || l.Row != a.ID || c.AnsweredBy != 2 {
					r.t.Errorf("the leg: %+v, answered by %d", l, c.AnsweredBy)
				}
			})
		})
	}
}

// What rang while nobody had the phone is told to those who share it now, and
// what is published to its number goes to them.
func TestASharedPhoneGetsWhatWaited(t *testing.T) {
	bubble(t, func(r *rig) {
		r.accept(event(models.EventRinging, "150"))
		<-time.After(time.Second)
		r.share(models.SharedAll, 1, 2)
		for range 2 { // the second time there is nothing more to tell
			if err := r.in.Route(r.t.Context(), 1, "150"); err != nil {
				r.t.Fatal(err)
			}
		}
		for user, want := range map[int64]string{1: "call.ringing/indicate/1 ", 2: "call.ringing/indicate/1 ", 3: ""} {
			if got := kindsOf(r.poll(user, models.PollQuery{})); got != want {
				r.t.Errorf("user %d has %q, want %q", user, got, want)
			}
		}
		rows, err := r.in.Publish(r.t.Context(), models.Caller{}, models.Publication{Source: "office", Extension: "150", Kind: "note", Action: models.ActionShow})
		if err != nil || len(rows) != 2 || rows[0].UserID != 1 || rows[1].UserID != 2 {
			r.t.Errorf("published to %v, %v", rows, err)
		}
	})
}

// However acknowledgements and claims of several people interleave, a task has
// one taker, the others' rows are closed by him, and no opening row is left but
// the claimer's.
func TestATaskHasOneTaker(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		shared := rapid.Bool().Draw(rt, "shared phone")
		type move struct {
			user  int64
			how   string
			after time.Duration
		}
		moves := make([]move, rapid.IntRange(1, 8).Draw(rt, "moves"))
		for i := range moves {
			moves[i] = move{rapid.Int64Range(1, 3).Draw(rt, "user"), rapid.SampledFrom([]string{"opened", "dismissed", "claim", "again"}).Draw(rt, "how"),
				time.Duration(rapid.IntRange(0, 3).Draw(rt, "ms")) * time.Millisecond}
		}
		bubble(t, func(r *rig) {
			if shared {
				r.share(models.SharedAll, 1, 2, 3)
				r.accept(event(models.EventAnswered, "150"))
			} else {
				r.miss("c-1")
			}
			rows := map[int64]models.Notification{1: r.row(1), 2: r.row(2), 3: r.row(3)}
			r.mem.mu.Lock()
			r.mem.slow = time.Millisecond
			r.mem.mu.Unlock()
			var wg sync.WaitGroup
			var mu sync.Mutex
			won := map[int64]bool{}
			put := map[int64]bool{} // away by himself
			for _, m := range moves {
				wg.Go(func() {
					<-time.After(m.after)
					n := rows[m.user]
					ok := false
					switch m.how {
					case "claim":
						_, err := r.in.Claim(r.t.Context(), m.user, models.Claim{ID: n.ID, Session: "desk", Rev: n.Rev})
						ok = err == nil
					default:
						how := models.OutcomeOpened
						if m.how == "dismissed" {
							how = models.OutcomeDismissed
						}
						res, err := r.in.Acknowledge(r.t.Context(), m.user, []models.Ack{{ID: n.ID, Rev: n.Rev, Outcome: how}})
						ok = err == nil && res[0].Result == models.AckProcessed && how == models.OutcomeOpened
						if err == nil && res[0].Result == models.AckProcessed && how == models.OutcomeDismissed {
							mu.Lock()
							put[m.user] = true
							mu.Unlock()
						}
					}
					if ok {
						mu.Lock()
						won[m.user] = true
						mu.Unlock()
					}
				})
			}
			synctest.Wait()
			wg.Wait()
			takers := map[int64]bool{}
			for _, s := range r.mem.steps {
				if s.What == models.StepTaken {
					takers[s.UserID] = true
				}
			}
			if len(takers) > 1 || len(won) > 1 {
				rt.Fatalf("%v: taken by %v, answered as taken to %v", moves, takers, won)
			}
			if len(won) == 1 && len(put) < 2 && len(takers) == 0 { // with two who put it away nobody else has it
				rt.Fatalf("%v: nobody took it, though it was answered to %v", moves, won)
			}
			for u := range rows {
				for _, n := range r.poll(u, models.PollQuery{}).Rows {
					open := n.Action.Opens() || n.Action == models.ActionCallBack || n.Payload.Data["take"] == true
					if len(won) > 0 && open && !won[u] {
						rt.Fatalf("%v: user %d still has %s %s", moves, u, n.Kind, n.Action)
					}
				}
			}
		})
	})
}

// A task goes to the next one of the group who is there; who takes it takes it
// from the one who was away.
func TestDeputyStandsIn(t *testing.T) {
	for _, tc := range []struct {
		name   string
		here   []int64 // who polls
		want   int     // tasks that go to somebody
		deputy int64
	}{
		{"the next one", []int64{2, 3}, 1, 2},
		{"the next one is away too: the one after him", []int64{3}, 1, 3},
		{"he is back", []int64{1, 2}, 0, 0},
		{"nobody is there", nil, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.share(models.SharedAll, 1)
				r.accept(event(models.EventRinging, "101"))
				<-time.After(time.Second)
				r.accept(event(models.EventEnded, ""))
				<-time.After(5 * time.Minute)
				r.in.present = func(u int64) bool { return slices.Contains(tc.here, u) }
				r.in.surely = r.in.present
				task := []models.Task{{Key: "missed:+79031234567", Users: []int64{1}}}
				for i := range 2 { // the second time it is his already
					n, err := r.in.StandIn(r.t.Context(), task)
					if err != nil || n != tc.want*(1-i) {
						r.t.Fatalf("run %d: %d, %v; want %d", i, n, err, tc.want*(1-i))
					}
				}
				if tc.want == 0 {
					return
				}
				const card = "call.missed/call_back Пропущенный +7 903 123-45-67"
				if got := r.rows(1); got != card {
					r.t.Errorf("who is away sees %q", got)
				}
				if got := r.rows(tc.deputy); got != card+", вместо: ivanov" {
					r.t.Errorf("the deputy sees %q", got)
				}
				n := r.row(tc.deputy)
				if n.Payload.Data["deputy_for"] != "ivanov" || n.Rule != "deputy" {
					r.t.Errorf("the deputy's row: %+v", n)
				}
				steps := ""
				for _, s := range r.mem.steps {
					if s.Rule == "deputy" {
						steps += fmt.Sprint(s.UserID, " ", s.What, " ", s.Reason, "; ")
					}
				}
				login := r.dir.Users[tc.deputy].Login
				if want := fmt.Sprintf("%d stored stands in for one who has not polled: ivanov; 1 deputy has not polled: also told to %s; ", tc.deputy, login); steps != want {
					r.t.Errorf("timelines %q, want %q", steps, want)
				}
				r.ack(tc.deputy, n, models.OutcomeOpened)
				if got := r.rows(1); got != "call.answered_elsewhere/none Взял "+login {
					r.t.Errorf("after the deputy took it he who was away sees %q", got)
				}
			})
		})
	}
}

// Who is present: by his polls, and while nothing is known everybody.
func TestPresentHere(t *testing.T) {
	bubble(t, func(r *rig) {
		if !r.in.present(1) {
			r.t.Error("a process that has just started takes nobody for away")
		}
		<-time.After(3 * time.Minute)
		if r.in.present(1) {
			r.t.Error("who never polled is not there")
		}
		r.poll(1, models.PollQuery{Session: "desk"})
		if !r.in.present(1) || r.in.present(2) {
			r.t.Error("who has just polled is there, the others are not")
		}
		<-time.After(119 * time.Second)
		if !r.in.present(1) {
			r.t.Error("he polled less than two minutes ago")
		}
		<-time.After(2 * time.Second)
		if r.in.present(1) {
			r.t.Error("he has not polled for two minutes")
		}
		waiting := r.later(2, models.PollQuery{Version: r.poll(2, models.PollQuery{}).Version, Wait: 10 * time.Minute, Session: "desk"})
		<-time.After(5 * time.Minute)
		if !r.in.present(2) {
			r.t.Error("who waits is there")
		}
		<-waiting
	})
}
