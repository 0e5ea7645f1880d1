package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

func TestTakeKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		key := func(source int64, k string, ttl time.Duration) models.RepeatKey {
			return models.RepeatKey{SourceID: source, Key: k, TTL: ttl}
		}
		var begin time.Time
		for _, c := range []struct {
			name string
			at   time.Duration
			keys []models.RepeatKey
			want []bool
		}{
			{"none", 0, nil, nil},
			{"new, twice in one", 0, []models.RepeatKey{key(1, "b", time.Hour), key(1, "a", time.Second), key(1, "b", time.Hour), key(2, "b", time.Hour)}, []bool{true, true, false, true}},
			{"known and new", 0, []models.RepeatKey{key(1, "a", time.Hour), key(1, "c", time.Hour)}, []bool{false, true}},
			{"just before its time", time.Second - time.Millisecond, []models.RepeatKey{key(1, "a", time.Second)}, []bool{false}},
			{"past its time", time.Second, []models.RepeatKey{key(1, "a", time.Second), key(1, "b", time.Hour)}, []bool{true, false}},
			{"taken anew", time.Second + 500*time.Millisecond, []models.RepeatKey{key(1, "a", time.Second)}, []bool{false}},
		} {
			within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
				if begin.IsZero() {
					begin = now
				}
				got, err := tx.TakeKeys(ctx, begin.Add(c.at), c.keys)
				if !slices.Equal(got, c.want) {
					t.Errorf("%s: TakeKeys = %v, want %v", c.name, got, c.want)
				}
				return err
			})
		}
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			many := make([]models.RepeatKey, 12000) // beyond one statement's parameters
			for i := range many {
				many[i] = key(9, fmt.Sprint(i), time.Hour)
			}
			got, err := tx.TakeKeys(ctx, now, many)
			if slices.Contains(got, false) {
				t.Error("one of 12000 new keys is not new")
			}
			return err
		})
	})
}

func TestKeysOfAFailedTransactionAreFree(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		keys := []models.RepeatKey{{SourceID: 1, Key: "k", TTL: time.Hour}}
		_ = s.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.TakeKeys(t.Context(), time.Now(), keys); err != nil {
				t.Error(err)
			}
			return fmt.Errorf("undo")
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			got, err := tx.TakeKeys(ctx, now, keys)
			if !slices.Equal(got, []bool{true}) {
				t.Errorf("TakeKeys after a rollback = %v", got)
			}
			return err
		})
	})
}

func TestIdempotency(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		var begin time.Time
		step := func(name string, at time.Duration, token int64, hash string, wantOK bool, want string) {
			t.Helper()
			within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
				if begin.IsZero() {
					begin = now
				}
				got, ok, err := tx.Idempotency(ctx, begin.Add(at), token, "k", hash)
				if ok != wantOK || string(got.Response) != want || ok && got.Hash != "h1" {
					t.Errorf("%s: Idempotency = %+v, %v; want %v %q", name, got, ok, wantOK, want)
				}
				return err
			})
		}
		step("new", 0, 1, "h1", false, "")
		step("running", 0, 1, "h2", true, "")
		step("of another token", 0, 2, "h1", false, "")
		within(t, s, func(ctx context.Context, tx *store.Tx, _ time.Time) error {
			return tx.SaveIdempotency(ctx, 1, "k", []byte(`{"ids":[1]}`))
		})
		step("done", 23*time.Hour, 1, "h1", true, `{"ids":[1]}`)
		step("a day later", 25*time.Hour, 1, "h1", false, "")
		step("taken anew", 25*time.Hour, 1, "h1", true, "")

		within(t, s, func(ctx context.Context, tx *store.Tx, _ time.Time) error {
			find := func(name string, at time.Duration, token int64, wantOK bool) {
				t.Helper()
				if got, ok, err := tx.FindIdempotency(ctx, begin.Add(at), token, "k"); err != nil || ok != wantOK || ok && got.Hash != "h1" {
					t.Errorf("%s: FindIdempotency = %+v, %v, %v; want %v", name, got, ok, err, wantOK)
				}
			}
			find("taken", 48*time.Hour, 1, true)
			find("past its day", 50*time.Hour, 1, false)
			find("of another token", time.Hour, 2, true)
			find("of nobody, and not taken by looking", 0, 3, false)
			find("of nobody, again", 0, 3, false)
			err := tx.DropIdempotency(ctx, 1, "k")
			find("given back", 48*time.Hour, 1, false)
			find("of another token, still", time.Hour, 2, true)
			return err
		})
		step("taken after it was given back", 48*time.Hour, 1, "h1", false, "")
	})
}

func TestWebhooks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := storetest.Open(t, dsn)
		w := &models.Webhook{ID: 7, SourceID: 3, Method: "POST", Path: "/x?y=1", Headers: map[string]string{"A": "b\"c"}, Body: []byte{0, 0xff, '\''},
			RemoteAddr: "10.0.0.1", Outcome: models.WebhookStored, Events: 2, CallID: 9}
		within(t, s, func(ctx context.Context, tx *store.Tx, now time.Time) error {
			w.ReceivedAt = now
			return tx.InsertWebhooks(ctx, []*models.Webhook{w, {ID: 8, SourceID: 3, Method: "GET", ReceivedAt: now, Outcome: models.WebhookEmpty}})
		})
		within(t, s, func(ctx context.Context, tx *store.Tx, _ time.Time) error {
			got, err := tx.WebhookByID(ctx, 7)
			if err != nil {
				return err
			}
			equal(t, "WebhookByID", got, w)
			if _, err := tx.WebhookByID(ctx, 99); !models.IsNotFound(err) {
				t.Errorf("WebhookByID(99) = %v, want NotFound", err)
			}
			got.Outcome, got.Error, got.CallID = models.WebhookFailed, "why", 0
			w = got
			return tx.SetWebhookOutcome(ctx, got)
		})
		got, err := s.Webhook(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "after SetWebhookOutcome", &got, w)
	})
}
