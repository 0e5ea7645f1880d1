package routing

import (
	"fmt"
	"slices"
	"time"

	"zummer/models"
)

// A PBX that could not reach us repeats its webhooks later, and so does one
// whose own line was down: what happened long ago is told as if it were now.
// It goes into the history, as cards, and opens nothing.

// lateAfter is how long after its own time, beyond the usual lag of its source
// (Context.Lag), a ring or an answer may be told and still be news.
const lateAfter = 90 * time.Second

// longAgo is from when on something is no backlog any more: no PBX repeats for so
// long. Its clock was never set, or somebody plays a recording.
const longAgo = 24 * time.Hour

// forever is a Context.Lag with which nothing is late.
const forever = time.Duration(1<<63 - 1)

// late is how late something of the moment at is told only now; 0: in time. What
// the PBX does not date is dated at receipt and so never late, nor is what was
// told before, or what only becomes true by an event of now.
func (r *router) late(at time.Time) time.Duration {
	d := r.lag(at)
	if d == 0 {
		return 0
	}
	for i := range r.call.Facts {
		f := &r.call.Facts[i]
		if slices.ContainsFunc(r.before.Facts, func(g models.Fact) bool { return sameFact(f, &g) }) {
			continue
		}
		if f.Undated || r.lag(time.UnixMilli(f.At)) == 0 {
			return 0
		}
	}
	return d
}

// lag is how long ago at was, beyond what is usual; 0: not long.
func (r *router) lag(at time.Time) time.Duration {
	d := r.Now.Sub(at)
	if at.IsZero() || d <= lateAfter || d-lateAfter <= r.Lag || d > longAgo {
		return 0
	}
	return d - r.Lag
}

func sameFact(f, g *models.Fact) bool {
	return f.Type == g.Type && f.At == g.At && f.Seq == g.Seq && f.Leg == g.Leg && f.Extension == g.Extension
}

// lateRing reports that u's phone rang too long ago to be told of.
func (r *router) lateRing(u int64, l *models.Leg) bool {
	d := r.late(l.RangAt)
	if d > 0 {
		r.note(models.StepNothing, u, models.RuleRinging, "the extension rang: "+lateText(d))
	}
	return d > 0
}

// lateText is for the administrator: "told 12 minutes late".
func lateText(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("told %d seconds late", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("told %d minutes late", d/time.Minute)
	}
	return fmt.Sprintf("told %d hours late", d/time.Hour)
}

// missedLine is the text of one missed call; one that is told late says when it
// was, in the reader's zone.
func (r *router) missedLine(u int64) string {
	if r.late(r.call.EndedAt) == 0 {
		return r.line(r.say("Пропущенный", "Missed"))
	}
	zone := r.Zone
	if usr := r.Dir.Users[u]; usr != nil && usr.Timezone != "" {
		zone = models.ZoneOf(usr.Timezone)
	}
	if zone == nil {
		zone = time.UTC
	}
	at, now := r.call.StartedAt.In(zone), r.Now.In(zone)
	when := r.say("в ", "at ") + at.Format("15:04")
	if at.YearDay() != now.YearDay() || at.Year() != now.Year() {
		when = at.Format(r.say("02.01", "2 Jan")) + " " + when
	}
	return r.line(r.say("Пропущенный ", "Missed ") + when)
}
