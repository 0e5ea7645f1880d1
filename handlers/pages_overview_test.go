package handlers

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"zummer/models"
)

// looked counts how often the figures are read.
type looked struct {
	Journal
	times int
}

func (l *looked) Stats(context.Context) (models.Stats, error) { l.times++; return models.Stats{}, nil }

func (l *looked) Overview(context.Context, time.Time) (models.Overview, error) {
	return models.Overview{}, nil
}

// TestOverviewReads: what reads the overview's figures anew, and what does not.
func TestOverviewReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o overviews
		var j looked
		hour := time.Now().Truncate(time.Hour)
		for _, step := range []struct {
			what  string
			later time.Duration
			hour  time.Time
			pulse uint64
			want  int
		}{
			{"the first look", 0, hour, 1, 1},
			{"somebody else looks", time.Second, hour, 1, 1},
			{"something happened just after", time.Second, hour, 2, 1},
			{"ten seconds after the reading", 8 * time.Second, hour, 2, 2},
			{"nothing happens", 10 * time.Second, hour, 2, 2},
			{"still nothing", 40 * time.Second, hour, 2, 2},
			{"a minute without anything: a job's figures may have changed", 10 * time.Second, hour, 2, 3},
			{"the hour is over", 10 * time.Second, hour.Add(time.Hour), 2, 4},
		} {
			<-time.After(step.later)
			if _, _, err := o.read(t.Context(), &j, step.hour, step.pulse); err != nil {
				t.Fatal(err)
			}
			if j.times != step.want {
				t.Fatalf("%s: read %d times, want %d", step.what, j.times, step.want)
			}
		}
	})
}
