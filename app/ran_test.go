package app

import (
	"errors"
	"testing"
	"time"

	"zummer/jobs"
)

// The last run of each job is kept, by name, and a failure without its text,
// which may hold what the log alone should.
func TestRan(t *testing.T) {
	t.Parallel()
	var r ran
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	r.note(jobs.Result{Job: "stats", Err: errors.New("dial tcp 10.0.0.5")}, at)
	r.note(jobs.Result{Job: "expire", Took: time.Second}, at)
	r.note(jobs.Result{Job: "stats"}, at.Add(time.Minute))
	r.note(jobs.Result{Job: "purge", Err: errors.New("dial tcp 10.0.0.5")}, at)
	got := r.list()
	if len(got) != 3 || got[0].Job != "expire" || got[0].Took != time.Second || got[1].Error != "failed; the log says why" || got[2].Error != "" || !got[2].At.Equal(at.Add(time.Minute)) {
		t.Errorf("runs %+v", got)
	}
}
