package agent

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	zummer "zummer/clients/go"
)

// format is how a local client wants its answers: json, xml or text.
type format string

func formatOf(req *http.Request) format {
	switch f := format(req.URL.Query().Get("format")); f {
	case "json", "xml", "text":
		return f
	}
	accept := req.Header.Get("Accept")
	switch {
	case strings.Contains(accept, "json"):
	case strings.Contains(accept, "xml"):
		return "xml"
	case strings.Contains(accept, "text/plain"):
		return "text"
	}
	return "json"
}

// query is what a local poll or ack asks.
type query struct {
	version, after, session, detail string
	app                             string
	outcome                         zummer.Outcome
	limit, rev                      int
	busy                            bool
	acks                            []zummer.Ack
	zone                            *time.Location
	format                          format // "": the address or the headers say
}

// errAck names the field, as the service does.
var errAck = errors.New("ack: ID.REV or ID.REV.X, with X of o, d, f, b")

// readQuery reads the address, a form or JSON; 1C gives no content type, or a
// wrong one.
func readQuery(req *http.Request, body []byte) (q query, err error) {
	values := req.URL.Query()
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(body) > 0 && body[0] == '{' {
		var in map[string]any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&in); err != nil {
			return q, errors.New("the body is no JSON")
		}
		for name, v := range in {
			if list, isList := v.([]any); isList && name == "ack" {
				if q.acks, err = ackList(list); err != nil {
					return q, err
				}
			} else if v != nil {
				values.Set(name, fmt.Sprint(v))
			}
		}
	} else if len(body) > 0 {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return q, errors.New("the body is neither a form nor JSON")
		}
		for name, v := range form {
			values[name] = v
		}
	}
	switch f := format(values.Get("format")); f {
	case "json", "xml", "text":
		q.format = f
	}
	q.version, q.after, q.session, q.detail, q.app = values.Get("version"), values.Get("after"), values.Get("session"), values.Get("detail"), values.Get("app")
	if q.outcome, err = outcomeOf(values.Get("outcome")); err != nil {
		return q, err
	}
	if q.session != "" && (len(q.session) > 64 || strings.Trim(q.session, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "") {
		return q, errors.New("session: 1 to 64 of A-Za-z0-9._-")
	}
	q.busy = values.Get("busy") == "1" || values.Get("busy") == "true"
	q.rev, _ = strconv.Atoi(values.Get("rev")) // 0 is refused by the service
	q.limit = 50
	if n, err := strconv.Atoi(values.Get("limit")); err == nil {
		q.limit = min(max(n, 1), 100)
	}
	q.zone = time.Local
	if name := values.Get("tz"); name != "" {
		if q.zone, err = time.LoadLocation(name); err != nil {
			return q, errors.New("tz: no such zone")
		}
	}
	for word := range strings.SplitSeq(values.Get("ack"), ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		parts := strings.Split(word, ".")
		if len(parts) == 2 {
			parts = append(parts, "o")
		}
		if len(parts) != 3 || parts[0] == "" {
			return q, errAck
		}
		rev, err := strconv.Atoi(parts[1])
		if err != nil {
			return q, errAck
		}
		outcome, err := outcomeOf(parts[2])
		if err != nil {
			return q, err
		}
		q.acks = append(q.acks, zummer.Ack{ID: parts[0], Rev: rev, Outcome: outcome})
	}
	return q, nil
}

func ackList(list []any) (acks []zummer.Ack, err error) {
	for _, v := range list {
		in, _ := v.(map[string]any)
		id, rev := fmt.Sprint(cmp.Or(in["id"], any(""))), 0
		if rev, err = strconv.Atoi(fmt.Sprint(in["rev"])); err != nil || id == "" {
			return nil, errAck
		}
		outcome, _ := in["outcome"].(string)
		detail, _ := in["detail"].(string)
		a := zummer.Ack{ID: id, Rev: rev, Detail: detail}
		if a.Outcome, err = outcomeOf(outcome); err != nil {
			return nil, err
		}
		acks = append(acks, a)
	}
	return acks, nil
}

func outcomeOf(word string) (zummer.Outcome, error) {
	switch word {
	case "", "o", "opened":
		return zummer.Opened, nil
	case "d", "dismissed":
		return zummer.Dismissed, nil
	case "f", "failed":
		return zummer.Failed, nil
	case "b", "busy":
		return zummer.Busy, nil
	}
	return "", errAck
}

// page is one answer to a poll.
type page struct {
	state         zummer.State
	version, next string
	rows          []zummer.Notification
	acks          []zummer.AckResult
	zone          *time.Location
}

// localPace is how long a local client shall wait between two polls.
const localPace = time.Second

func (f format) page(w http.ResponseWriter, a *page) {
	w.Header().Set("X-Poll-Interval", strconv.Itoa(int(localPace.Seconds())))
	switch f {
	case "xml":
		send(w, http.StatusOK, "application/xml", a.xml())
	case "text":
		send(w, http.StatusOK, "text/plain", a.text())
	default:
		send(w, http.StatusOK, "application/json", a.json())
	}
}

// send writes an answer that a client of HTTP/1.0 can read: one piece, its
// length, the end.
func send(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", mime.FormatMediaType(kind, map[string]string{"charset": "utf-8"}))
	answerHead(w.Header(), int64(len(body)))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime)) // a test's recorder has none
	w.WriteHeader(status)
	_, _ = w.Write(body) // who is gone asks again
}

// answerHead is what all answers have; length negative: the end of the
// connection ends it.
func answerHead(h http.Header, length int64) {
	h.Set("Cache-Control", "private, no-store")
	if length >= 0 {
		h.Set("Content-Length", strconv.FormatInt(length, 10))
	} else {
		h.Set("Transfer-Encoding", "identity") //nolint:gosec // no chunks, says net/http; there is no length then
	}
	h.Set("Connection", "close")
	h.Set("X-Content-Type-Options", "nosniff")
}

// refuse answers an error as the service does.
func (f format) refuse(w http.ResponseWriter, status int, code, detail string, retry int) {
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	switch f {
	case "xml":
		send(w, status, "application/xml", fmt.Appendf(nil, `<e code="%s" retry_s="%d"/>`, code, retry))
	case "text":
		send(w, status, "text/plain", fmt.Appendf(nil, "E1\t%s\t%d\n", code, retry))
	default:
		text, _ := json.Marshal(map[string]any{"status": status, "code": code, "title": http.StatusText(status), "detail": detail, "retryable": retry > 0, "retry_s": retry}) // plain values
		send(w, status, "application/problem+json", text)
	}
}

// answer sends what a call of the service gave, or its refusal.
func (f format) answer(w http.ResponseWriter, v any, err error) {
	var refused *zummer.Error
	switch {
	case errors.As(err, &refused):
		f.refuse(w, refused.Status, cmp.Or(refused.Code, "refused"), refused.Detail, int(refused.RetryAfter.Seconds()))
	case err != nil:
		f.refuse(w, http.StatusServiceUnavailable, "upstream_away", "the service does not answer", 5)
	default:
		text, _ := json.Marshal(v) // plain values
		send(w, http.StatusOK, "application/json", text)
	}
}

func (a *page) json() []byte {
	rows := make([]map[string]any, 0, len(a.rows))
	for i := range a.rows {
		rows = append(rows, jsonRow(&a.rows[i]))
	}
	out := map[string]any{"state": a.state, "version": orNull(a.version), "next": orNull(a.next), "notifications": rows, "acks": append([]zummer.AckResult{}, a.acks...),
		"poll_after_ms": localPace.Milliseconds(), "next_s": int(localPace.Seconds()), "client_timeout_s": 30, "server_time": time.Now().UTC()}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(out) // what was read as JSON is written as such
	return b.Bytes()
}

// jsonRow is a row with null for what is absent.
func jsonRow(n *zummer.Notification) map[string]any {
	text, _ := json.Marshal(n) // it was read as JSON
	var row map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	_ = d.Decode(&row) // we wrote it
	nulls := func(of map[string]any, names ...string) {
		for _, name := range names {
			if of[name] == "" {
				of[name] = nil
			}
		}
	}
	nulls(row, "follows", "phone", "name", "app", "session")
	if call, ok := row["call"].(map[string]any); ok {
		nulls(call, "extension", "did", "answered_by", "answered_by_name")
	}
	if n.Owner == nil {
		delete(row, "user") // of the CRM's server only
	}
	if n.ExpiresAt.IsZero() {
		row["expires_at"] = nil
	}
	if n.Candidates == nil {
		row["candidates"] = []any{}
	}
	if n.Data == nil {
		row["data"] = map[string]any{}
	}
	return row
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// columns are what xml and text say of a row, by the names of xml.
func (a *page) columns(n *zummer.Notification) map[string]string {
	o, cl, call := cmp.Or(n.Object, &zummer.Object{}), cmp.Or(n.Client, &zummer.Object{}), cmp.Or(n.Call, &zummer.Call{})
	return map[string]string{
		"id": n.ID, "rev": strconv.Itoa(n.Rev), "kind": n.Kind, "action": string(n.Action), "call": call.ID, "state": call.State, "direction": call.Direction,
		"phone": n.Phone, "name": n.Name, "title": n.Title, "text": n.Text, "app": n.App, "type": o.Type, "oname": o.Name, "uid": o.UID, "link": o.Link, "url": o.URL,
		"ctype": cl.Type, "cname": cl.Name, "cuid": cl.UID, "did": call.DID, "extension": call.Extension, "by": cmp.Or(call.AnsweredByName, call.AnsweredBy),
		"session": n.Session, "at": n.UpdatedAt.In(a.zone).Format("20060102150405"), "age_s": strconv.Itoa(int(max(time.Since(n.UpdatedAt), 0).Seconds())),
	}
}

func (a *page) xml() []byte {
	b := &bytes.Buffer{}
	element(b, "r", "state", string(a.state), "version", a.version, "next_s", strconv.Itoa(int(localPace.Seconds())), "page", a.next)
	b.WriteString(">")
	for _, k := range a.acks {
		element(b, "a", "id", k.ID, "rev", strconv.Itoa(k.Rev), "result", k.Result)
		b.WriteString("/>")
	}
	for i := range a.rows {
		n := &a.rows[i]
		c := a.columns(n)
		var attrs []string
		for _, name := range strings.Fields("id rev kind action call state direction phone name title text app type oname uid link url ctype cname cuid did extension by session at age_s") {
			attrs = append(attrs, name, c[name])
		}
		element(b, "n", attrs...)
		b.WriteString(">")
		for _, x := range n.Candidates {
			element(b, "c", "type", x.Type, "name", x.Name, "uid", x.UID, "title", x.Title)
			b.WriteString("/>")
		}
		b.WriteString("</n>")
	}
	b.WriteString("</r>")
	return b.Bytes()
}

// element writes an element up to what closes it.
func element(b *bytes.Buffer, name string, attrs ...string) {
	b.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		b.WriteString(" " + attrs[i] + `="`)
		_ = xml.EscapeText(b, []byte(attrs[i+1])) // a buffer takes all
		b.WriteString(`"`)
	}
}

func (a *page) text() []byte {
	b := &bytes.Buffer{}
	line(b, "Z1", a.version, strconv.Itoa(int(localPace.Seconds())), a.next, string(a.state))
	for _, k := range a.acks {
		line(b, "A", zummer.Key{ID: k.ID, Rev: k.Rev}.String(), k.Result)
	}
	for i := range a.rows {
		n := &a.rows[i]
		c := a.columns(n)
		columns := []string{n.Key().String()}
		for _, name := range strings.Fields("kind action call state phone title text link url at type oname uid app direction did name ctype cname cuid by session age_s") {
			columns = append(columns, c[name])
		}
		line(b, columns...)
		for _, x := range n.Candidates {
			line(b, "+", n.Key().String(), x.Type, x.Name, x.UID, x.Title)
		}
	}
	return b.Bytes()
}

func line(w io.Writer, columns ...string) {
	for i, c := range columns {
		columns[i] = oneLine(c)
	}
	fmt.Fprintln(w, strings.Join(columns, "\t"))
}

// withoutAddress leaves out the address: it may hold a number, and is logged.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
