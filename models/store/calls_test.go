package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

func ring(ext string, at time.Time) *models.Event {
	return &models.Event{Type: models.EventRinging, Extension: ext, Addresses: []string{"login:" + ext}, Phone: "+79031234567", Name: "Иван", At: at, Direction: models.In}
}

// withIDs gives legs their ids, as the inbox does.
func withIDs(c *models.Call, from int64) *models.Call {
	for i := range c.Legs {
		if c.Legs[i].ID == 0 {
			c.Legs[i].ID = from + int64(i)
		}
	}
	return c
}

func TestCallsRoundTrip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		a, b := models.CallKey{Source: 1, Key: "a"}, models.CallKey{Source: 1, Key: "b"}
		var want *models.Call
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			calls, err := tx.LockCalls(ctx, now, []models.CallKey{a, b}, []int64{100, 101})
			if err != nil {
				return err
			}
			want = calls[a]
			if want == nil || want.ID != 100 || calls[b].ID != 101 || len(want.Facts) != 0 {
				t.Fatalf("LockCalls = %+v, %+v", want, calls[b])
			}
			want.Apply(ring("101", now), false, now)
			want.Apply(ring("102", now.Add(time.Second)), false, now)
			want.Apply(&models.Event{Type: models.EventAnswered, Extension: "102", At: now.Add(2 * time.Second)}, false, now)
			withIDs(want, 200)
			want.SetOwner(1, 42)
			want.Legs[1].Opened, want.Legs[1].Row = true, 77
			return tx.SaveCalls(ctx, now, []*models.Call{want, calls[b]})
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			got, err := tx.LockCalls(ctx, now, []models.CallKey{a}, []int64{300})
			if err != nil {
				return err
			}
			equal(t, "LockCalls again", got[a], want)
			byID, err := tx.LockCallsByID(ctx, []int64{100, 999})
			if err != nil {
				return err
			}
			equal(t, "LockCallsByID", byID, map[int64]*models.Call{100: want})
			return nil
		})
		mine, _, err := s.Calls(t.Context(), models.CallQuery{User: 42, Limit: 10})
		if err != nil || len(mine) != 1 || mine[0].ID != 100 {
			t.Errorf("Calls of user 42 = %v, %v", mine, err)
		}
	})
}

// A merge moves the legs; the other key leads to the same call from then on.
func TestMergedCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		a, b := models.CallKey{Source: 1, Key: "a"}, models.CallKey{Source: 1, Key: "b"}
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			calls, err := tx.LockCalls(ctx, now, []models.CallKey{a, b}, []int64{100, 101})
			if err != nil {
				return err
			}
			calls[a].Apply(ring("101", now), false, now)
			calls[b].Apply(ring("101", now.Add(time.Millisecond)), false, now)
			calls[b].Apply(ring("102", now.Add(time.Second)), false, now)
			return tx.SaveCalls(ctx, now, []*models.Call{withIDs(calls[a], 200), withIDs(calls[b], 210)})
		})
		var want *models.Call
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			calls, err := tx.LockCalls(ctx, now, []models.CallKey{a, b}, []int64{300, 301})
			if err != nil {
				return err
			}
			calls[a].Merge(calls[b])
			want = withIDs(calls[a], 220)
			return tx.SaveCalls(ctx, now, []*models.Call{want, calls[b]})
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			got, err := tx.LockCalls(ctx, now, []models.CallKey{b}, []int64{400})
			if err != nil {
				return err
			}
			equal(t, "the call under its other key", got[b], want)
			return nil
		})
		listed, err := s.Call(t.Context(), 0, 101)
		if err != nil || listed.ID != 100 || len(listed.Legs) != len(want.Legs) {
			t.Errorf("Call(101) = call %d with %d legs, %v; want call 100 with %d", listed.ID, len(listed.Legs), err, len(want.Legs))
		}
		byKey, err := s.CallByKey(t.Context(), b)
		if err != nil || byKey.ID != 100 || len(byKey.Facts) != len(want.Facts) {
			t.Errorf("CallByKey(%v) = call %d with %d facts, %v; want call 100 with %d", b, byKey.ID, len(byKey.Facts), err, len(want.Facts))
		}
		if _, err := s.CallByKey(t.Context(), models.CallKey{Source: 9, Key: b.Key}); !models.IsNotFound(err) {
			t.Errorf("CallByKey of another source: %v, want NotFound", err)
		}
		left, err := s.Unrouted(t.Context(), time.Now().Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range left {
			if u.Extension == "101" && u.Count != 1 {
				t.Errorf("the leg of 101 that the merge folded away still counts: %+v", u)
			}
		}
	})
}

// A leg that a late event folds away does not stay in the log.
func TestVanishedLegs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		k := models.CallKey{Source: 1, Key: "a"}
		var want int
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			calls, err := tx.LockCalls(ctx, now, []models.CallKey{k}, []int64{100})
			if err != nil {
				return err
			}
			calls[k].Apply(ring("101", now), false, now)
			calls[k].Apply(ring("102", now.Add(5*time.Second)), false, now)
			return tx.SaveCalls(ctx, now, []*models.Call{withIDs(calls[k], 200)})
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			calls, err := tx.LockCalls(ctx, now, []models.CallKey{k}, []int64{300})
			if err != nil {
				return err
			}
			c := calls[k]
			// It turns out that the call was over before 102 rang.
			c.Apply(&models.Event{Type: models.EventEnded, At: c.StartedAt.Add(time.Second)}, false, now)
			want = len(c.Legs)
			return tx.SaveCalls(ctx, now, []*models.Call{c})
		})
		got, err := s.Call(t.Context(), 0, 100)
		if err != nil || len(got.Legs) != want {
			t.Errorf("%d legs stored, %v; the call has %d", len(got.Legs), err, want)
		}
	})
}

func TestUnroutedCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		keys := []models.CallKey{{Source: 1, Key: "a"}, {Source: 1, Key: "b"}, {Source: 2, Key: "c"}}
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			calls, err := tx.LockCalls(ctx, now, keys, []int64{100, 101, 102})
			if err != nil {
				return err
			}
			for i, k := range keys {
				calls[k].Apply(ring("101", now), false, now)
				withIDs(calls[k], int64(200+10*i))
			}
			calls[keys[1]].Legs[0].User = 5
			return tx.SaveCalls(ctx, now, []*models.Call{calls[keys[0]], calls[keys[1]], calls[keys[2]]})
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			for _, c := range []struct {
				name, ext string
				source    int64
				since     time.Time
				want      []int64
			}{
				{"by extension", "101", 1, now.Add(-time.Hour), []int64{100}},
				{"by address", "login:101", 1, now.Add(-time.Hour), []int64{100}},
				{"other source", "101", 2, now.Add(-time.Hour), []int64{102}},
				{"too old", "101", 1, now.Add(time.Hour), nil},
				{"unknown", "10", 1, now.Add(-time.Hour), nil},
			} {
				got, err := tx.UnroutedCalls(ctx, c.source, c.ext, c.since)
				if err != nil || !slices.Equal(got, c.want) {
					t.Errorf("UnroutedCalls %s = %v, %v; want %v", c.name, got, err, c.want)
				}
			}
			return nil
		})
	})
}

// Two transactions make the same call at once: one makes it, the other waits
// and goes on with it.
func TestConcurrentNewCall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		first, second := storetest.Open(t, dsn), storetest.Open(t, dsn)
		k := models.CallKey{Source: 1, Key: "a"}
		locked, done := make(chan struct{}), make(chan error, 1)
		go func() {
			<-locked
			done <- second.Write(t.Context(), func(tx *store.Tx) error {
				now, _, err := tx.Begin(t.Context())
				if err != nil {
					return err
				}
				calls, err := tx.LockCalls(t.Context(), now, []models.CallKey{k}, []int64{200})
				if err != nil {
					return err
				}
				if c := calls[k]; c.ID != 100 || len(c.Facts) != 1 || len(c.Legs) != 1 {
					t.Errorf("the second one got %+v", c)
				}
				return nil
			})
		}()
		within(t, first, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			calls, err := tx.LockCalls(ctx, now, []models.CallKey{k}, []int64{100})
			if err != nil {
				return err
			}
			close(locked)
			calls[k].Apply(ring("101", now), false, now)
			return tx.SaveCalls(ctx, now, []*models.Call{withIDs(calls[k], 300)})
		})
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

// The feed gives a call that was committed late after one that was committed
// before it, and passes none by.
func TestFeedKeepsCommitOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		save := func(ctx context.Context, tx *store.Tx, now time.Time, key string, id int64) error {
			k := models.CallKey{Source: 1, Key: key}
			calls, err := tx.LockCalls(ctx, now, []models.CallKey{k}, []int64{id})
			if err != nil {
				return err
			}
			calls[k].Apply(ring("101", now), false, now)
			return tx.SaveCalls(ctx, now, []*models.Call{withIDs(calls[k], id+50)})
		}
		var seen []int64
		cursor := ""
		read := func() {
			t.Helper()
			calls, next, err := s.Calls(t.Context(), models.CallQuery{Changes: true, After: cursor, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			for i := range calls {
				seen = append(seen, calls[i].ID)
			}
			cursor = next
		}
		if s.SQLite() { // one writer: nothing commits late
			for i, key := range []string{"a", "b"} {
				within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
					return save(ctx, tx, now, key, int64(100+i))
				})
				read()
			}
		} else {
			other := storetest.Open(t, dsn)
			within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
				if err := save(ctx, tx, now, "a", 100); err != nil {
					return err
				}
				within(t, other, func(ctx context.Context, tx *store.Tx, now time.Time) error { return save(ctx, tx, now, "b", 101) })
				read()
				return nil
			})
			read()
		}
		slices.Sort(seen)
		if !slices.Equal(seen, []int64{100, 101}) {
			t.Errorf("the feed gave %v, want 100 and 101 once each", seen)
		}
	})
}

func TestStuckCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			long := now.Add(-5 * time.Hour)
			keys := []models.CallKey{{Source: 1, Key: "live"}, {Source: 1, Key: "over"}, {Source: 1, Key: "stuck"}, {Source: 1, Key: "talks on"}}
			calls, err := tx.LockCalls(ctx, long, keys, []int64{100, 101, 102, 103})
			if err != nil {
				return err
			}
			fresh := models.CallKey{Source: 1, Key: "zz new"}
			more, err := tx.LockCalls(ctx, now, []models.CallKey{fresh}, []int64{104})
			if err != nil {
				return err
			}
			more[fresh].Apply(ring("101", now), false, now)
			for _, c := range calls {
				c.Apply(ring("101", long), false, long)
			}
			calls[keys[1]].Apply(&models.Event{Type: models.EventEnded, At: long.Add(time.Minute)}, false, long)
			withIDs(calls[keys[0]], 200)
			withIDs(calls[keys[1]], 210)
			withIDs(calls[keys[2]], 220)
			withIDs(calls[keys[3]], 230)
			withIDs(more[fresh], 240)
			if err := tx.SaveCalls(ctx, long, []*models.Call{calls[keys[1]], calls[keys[2]]}); err != nil {
				return err
			}
			return tx.SaveCalls(ctx, now, []*models.Call{calls[keys[0]], calls[keys[3]], more[fresh]})
		})
		got, err := s.StuckCalls(t.Context(), 4*time.Hour, 10)
		if err != nil || !slices.Equal(got, []int64{102}) {
			t.Errorf("StuckCalls = %v, %v; want [102]: of the others something was heard", got, err)
		}
	})
}

// Of calls that are open only those fell silent that people were rung in, whose
// phones are all silent, of the sources asked for, and for long enough.
func TestSilentCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		cases := []struct {
			key    string
			source int64
			old    bool
			events []models.Event
		}{
			{"silent", 1, true, []models.Event{*ring("101", time.Time{}), {Type: models.EventRingEnded, Extension: "101"}}},
			{"silent too", 2, true, []models.Event{*ring("101", time.Time{}), {Type: models.EventRingEnded, Extension: "101"}}},
			{"of another source", 3, true, []models.Event{*ring("101", time.Time{}), {Type: models.EventRingEnded, Extension: "101"}}},
			{"just now", 1, false, []models.Event{*ring("101", time.Time{}), {Type: models.EventRingEnded, Extension: "101"}}},
			{"one rings", 1, true, []models.Event{*ring("101", time.Time{}), *ring("102", time.Time{}), {Type: models.EventRingEnded, Extension: "101"}}},
			{"answered", 1, true, []models.Event{*ring("101", time.Time{}), {Type: models.EventAnswered, Extension: "101"}}},
			{"nobody rung", 1, true, []models.Event{{Type: models.EventStarted, Direction: models.In}}},
			{"outgoing", 1, true, []models.Event{{Type: models.EventRinging, Extension: "101", Direction: models.Out}, {Type: models.EventRingEnded, Extension: "101"}}},
			{"over", 1, true, []models.Event{*ring("101", time.Time{}), {Type: models.EventEnded}}},
		}
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			for i, tc := range cases {
				at := now
				if tc.old {
					at = now.Add(-2 * time.Minute)
				}
				key := models.CallKey{Source: tc.source, Key: tc.key}
				calls, err := tx.LockCalls(ctx, at, []models.CallKey{key}, []int64{int64(100 + i)})
				if err != nil {
					return err
				}
				for j := range tc.events {
					calls[key].Apply(&tc.events[j], false, at.Add(time.Duration(j)*time.Millisecond))
				}
				if err := tx.SaveCalls(ctx, at, []*models.Call{withIDs(calls[key], int64(200+10*i))}); err != nil {
					return err
				}
			}
			return nil
		})
		for _, q := range []struct {
			sources []int64
			limit   int
			want    []int64
		}{{[]int64{1, 2}, 10, []int64{100, 101}}, {[]int64{1}, 10, []int64{100}}, {[]int64{1, 2}, 1, []int64{100}}, {nil, 10, nil}} {
			got, err := s.SilentCalls(t.Context(), q.sources, 90*time.Second, q.limit)
			slices.Sort(got)
			if err != nil || !slices.Equal(got, q.want) {
				t.Errorf("SilentCalls(%v, limit %d) = %v, %v; want %v", q.sources, q.limit, got, err, q.want)
			}
		}
	})
}
