package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// lookedAt is how many calls one search looks at. A page that asks for little
// among very many answers at once with what it found so far, and goes on from
// there when somebody asks it to.
const lookedAt = 20_000

// SearchCalls lists calls with their legs for an administrator, the one first
// heard of last first, without those that were merged into another. Errors:
// Invalid for an unknown state or cursor.
func (s *Store) SearchCalls(ctx context.Context, q models.CallSearch) (models.CallsFound, error) {
	at, err := readCursor("s", q.After, 2)
	if err != nil {
		return models.CallsFound{}, err
	}
	f, narrow, err := s.searched(q, at)
	if err != nil {
		return models.CallsFound{}, err
	}
	if q.User != 0 {
		many, err := s.ofUser(ctx, &f, q.User)
		if err != nil {
			return models.CallsFound{}, reading(err, "search calls")
		}
		narrow = narrow || many
	}
	var out models.CallsFound
	if narrow {
		if out.Back, err = s.floor(ctx, f.span, cmp.Or(q.Look, lookedAt)); err != nil {
			return models.CallsFound{}, reading(err, "search calls")
		}
		if !out.Back.IsZero() {
			f.and("created_at >= ?", s.dialect.ts(out.Back))
		}
	}
	limit := pageSize(q.Limit)
	var ids []int64
	var made []time.Time
	err = each(ctx, s.read, func(r scanner) error {
		var id int64
		var at dbTime
		err := r.Scan(&id, &at)
		ids, made = append(ids, id), append(made, at.Time)
		return err
	}, "SELECT id, created_at FROM calls"+f.where()+" ORDER BY created_at DESC, id DESC LIMIT ?", append(slices.Clone(f.args), limit+1)...)
	if err != nil {
		return models.CallsFound{}, reading(err, "search calls")
	}
	ids, more := cut(ids, limit)
	switch {
	case more:
		out.Next, out.Back = cursor("s", made[limit-1].UnixMicro(), ids[limit-1]), time.Time{}
	case !out.Back.IsZero():
		out.Next = cursor("s", out.Back.UnixMicro(), 0)
	}
	if len(ids) == 0 {
		return out, nil
	}
	if out.Calls, err = s.readCalls(ctx, "SELECT "+callColumns+" FROM calls WHERE id IN ("+marks(len(ids))+")", anys(ids)...); err != nil {
		return models.CallsFound{}, reading(err, "search calls")
	}
	slices.SortFunc(out.Calls, func(a, b models.Call) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return out, nil
}

// callFilter is a filter, and the part of it that an index follows.
type callFilter struct {
	filter
	span filter
}

// searched is the filter of a search from the place at on. narrow reports that
// it may pass many calls by before it finds one.
func (s *Store) searched(q models.CallSearch, at []int64) (f callFilter, narrow bool, err error) {
	if !q.From.IsZero() {
		f.span.and("created_at >= ?", s.dialect.ts(q.From))
	}
	if !q.Until.IsZero() {
		f.span.and("created_at < ?", s.dialect.ts(q.Until))
	}
	if at[0] != 0 {
		f.span.and("created_at <= ?", s.dialect.ts(time.UnixMicro(at[0])))
	}
	f.filter = filter{slices.Clone(f.span.sql), slices.Clone(f.span.args)}
	if at[0] != 0 {
		last := s.dialect.ts(time.UnixMicro(at[0]))
		f.and("(created_at < ? OR id < ?)", last, at[1])
	}
	f.and("merged_into = 0")
	switch q.State {
	case "":
	case models.CallsLive:
		f.and("state <> 'ended'")
	case models.CallsMissed:
		f.and("missed")
		narrow = true
	case models.CallsAnswered:
		f.and("answered_at IS NOT NULL")
		narrow = true
	default:
		return f, false, models.InvalidField("state", "is none of live, answered, missed")
	}
	if q.Direction != "" {
		f.and("direction = ?", string(q.Direction))
		narrow = true
	}
	if q.Source != 0 {
		f.and("+source_id = ?", q.Source) // the plus: its index knows no order of time
		narrow = true
	}
	if text := strings.TrimSpace(q.Text); text != "" {
		f.named(text)
		narrow = true
	}
	return f, narrow && q.State != models.CallsLive, nil
}

// fewLegs is how many attempts a user may have for all of them to be sorted.
const fewLegs = 2000

// ofUser takes the calls that a leg of the user was in. many reports that they
// are looked for among all calls, the last ones first.
func (s *Store) ofUser(ctx context.Context, f *callFilter, user int64) (many bool, err error) {
	n := 0
	if err := each(ctx, s.read, func(r scanner) error { return r.Scan(&n) },
		"SELECT COUNT(*) FROM (SELECT 1 FROM call_legs WHERE user_id = ? AND user_id <> 0 LIMIT ?) l", user, fewLegs+1); err != nil {
		return false, err
	}
	if n <= fewLegs {
		f.and("id IN (SELECT call_id FROM call_legs WHERE user_id = ? AND user_id <> 0)", user)
		return false, nil
	}
	f.and("EXISTS (SELECT 1 FROM call_legs l WHERE l.user_id = ? AND l.user_id <> 0 AND l.call_id = calls.id)", user)
	return true, nil
}

// named takes the calls whose number, name or dialled number holds a text, or
// whose key it is.
func (f *callFilter) named(text string) {
	either, args := []string{"key = ?"}, []any{text}
	columns := []string{"name", "phone", "did"}
	if strings.Trim(text, "+0123456789 -()") == "" {
		columns = columns[1:]
	}
	for _, t := range spellings(text) {
		like := "%" + escapeLike(t) + "%"
		for _, column := range columns {
			either, args = append(either, column+" LIKE ? ESCAPE '!'"), append(args, like)
		}
	}
	f.and("("+strings.Join(either, " OR ")+")", args...)
}

// floor is when the last of the calls that one search looks at was first heard
// of; zero: there are not that many.
func (s *Store) floor(ctx context.Context, span filter, looked int) (time.Time, error) {
	var at dbTime
	err := each(ctx, s.read, func(r scanner) error { return r.Scan(&at) },
		"SELECT created_at FROM calls"+span.where()+" ORDER BY created_at DESC LIMIT 1 OFFSET ?", append(slices.Clone(span.args), looked)...)
	return at.Time, err
}

// CallTimeline lists the steps of all notifications of a call, what was noted
// when none was made, and who was told of which when, the oldest first.
func (s *Store) CallTimeline(ctx context.Context, call int64) ([]models.Step, error) {
	if call == 0 {
		return nil, nil
	}
	steps, err := s.steps(ctx, "call_id = ? AND call_id <> 0", call)
	if err != nil {
		return nil, reading(err, "read the timeline of call %d", call)
	}
	rows := map[int64]bool{}
	for _, st := range slices.Clone(steps) {
		if st.NotificationID == 0 || rows[st.NotificationID] {
			continue
		}
		if rows[st.NotificationID] = true; len(rows) > maxToldCall {
			break
		}
		told, err := s.deliveries(ctx, st.NotificationID)
		if err != nil {
			return nil, reading(err, "read who was told of call %d", call)
		}
		steps = withDeliveries(steps, told)
	}
	return steps, nil
}

// maxToldCall bounds of how many rows of one call a timeline says who was told.
const maxToldCall = 50

// SourceHealth says how each source has fared since a time: one that sent
// nothing since then has only its last webhook. LastError is not read.
func (s *Store) SourceHealth(ctx context.Context, since time.Time) (map[int64]models.SourceHealth, error) {
	out := map[int64]models.SourceHealth{}
	err := each(ctx, s.read, func(r scanner) error {
		var h models.SourceHealth
		var last, failed dbTime
		err := r.Scan(&h.SourceID, &h.Webhooks, &h.Failed, &last, &failed)
		h.Last, h.LastFailed = last.Time, failed.Time
		out[h.SourceID] = h
		return err
	}, "SELECT source_id, COUNT(*), COALESCE(SUM(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END), 0), MAX(received_at), MAX(CASE WHEN outcome = 'failed' THEN received_at END) FROM webhooks WHERE received_at >= ? GROUP BY source_id", s.dialect.ts(since))
	if err != nil {
		return nil, reading(err, "count the webhooks of the sources")
	}
	var silent []int64
	err = each(ctx, s.read, func(r scanner) error {
		var id int64
		err := r.Scan(&id)
		if _, ok := out[id]; !ok {
			silent = append(silent, id)
		}
		return err
	}, "SELECT id FROM sources")
	for _, id := range silent {
		if err != nil {
			break
		}
		err = each(ctx, s.read, func(r scanner) error {
			var last dbTime
			err := r.Scan(&last)
			out[id] = models.SourceHealth{SourceID: id, Last: last.Time}
			return err
		}, "SELECT received_at FROM webhooks WHERE source_id = ? ORDER BY id DESC LIMIT 1", id)
	}
	return out, reading(err, "read the last webhooks of the sources")
}
