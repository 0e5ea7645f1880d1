package app

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"zummer/jobs"
	"zummer/models"
)

// ran keeps the last run of each job in this process, for the administrator.
type ran struct {
	mu   sync.Mutex
	last map[string]models.JobRun
}

func (r *ran) note(res jobs.Result, now time.Time) {
	run := models.JobRun{Job: res.Job, At: now, Took: res.Took}
	if res.Err != nil {
		run.Error = "failed; the log says why"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = map[string]models.JobRun{}
	}
	r.last[res.Job] = run
}

// list is by name.
func (r *ran) list() []models.JobRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]models.JobRun, 0, len(r.last))
	for _, run := range r.last {
		out = append(out, run)
	}
	slices.SortFunc(out, func(a, b models.JobRun) int { return cmp.Compare(a.Job, b.Job) })
	return out
}

// observeJob tells of a run.
func (a *App) observeJob(r jobs.Result) {
	a.metrics.job(r)
	a.ran.note(r, time.Now())
}
