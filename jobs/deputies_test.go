package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"zummer/jobs"
	"zummer/models"
)

// waiting is a database of n tasks, and a hand that gives each of them away.
type waiting struct {
	*base
	n int
}

func (w *waiting) WaitingTasks(_ context.Context, age time.Duration, after string, limit int) ([]models.Task, error) {
	if err := w.ask("find %v", age); err != nil {
		return nil, err
	}
	var out []models.Task
	for i := range w.n {
		if key := fmt.Sprintf("missed:%06d", i); key > after && len(out) < limit {
			out = append(out, models.Task{Key: key, Users: []int64{1}})
		}
	}
	return out, nil
}

func (w *waiting) StandIn(_ context.Context, tasks []models.Task) (int, error) {
	return len(tasks), w.ask("give %d", len(tasks))
}

func TestDeputies(t *testing.T) {
	for name, tt := range map[string]struct {
		tasks int
		fail  string
		want  int64
		calls int
	}{
		"nothing waits: one question": {0, "", 0, 1},
		"a few":                       {3, "", 3, 2},
		"two batches":                 {501, "", 501, 4},
		"a whole batch":               {500, "", 500, 3},
		"never more":                  {11000, "", 10000, 40},
		"cannot find":                 {3, "find", 0, 1},
		"cannot give":                 {3, "give", 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := &waiting{base: &base{fail: map[string]error{tt.fail: errAway}}, n: tt.tasks}
			got, err := jobs.Deputies(w, w, 2*time.Minute).Run(t.Context())
			if (err != nil) != (tt.fail != "") || err != nil && !errors.Is(err, errAway) {
				t.Fatalf("error %v, want one: %t", err, tt.fail != "")
			}
			if got[0].N != tt.want || len(w.asked) != tt.calls || w.asked[0] != "find 2m0s" {
				t.Errorf("%v in %d calls, want %d in %d", got, len(w.asked), tt.want, tt.calls)
			}
		})
	}
}
