package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// How many requests wait for the service at once: of all, and of one token. The
// service itself lets ten polls of a user wait.
const (
	maxPassing      = 64
	maxPassingOfOne = 12
)

// passTime is how long the service may say nothing: the longest wait of a poll,
// and more.
const passTime = 90 * time.Second

// smallAnswer is what is read as a whole before it is answered, where the
// service does not say how long it is.
const smallAnswer = 1 << 20

// flights counts the requests that wait for the service. Of a token it keeps a
// sum, and that only as long as one waits.
type flights struct {
	mu  sync.Mutex
	all int
	of  map[[sha256.Size]byte]int
}

// enter counts one more; leave nil: there are enough, of all or of this token.
func (f *flights) enter(token string) (leave func(), ofAll bool) {
	key := sha256.Sum256([]byte(token))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all >= maxPassing || f.of[key] >= maxPassingOfOne {
		return nil, f.all >= maxPassing
	}
	if f.of == nil {
		f.of = map[[sha256.Size]byte]int{}
	}
	f.all++
	f.of[key]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all--
		if f.of[key]--; f.of[key] == 0 {
			delete(f.of, key)
		}
	}, false
}

// pass sends a request on under a token, and its answer back. That the agent's
// own token is refused is none of the program's.
func (r *relay) pass(w http.ResponseWriter, req *http.Request, f format, body []byte, token string, own bool) {
	leave, ofAll := r.passing.enter(token)
	switch {
	case leave == nil && ofAll:
		f.refuse(w, http.StatusServiceUnavailable, "busy", "too many requests wait for the service", 2)
		return
	case leave == nil:
		f.refuse(w, http.StatusTooManyRequests, "too_many", "too many requests of this client wait for the service", 2)
		return
	}
	defer leave()
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	quiet := time.AfterFunc(passTime, cancel)
	defer quiet.Stop()
	res, err := r.upstream(ctx, req, body, token)
	if err == nil {
		defer res.Body.Close()
		if own && res.StatusCode == http.StatusUnauthorized {
			f.answer(w, nil, errToken)
			return
		}
		err = forward(w, res, quiet, func() { reset(req.Context()) })
	}
	if err != nil && req.Context().Err() == nil {
		r.log.WarnContext(req.Context(), "the relay got no answer of the service", "error", Mask(err.Error()))
		f.refuse(w, http.StatusServiceUnavailable, "upstream_away", "the service does not answer", 5)
	}
}

func (r *relay) upstream(ctx context.Context, req *http.Request, body []byte, token string) (*http.Response, error) {
	address := r.config.URL + req.URL.EscapedPath()
	if req.URL.RawQuery != "" {
		address += "?" + req.URL.RawQuery
	}
	up, err := http.NewRequestWithContext(ctx, req.Method, address, bytes.NewReader(body)) //nolint:gosec // the configured host; the path is one of three
	if err != nil {
		return nil, withoutAddress(err)
	}
	for _, name := range []string{"Content-Type", "Accept", "Prefer", "If-None-Match", "If-Range", "Range", "X-Client", "Idempotency-Key"} {
		if v := req.Header.Get(name); v != "" {
			up.Header.Set(name, v)
		}
	}
	up.Header.Set("Accept-Encoding", "identity")
	up.Header.Set("Authorization", "Bearer "+token)
	h := *r.client.HTTP
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := h.Do(up) //nolint:gosec // the configured host
	return res, withoutAddress(err)
}

// forward gives the service's answer to a client that may know nothing of
// chunks: its length, or, of a long one that has none, the end of the
// connection. The error is of an answer that was not begun; one that breaks off
// later takes the connection with it, so that nobody takes a part for the whole.
func forward(w http.ResponseWriter, res *http.Response, quiet *time.Timer, broken func()) error {
	var begin []byte
	if res.ContentLength < 0 {
		var err error
		if begin, err = io.ReadAll(io.LimitReader(res.Body, smallAnswer)); err != nil {
			return withoutAddress(err)
		}
		if len(begin) < smallAnswer {
			res.ContentLength = int64(len(begin))
		}
	}
	h := w.Header()
	for _, name := range []string{"Content-Type", "Content-Disposition", "ETag", "Last-Modified", "Retry-After", "X-Poll-Interval", "Www-Authenticate", "Content-Range", "Accept-Ranges"} {
		if v := res.Header.Get(name); v != "" {
			h.Set(name, v)
		}
	}
	answerHead(h, res.ContentLength)
	w.WriteHeader(res.StatusCode)
	to := &timely{w: w, to: http.NewResponseController(w), quiet: quiet}
	if _, err := to.Write(begin); err != nil {
		return nil // who is gone asks again
	}
	if _, err := io.Copy(to, res.Body); err != nil {
		broken()
		panic(http.ErrAbortHandler)
	}
	return nil
}

// timely gives each piece of an answer a time of its own.
type timely struct {
	w     io.Writer
	to    *http.ResponseController
	quiet *time.Timer
}

// Write implements io.Writer.
func (t *timely) Write(p []byte) (int, error) {
	t.quiet.Reset(passTime)
	if err := t.to.SetWriteDeadline(time.Now().Add(answerTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := t.w.Write(p)
	t.quiet.Reset(passTime)
	return n, err
}
