package app_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"zummer/app/apptest"
)

// shop is a running program with two people and a token of every scope.
type shop struct {
	*apptest.Instance
	hook                            string // of source office, kind generic
	ivanov, petrova                 string
	publish, sync, relay, foreignID string // foreignID: a row of petrova
}

func newShop(t *testing.T, dsn string) *shop {
	t.Helper()
	in := apptest.Start(t, dsn)
	s := &shop{Instance: in, hook: in.Source("office", "generic", nil)}
	s.ivanov, s.petrova = in.User("ivanov", "office", "101"), in.User("petrova", "office", "102")
	in.Admin("PUT", "/v1/admin/groups/sales", map[string]any{"members": []string{"ivanov", "petrova"}})
	for scope, token := range map[string]*string{"publish": &s.publish, "sync": &s.sync, "relay": &s.relay} {
		*token = in.Admin("POST", "/v1/admin/tokens", map[string]any{"name": scope, "scopes": []string{scope}})["token"].(string)
	}
	s.foreignID = s.published(`{"user":"petrova","kind":"note","title":"hers"}`)
	return s
}

// published makes one notification and returns its id.
func (s *shop) published(body string, headers ...string) string {
	s.T.Helper()
	a := s.Do("POST", "/v1/notifications", s.publish, body, headers...)
	if a.Status != 201 {
		s.T.Fatalf("publish: %d %s", a.Status, a.Body)
	}
	return a.JSON(s.T)["items"].([]any)[0].(map[string]any)["id"].(string)
}

// journal lists the webhooks of an outcome, newest first ("": all of them).
func (s *shop) journal(outcome string) []map[string]any {
	s.T.Helper()
	var out []map[string]any
	for _, item := range s.Admin("GET", "/v1/admin/webhooks?limit=100&outcome="+outcome, nil)["items"].([]any) {
		out = append(out, item.(map[string]any))
	}
	return out
}

// requestID is chance, and chance may write PGX.
var requestID = regexp.MustCompile(`"request_id":"[A-Z2-7]*"`)

// cause finds what must not leave the server: SQL, stacks, drivers.
var cause = regexp.MustCompile(`(?i)SQLSTATE|\bselect\b.*\bfrom\b|insert into|update .* set |pgx|pgconn|sqlite|gorm|goroutine|\.go:\d|panic|\bnil pointer|postgres(ql)?:|constraint|connection refused|dial tcp`)

// tellsNoCause checks the body of any answer that is an error.
func tellsNoCause(t *testing.T, a apptest.Answer) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	told := requestID.ReplaceAll(a.Body, nil)
	if m := cause.Find(told); m != nil || strings.Contains(string(a.Body), here) {
		t.Errorf("%q shows its cause: %s", m, a.Body)
	}
}

// refused checks that an answer is a problem (RFC 9457) as contract §6 has it,
// and returns it.
func refused(t *testing.T, what string, a apptest.Answer, status int, code string) map[string]any {
	t.Helper()
	if a.Status != status {
		t.Errorf("%s = %d %s, want %d", what, a.Status, a.Body, status)
		return map[string]any{}
	}
	tellsNoCause(t, a)
	var p struct {
		Type, Title, Detail, Code *string
		Status                    *int
		Retryable                 *bool
		RequestID                 *string `json:"request_id"`
	}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		t.Errorf("%s: %v: %s", what, err, a.Body)
		return map[string]any{}
	}
	if p.Type == nil || p.Title == nil || p.Detail == nil || p.Code == nil || p.Status == nil || p.Retryable == nil || p.RequestID == nil {
		t.Errorf("%s: not every member of a problem is there: %s", what, a.Body)
		return map[string]any{}
	}
	if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") || !strings.Contains(ct, "charset=utf-8") {
		t.Errorf("%s: Content-Type %q", what, ct)
	}
	if *p.Code != code || *p.Status != status || *p.RequestID == "" || *p.Detail == "" {
		t.Errorf("%s: %s, want code %s and status %d", what, a.Body, code, status)
	}
	if again := status == 429 || status == 503; again != (a.Header.Get("Retry-After") != "") && code != "session_conflict" && code != "running" {
		t.Errorf("%s: Retry-After %q at %d", what, a.Header.Get("Retry-After"), status)
	}
	return a.JSON(t)
}
