package setup_test

import (
	"errors"
	"testing"

	"zummer/models"
)

// TestOnce: a key is taken once, answers what was kept, and comes free again.
func TestOnce(t *testing.T) {
	onBoth(t, func(w *world) {
		take := func(token int64, key, hash, want, code string) {
			w.t.Helper()
			got, err := w.TakeKey(w.ctx, token, key, hash)
			e, _ := errors.AsType[*models.Error](err)
			if e == nil && err != nil || e == nil && code != "" || e != nil && e.Code != code || string(got) != want {
				w.t.Fatalf("TakeKey(%d, %s, %s) = %s, %v; want %q, code %q", token, key, hash, got, err, want, code)
			}
		}
		take(1, "dial\tk", "h", "", "")
		take(1, "dial\tk", "h", "", "running")
		take(1, "dial\tk", "other", "", "idempotency_mismatch")
		take(2, "dial\tk", "other", "", "") // another token's
		take(1, "k", "other", "", "")       // a publisher's
		w.must(w.KeepAnswer(w.ctx, 1, "dial\tk", []byte(`{"answer":1}`)))
		take(1, "dial\tk", "h", `{"answer":1}`, "")
		take(1, "dial\tk", "other", "", "idempotency_mismatch")
		take(2, "dial\tk", "other", "", "running")
		w.must(w.FreeKey(w.ctx, 2, "dial\tk"))
		take(2, "dial\tk", "third", "", "")
		take(1, "dial\tk", "h", `{"answer":1}`, "")
	})
}
