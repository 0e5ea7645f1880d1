package bsltest

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestStandstill: the time in which the meter had no turn is no time by a
// watch; what it is late by every day is.
func TestStandstill(t *testing.T) {
	for gap, want := range map[time.Duration]time.Duration{0: 0, beat: 0, beat + late - 1: 0, beat + late: late, 15 * time.Second: 15*time.Second - beat} {
		if got := stood(gap); got != want {
			t.Errorf("between two looks were %v: it stood still for %v, want %v", gap, got, want)
		}
	}
	m := &meter{last: time.Now().Add(-9 * time.Second)} // since when nothing has run
	w := &watch{m: m, began: time.Now().Add(-10 * time.Second)}
	if got := w.elapsed(); got < time.Second || got > 5*time.Second {
		t.Errorf("of ten seconds nine were none, and %v have passed", got)
	}
}

// TestWithin: it ends by its own time, and says so; else with what it is of.
func TestWithin(t *testing.T) {
	ctx, cancel := within(t.Context(), 20*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
		t.Errorf("it ended by %v", cause)
	}
	outer, stop := context.WithCancel(t.Context())
	ctx, cancel = within(outer, time.Hour)
	defer cancel()
	stop()
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		t.Errorf("it ended by %v", cause)
	}
}
