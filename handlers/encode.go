package handlers

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"zummer/models"
)

// maxAnswer bounds an encoded page in bytes; the rows that do not fit move to
// the next page.
const maxAnswer = 256 << 10

// headRoom is kept free for what stands around the rows and acks.
const headRoom = 1 << 10

// answer is one page of a pending set on its way out. The rows are encoded
// first, since how many fit decides the version and next that stand before
// them.
type answer struct {
	set     models.PendingSet
	wait    time.Duration
	zone    *time.Location // of the times in xml and text
	room    int            // bound of the answer in bytes; 0: maxAnswer
	whose   int64          // user of the row before, where a text tells of several
	head    []byte
	acks    []byte
	rows    []byte
	tail    []byte
	scratch []byte
}

// encode fills the buffers in the format.
func (w *answer) encode(format string) {
	w.head, w.acks, w.rows, w.tail = w.head[:0], w.acks[:0], w.rows[:0], w.tail[:0]
	switch format {
	case formatXML:
		w.xml()
	case formatText:
		w.text()
	default:
		w.json()
	}
}

// fill encodes rows while they fit. One row always does, so that a client
// gets on. What is left over is the next page.
func (w *answer) fill(row func([]byte, *models.Notification) []byte, separator string) {
	budget := cmp.Or(w.room, maxAnswer) - headRoom - len(w.acks)
	for i := range w.set.Rows {
		before := len(w.rows)
		if i > 0 {
			w.rows = append(w.rows, separator...)
		}
		w.rows = row(w.rows, &w.set.Rows[i])
		if i > 0 && len(w.rows) > budget {
			w.rows = w.rows[:before]
			w.set.Next = models.PageCursor(w.set.ETag, w.set.Offset+i)
			w.set.Version, w.set.PollAfter = "", 0
			return
		}
	}
}

func (w *answer) size() int { return len(w.head) + len(w.acks) + len(w.rows) + len(w.tail) }

// nextS is the pace in whole seconds, at least 1.
func (w *answer) nextS() int { return wholeSeconds(w.set.PollAfter) }

// timeoutS is how long a client should wait for an answer to such a request.
func (w *answer) timeoutS() int { return int(math.Ceil(w.wait.Seconds())) + 15 }

// age is how old the row's present revision is, in seconds.
func (w *answer) age(n *models.Notification) int {
	if w.set.Now.IsZero() || n.UpdatedAt.IsZero() {
		return 0
	}
	return max(0, int(w.set.Now.Sub(n.UpdatedAt)/time.Second))
}

// clean makes a value fit for all formats: valid Unicode in NFC without
// controls, at most max characters. Most values are so already and come back
// as they are.
func clean(s string, max int) string {
	if isClean(s, max) {
		return s
	}
	s = models.CleanText(s)
	if !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	return models.CutText(s, max)
}

// isClean reports whether s needs no work. In doubt it says no.
func isClean(s string, max int) bool {
	n, quick, last := 0, true, 'x'
	for i, r := range s {
		if r < 0x20 || r >= 0x7f && r <= 0x9f || r == utf8.RuneError || r == 0xfeff || r&0xfffe == 0xfffe || i == 0 && unicode.IsSpace(r) {
			return false
		}
		// Latin, Cyrillic and general punctuation are in NFC by themselves.
		quick = quick && (r < 0x300 || r >= 0x400 && r <= 0x482 || r >= 0x48a && r <= 0x52f || r >= 0x2010 && r <= 0x2027 || r == '№')
		n, last = n+1, r
	}
	return n <= max && !unicode.IsSpace(last) && (quick || norm.NFC.IsNormalString(s))
}

// maxWord bounds kinds, actions, extensions and the like.
const maxWord = 128

// linkOf is the object's navigation link, made where it can be made.
func linkOf(o *models.Object) string {
	if o.Link != "" {
		return o.Link
	}
	return models.NavigationLink(o.Type, o.Name, o.UID)
}

// answeredBy is the name to show of who talked.
func answeredBy(c *models.CallInfo) string { return cmp.Or(c.AnsweredByName, c.AnsweredBy) }

// cleanData is the JSON of a row's free data, {} when it is empty or longer
// than 4 KiB.
func cleanData(m map[string]any) []byte {
	empty := []byte("{}")
	if len(m) == 0 {
		return empty
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(cleanValue(m)); err != nil || b.Len() > models.MaxData+1 {
		return empty
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

func cleanValue(v any) any {
	switch v := v.(type) {
	case string:
		return clean(v, models.MaxData)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[clean(k, maxWord)] = cleanValue(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = cleanValue(x)
		}
		return out
	}
	return v
}

// appendStamp writes YYYYMMDDHHMMSS in zone; nothing for the zero time.
func appendStamp(b []byte, t time.Time, zone *time.Location) []byte {
	if t.IsZero() {
		return b
	}
	return t.In(zone).AppendFormat(b, "20060102150405")
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }
