package setup_test

import (
	"fmt"
	"sync"
	"testing"

	"zummer/models"
)

// Changes made at once come one after the other: none is lost, each has its
// audit row, and the snapshot has them all.
func TestChangesAtOnce(t *testing.T) {
	onBoth(t, func(w *world) {
		w.source("office")
		before, rows, loads := w.Directory().Version, len(w.audit(0)), w.loads.Load()
		const writers, each = 6, 5
		var wg sync.WaitGroup
		errs := make(chan error, 3*writers*each)
		for i := range writers {
			wg.Go(func() {
				for k := range each {
					_, err := w.PutUser(w.ctx, by(), fmt.Sprintf("user-%d-%d", i, k), models.UserInput{})
					errs <- err
					_, err = w.PutUser(w.ctx, by(), fmt.Sprintf("same-%d", k), models.UserInput{})
					errs <- err
					_, err = w.SyncUsers(w.ctx, by(), []models.SyncUser{su(fmt.Sprint("id-", k), fmt.Sprint("crm-", k), "sales", fmt.Sprint(100+k))}, false)
					errs <- err
				}
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			w.must(err)
		}
		d := w.Directory()
		changes := writers*each + each + each // who came second with the same changed nothing
		if got := d.Version - before; got != int64(changes) {
			t.Errorf("config_version rose by %d, want %d", got, changes)
		}
		if got := len(w.audit(rows)); got != changes {
			t.Errorf("%d audit rows, want %d", got, changes)
		}
		if len(d.Users) != changes || len(d.Extensions) != each || len(d.GroupByName("sales").Members) != each {
			t.Errorf("%d users, %d extensions, group %v", len(d.Users), len(d.Extensions), d.GroupByName("sales"))
		}
		if got := w.loads.Load() - loads; got > int64(changes) {
			t.Errorf("the snapshot was read %d times for %d changes", got, changes)
		}
	})
}
