package setup

import (
	"context"
	"fmt"
	"time"

	"zummer/models"
)

// TakeKey takes an Idempotency-Key of a token for 24 h, before something that
// must not happen twice; then answer is nil, and KeepAnswer or FreeKey follows.
// Else it is what was kept under the key. Errors: Conflict "running" while, or
// because, nothing was kept yet; Invalid "idempotency_mismatch" for another hash.
func (s *Setup) TakeKey(ctx context.Context, token int64, key, hash string) (answer []byte, err error) {
	err = s.opt.Store.Write(ctx, func(tx Tx) error {
		now, _, err := tx.Begin(ctx)
		if err != nil {
			return fmt.Errorf("read the clock: %w", err)
		}
		kept, known, err := tx.Idempotency(ctx, now, token, key, hash)
		switch {
		case err != nil:
			return fmt.Errorf("take an idempotency key: %w", err)
		case !known:
		case kept.Hash != hash:
			return models.Coded(models.Invalid, "idempotency_mismatch", "this Idempotency-Key was used for another request")
		case kept.Response == nil:
			return &models.Error{Kind: models.Conflict, Code: "running", Message: "the first request with this Idempotency-Key is still running, or was cut off", Retry: time.Second}
		}
		answer = kept.Response
		return nil
	})
	return answer, err
}

// KeepAnswer keeps what a repeat under the key shall hear.
func (s *Setup) KeepAnswer(ctx context.Context, token int64, key string, answer []byte) error {
	return s.opt.Store.Write(ctx, func(tx Tx) error { return tx.SaveIdempotency(ctx, token, key, answer) })
}

// FreeKey gives the key back: what it was taken for did not happen.
func (s *Setup) FreeKey(ctx context.Context, token int64, key string) error {
	return s.opt.Store.Write(ctx, func(tx Tx) error { return tx.DropIdempotency(ctx, token, key) })
}
