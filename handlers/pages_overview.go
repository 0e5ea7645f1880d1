package handlers

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// overviewPace is how often the overview's figures are read at most: many who
// look cost the database as much as one. While nothing changes they are kept for
// overviewRest: a page that is left open costs next to nothing.
const overviewPace, overviewRest = 9 * time.Second, time.Minute

// overviewSpan is how far back its plots reach.
const overviewSpan = 24

// overviews keep the last figures.
type overviews struct {
	began time.Time // of this process

	mu    sync.Mutex
	at    time.Time
	pulse uint64 // when they were read
	since time.Time
	stats models.Stats
	last  models.Overview
}

// read returns the figures since a time; pulse is the register's present number
// of changes.
func (o *overviews) read(ctx context.Context, j Journal, since time.Time, pulse uint64) (models.Stats, models.Overview, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	keep := overviewPace
	if pulse == o.pulse && since.Equal(o.since) {
		keep = overviewRest
	}
	if time.Since(o.at) < keep {
		return o.stats, o.last, nil
	}
	stats, err := j.Stats(ctx)
	if err != nil {
		return stats, models.Overview{}, err
	}
	last, err := j.Overview(ctx, since)
	if err != nil {
		return stats, last, err
	}
	o.at, o.pulse, o.since, o.stats, o.last = time.Now(), pulse, since, stats, last
	return stats, last, nil
}

// overview shows how the service does.
func (p *pages) overview(c echo.Context) error {
	d := web.OverviewPage{Frame: p.frame(c, "overview", "Обзор", "Overview"), Began: p.over.began}
	first := d.Now.UTC().Truncate(time.Hour).Add(-(overviewSpan - 1) * time.Hour)
	ctx := c.Request().Context()
	stats, o, err := p.over.read(ctx, p.a.d.Journal, first, p.a.d.Register.Changes(ctx, 0, 0))
	if err != nil {
		return err
	}
	d.Summary = web.Summary{Pending: stats.Pending, Waiting: p.a.Waiting(), CallsToday: stats.CallsToday, MissedToday: stats.MissedToday, Oldest: stats.OldestPending}
	d.Webhooks, d.Broken, d.Late, d.Sampled, d.Database = stats.WebhooksToday, stats.FailedToday, o.Late, o.Sampled, o.Database
	d.Latency, d.Calls = latencyChart(d.Frame, first, o.Latency), callsChart(d.Frame, first, o.Calls)
	if n := len(o.Latency); n > 0 {
		d.Lately = web.Lasted(d.Lang, o.Latency[n-1].P95)
	}
	dir := p.a.d.Setup.Directory()
	for _, h := range o.Sources {
		if src := dir.Sources[h.SourceID]; src != nil {
			d.Sources = append(d.Sources, web.OverviewSource{SourceHealth: h, Slug: src.Slug, Name: cmp.Or(src.Name, src.Slug), Kind: src.Kind, Active: src.Active})
		}
	}
	if p.a.d.JobRuns != nil {
		d.Jobs = p.a.d.JobRuns()
	}
	if p.a.d.Followed != nil {
		d.Followed = p.a.d.Followed()
	}
	return p.show(c, "overview", d)
}

// hours are the labels of a plot of a day, and a place for each hour in it.
func hours(f web.Frame, first time.Time) (labels []string, place map[time.Time]int) {
	place = map[time.Time]int{}
	for i := range overviewSpan {
		at := first.Add(time.Duration(i) * time.Hour)
		labels = append(labels, at.In(f.Zone).Format("15:04"))
		place[at] = i
	}
	return labels, place
}

func latencyChart(f web.Frame, first time.Time, all []models.LatencyHour) web.Chart {
	labels, place := hours(f, first)
	lines := []web.ChartLine{{Name: f.T("половина быстрее (p50)", "half are faster (p50)")}, {Name: f.T("95 из 100 быстрее (p95)", "95 of 100 are faster (p95)")}, {Name: f.T("99 из 100 быстрее (p99)", "99 of 100 are faster (p99)")}}
	for k := range lines {
		lines[k].Values = make([]float64, len(labels))
		for i := range lines[k].Values {
			lines[k].Values[i] = math.NaN()
		}
	}
	count := 0
	for _, h := range all {
		if i, ok := place[h.Hour]; ok {
			for k, took := range []time.Duration{h.P50, h.P95, h.P99} {
				lines[k].Values[i] = float64(took) / float64(time.Millisecond)
			}
			count += h.Count
		}
	}
	return web.Chart{Title: f.T("От запроса АТС до экрана, по часам", "From the PBX's request to the screen, by hour"),
		Detail: f.T("Измерено уведомлений: ", "Notifications measured: ") + strconv.Itoa(count), Labels: labels, Lines: lines, Log: true, Say: web.Milliseconds(f.Lang),
		Head: f.T("Час", "Hour"), Figure: f.T("Показать цифрами", "Show the figures")}
}

func callsChart(f web.Frame, first time.Time, all []models.CallsHour) web.Chart {
	labels, place := hours(f, first)
	calls, missed := make([]float64, len(labels)), make([]float64, len(labels))
	total, lost := 0, 0
	for _, h := range all {
		if i, ok := place[h.Hour]; ok {
			calls[i], missed[i] = float64(h.Calls), float64(h.Missed)
			total, lost = total+h.Calls, lost+h.Missed
		}
	}
	return web.Chart{Title: f.T("Звонки по часам", "Calls by hour"), Detail: f.T("Всего звонков: ", "Calls: ") + strconv.Itoa(total) + f.T(", из них пропущено: ", ", of them missed: ") + strconv.Itoa(lost),
		Labels: labels, Lines: []web.ChartLine{{Name: f.T("все звонки", "all calls"), Values: calls}, {Name: f.T("пропущенные", "missed"), Values: missed}}, Bars: true,
		Head: f.T("Час", "Hour"), Figure: f.T("Показать цифрами", "Show the figures")}
}
