package inbox

import (
	"sync"
	"time"

	"zummer/models"
)

// lags knows how late each source usually tells, by its own clock: the clocks of
// PBXs go wrong, by some minutes or by whole zones, and what such a source tells
// is news all the same. It is what this process has seen. Two things tell a clock
// from a backlog:
//
//   - All that a source told for a minute has one and the same lag: a backlog is
//     told in a burst, and its lags spread as its events do. That lag stays the
//     usual one until another one has lasted a minute.
//   - As long as none has, a lag of a whole number of half hours, to a few
//     seconds, that nothing contradicts: a wrong zone. Kinds whose times name
//     their zone cannot be wrong about it.
//
// Until then, and for clocks that are ahead, the usual lag is none: after a start
// a clock that is minutes behind costs the pop-ups of its first minute, and a
// backlog never pops up.
type lags struct {
	mu sync.Mutex
	of map[int64]*lag
}

// lag is what is known of one source: its run of equal lags, the latest one.
type lag struct {
	since, last time.Time
	min, max    time.Duration
	broken      bool          // there were other lags before
	zoned       bool          // its times name their zone
	known       bool          // usual is
	usual       time.Duration // of the last run that lasted
}

const (
	lagLasts  = time.Minute      // of a run that shows a clock
	lagSpread = 30 * time.Second // within a run
	zoneStep  = 30 * time.Minute
	zoneRest  = 20 * time.Second
)

// observe takes an event as it is told. What is replayed, and what is told of a
// call afterwards, says nothing.
func (l *lags) observe(e *pendingEvent, now time.Time) {
	if e.op.replay != 0 || e.ev.At.IsZero() || e.ev.Type == models.EventRecording {
		return
	}
	l.see(e.source.ID, now.Sub(e.ev.At), now, namesZone(e.source.Kind))
}

// namesZone reports that a kind tells times that name their zone, or count from
// 1970.
func namesZone(kind string) bool {
	return kind == "generic" || kind == "cloudevents" || kind == "asterisk-http"
}

// see takes one lag; zoned says that the time named its zone.
func (l *lags) see(source int64, d time.Duration, now time.Time, zoned bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.of[source]
	if s == nil {
		if l.of == nil {
			l.of = map[int64]*lag{}
		}
		s = &lag{since: now, last: now, min: d, max: d, zoned: zoned}
		l.of[source] = s
	}
	if lo, hi := min(s.min, d), max(s.max, d); hi-lo <= lagSpread && now.Sub(s.last) < time.Hour {
		s.min, s.max, s.last = lo, hi, now
	} else {
		s.since, s.last, s.min, s.max, s.broken = now, now, d, d, true
	}
	if s.last.Sub(s.since) >= lagLasts {
		s.known, s.usual = true, max(0, s.min)
	}
}

// usual is the source's usual lag; never negative.
func (l *lags) usual(source int64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch s := l.of[source]; {
	case s == nil:
		return 0
	case s.known:
		return s.usual
	case !s.broken && !s.zoned:
		zone := s.min.Round(zoneStep)
		if zone > 0 && (s.min-zone).Abs() <= zoneRest {
			return zone
		}
	}
	return 0
}
