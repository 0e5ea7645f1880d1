package conformance

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// exchange is one request of the client and its answer.
type exchange struct {
	at    time.Time
	is    string // poll, ack, claim, release or another
	from  string // its connection
	who   string // X-Client
	query models.PollQuery
	acks  []models.Ack
	set   models.PendingSet // as answered
	fault *fault
	ended bool // it was taken in by over
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	if x == nil {
		x = &exchange{at: time.Now()}
	}
	return x
}

// ServeHTTP implements http.Handler: it hands a request to the service's own
// surface, and does to the answer what the script wants.
func (k *Kit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/kit/"):
		k.observe(w, r)
		return
	case !ofClients(r):
		http.Error(w, "the kit has no such address: it plays the client side of the contract only", http.StatusNotFound)
		return
	}
	x := &exchange{at: time.Now(), is: "other", from: r.RemoteAddr}
	defer func() { // also when the script cuts the line, which panics
		k.mu.Lock()
		k.over(x, false, r.Context().Err() != nil)
		k.tell()
		k.mu.Unlock()
	}()
	rec := &recorder{header: http.Header{}}
	k.api.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
	body := rec.body.Bytes()
	k.mu.Lock()
	if k.novelty && rec.status == http.StatusOK && x.is == "poll" {
		body = novel(body, rec.header.Get("Content-Type"))
	}
	k.mu.Unlock()
	f := x.fault
	if f != nil && f.body != "" {
		body = []byte(f.body)
		rec.header.Set("Content-Type", "text/html; charset=utf-8")
	}
	left := r.Context().Err() != nil
	before := k.handOver(x, left)
	for name, values := range rec.header {
		w.Header()[name] = values
	}
	if rec.status != http.StatusNotModified && rec.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(rec.status)
	if f != nil && f.half {
		_, _ = w.Write(body[:cutAt(body)])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, err := w.Write(body)
	if err = errors.Join(err, http.NewResponseController(w).Flush()); err != nil && !left {
		k.mu.Lock()
		maps.Copy(k.who.versions, before) // it has the one before, or this one
		k.mu.Unlock()
	}
}

// handOver takes an answer in before it is written: the next request may come
// sooner than we hear that the answer has gone.
func (k *Kit) handOver(x *exchange, left bool) (before map[string]bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before = maps.Clone(k.who.versions)
	k.over(x, !left, left)
	k.tell()
	return before
}

// cutAt is where an answer breaks: behind a whole line or element where there
// is one, which is the worst place for who looks no further.
func cutAt(body []byte) int {
	half := body[:len(body)-1-len(body)/8]
	for _, end := range []string{"\n", "/>"} {
		if i := bytes.LastIndex(half, []byte(end)); i > 0 {
			return i + len(end)
		}
	}
	return len(half)
}

// ofClients are the addresses that the kit has.
func ofClients(r *http.Request) bool {
	p := r.URL.Path
	switch {
	case r.Method == http.MethodPost && p == "/v1/notifications":
		return false
	case p == "/v1/notifications", p == "/v1/notifications/poll", p == "/v1/notifications/ack-all", p == "/healthz", p == "/readyz":
		return true
	case p == "/v1/me":
		return r.Method == http.MethodGet || r.Method == http.MethodOptions
	}
	for _, end := range []string{"/processed", "/claim", "/release"} {
		if strings.HasPrefix(p, "/v1/notifications/") && strings.HasSuffix(p, end) {
			return true
		}
	}
	return false
}

// observe takes what a client reports of itself: /kit/opened?row=ID.REV and
// /kit/shown?rows=ID.REV,…; as a query or a form, from anywhere on this machine.
func (k *Kit) observe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch r.URL.Path {
	case "/kit/opened":
		k.Opened(strings.TrimSpace(r.FormValue("row")))
	case "/kit/shown":
		var keys []string
		for key := range strings.SplitSeq(r.FormValue("rows"), ",") {
			if key = strings.TrimSpace(key); key != "" {
				keys = append(keys, key)
			}
		}
		k.Shown(keys...)
	default:
		http.NotFound(w, r)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// novel adds what a later version of the service may add: fields, attributes,
// columns at the end, lines with a beginning of their own.
func novel(body []byte, contentType string) []byte {
	s := string(body)
	switch {
	case strings.HasPrefix(contentType, "application/json"):
		s = strings.Replace(s, `{`, `{"novelty":{"of":["tomorrow",1,null]},`, 1)
		s = strings.ReplaceAll(s, `{"id":"`, `{"novelty":true,"id":"`)
	case strings.HasPrefix(contentType, "application/xml"):
		s = strings.Replace(s, `<r `, `<r novelty="1" `, 1)
		s = strings.ReplaceAll(s, `<n `, `<n novelty="1" `)
	default:
		s = strings.ReplaceAll(s, "\n", "\tnovelty\n")
		s = strings.Replace(s, "\n", "\n?\tnovelty\t1042.1\n", 1)
	}
	return []byte(s)
}

// recorder holds an answer until it is known what becomes of it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}
