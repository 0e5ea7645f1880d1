package pbx

import (
	"strings"
	"time"

	"zummer/models"
)

// history reads the end of a call. It names who talked, in case the answer was
// never told, and when the call began; the other events bear no times, and so
// the end has none either: it comes after all that was told.
func (p megafonPost) history(cfg Config) ([]models.Event, error) {
	status := strings.ToLower(p.text("status"))
	way := direction(p.text("type"))
	switch {
	case way == "":
		return nil, models.InvalidField("type", "is required")
	case status == "":
		return nil, models.InvalidField("status", "is required")
	}
	duration, err := p.seconds("duration")
	if err != nil {
		return nil, err
	}
	base := p.base(way)
	var out []models.Event
	if at := p.start(cfg); !at.IsZero() {
		e := base
		e.Type, e.At, e.ID = models.EventStarted, at, p.name("started", "start")
		out = append(out, e)
	}
	who, _ := p.person()
	if status == "success" && who != "" && way != models.InternalCall {
		e := p.of(base, models.EventAnswered)
		e.ID = p.name("answered", "start", "user", "ext", "telnum")
		out = append(out, e)
	}
	end := p.of(base, models.EventEnded)
	end.Leg, end.DurationS, end.Disposition, end.Recording = "", duration, p.text("status"), p.text("link")
	switch {
	case status == "success":
		end.TalkS = duration
	case status == "missed" && way == models.In:
		end.Type = models.EventMissed
	default:
		end.Reason = megafonReason(status)
	}
	end.ID = p.name("ended", "type", "status", "user", "ext", "start", "duration", "link")
	return append(out, end), nil
}

// start is the time of history, YYYYmmddTHHMMSSZ; zero when it is absent,
// unreadable or yet to come (its clock and ours differ, and the undated events
// would be put after it): the end of the call is worth more.
func (p megafonPost) start(cfg Config) time.Time {
	at, err := time.Parse("20060102T150405Z", p.text("start"))
	if err != nil {
		at, err = p.time("start", cfg.Timezone)
	}
	if err != nil || at.Year() < 2000 || at.Year() > 2100 || !cfg.Now.IsZero() && at.After(cfg.Now) {
		return time.Time{}
	}
	return at.UTC()
}

// megafonReason maps the status of a call without a talk.
func megafonReason(status string) string {
	switch status {
	case "cancel":
		return models.ReasonGaveUp
	case "busy":
		return models.ReasonBusy
	case "missed":
		return models.ReasonNoAnswer
	case "notavailable", "notallowed", "notfound":
		return models.ReasonUnavailable
	}
	return ""
}
