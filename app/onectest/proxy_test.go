package onectest_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy stands between 1C and the service and does what networks do.
type proxy struct {
	*httptest.Server
	mu       sync.Mutex
	target   *url.URL
	fault    func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) // nil: none
	requests []string                                                            // method, path and query
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	p := &proxy{}
	p.to(target)
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

// to leads the requests to another address from now on.
func (p *proxy) to(target string) {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = u
}

func (p *proxy) do(fault func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter))) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

// count is how many requests contained text.
func (p *proxy) count(text string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if strings.Contains(r, text) {
			n++
		}
	}
	return n
}

func (p *proxy) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = nil
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	fault, target := p.fault, p.target
	p.requests = append(p.requests, r.Method+" "+r.URL.RequestURI())
	p.mu.Unlock()
	pass := func(w http.ResponseWriter) {
		rp := httputil.NewSingleHostReverseProxy(target)
		rp.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
		rp.ErrorLog = nil
		rp.ServeHTTP(w, r)
	}
	if fault == nil {
		pass(w)
		return
	}
	fault(w, r, pass)
}

// polls reports whether a request is a poll of a client.
func polls(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/v1/notifications") && r.Method == "GET"
}

// down drops every connection.
func down(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) { panic(http.ErrAbortHandler) }

// lost applies the request and loses the answer.
func lost(_ http.ResponseWriter, _ *http.Request, pass func(http.ResponseWriter)) {
	pass(httptest.NewRecorder())
	panic(http.ErrAbortHandler)
}

// status answers with a status and nothing else.
func status(code int, headers ...string) func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) {
	return func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// lostAcks loses the answers to the first two polls that acknowledge.
func lostAcks() func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) {
	twice := once(2, lost)
	return func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		if strings.Contains(r.URL.RawQuery, "ack=") {
			twice(w, r, pass)
			return
		}
		pass(w)
	}
}

// once is a fault of the next n polls that come.
func once(n int32, fault func(http.ResponseWriter, *http.Request, func(http.ResponseWriter))) func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) {
	var came atomic.Int32
	return func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		if polls(r) && came.Add(1) <= n {
			fault(w, r, pass)
			return
		}
		pass(w)
	}
}

// cached gives the first body that has text again and again, as a cache on the
// way that gives an old picture.
func cached(text string) func(string) string {
	var mu sync.Mutex
	before := ""
	return func(body string) string {
		mu.Lock()
		defer mu.Unlock()
		if before == "" && strings.Contains(body, text) {
			before = body
		}
		if before != "" {
			return before
		}
		return body
	}
}

// slow takes its time before it answers.
func slow(d time.Duration) func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) {
	return func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		select {
		case <-time.After(d):
			pass(w)
		case <-r.Context().Done():
		}
	}
}

// rewritten changes the bodies of polls.
func rewritten(change func(string) string) func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) {
	return func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		rec := httptest.NewRecorder()
		pass(rec)
		body := rec.Body.String()
		if polls(r) && rec.Code == http.StatusOK {
			body = change(body)
		}
		for k, v := range rec.Header() {
			if k != "Content-Length" {
				w.Header()[k] = v
			}
		}
		w.WriteHeader(rec.Code)
		_, _ = bytes.NewBufferString(body).WriteTo(w)
	}
}
