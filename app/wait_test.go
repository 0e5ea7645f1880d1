package app_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"zummer/app/apptest"
)

// eventually asks ok every few milliseconds and fails the test when it has not
// said yes within the time.
func eventually(t *testing.T, what string, within time.Duration, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(within)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not within %s", what, within)
		}
	}
}

// wholeSet reads all pages of a pending set, as a client does: a reset behind
// the first page starts over.
func wholeSet(in *apptest.Instance, token string) apptest.Set {
	in.T.Helper()
	s := in.Poll(token, "limit=100")
	all := s.Rows
	for s.Next != "" {
		s = in.Poll(token, "limit=100&after="+url.QueryEscape(s.Next))
		if s.State == "reset" {
			all = nil
		}
		all = append(all, s.Rows...)
	}
	s.Rows = all
	return s
}

// hookAnswer is the body of a hook's answer; Parsed is nil when all went well.
type hookAnswer struct {
	OK     bool  `json:"ok"`
	Parsed *bool `json:"parsed"`
}

func decodeHook(t testing.TB, a apptest.Answer) hookAnswer {
	t.Helper()
	var h hookAnswer
	if err := json.Unmarshal(a.Body, &h); err != nil {
		t.Fatalf("a hook answered %d %s", a.Status, a.Body)
	}
	return h
}
