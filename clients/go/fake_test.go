package zummer_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	zummer "zummer/clients/go"
)

// service is a service made by hand for tests in a bubble: no sockets, a script
// of answers, and then a small register of one user.
type service struct {
	mu      sync.Mutex
	epoch   string
	version int
	rows    []map[string]any
	changed chan struct{}
	closed  int // how often idle connections were given up
	asked   []asked
	script  []func(r *http.Request, body map[string]any) *http.Response // answers of the next requests; nil: the usual one
}

// asked is one request that came.
type asked struct {
	at   time.Time
	path string
	body map[string]any
}

func newService() *service { return &service{epoch: "a", changed: make(chan struct{})} }

func (s *service) client() *zummer.Client {
	return &zummer.Client{URL: "http://zummer.test", Token: "t", HTTP: &http.Client{Transport: s}}
}

// RoundTrip implements http.RoundTripper.
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	body := map[string]any{}
	if r.Body != nil {
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &body)
	}
	s.mu.Lock()
	s.asked = append(s.asked, asked{time.Now(), r.URL.Path, body})
	var answer func(*http.Request, map[string]any) *http.Response
	if len(s.script) > 0 {
		answer, s.script = s.script[0], s.script[1:]
	}
	s.mu.Unlock()
	if answer != nil {
		res := answer(r, body)
		if res == nil {
			return nil, io.ErrUnexpectedEOF
		}
		return res, nil
	}
	if strings.HasSuffix(r.URL.Path, "/processed") {
		id := strings.Split(r.URL.Path, "/")[3]
		return reply(200, map[string]any{"id": id, "rev": body["rev"], "result": s.settle(id, body["rev"])}), nil
	}
	if strings.HasSuffix(r.URL.Path, "/release") {
		return reply(200, map[string]any{"id": "1", "rev": 2}), nil
	}
	return s.poll(r, body)
}

// CloseIdleConnections is what http.Client calls of a transport that has it.
func (s *service) CloseIdleConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
}

func (s *service) idleClosed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// poll is the usual answer: acks first, then the wait.
func (s *service) poll(r *http.Request, body map[string]any) (*http.Response, error) {
	results := []map[string]any{}
	before := s.text()
	for _, a := range list(body["ack"]) {
		m := a.(map[string]any)
		results = append(results, map[string]any{"id": m["id"], "rev": m["rev"], "result": s.settle(m["id"].(string), m["rev"])})
	}
	version, _ := body["version"].(string)
	if len(results) > 0 && version == before {
		version = s.text()
	}
	if name, _ := body["session"].(string); name != "" { // a free row is taken by the first that polls
		s.mu.Lock()
		for _, m := range s.rows {
			if m["free"] == true && m["session"] == nil {
				m["session"] = name
			}
		}
		s.mu.Unlock()
	}
	wait, _ := body["wait"].(float64)
	timer := time.NewTimer(time.Duration(wait * float64(time.Second)))
	defer timer.Stop()
	for {
		s.mu.Lock()
		now, changed := s.textLocked(), s.changed
		page := map[string]any{"state": "set", "version": now, "next": nil, "notifications": slices.Clone(s.rows), "acks": results, "poll_after_ms": 0}
		s.mu.Unlock()
		if version == "" {
			page["state"] = "reset"
		}
		if version != now {
			return reply(200, page), nil
		}
		select {
		case <-changed:
		case <-timer.C:
			page["state"], page["notifications"] = "unchanged", []any{}
			return reply(200, page), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func (s *service) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.textLocked()
}

func (s *service) textLocked() string { return fmt.Sprintf("%s.%d", s.epoch, s.version) }

// put makes or replaces a row.
func (s *service) put(id string, rev int, action, session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = slices.DeleteFunc(s.rows, func(m map[string]any) bool { return m["id"] == id })
	s.rows = append(s.rows, row(id, rev, action, session))
	s.bump()
}

// bump announces a change; the caller holds s.mu.
func (s *service) bump() {
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *service) settle(id string, rev any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range s.rows {
		if m["id"] == id {
			if fmt.Sprint(m["rev"]) != fmt.Sprint(rev) {
				return "stale_rev"
			}
			s.rows = slices.Delete(s.rows, i, i+1)
			s.bump()
			return "processed"
		}
	}
	return "already"
}

// next scripts the answers of the next requests.
func (s *service) next(script ...func(*http.Request, map[string]any) *http.Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, script...)
}

func (s *service) requests() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// acks are all acks that came, with how often.
func (s *service) acks() map[string]int {
	out := map[string]int{}
	for _, a := range s.requests() {
		for _, item := range list(a.body["ack"]) {
			m := item.(map[string]any)
			out[fmt.Sprintf("%v.%v %v", m["id"], m["rev"], m["outcome"])]++
		}
	}
	return out
}

func row(id string, rev int, action, session string) map[string]any {
	m := map[string]any{"id": id, "rev": rev, "kind": "call.answered", "action": action, "title": "ООО Ромашка", "session": nil, "color": "new field"}
	if session != "" {
		m["session"] = session
	}
	return m
}

func list(v any) []any { l, _ := v.([]any); return l }

func reply(status int, body any, header ...string) *http.Response {
	text, _ := json.Marshal(body)
	w := httptest.NewRecorder()
	for i := 0; i+1 < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.WriteHeader(status)
	_, _ = io.Copy(w, bytes.NewReader(text))
	return w.Result()
}

// page is one scripted answer to a poll.
func page(state, version, next string, rows ...map[string]any) func(*http.Request, map[string]any) *http.Response {
	return func(*http.Request, map[string]any) *http.Response {
		m := map[string]any{"state": state, "version": nil, "next": nil, "notifications": rows, "acks": []any{}, "poll_after_ms": 0}
		if version != "" {
			m["version"] = version
		}
		if next != "" {
			m["next"] = next
		}
		return reply(200, m)
	}
}

// watcher is a handler that writes down what it is told.
type watcher struct {
	mu      sync.Mutex
	opened  []string
	shown   []int // rows of each picture
	states  []string
	outcome zummer.Outcome // "": Opened
	later   bool           // no outcome yet
	opens   func(n zummer.Notification)
}

func (w *watcher) handler() zummer.Handler {
	return zummer.Handler{
		Open: func(_ context.Context, n zummer.Notification) zummer.Outcome {
			w.mu.Lock()
			w.opened = append(w.opened, n.Key().String())
			opens := w.opens
			w.mu.Unlock()
			if opens != nil {
				opens(n)
			}
			if w.later {
				return zummer.Later
			}
			return cmp.Or(w.outcome, zummer.Opened)
		},
		Show: func(p zummer.Picture) {
			w.mu.Lock()
			w.shown = append(w.shown, len(p.Rows))
			w.mu.Unlock()
		},
		State: func(st zummer.Status) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if st.Connected {
				w.states = append(w.states, "connected")
			} else {
				w.states = append(w.states, st.Err.Error())
			}
		},
	}
}

func (w *watcher) get() (opened []string, shown []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.opened), slices.Clone(w.shown)
}

func want[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

// bodyIn shows a request's body in X-Body to what checks signatures.
type bodyIn struct{ s *service }

func (b bodyIn) RoundTrip(r *http.Request) (*http.Response, error) {
	text, _ := io.ReadAll(r.Body)
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(strings.NewReader(`{}`))
	r.Header.Set("X-Body", string(text))
	return b.s.RoundTrip(r)
}
