package web

import (
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// OverviewPage shows how the service does.
type OverviewPage struct {
	Frame
	Summary  Summary
	Webhooks int    // today
	Broken   int    // of them
	Lately   string // how soon nineteen of twenty were on a screen, in the last hour that had any; "": none
	Latency  Chart
	Calls    Chart
	Late     int
	Sampled  int
	Sources  []OverviewSource
	Database models.DatabaseHealth
	Jobs     []models.JobRun
	Followed time.Time // when this process last looked for what others changed
	Began    time.Time // of this process
}

// OverviewSource is how a source is.
type OverviewSource struct {
	models.SourceHealth
	Slug, Name, Kind string
	Active           bool
}

// Share is how many of a hundred webhooks failed.
func (r OverviewSource) Share() string {
	if r.Webhooks == 0 {
		return "–"
	}
	share := 100 * float64(r.Failed) / float64(r.Webhooks)
	digits := 0
	if share > 0 && share < 10 {
		digits = 1
	}
	return strconv.FormatFloat(share, 'f', digits, 64) + " %"
}

// State is how the source is, in a word and a tone.
func (r OverviewSource) State(l Lang) string {
	switch r.Tone() {
	case "dim":
		return said{"выключен", "off"}.in(l)
	case "bad":
		return said{"ошибки", "failures"}.in(l)
	case "warn":
		if r.Last.IsZero() {
			return said{"ещё ничего не прислал", "has sent nothing yet"}.in(l)
		}
		if r.Webhooks == 0 {
			return said{"молчит больше суток", "silent for over a day"}.in(l)
		}
		return said{"бывают ошибки", "some failures"}.in(l)
	}
	return said{"работает", "works"}.in(l)
}

// Tone is good, warn, bad or dim.
func (r OverviewSource) Tone() string {
	switch {
	case !r.Active:
		return "dim"
	case r.Webhooks > 0 && (r.Failed*20 >= r.Webhooks || r.LastFailed.Equal(r.Last) && r.Failed > 0):
		return "bad"
	case r.Webhooks == 0, r.Failed > 0:
		return "warn"
	}
	return "good"
}

// Bytes is a size in words.
func Bytes(l Lang, n int64) string {
	units := strings.Fields(said{"Б КБ МБ ГБ ТБ", "B KB MB GB TB"}.in(l))
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	digits := 0
	if i > 0 && v < 10 {
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + units[i]
}

// Size is the database's size in words.
func (p OverviewPage) Size() string { return Bytes(p.Lang, p.Database.Size) }

// Took is a time in words.
func (p OverviewPage) Took(d time.Duration) string { return Lasted(p.Lang, d) }

// JobIn says what a job does.
func (p OverviewPage) JobIn(job string) string {
	words := map[string]said{
		"expire":     {"снимает уведомления, срок которых вышел", "takes out notifications whose time is over"},
		"purge":      {"удаляет то, чему вышел срок хранения", "removes what is older than the retention"},
		"partitions": {"готовит таблицы следующих дней", "prepares the tables of the next days"},
		"stuck":      {"закрывает звонки, о которых АТС забыла", "closes calls that the PBX forgot"},
		"silent":     {"закрывает звонки, которые замолчали", "closes calls that fell silent"},
		"stats":      {"считает показатели", "counts the figures"},
		"deputies":   {"передаёт пропущенные заместителям", "hands missed calls to deputies"},
		"fold":       {"готовит имена контактов к поиску", "prepares the names of contacts for searching"},
	}
	if w, ok := words[job]; ok {
		return w.in(p.Lang)
	}
	return job
}
