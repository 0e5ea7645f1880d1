package handlers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// wire is a Doer as the network is: it tells when a request is on its way.
type wire func(*http.Request) (*http.Response, error)

func (w wire) Do(req *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	return w(req)
}

// breaking is a body that ends in the middle.
type breaking struct{ io.Reader }

func (b breaking) Read(p []byte) (int, error) {
	if n, err := b.Reader.Read(p); err == nil {
		return n, nil
	}
	return 0, io.ErrUnexpectedEOF
}

func hangs(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// TestDialOutcomeUnknown: an order that was sent and has no answer may have
// made the phone ring. That is no reason to send it again.
func TestDialOutcomeUnknown(t *testing.T) {
	for _, tt := range []struct {
		name   string
		pbx    pbx.Doer
		status int
		code   string
		again  bool // retryable
	}{
		{"it does not answer in time", wire(hangs), 409, "dial_unknown", false},
		{"it breaks the connection", wire(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }), 409, "dial_unknown", false},
		{"its answer breaks off", wire(func(r *http.Request) (*http.Response, error) {
			res := answerOf(200, `{"callid"`)(r)
			res.Body = io.NopCloser(breaking{strings.NewReader(`{"callid"`)})
			return res, nil
		}), 409, "dial_unknown", false},
		{"a gateway before it gave up", wire(func(r *http.Request) (*http.Response, error) { return answerOf(504, "")(r), nil }), 409, "dial_unknown", false},
		{"it refuses", wire(func(r *http.Request) (*http.Response, error) { return answerOf(401, "")(r), nil }), 503, "pbx_unavailable", true},
		{"it is not there: nothing was sent", system{}, 503, "pbx_unavailable", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newSetupFakes()
				withPBX(f)
				e, _ := setupSurface(t, f, func(d *Deps) { d.Outbound = func(*models.Source) pbx.Doer { return tt.pbx } })
				rec := call(t, e, "POST", "/v1/calls", `{"phone":"+79031234567"}`, asDial)
				p := problemIn(t, rec)
				if rec.Code != tt.status || p.Code != tt.code || p.Retryable != tt.again || (rec.Header().Get("Retry-After") != "") != tt.again {
					t.Errorf("%d %s, Retry-After %q; want %d %s, retryable %t", rec.Code, rec.Body, rec.Header().Get("Retry-After"), tt.status, tt.code, tt.again)
				}
				if tt.code == "dial_unknown" && !strings.Contains(p.Detail, "may ring") {
					t.Errorf("it says %q, want that the phone may ring", p.Detail)
				}
			})
		})
	}
}

// TestDialOnce: under one Idempotency-Key a phone rings once.
func TestDialOnce(t *testing.T) {
	const key = "Idempotency-Key: k-1"
	body := `{"phone":"+79031234567"}`
	f := newSetupFakes()
	withPBX(f)
	asked, answer := 0, wire(nil)
	e, _ := setupSurface(t, f, func(d *Deps) {
		d.Outbound = func(*models.Source) pbx.Doer {
			return wire(func(r *http.Request) (*http.Response, error) { asked++; return answer(r) })
		}
	})
	ask := func(what, body string, status, total int, want string, headers ...string) string {
		t.Helper()
		rec := call(t, e, "POST", "/v1/calls", body, append([]string{asDial}, headers...)...)
		if rec.Code != status || asked != total || !strings.Contains(rec.Body.String(), want) {
			t.Fatalf("%s: %d %s, the PBX was asked %d times; want %d with %s, %d times", what, rec.Code, rec.Body, asked, status, want, total)
		}
		return rec.Body.String()
	}
	answer = func(r *http.Request) (*http.Response, error) { return answerOf(401, "")(r), nil }
	ask("a refusal", body, 503, 1, "pbx_unavailable", key)
	answer = func(r *http.Request) (*http.Response, error) { return answerOf(200, `{"callid":"c-1"}`)(r), nil }
	ask("what is wrong", `{"phone":"101"}`, 422, 1, "phone", key)
	first := ask("tried again, it takes no key before", body, 202, 2, `"call":"c-1"`, key)
	if again := ask("a repeat", body, 202, 2, `"call":"c-1"`, `Idempotency-Key: "k-1"`); again != first {
		t.Errorf("a repeat is answered %s, want %s", again, first)
	}
	ask("a repeat as a form", "phone=%2B79031234567", 202, 2, `"call":"c-1"`, key, "Content-Type: application/x-www-form-urlencoded")
	ask("another number", `{"phone":"+79037654321"}`, 422, 2, "idempotency_mismatch", key)
	ask("another key", body, 202, 3, `"call":"c-1"`, "Idempotency-Key: k-2")
	ask("no key", body, 202, 4, `"call":"c-1"`)
	answer = func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
	ask("no answer", body, 409, 5, "dial_unknown", "Idempotency-Key: k-3")
	answer = func(r *http.Request) (*http.Response, error) { return answerOf(200, `{"callid":"c-2"}`)(r), nil }
	ask("the same again: it may have rung", body, 409, 5, "dial_unknown", "Idempotency-Key: k-3")
	ask("a wrong key", body, 422, 5, "Idempotency-Key", `Idempotency-Key: ""`)

	answer = func(r *http.Request) (*http.Response, error) {
		rec := call(t, e, "POST", "/v1/calls", body, asDial, "Idempotency-Key: k-4")
		if p := problemIn(t, rec); rec.Code != 409 || p.Code != "running" || rec.Header().Get("Retry-After") == "" {
			t.Errorf("while the first one runs: %d %s", rec.Code, rec.Body)
		}
		return answerOf(200, `{"callid":"c-3"}`)(r), nil
	}
	ask("two at once", body, 202, 6, "c-3", "Idempotency-Key: k-4")
}

// TestDialGoesOnWithoutItsClient: an order that was begun is finished, and its
// outcome is there for the repeat.
func TestDialGoesOnWithoutItsClient(t *testing.T) {
	f := newSetupFakes()
	withPBX(f)
	gone := errors.New("test: still there")
	e, _ := setupSurface(t, f, func(d *Deps) {
		d.Outbound = func(*models.Source) pbx.Doer {
			return wire(func(r *http.Request) (*http.Response, error) {
				gone = r.Context().Err()
				return answerOf(200, `{"callid":"c-1"}`)(r), nil
			})
		}
	})
	ctx, leave := context.WithCancel(t.Context())
	leave()
	req := requestOf(exchange{method: "POST", target: "/v1/calls", body: `{"phone":"+79031234567"}`, header: asDial}).WithContext(ctx)
	req.Header.Set("Idempotency-Key", "k")
	e.ServeHTTP(discard{http.Header{}}, req)
	if gone != nil {
		t.Fatalf("the order was given up: %v", gone)
	}
	if rec := call(t, e, "POST", "/v1/calls", `{"phone":"+79031234567"}`, asDial, "Idempotency-Key: k"); rec.Code != 202 || !strings.Contains(rec.Body.String(), "c-1") {
		t.Errorf("the repeat: %d %s", rec.Code, rec.Body)
	}
}

// discard is the writer of a client that left.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// keys are the idempotency keys of the fakes.
type keys map[string]models.Idempotent

func (f *setupFakes) TakeKey(_ context.Context, token int64, key, hash string) ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	known, ok := f.keys[key]
	switch {
	case !ok:
		f.keys[key] = models.Idempotent{Hash: hash}
	case known.Hash != hash:
		return nil, models.Coded(models.Invalid, "idempotency_mismatch", "this Idempotency-Key was used for another request")
	case known.Response == nil:
		return nil, &models.Error{Kind: models.Conflict, Code: "running", Message: "running", Retry: time.Second}
	}
	return known.Response, nil
}

func (f *setupFakes) KeepAnswer(_ context.Context, _ int64, key string, answer []byte) error {
	f.keys[key] = models.Idempotent{Hash: f.keys[key].Hash, Response: answer}
	return nil
}

func (f *setupFakes) FreeKey(_ context.Context, _ int64, key string) error {
	delete(f.keys, key)
	return nil
}
