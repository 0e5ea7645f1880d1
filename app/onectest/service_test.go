package onectest_test

import (
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// service is the running program with a PBX, and a key for the 1C server: on
// PostgreSQL or on SQLite, by the test's name.
type service struct {
	*apptest.Instance
	hook, key string
	dsn       string
}

func newService(t *testing.T, change ...func(*app.Options)) *service {
	t.Helper()
	return serviceOn(t, storetest.Either(t), change...)
}

func serviceOn(t *testing.T, dsn string, change ...func(*app.Options)) *service {
	t.Helper()
	in := apptest.Start(t, dsn, change...)
	in.Client = again()
	s := &service{Instance: in, dsn: dsn}
	s.hook = in.Source("office", "generic", nil)
	s.key = in.Admin("POST", "/v1/admin/tokens", map[string]any{"name": "1c", "scopes": []string{"sync", "relay", "publish"}})["token"].(string)
	return s
}

// event sends a webhook of the PBX.
func (s *service) event(fields map[string]any) {
	s.T.Helper()
	if a := s.Do("POST", s.hook, "", fields); a.Status/100 != 2 {
		s.T.Fatalf("webhook: %d %s", a.Status, a.Body)
	}
}

// ring, answer and end are the events of a call to ivanov's phone.
func (s *service) ring(call, phone string) {
	s.event(map[string]any{"event": "ringing", "call": call, "extension": "101", "phone": phone, "direction": "in"})
}

func (s *service) answer(call string) {
	s.event(map[string]any{"event": "answered", "call": call, "extension": "101"})
}

func (s *service) end(call string) { s.event(map[string]any{"event": "ended", "call": call}) }

// pending are the kinds of what waits for ivanov.
func (s *service) pending() (kinds []string) {
	a := s.Admin("GET", "/v1/admin/notifications?user=ivanov&state=pending", nil)
	for _, item := range a["items"].([]any) {
		kinds = append(kinds, item.(map[string]any)["kind"].(string))
	}
	return kinds
}

// outcome of the last processed row of a kind, as the timeline tells it.
func (s *service) outcome(kind string) string {
	a := s.Admin("GET", "/v1/admin/notifications?user=ivanov&state=processed", nil)
	for _, item := range a["items"].([]any) {
		m := item.(map[string]any)
		if m["kind"] != kind {
			continue
		}
		steps := s.Admin("GET", "/v1/admin/notifications/"+m["id"].(string)+"/timeline", nil)["items"].([]any)
		for i := len(steps) - 1; i >= 0; i-- {
			step := steps[i].(map[string]any)
			if step["what"] == "processed" {
				detail, _ := step["reason"].(string)
				return detail
			}
		}
	}
	return "nothing processed"
}

// call is a call that ivanov answers.
func (s *service) call() { s.answered("c-9") }

// answered is call with a name of its own.
func (s *service) answered(call string) {
	s.ring(call, "+79031234567")
	s.answer(call)
}

// missed is a call that nobody answers.
func (s *service) missed(call, phone string) {
	s.ring(call, phone)
	s.end(call)
}

// restart starts the program again on its database.
func (s *service) restart(t *testing.T) *service {
	t.Helper()
	in := apptest.Start(t, s.dsn)
	in.Client = again()
	return &service{Instance: in, hook: s.hook, key: s.key, dsn: s.dsn}
}

// again asks once more where the service hung up without an answer: a request
// that a machine which stood still had not let out in time.
func again() *http.Client { return &http.Client{Transport: repeated{http.DefaultTransport}} }

type repeated struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (a repeated) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := a.RoundTripper.RoundTrip(r)
	if err == nil || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) || r.Body != nil && r.GetBody == nil {
		return res, err
	}
	once := r.Clone(r.Context())
	if r.GetBody != nil {
		if once.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
	return a.RoundTripper.RoundTrip(once)
}
