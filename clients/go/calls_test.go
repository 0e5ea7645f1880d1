package zummer_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	zummer "zummer/clients/go"
)

// operations are what handlers/openapi.yaml lists beneath /v1: "GET /v1/me".
// POST where it only does what PUT or PATCH does is left out.
func operations(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile("../../handlers/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile(`(?m)^  (/v1/\S+):( \*administrate)?(.*)$`)
	methods := regexp.MustCompile(`(?m)^    (get|post|put|patch|delete):( \*(?:processed|patchMe|takeExtension|put\w+))?`)
	spec, _, _ := strings.Cut(string(text), "\ncomponents:")
	for _, part := range strings.SplitAfter(spec, "\n  /") {
		path := paths.FindStringSubmatch("  /" + part)
		if path == nil {
			continue
		}
		if path[2] != "" {
			all = append(all, "POST "+path[1])
		}
		for _, m := range methods.FindAllStringSubmatch(part, -1) {
			if m[2] == "" {
				all = append(all, strings.ToUpper(m[1])+" "+path[1])
			}
		}
	}
	return all
}

// ledger answers everything and writes down what was asked.
type ledger struct{ asked []string }

// RoundTrip implements http.RoundTripper.
func (l *ledger) RoundTrip(r *http.Request) (*http.Response, error) {
	l.asked = append(l.asked, r.Method+" "+r.URL.EscapedPath())
	return reply(200, map[string]any{"state": "unchanged", "items": []any{}}), nil
}

// TestEveryCall: the SDK has a call for every operation of the service.
func TestEveryCall(t *testing.T) {
	l := &ledger{}
	c := &zummer.Client{URL: "http://zummer.test", Token: "t", HTTP: &http.Client{Transport: l}}
	a, ctx, page, key := c.Admin(), t.Context(), zummer.Page{}, zummer.Key{ID: "x", Rev: 1}
	for _, call := range []func(){
		func() { _, _ = c.Poll(ctx, zummer.PollQuery{}) },
		func() { _, _ = c.PollAll(ctx, zummer.PollQuery{}) },
		func() { _, _ = c.Ack(ctx, zummer.Ack{ID: "x", Rev: 1}) },
		func() { _, _ = c.AckAll(ctx, "v", "") },
		func() { _, _ = c.Claim(ctx, "desk", key) },
		func() { _, _ = c.Release(ctx, "desk", key) },
		func() { _, _, _, _ = c.History(ctx, time.Time{}, time.Time{}, "", 0) },
		func() { _, _ = c.Publish(ctx, zummer.Publication{}) },
		func() { _, _ = c.Me(ctx) },
		func() { _, _ = c.SetMe(ctx, nil, nil) },
		func() { _, _ = c.TakeExtension(ctx, "x", "x") },
		func() { _ = c.LeaveExtension(ctx, "x", "x") },
		func() { _, _, _ = c.Calls(ctx, page) },
		func() { _, _ = c.Dial(ctx, "x", "x", "x") },
		func() { _, _ = c.Call(ctx, "x") },
		func() { _ = c.Recording(ctx, "x", io.Discard) },
		func() { _, _ = c.SyncUsers(ctx, nil, false) },
		func() { _, _ = c.TokenForToday(ctx, "x", 0) },
		func() { _, _ = c.PutContact(ctx, "x", zummer.Contact{}) },
		func() { _ = c.DeleteContact(ctx, "x") },
		func() { _, _ = c.PutContacts(ctx, nil, false) },
		func() { _, _, _ = c.SyncCalls(ctx, 0, page) },
		func() { _, _ = a.SourceKinds(ctx) },
		func() { _, _ = a.Sources(ctx) },
		func() { _, _ = a.Source(ctx, "x") },
		func() { _, _ = a.PutSource(ctx, "x", zummer.SourceInput{}) },
		func() { _ = a.DeleteSource(ctx, "x") },
		func() { _, _ = a.Employees(ctx, "x") },
		func() { _, _ = a.RotateSource(ctx, "x") },
		func() { _, _ = a.Users(ctx) },
		func() { _, _ = a.User(ctx, "x") },
		func() { _, _ = a.PutUser(ctx, "x", zummer.UserInput{}) },
		func() { _ = a.DeleteUser(ctx, "x") },
		func() { _, _ = a.Sessions(ctx, "x") },
		func() { _, _, _ = a.Tokens(ctx, "x", page) },
		func() { _, _ = a.NewToken(ctx, "x", zummer.TokenInput{}) },
		func() { _, _, _ = a.Tokens(ctx, "", page) },
		func() { _, _ = a.NewToken(ctx, "", zummer.TokenInput{}) },
		func() { _, _ = a.Token(ctx, "x") },
		func() { _ = a.RevokeToken(ctx, "x") },
		func() { _, _ = a.Extensions(ctx, "", "") },
		func() { _, _ = a.Extension(ctx, "x", "x") },
		func() { _, _ = a.PutExtension(ctx, "x", "x", "x") },
		func() { _ = a.DeleteExtension(ctx, "x", "x") },
		func() { _, _ = a.ExtensionRequests(ctx) },
		func() { _ = a.RefuseExtension(ctx, "x", "x") },
		func() { _, _ = a.Groups(ctx) },
		func() { _, _ = a.Group(ctx, "x") },
		func() { _, _ = a.PutGroup(ctx, "x") },
		func() { _ = a.DeleteGroup(ctx, "x") },
		func() { _, _ = a.Rules(ctx) },
		func() { _, _ = a.PutRules(ctx, []byte(`{}`)) },
		func() { _, _, _ = a.RulesVersions(ctx, page) },
		func() { _, _ = a.CheckRules(ctx, []byte(`{}`)) },
		func() { _, _ = a.DryRun(ctx, zummer.DryRun{}) },
		func() { _, _ = a.Contacts(ctx, "x") },
		func() { _, _, _ = a.Notifications(ctx, zummer.NotificationFilter{}) },
		func() { _, _ = a.Process(ctx, "x") },
		func() { _, _ = a.Expire(ctx, "x") },
		func() { _, _ = a.Requeue(ctx, "x") },
		func() { _, _ = a.Reassign(ctx, "x", "x") },
		func() { _, _ = a.Timeline(ctx, "x") },
		func() { _, _, _ = a.Webhooks(ctx, zummer.WebhookFilter{}) },
		func() { _, _ = a.Webhook(ctx, "x") },
		func() { _, _ = a.RawWebhook(ctx, "x") },
		func() { _, _ = a.Replay(ctx, "x") },
		func() { _, _ = a.Refused(ctx) },
		func() { _, _ = a.Unrouted(ctx, time.Time{}) },
		func() { _, _, _ = a.Calls(ctx, "", "", page) },
		func() { _, _ = a.Call(ctx, "x") },
		func() { _ = a.Recording(ctx, "x", io.Discard) },
		func() { _, _ = a.Stats(ctx) },
		func() { _, _, _ = a.Audit(ctx, page) },
	} {
		call()
	}
	known := operations(t)
	if len(known) < 60 {
		t.Fatalf("only %d operations were found in openapi.yaml: %q", len(known), known)
	}
	hole := regexp.MustCompile(`\{\w+\}`)
	for _, op := range known {
		if op == "GET /v1/notifications" { // Poll sends the same as a body
			continue
		}
		if !slices.Contains(l.asked, hole.ReplaceAllString(op, "x")) {
			t.Errorf("the SDK has no call for %s", op)
		}
	}
	for _, asked := range l.asked {
		if !slices.ContainsFunc(known, func(op string) bool { return hole.ReplaceAllString(op, "x") == asked }) {
			t.Errorf("the service has no %s", asked)
		}
	}
}

func TestPollAll(t *testing.T) {
	bubble(t, "one picture of all users, through its pages; acks go with the first", func(t *testing.T, s *service, _ *watcher) {
		of := func(login string, m map[string]any) map[string]any {
			m["user"] = map[string]any{"login": login, "external_id": "u-" + login}
			return m
		}
		var asked []string
		note := func(next answer) answer {
			return func(r *http.Request, body map[string]any) *http.Response {
				asked = append(asked, r.Method+" "+r.URL.RequestURI())
				return next(r, body)
			}
		}
		s.next(note(page("set", "", "p2", of("ivanov", row("1", 1, "show", "")))), note(page("set", "all.7", "", of("petrova", row("2", 3, "open", "")))))
		set, err := s.client().PollAllWhole(t.Context(), zummer.PollQuery{Version: "all.6", Wait: 25 * time.Second, Session: "srv", Limit: 2000,
			Acks: []zummer.Ack{{ID: "9", Rev: 2}, {ID: "8", Rev: 1, Outcome: zummer.Dismissed}, {ID: "7", Rev: 1, Outcome: zummer.Failed}, {ID: "6", Rev: 1, Outcome: zummer.Busy}}})
		if err != nil || len(set.Rows) != 2 {
			t.Fatalf("%+v, %v", set, err)
		}
		want(t, "owners", []zummer.Owner{*set.Rows[0].Owner, *set.Rows[1].Owner}, []zummer.Owner{{Login: "ivanov", ExternalID: "u-ivanov"}, {Login: "petrova", ExternalID: "u-petrova"}})
		want(t, "version", set.Version, "all.7")
		want(t, "asked", asked, []string{
			"GET /v1/relay/notifications?ack=9.2%2C8.1.d%2C7.1.f%2C6.1.b&limit=2000&session=srv&version=all.6&wait=25",
			"GET /v1/relay/notifications?after=p2&limit=2000&session=srv&version=all.6&wait=25",
		})
	})
}

func TestRecording(t *testing.T) {
	bubble(t, "a sound is written as it comes, and a refusal is none", func(t *testing.T, s *service, _ *watcher) {
		var b bytes.Buffer
		s.next(func(*http.Request, map[string]any) *http.Response { return reply(200, "RIFF") },
			func(*http.Request, map[string]any) *http.Response {
				return reply(404, map[string]any{"code": "no_recording"})
			})
		if err := s.client().Recording(t.Context(), "7", &b); err != nil || b.String() != `"RIFF"` {
			t.Errorf("%q, %v", b.String(), err)
		}
		err := s.client().Admin().Recording(context.WithoutCancel(t.Context()), "8", &b)
		if zummer.CodeOf(err) != "no_recording" || b.String() != `"RIFF"` {
			t.Errorf("%q, %v", b.String(), err)
		}
	})
}
