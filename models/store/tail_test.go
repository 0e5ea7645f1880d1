package store_test

import (
	"testing"
	"time"

	"zummer/models"
	"zummer/models/store"
	"zummer/models/store/storetest"
)

// TestTail: what one process commits, the tail of another one finds, once, in
// every order of commits within the window.
func TestTail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, dsn string) {
		ctx := t.Context()
		writer, reader := storetest.Open(t, dsn), storetest.Open(t, dsn)
		if _, _, err := reader.Tail(ctx); err != nil {
			t.Fatal(err)
		}
		for version := int64(1); version <= 3; version++ {
			err := writer.Write(ctx, func(tx *store.Tx) error {
				return tx.InsertSteps(ctx, []*models.Step{{UserID: 7, NotificationID: 1, Rev: 1, Version: version, What: models.StepStored, At: time.Now()}})
			})
			if err != nil {
				t.Fatal(err)
			}
			hints, config, err := reader.Tail(ctx)
			if err != nil || config == 0 || len(hints) != 1 || hints[0] != (models.Hint{UserID: 7, Version: version}) {
				t.Fatalf("Tail after version %d = %v, config %d, %v", version, hints, config, err)
			}
			if again, _, err := reader.Tail(ctx); err != nil || len(again) != 0 {
				t.Fatalf("Tail again = %v, %v, want nothing", again, err)
			}
		}
	})
}
