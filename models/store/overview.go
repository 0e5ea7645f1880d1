package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"zummer/models"
)

const (
	measured = 50_000      // deliveries of one Overview, about; of more every nth is taken
	onScreen = time.Minute // what took longer waited for a client, not for us
	anHour   = int64(time.Hour / time.Millisecond)
)

// Overview tells how the service has done since a time, and how the database
// is. It reads some tables of a day by their indexes: for a page, not for
// every request.
func (s *Store) Overview(ctx context.Context, since time.Time) (models.Overview, error) {
	var out models.Overview
	began := time.Now()
	if _, err := s.Now(ctx); err != nil {
		return out, err
	}
	out.Database.Ping = time.Since(began)
	for _, read := range []func(context.Context, time.Time, *models.Overview) error{s.latency, s.callsByHour, s.sourceHealth, s.health} {
		if err := read(ctx, since, &out); err != nil {
			return models.Overview{}, reading(err, "read the overview")
		}
	}
	return out, nil
}

// latency measures the first delivery of each revision that a webhook made.
func (s *Store) latency(ctx context.Context, since time.Time, out *models.Overview) error {
	n := 0
	if err := each(ctx, s.read, func(r scanner) error { return r.Scan(&n) }, "SELECT COUNT(*) FROM deliveries WHERE at >= ?", s.dialect.ts(since)); err != nil {
		return err
	}
	out.Sampled = max(1, (n+measured-1)/measured)
	hours := map[time.Time][]time.Duration{}
	err := each(ctx, s.read, func(r scanner) error {
		var told, made, received dbTime
		if err := r.Scan(&told, &made, &received); err != nil {
			return err
		}
		from := made.Time
		if !received.IsZero() && received.Before(from) {
			from = received.Time
		}
		took := max(0, told.Sub(from))
		if took > onScreen {
			out.Late++
			return nil
		}
		hour := told.UTC().Truncate(time.Hour)
		hours[hour] = append(hours[hour], took)
		return nil
	}, "SELECT d.at, e.at, w.received_at FROM (SELECT notification_id, rev, MIN(at) AS at FROM deliveries WHERE at >= ? AND notification_id % ? = 0 GROUP BY notification_id, rev) d "+
		"JOIN notification_events e ON e.notification_id = d.notification_id AND e.notification_id <> 0 AND e.rev = d.rev AND e.what IN (?,?) AND e.webhook_id <> 0 AND e.at >= ? "+
		"LEFT JOIN webhooks w ON w.id = e.webhook_id",
		s.dialect.ts(since), out.Sampled, models.StepStored, models.StepRevised, s.dialect.ts(since.Add(-time.Hour)))
	if err != nil {
		return err
	}
	for hour, all := range hours {
		slices.Sort(all)
		out.Latency = append(out.Latency, models.LatencyHour{Hour: hour, Count: len(all), P50: percentile(all, 50), P95: percentile(all, 95), P99: percentile(all, 99)})
	}
	slices.SortFunc(out.Latency, func(a, b models.LatencyHour) int { return a.Hour.Compare(b.Hour) })
	return nil
}

// percentile is the smallest value that p of a hundred do not exceed; sorted
// has one at least.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

func (s *Store) callsByHour(ctx context.Context, since time.Time, out *models.Overview) error {
	hour := "CAST(EXTRACT(EPOCH FROM date_trunc('hour', created_at)) AS bigint) * 1000"
	if s.dialect.sqlite {
		hour = "created_at / " + strconv.FormatInt(anHour, 10) + " * " + strconv.FormatInt(anHour, 10)
	}
	return each(ctx, s.read, func(r scanner) error {
		var at int64
		var h models.CallsHour
		err := r.Scan(&at, &h.Calls, &h.Missed)
		h.Hour = time.UnixMilli(at).UTC()
		out.Calls = append(out.Calls, h)
		return err
	}, "SELECT "+hour+" AS hour, COUNT(*), SUM(CASE WHEN missed THEN 1 ELSE 0 END) FROM calls WHERE created_at >= ? AND merged_into = 0 GROUP BY 1 ORDER BY 1", s.dialect.ts(since))
}

// sourceHealth is SourceHealth of the sources that there are, with the last error.
func (s *Store) sourceHealth(ctx context.Context, since time.Time, out *models.Overview) error {
	of, err := s.SourceHealth(ctx, since)
	if err != nil {
		return err
	}
	var ids []int64
	err = each(ctx, s.read, func(r scanner) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT id FROM sources ORDER BY id")
	for _, id := range ids {
		if err != nil {
			return err
		}
		h := of[id]
		h.SourceID = id
		if h.Failed > 0 {
			err = each(ctx, s.read, func(r scanner) error { return r.Scan(&h.LastError) },
				"SELECT error FROM webhooks WHERE source_id = ? AND outcome = 'failed' AND received_at >= ? ORDER BY id DESC LIMIT 1", id, s.dialect.ts(since))
		}
		out.Sources = append(out.Sources, h)
	}
	return err
}

// health asks the database about itself. What it does not tell stays 0.
func (s *Store) health(ctx context.Context, _ time.Time, out *models.Overview) error {
	h := &out.Database
	one := func(dest any, sql string) error {
		return each(ctx, s.read, func(r scanner) error { return r.Scan(dest) }, sql)
	}
	if db, err := s.read.DB(); err == nil {
		st := db.Stats()
		h.Open, h.InUse, h.Of, h.Waited = st.OpenConnections, st.InUse, st.MaxOpenConnections, st.WaitCount
	}
	if s.dialect.sqlite {
		h.Kind, h.Processes = "SQLite", 1
		if err := one(&h.Version, "SELECT sqlite_version()"); err != nil {
			return err
		}
		return one(&h.Size, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
	}
	h.Kind = "PostgreSQL"
	if err := one(&h.Version, "SELECT split_part(current_setting('server_version'), ' ', 1)"); err != nil {
		return err
	}
	if err := one(&h.Size, "SELECT pg_database_size(current_database())"); err != nil {
		return err
	}
	// Each process listens on a connection of its own.
	return one(&h.Processes, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '"+listener+"'")
}
