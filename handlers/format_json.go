package handlers

import (
	"time"
	"unicode/utf8"

	"zummer/models"
)

// json encodes the page by hand: a waiting client's answer is the hot path of
// the whole service, and the field order is the contract's.
func (w *answer) json() {
	w.acks = append(w.acks, `],"acks":[`...)
	for i, a := range w.set.Acks {
		if i > 0 {
			w.acks = append(w.acks, ',')
		}
		w.acks = append(w.acks, `{"id":`...)
		w.acks = appendText(w.acks, clean(a.ID, maxWord))
		w.acks = append(w.acks, `,"rev":`...)
		w.acks = appendInt(w.acks, int64(a.Rev))
		w.acks = append(w.acks, `,"result":`...)
		w.acks = appendText(w.acks, a.Result)
		w.acks = append(w.acks, '}')
	}
	row := appendRow
	if w.set.Users != nil {
		row = w.appendRelayRow
	}
	w.fill(row, ",")

	b := append(w.head, `{"state":`...)
	b = appendText(b, string(w.set.State))
	b = append(b, `,"version":`...)
	b = appendOrNull(b, w.set.Version)
	b = append(b, `,"next":`...)
	b = appendOrNull(b, w.set.Next)
	w.head = append(b, `,"notifications":[`...)

	b = append(w.tail, `],"poll_after_ms":`...)
	b = appendInt(b, w.set.PollAfter.Milliseconds())
	b = append(b, `,"next_s":`...)
	b = appendInt(b, int64(w.nextS()))
	b = append(b, `,"client_timeout_s":`...)
	b = appendInt(b, int64(w.timeoutS()))
	b = append(b, `,"server_time":`...)
	b = appendTime(b, w.set.Now)
	w.tail = append(b, '}')
}

// appendRow writes one notification with exactly the contract's fields.
func appendRow(b []byte, n *models.Notification) []byte {
	return append(appendRowFields(append(b, '{'), n), '}')
}

// appendRowFields writes the fields without the braces, so that history and
// publishing can add their own.
func appendRowFields(b []byte, n *models.Notification) []byte {
	p := &n.Payload
	b = append(b, `"id":"`...)
	b = appendInt(b, n.ID)
	b = append(b, `","rev":`...)
	b = appendInt(b, int64(n.Rev))
	b = append(b, `,"follows":`...)
	b = appendID(b, n.Follows)
	b = append(b, `,"kind":`...)
	b = appendText(b, clean(n.Kind, maxWord))
	b = append(b, `,"action":`...)
	b = appendText(b, clean(string(n.Action), maxWord))
	b = append(b, `,"title":`...)
	b = appendText(b, clean(p.Title, models.MaxTitle))
	b = append(b, `,"text":`...)
	b = appendText(b, clean(p.Text, models.MaxText))
	b = append(b, `,"phone":`...)
	b = appendOrNull(b, clean(p.Phone, maxWord))
	b = append(b, `,"name":`...)
	b = appendOrNull(b, clean(p.Name, models.MaxName))
	b = append(b, `,"app":`...)
	b = appendOrNull(b, clean(n.App(), maxWord))
	b = append(b, `,"object":`...)
	b = appendObject(b, p.Object)
	b = append(b, `,"client":`...)
	b = appendObject(b, p.Client)
	b = append(b, `,"candidates":[`...)
	for i := range p.Candidates {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendObject(b, &p.Candidates[i])
	}
	b = append(b, `],"call":`...)
	b = appendCall(b, p.Call)
	b = append(b, `,"data":`...)
	b = append(b, cleanData(p.Data)...)
	b = append(b, `,"session":`...)
	b = appendOrNull(b, clean(n.Session, maxWord))
	b = append(b, `,"created_at":`...)
	b = appendTime(b, n.CreatedAt)
	b = append(b, `,"updated_at":`...)
	b = appendTime(b, n.UpdatedAt)
	b = append(b, `,"expires_at":`...)
	return appendTime(b, n.ExpiresAt)
}

func appendObject(b []byte, o *models.Object) []byte {
	if o == nil {
		return append(b, "null"...)
	}
	b = append(b, `{"type":`...)
	b = appendText(b, clean(o.Type, maxWord))
	b = append(b, `,"name":`...)
	b = appendText(b, clean(o.Name, models.MaxName))
	b = append(b, `,"uid":`...)
	b = appendText(b, clean(o.UID, maxWord))
	b = append(b, `,"title":`...)
	b = appendText(b, clean(o.Title, models.MaxTitle))
	b = append(b, `,"link":`...)
	b = appendText(b, clean(linkOf(o), models.MaxLink))
	b = append(b, `,"url":`...)
	b = appendText(b, clean(o.URL, models.MaxLink))
	return append(b, '}')
}

func appendCall(b []byte, c *models.CallInfo) []byte {
	if c == nil {
		return append(b, "null"...)
	}
	b = append(b, `{"id":`...)
	b = appendID(b, c.ID)
	b = append(b, `,"state":`...)
	b = appendText(b, string(c.State))
	b = append(b, `,"direction":`...)
	b = appendText(b, string(c.Direction))
	b = append(b, `,"extension":`...)
	b = appendOrNull(b, clean(c.Extension, maxWord))
	b = append(b, `,"did":`...)
	b = appendOrNull(b, clean(c.DID, maxWord))
	b = append(b, `,"answered_by":`...)
	b = appendOrNull(b, clean(c.AnsweredBy, models.MaxName))
	b = append(b, `,"answered_by_name":`...)
	b = appendOrNull(b, clean(c.AnsweredByName, models.MaxName))
	b = append(b, `,"started_at":`...)
	b = appendTime(b, c.StartedAt)
	b = append(b, `,"answered_at":`...)
	b = appendTime(b, c.AnsweredAt)
	b = append(b, `,"ended_at":`...)
	b = appendTime(b, c.EndedAt)
	b = append(b, `,"talk_s":`...)
	if c.TalkS == nil {
		b = append(b, "null"...)
	} else {
		b = appendInt(b, int64(*c.TalkS))
	}
	return append(b, '}')
}

// appendID writes an id as text, null for 0.
func appendID(b []byte, id int64) []byte {
	if id == 0 {
		return append(b, "null"...)
	}
	return append(appendInt(append(b, '"'), id), '"')
}

func appendOrNull(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendText(b, s)
}

// timeLayout is how every JSON answer writes a time, in UTC.
const timeLayout = "2006-01-02T15:04:05.000Z"

// appendTime writes a time, null for the zero time.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeLayout)
	return append(b, '"')
}

// appendText writes a JSON string. Letters stay as they are.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		ch := s[i]
		switch {
		case ch >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[from:i]...), `\ufffd`...)
				from = i + 1
			}
			i += size
			continue
		case ch == '"' || ch == '\\':
			b = append(append(b, s[from:i]...), '\\', ch)
			from = i + 1
		case ch < 0x20:
			b = append(append(b, s[from:i]...), '\\', 'u', '0', '0', hex[ch>>4], hex[ch&15])
			from = i + 1
		}
		i++
	}
	return append(append(b, s[from:]...), '"')
}

// timeOrNull is the text of a time for encoding/json; nil for the zero time.
func timeOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format(timeLayout)
	return &s
}

// idOrNull is the text of an id for encoding/json; nil for 0.
func idOrNull(id int64) *string {
	if id == 0 {
		return nil
	}
	s := string(appendInt(nil, id))
	return &s
}
