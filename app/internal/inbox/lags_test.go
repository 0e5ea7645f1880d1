package inbox

import (
	"testing"
	"time"
)

// The usual lag of a source: of a clock, not of a backlog. seen are events, told
// at (seconds) with a lag.
func TestUsualLag(t *testing.T) {
	type seen struct {
		at  int
		lag time.Duration
	}
	const m, s = time.Minute, time.Second
	for _, tc := range []struct {
		name string
		seen []seen
		want time.Duration
	}{
		{"nothing is known yet", nil, 0},
		{"the usual second or two", []seen{{0, 1 * s}, {40, 2 * s}, {100, 1 * s}}, 1 * s},
		{"a wrong zone is seen at once", []seen{{0, 3*time.Hour + 2*s}}, 3 * time.Hour},
		{"also one of half an hour", []seen{{0, 5*time.Hour + 30*m + 1*s}, {5, 5*time.Hour + 30*m + 2*s}}, 5*time.Hour + 30*m},
		{"a wrong zone, then as it was seen", []seen{{0, 3*time.Hour + 2*s}, {70, 3*time.Hour + 1*s}}, 3*time.Hour + 1*s},
		{"some minutes: nobody knows yet", []seen{{0, 7 * m}, {10, 7 * m}}, 0},
		{"some minutes that last", []seen{{0, 7 * m}, {10, 7*m + 2*s}, {61, 7*m + 1*s}}, 7 * m},
		{"a backlog: told at once, lags as far apart as the events", []seen{{0, 30 * m}, {0, 29*m + 55*s}, {1, 29 * m}, {1, 20 * m}, {2, 12 * m}}, 0},
		{"a backlog at the start, then news", []seen{{0, 20 * m}, {0, 15 * m}, {1, 10 * m}, {2, 1 * s}, {70, 1 * s}}, 1 * s},
		{"a backlog of a source whose lag is known", []seen{{0, 1 * s}, {70, 1 * s}, {900, 12 * m}, {900, 11 * m}, {901, 10 * m}}, 1 * s},
		{"a backlog of a source whose clock is wrong", []seen{{0, 7 * m}, {70, 7 * m}, {900, 19 * m}, {900, 18 * m}}, 7 * m},
		{"webhooks tried again after five minutes, between others", []seen{{0, 1 * s}, {70, 1 * s}, {300, 5 * m}, {310, 1 * s}, {700, 5 * m}}, 1 * s},
		{"the clock goes wrong by a zone", []seen{{0, 1 * s}, {70, 1 * s}, {100, time.Hour + 1*s}, {161, time.Hour + 1*s}}, time.Hour + 1*s},
		{"and is put right", []seen{{0, time.Hour}, {70, time.Hour}, {100, 1 * s}, {161, 1 * s}}, 1 * s},
		{"a clock that is ahead", []seen{{0, -2 * time.Hour}, {70, -2 * time.Hour}}, 0},
		{"one event from the future", []seen{{0, 1 * s}, {70, 1 * s}, {80, -24 * time.Hour}}, 1 * s},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var l lags
			start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
			for _, e := range tc.seen {
				l.see(1, e.lag, start.Add(time.Duration(e.at)*time.Second), false)
			}
			if got := l.usual(1); got != tc.want {
				t.Errorf("usual is %v, want %v", got, tc.want)
			}
			if got := l.usual(2); got != 0 {
				t.Errorf("of another source %v", got)
			}
		})
	}
}

// Of a kind whose times name their zone an hour's lag is no wrong zone, until it
// has lasted.
func TestLagOfATimeWithItsZone(t *testing.T) {
	var l lags
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	l.see(1, time.Hour, start, true)
	if got := l.usual(1); got != 0 {
		t.Errorf("usual is %v at once, want 0", got)
	}
	l.see(1, time.Hour, start.Add(time.Minute), true)
	if got := l.usual(1); got != time.Hour {
		t.Errorf("usual is %v after a minute, want an hour", got)
	}
}
