package store

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"zummer/models"
)

// narrow adds what an administrator narrows the pending rows to.
func (s *Store) narrow(f *filter, q models.AdminQuery) {
	switch {
	case strings.HasSuffix(q.Kind, "."):
		f.and("kind LIKE ? ESCAPE '!'", escapeLike(q.Kind)+"%")
	case q.Kind != "":
		f.and("kind = ?", q.Kind)
	}
	if !q.Made.IsZero() {
		f.and("created_at < ?", s.dialect.ts(q.Made))
	}
	const told = "EXISTS (SELECT 1 FROM deliveries d WHERE d.notification_id = unprocessed_notifications.id AND d.rev = unprocessed_notifications.rev)"
	switch q.Seen {
	case "seen":
		f.and(told)
	case "unseen":
		f.and("NOT " + told)
	}
	if q.Text != "" {
		s.having(f, q.Text)
	}
}

// having takes the rows whose payload holds a text. SQLite knows letters of
// other alphabets in one case only, so the usual spellings are asked for.
func (s *Store) having(f *filter, text string) {
	payload := "payload"
	if !s.dialect.sqlite {
		payload = "CAST(payload AS text)"
	}
	var either []string
	var args []any
	for _, t := range spellings(text) {
		either, args = append(either, payload+" LIKE ? ESCAPE '!'"), append(args, "%"+escapeLike(s.inJSON(t))+"%")
	}
	f.and("("+strings.Join(either, " OR ")+")", args...)
}

// inJSON is a text as a payload has it: SQLite keeps what we wrote, in which
// <, > and & are escaped too; PostgreSQL writes it anew.
func (s *Store) inJSON(t string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(s.dialect.sqlite)
	if err := enc.Encode(t); err != nil {
		return t
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), `"`), `"`)
}

// spellings are the ways in which a text may stand in a document: as typed, in
// capitals, with a capital, small; a number without what people put between
// its digits.
func spellings(text string) []string {
	text = strings.TrimSpace(text)
	first, size := utf8.DecodeRuneInString(text)
	lower := strings.ToLower(text)
	_, lowerSize := utf8.DecodeRuneInString(lower)
	out := []string{text, lower, strings.ToUpper(text), string(unicode.ToUpper(first)) + lower[lowerSize:], string(unicode.ToUpper(first)) + text[size:]}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	if len(digits) >= 3 && strings.Trim(text, "+0123456789 -()") == "" {
		out = append(out, digits)
		if len(digits) == 11 && digits[0] == '8' {
			out = append(out, "7"+digits[1:])
		}
	}
	seen, kept := map[string]bool{}, out[:0]
	for _, t := range out {
		if !seen[t] {
			seen[t], kept = true, append(kept, t)
		}
	}
	return kept
}

// escapeLike makes a text stand for itself in LIKE … ESCAPE '!'.
func escapeLike(t string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(t)
}

// Told says which sessions were told of the present revision of rows, in the
// order in which they were; a client without a name is "".
func (s *Store) Told(ctx context.Context, rows []models.Notification) (map[int64][]string, error) {
	out := map[int64][]string{}
	rev := make(map[int64]int, len(rows))
	ids := make([]int64, 0, len(rows))
	for i := range rows {
		rev[rows[i].ID] = rows[i].Rev
		ids = append(ids, rows[i].ID)
	}
	err := chunks(ids, 1, func(part []int64) error {
		return each(ctx, s.read, func(r scanner) error {
			var id int64
			var n int
			var session string
			if err := r.Scan(&id, &n, &session); err != nil {
				return err
			}
			if rev[id] == n {
				out[id] = append(out[id], session)
			}
			return nil
		}, "SELECT notification_id, rev, session FROM deliveries WHERE notification_id IN ("+marks(len(part))+") ORDER BY at, session", anys(part)...)
	})
	return out, reading(err, "read who was told")
}

// Notification reads a row as it is, or as it last was. Errors: NotFound.
func (s *Store) Notification(ctx context.Context, id int64) (models.HistoryRow, error) {
	var f filter
	f.and("e.notification_id = ?", id)
	rows, _, err := s.lastSteps(ctx, f, 0, 1)
	if err != nil {
		return models.HistoryRow{}, reading(err, "read notification %d", id)
	}
	if len(rows) == 0 {
		return models.HistoryRow{}, models.Errorf(models.NotFound, "no notification %d", id)
	}
	return rows[0], nil
}
