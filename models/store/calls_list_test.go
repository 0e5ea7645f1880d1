package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
)

// call writes a call with one leg a user; user 0 is an unrouted leg.
func (j *journal) call(tx *store.Tx, id, source int64, users ...int64) error {
	c := &models.Call{ID: id, Source: source, Key: fmt.Sprint("key-", id), State: models.Ringing, Direction: models.In, Phone: "+79031234567", StartedAt: j.now}
	for i, u := range users {
		c.Legs = append(c.Legs, models.Leg{ID: id*100 + int64(i), Key: fmt.Sprint("x:", i), N: 1, Extension: fmt.Sprint(101 + i), State: models.Ringing, RangAt: j.now, User: u})
	}
	return tx.SaveCalls(j.ctx, j.now, []*models.Call{c})
}

func callIDs(calls []models.Call) (out []int64) {
	for _, c := range calls {
		out = append(out, c.ID)
	}
	return out
}

func TestCalls(t *testing.T) {
	onJournal(t, func(j *journal) {
		j.write(func(tx *store.Tx) error {
			for id, users := range map[int64][]int64{1: {1, 2}, 2: {2}, 3: nil, 4: {1, 1}, 5: {3}} {
				if err := j.call(tx, id, 1+id%2, users...); err != nil {
					return err
				}
			}
			return tx.SaveCalls(j.ctx, j.now, []*models.Call{{ID: 6, Source: 1, Key: "merged", MergedInto: 4, State: models.Ended, Direction: models.In}})
		})
		for _, c := range []struct {
			name string
			q    models.CallQuery
			want []int64
		}{
			{"all", models.CallQuery{}, []int64{5, 4, 3, 2, 1}},
			{"of a user", models.CallQuery{User: 1}, []int64{4, 1}},
			{"of a source", models.CallQuery{Source: 2}, []int64{5, 3, 1}},
			{"of a user at a source", models.CallQuery{User: 1, Source: 2}, []int64{1}},
			{"of nobody", models.CallQuery{User: 9}, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				var got []int64
				q := c.q
				q.Limit = 2
				for {
					page, next, err := j.Calls(j.ctx, q)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, callIDs(page)...)
					if q.After = next; next == "" {
						break
					}
					j.cursor(next)
				}
				if !slices.Equal(got, c.want) {
					t.Fatalf("listed %v, want %v", got, c.want)
				}
			})
		}
		for _, c := range []struct {
			user, id, want int64
			legs           int
		}{{0, 3, 3, 0}, {1, 1, 1, 2}, {2, 1, 1, 2}, {0, 6, 4, 2}, {1, 6, 4, 2}, {3, 1, 0, 0}, {3, 6, 0, 0}, {0, 99, 0, 0}} {
			got, err := j.Call(j.ctx, c.user, c.id)
			if c.want == 0 {
				if !models.IsNotFound(err) {
					t.Errorf("call %d for user %d: %v, %v; want not found", c.id, c.user, got, err)
				}
				continue
			}
			if err != nil || got.ID != c.want || len(got.Legs) != c.legs {
				t.Errorf("call %d for user %d: %+v, %v; want call %d with %d legs", c.id, c.user, got, err, c.want, c.legs)
			}
		}
	})
}

func TestCallChanges(t *testing.T) {
	onJournal(t, func(j *journal) {
		var after string
		read := func(limit int) (ids []int64) {
			t.Helper()
			calls, next, err := j.Calls(j.ctx, models.CallQuery{Changes: true, After: after, Limit: limit})
			j.must(err)
			if len(calls) > 0 {
				after = j.cursor(next)
			}
			return callIDs(calls)
		}
		expect := func(what string, limit int, want ...int64) {
			t.Helper()
			if got := read(limit); !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", what, got, want)
			}
		}
		expect("nothing yet", 10)
		for _, id := range []int64{1, 2, 3} {
			j.write(func(tx *store.Tx) error { return j.call(tx, id, 1, 1) })
		}
		expect("in the order of commits", 2, 1, 2)
		expect("the rest", 2, 3)
		expect("no more", 2)
		j.write(func(tx *store.Tx) error { return j.call(tx, 1, 1, 1, 2) })
		expect("again when it changed", 10, 1)
		expect("once", 10)
		j.write(func(tx *store.Tx) error {
			if err := j.call(tx, 5, 1, 1); err != nil {
				return err
			}
			return j.call(tx, 4, 1, 1)
		})
		got := append(read(1), read(1)...)
		slices.Sort(got)
		if !slices.Equal(got, []int64{4, 5}) {
			t.Fatalf("two of one transaction, page by page: %v", got)
		}
		expect("no more", 10)
		_, _, err := j.Calls(j.ctx, models.CallQuery{Changes: true, After: "xzzzzzzzzzz-1"})
		if models.KindOf(err) != models.Invalid {
			t.Fatalf("a cursor ahead of every change: %v, want Invalid", err)
		}
	})
}

// A call whose transaction began first and commits last is not passed by.
func TestCallChangesOfLateCommits(t *testing.T) {
	onJournal(t, func(j *journal) {
		if j.SQLite() {
			return // one writer: there is no late commit
		}
		written, commit, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			first := true
			done <- j.Write(j.ctx, func(tx *store.Tx) error {
				if err := j.call(tx, 1, 1, 1); err != nil {
					return err
				}
				if first {
					first = false
					close(written)
				}
				<-commit
				return nil
			})
		}()
		<-written
		j.write(func(tx *store.Tx) error { return j.call(tx, 2, 1, 1) })
		early, next, err := j.Calls(j.ctx, models.CallQuery{Changes: true})
		j.must(err)
		close(commit)
		j.must(<-done)
		late, _, err := j.Calls(j.ctx, models.CallQuery{Changes: true, After: next})
		j.must(err)
		got := append(callIDs(early), callIDs(late)...)
		slices.Sort(got)
		if !slices.Equal(got, []int64{1, 2}) {
			t.Fatalf("read %v while one was open, then %v: want both calls in the end", callIDs(early), callIDs(late))
		}
	})
}

func TestUnrouted(t *testing.T) {
	onJournal(t, func(j *journal) {
		j.write(func(tx *store.Tx) error {
			for id, users := range map[int64][]int64{1: {0, 1}, 2: {0}, 3: {5, 0}} {
				if err := j.call(tx, id, 1, users...); err != nil {
					return err
				}
			}
			return nil
		})
		list := func(since time.Time) (out []string) {
			t.Helper()
			all, err := j.Unrouted(j.ctx, since)
			j.must(err)
			for _, u := range all {
				if !u.LastAt.Equal(j.now) {
					t.Errorf("last at %s, want %s", u.LastAt, j.now)
				}
				out = append(out, fmt.Sprintf("%d/%s %d", u.SourceID, u.Extension, u.Count))
			}
			return out
		}
		if got := list(j.now.Add(-time.Hour)); !slices.Equal(got, []string{"1/101 2", "1/102 1"}) {
			t.Fatalf("unrouted %q", got)
		}
		if got := list(j.now.Add(time.Hour)); got != nil {
			t.Fatalf("of the future %q", got)
		}
		j.write(func(tx *store.Tx) error {
			return tx.SaveExtensions(j.ctx, []models.Extension{{SourceID: 1, Extension: "101", UserID: 9}})
		})
		if got := list(j.now.Add(-time.Hour)); !slices.Equal(got, []string{"1/102 1"}) {
			t.Fatalf("after the mapping %q", got)
		}
	})
}

func TestStats(t *testing.T) {
	onJournal(t, func(j *journal) {
		empty, err := j.Stats(j.ctx)
		j.must(err)
		if empty != (models.Stats{}) {
			t.Fatalf("an empty database counts %+v", empty)
		}
		j.pend(1, 10, 1, "row", 1)
		j.now = j.now.Add(-30 * time.Hour)
		j.pend(1, 11, 1, "old row", 1)
		oldest := j.now
		j.write(func(tx *store.Tx) error { return j.call(tx, 1, 1, 1) }) // yesterday
		j.now = j.now.Add(30 * time.Hour)
		j.write(func(tx *store.Tx) error {
			missed := &models.Call{ID: 2, Source: 1, Key: "missed", State: models.Ended, Direction: models.In, Missed: true}
			merged := &models.Call{ID: 3, Source: 1, Key: "merged", State: models.Ended, Direction: models.In, MergedInto: 2}
			if err := tx.SaveCalls(j.ctx, j.now, []*models.Call{missed, merged}); err != nil {
				return err
			}
			if err := tx.SaveUser(j.ctx, j.now, &models.User{Login: "a", PopOn: "answered", Active: true}); err != nil {
				return err
			}
			if err := tx.SaveUser(j.ctx, j.now, &models.User{Login: "b", PopOn: "answered"}); err != nil {
				return err
			}
			if _, err := tx.SaveContacts(j.ctx, j.now, []*models.Contact{{ExternalID: "c"}}); err != nil {
				return err
			}
			var ws []*models.Webhook
			for i, o := range []string{models.WebhookStored, models.WebhookFailed, models.WebhookRepeat, models.WebhookRepeat, models.WebhookStored} {
				at := j.now
				if i == 4 {
					at = at.Add(-30 * time.Hour)
				}
				ws = append(ws, &models.Webhook{ID: int64(i + 1), SourceID: 1, Method: "POST", ReceivedAt: at, Outcome: o})
			}
			return tx.InsertWebhooks(j.ctx, ws)
		})
		got, err := j.Stats(j.ctx)
		j.must(err)
		want := models.Stats{Pending: 2, Users: 1, Contacts: 1, OldestPending: oldest, CallsToday: 1, MissedToday: 1, WebhooksToday: 4, FailedToday: 1, RepeatedToday: 2}
		if !got.OldestPending.Equal(want.OldestPending) {
			t.Fatalf("oldest %s, want %s", got.OldestPending, want.OldestPending)
		}
		got.OldestPending = want.OldestPending
		if got != want {
			t.Fatalf("stats %+v, want %+v", got, want)
		}
	})
}

func TestReady(t *testing.T) {
	onJournal(t, func(j *journal) {
		if err := j.Ready(j.ctx); err != nil {
			t.Fatalf("a migrated database is not ready: %v", err)
		}
	})
}
