package handlers

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

const (
	defaultLimit = 50
	maxLimit     = 100
	maxVersion   = 128 // longer ones are nobody's
)

// writeGrace is how long after its wait an answer may still be written, past
// the server's own time-outs.
const writeGrace = 30 * time.Second

// pollRequest is one poll: what was asked, and what is answered.
type pollRequest struct {
	who    models.Caller
	q      models.PollQuery
	format string
	etag   func(version, format string, limit int) string // nil: If-None-Match does not count
	out    answer
}

// pollRoute is the whole chain of a poll. A waiting client holds its stack, so
// nothing else stands here, and reading the request is over before the wait: a
// panic closes the connection, the request's id is only made when it is needed.
func (a *API) pollRoute(read func(echo.Context, *pollRequest) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		r, err := a.readPoll(c, read)
		if err == nil {
			var later bool
			if later, err = a.await(c, r, began); later {
				return nil
			}
		}
		a.finishPoll(c, r, err)
		a.observe(c, began)
		return nil
	}
}

// finishPoll answers a poll, or says what went wrong.
func (a *API) finishPoll(c echo.Context, r *pollRequest, err error) {
	if err == nil {
		if r.out.set.Now.IsZero() {
			r.out.set.Now = time.Now()
		}
		err = a.writeSet(c, r)
	}
	if err != nil {
		c.Error(err)
	}
}

func (a *API) readPoll(c echo.Context, read func(echo.Context, *pollRequest) error) (*pollRequest, error) {
	a.allowOrigin(c)
	r := new(pollRequest)
	var err error
	if r.who, err = a.identify(c, models.ScopePoll); err != nil {
		return nil, err
	}
	return r, read(c, r)
}

// pollGet is GET /v1/notifications.
func (a *API) pollGet(c echo.Context, r *pollRequest) error {
	f := queryFields(c)
	if !f.has("version") && !f.has("ack") && !f.has("after") {
		r.etag = etagOf
	}
	return a.parsePoll(c, r, f, 0)
}

// pollPost is POST /v1/notifications/poll.
func (a *API) pollPost(c echo.Context, r *pollRequest) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	return a.parsePoll(c, r, f, a.d.LongPoll)
}

// parsePoll reads all of the request before anything is applied.
func (a *API) parsePoll(c echo.Context, r *pollRequest, f *fields, wait time.Duration) error {
	req := c.Request()
	r.format = a.chooseFormat(c, f)
	r.q = models.PollQuery{
		Version: f.str("version"), Wait: a.waitOf(f, req.Header, wait), Limit: limitOf(f), After: f.str("after"),
		Session: f.str("session"), App: f.str("app"), Busy: f.bool("busy", false), Acks: acksOf(f),
	}
	if len(r.q.Version) > maxVersion {
		r.q.Version = ""
	}
	if r.q.Session != "" && !plain(r.q.Session, 64) {
		f.fail("session", "must be 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	r.out.zone = a.zoneOf(f, r.who.User, r.format)
	if err := f.err(); err != nil {
		return err
	}
	for i := range r.q.Acks {
		r.q.Acks[i].Session = r.q.Session
	}
	if r.etag != nil {
		r.q.Version = matchETag(req.Header.Values("If-None-Match"), r.format, r.q.Limit)
	}
	r.out.wait = r.q.Wait
	return nil
}

// await is the wait itself. later says that the poll waits elsewhere, and is
// answered there.
func (a *API) await(c echo.Context, r *pollRequest, began time.Time) (later bool, err error) {
	if r.q.Wait > 0 {
		extendDeadlines(c, r.q.Wait+writeGrace)
	}
	a.polls.Add(1)
	var wait models.Waiting
	r.out.set, wait, err = a.d.Register.BeginPoll(c.Request().Context(), r.who, r.q)
	if wait != nil {
		if a.park(c, r, wait, began) {
			return true, nil
		}
		r.out.set, err = wait.Wait(c.Request().Context(), nil)
	}
	a.polls.Add(-1)
	return false, err
}

// writeSet answers a poll.
func (a *API) writeSet(c echo.Context, r *pollRequest) error {
	w, format, etag := &r.out, r.format, r.etag
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-store")
	h.Add("Vary", "Authorization, Accept")
	if w.set.Draining {
		h.Set("Connection", "close")
	}
	if etag != nil && w.set.ETag != "" && w.set.State != models.StateSuperseded {
		h["ETag"] = []string{etag(w.set.ETag, format, r.q.Limit)} // not Etag: 1C looks names up letter by letter
		if w.set.State == models.StateUnchanged {
			h.Set("X-Poll-Interval", strconv.Itoa(w.nextS()))
			return c.NoContent(http.StatusNotModified)
		}
	}
	buffers, _ := a.buffers.Get().(*answer)
	if buffers == nil {
		buffers = new(answer)
	}
	w.head, w.acks, w.rows, w.tail, w.scratch = buffers.head, buffers.acks, buffers.rows, buffers.tail, buffers.scratch
	defer func() {
		if cap(w.rows) > 2*maxAnswer {
			return // of an answer for all users: too large to keep
		}
		*buffers = answer{head: w.head, acks: w.acks, rows: w.rows, tail: w.tail, scratch: w.scratch}
		a.buffers.Put(buffers)
	}()
	w.encode(format)
	h.Set("X-Poll-Interval", strconv.Itoa(w.nextS()))
	h.Set(echo.HeaderContentLength, strconv.Itoa(w.size()))
	// The acks stand after the rows in json, before them in xml and text.
	parts := [...][]byte{w.head, w.acks, w.rows, w.tail}
	switch format {
	case formatXML:
		h.Set(echo.HeaderContentType, typeXML)
	case formatText:
		h.Set(echo.HeaderContentType, typeText)
	default:
		h.Set(echo.HeaderContentType, typeJSON)
		parts[1], parts[2] = w.rows, w.acks
	}
	res := c.Response()
	res.WriteHeader(http.StatusOK)
	for _, part := range parts {
		if len(part) == 0 {
			continue
		}
		if _, err := res.Write(part); err != nil {
			return fmt.Errorf("write the answer to a poll: %w", err)
		}
	}
	return nil
}

// chooseFormat reads format of the request and makes errors speak it too.
func (a *API) chooseFormat(c echo.Context, f *fields) string {
	switch named := strings.ToLower(f.str("format")); named {
	case formatJSON, formatXML, formatText:
		c.Set(keyFormat, named)
		return named
	case "":
	default:
		f.fail("format", "must be json, xml or text")
	}
	return formatOf(c)
}

// waitOf reads wait, else Prefer: wait=N, else def; clamped to LongPollMax.
func (a *API) waitOf(f *fields, h http.Header, def time.Duration) time.Duration {
	seconds := def.Seconds()
	if f.has("wait") {
		seconds = f.float("wait", seconds)
	} else {
		for _, v := range h.Values("Prefer") {
			for part := range strings.SplitSeq(v, ",") {
				name, n, _ := strings.Cut(strings.TrimSpace(part), "=")
				if !strings.EqualFold(strings.TrimSpace(name), "wait") {
					continue
				}
				n = strings.Trim(strings.TrimSpace(n), `"`)
				if s, err := strconv.ParseUint(n, 10, 31); err == nil {
					seconds = float64(s) // a preference that cannot be read is ignored
				}
			}
		}
	}
	return time.Duration(min(max(seconds, 0), a.d.LongPollMax.Seconds()) * float64(time.Second))
}

// limitOf reads a page size of 1 to 100; more is taken as 100.
func limitOf(f *fields) int {
	before := len(f.wrong)
	n := f.int("limit", defaultLimit)
	if len(f.wrong) == before && n < 1 {
		f.fail("limit", "must be at least 1")
	}
	return min(n, maxLimit)
}

// acksOf reads ID.REV.X,… or a list of such texts and of objects.
func acksOf(f *fields) []models.Ack {
	items := f.list("ack")
	if len(items) == 0 {
		return nil
	}
	var out []models.Ack
	add := func(ack models.Ack, err error) {
		if err != nil {
			f.fail("ack", "%s", strings.TrimPrefix(err.Error(), "ack: "))
			return
		}
		out = append(out, ack)
	}
	for _, item := range items {
		if len(out) > models.MaxAcks || len(f.wrong) > 20 {
			break
		}
		switch item := item.(type) {
		case string:
			for s := range strings.SplitSeq(item, ",") {
				if s = strings.TrimSpace(s); s != "" {
					add(models.ParseAck(s))
				}
			}
		case map[string]any:
			inner := &fields{m: item}
			ack := ackOf(inner, inner.required("id", 40))
			f.adopt("ack", inner)
			if len(inner.wrong) == 0 {
				out = append(out, ack)
			}
		default:
			f.fail("ack", "an item must be text like ID.REV or an object")
		}
	}
	if len(out) > models.MaxAcks {
		f.fail("ack", "at most %d in one request", models.MaxAcks)
	}
	return out
}

// ackOf reads {"rev":2,"outcome":…,"detail":…} for a row.
func ackOf(f *fields, id string) models.Ack {
	id = digits(id) // 1C puts spaces into numbers
	ack := models.Ack{ID: models.ParseID(id), Raw: models.CutText(id, 40), Detail: models.CutText(f.str("detail"), 200)}
	if !f.has("rev") {
		f.fail("rev", "is required")
	} else {
		ack.Rev = f.intIn("rev", 1, 1, 1<<31-1)
	}
	var ok bool
	if ack.Outcome, ok = models.ParseOutcome(strings.ToLower(f.str("outcome"))); !ok {
		f.fail("outcome", "must be opened, dismissed, failed or busy")
	}
	return ack
}

// etagOf names an answer: the set's version, the format and the page size.
func etagOf(version, format string, limit int) string {
	return `"` + version + "-" + format + "-" + strconv.Itoa(limit) + `"`
}

// matchETag returns the version behind an If-None-Match that is of this format
// and page size; "" when there is none.
func matchETag(values []string, format string, limit int) string {
	suffix := "-" + format + "-" + strconv.Itoa(limit)
	for _, v := range values {
		for tag := range strings.SplitSeq(v, ",") {
			tag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
			if version, ok := strings.CutSuffix(tag, suffix); ok && version != "" && len(version) <= maxVersion {
				return models.CleanText(version)
			}
		}
	}
	return ""
}

// extendDeadlines lets an answer come later than the server's time-outs say.
// Where the connection cannot do that (tests) there are none.
func extendDeadlines(c echo.Context, d time.Duration) {
	until := time.Now().Add(d)
	rc := http.NewResponseController(c.Response())
	_ = rc.SetWriteDeadline(until) // http.ErrNotSupported at worst
	_ = rc.SetReadDeadline(until)
}
