package handlers

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

// asRelay is the header of a CRM server.
const asRelay = "Authorization: Bearer " + relayToken

// relayed is an answer for two users.
func relayed(context.Context, models.PollQuery) (models.PendingSet, error) {
	first, second, third := exampleRow(), plainRow(), plainRow()
	second.ID, second.UserID, third.ID, third.UserID = 10, 2, 11, 2
	return models.PendingSet{State: models.StateSet, Version: "abc.def", ETag: "abc.def", Rows: []models.Notification{first, second, third}, Now: at()}, nil
}

// TestRelayFormats: each row says whose it is, in every format.
func TestRelayFormats(t *testing.T) {
	f := newSetupFakes()
	f.poll = relayed
	e, _ := setupSurface(t, f)
	var set struct {
		Version       string
		Notifications []struct {
			ID   string
			User struct {
				Login      string
				ExternalID *string `json:"external_id"`
			}
		}
	}
	rec := call(t, e, "GET", "/v1/relay/notifications", "", asRelay)
	if err := json.Unmarshal(rec.Body.Bytes(), &set); err != nil || rec.Code != 200 {
		t.Fatalf("%d %s: %v", rec.Code, rec.Body, err)
	}
	rows := set.Notifications
	if len(rows) != 3 || rows[0].User.Login != "ivanov" || *rows[0].User.ExternalID != "u-1" || rows[1].User.Login != "петрова" || rows[1].User.ExternalID != nil || set.Version != "abc.def" {
		t.Errorf("json: %s", rec.Body)
	}
	if tag := rec.Header().Get("ETag"); tag != "" {
		t.Errorf("ETag %q, want none", tag)
	}
	xml := call(t, e, "GET", "/v1/relay/notifications?format=xml", "", asRelay).Body.String()
	if !strings.Contains(xml, `<n user="ivanov" external_id="u-1" id="1042"`) || !strings.Contains(xml, `<n user="петрова" external_id="" id="10"`) {
		t.Errorf("xml: %s", xml)
	}
	text := call(t, e, "GET", "/v1/relay/notifications?format=text", "", asRelay).Body.String()
	var begins []string
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(l, "+") { // candidates
			begins = append(begins, strings.Join(strings.SplitN(strings.TrimSpace(l), "\t", 4)[:2], "|"))
		}
	}
	if want := "Z1|abc.def U|ivanov 1042.2|call.answered U|петрова 10.1|mail.received 11.1|mail.received"; strings.Join(begins, " ") != want {
		t.Errorf("text: %q, want %q", begins, want)
	}
}

// TestRelayAsks: what is asked for, and who may.
func TestRelayAsks(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		headers      []string
		status       int
		code         string
		want         models.PollQuery
	}{
		{name: "everything", target: "?version=abc.def&wait=7&limit=4000&after=x&session=srv&app=trade&ack=9.1", headers: []string{asRelay}, status: 200,
			want: models.PollQuery{Version: "abc.def", Wait: 7 * time.Second, Limit: 4000, After: "x", Session: "srv", App: "trade", Acks: []models.Ack{{ID: 9, Raw: "9", Rev: 1, Outcome: models.OutcomeOpened, Session: "srv"}}}},
		{name: "nothing", headers: []string{asRelay}, status: 200, want: models.PollQuery{Limit: 1000}},
		{name: "too much", target: "?limit=99999&wait=999", headers: []string{asRelay}, status: 200, want: models.PollQuery{Limit: 5000, Wait: 50 * time.Second}},
		{name: "a limit of none", target: "?limit=0", headers: []string{asRelay}, status: 422, code: "invalid"},
		{name: "a name that is none", target: "?session=a%20b", headers: []string{asRelay}, status: 422, code: "invalid"},
		{name: "one user named", headers: []string{asRelay, "X-Zummer-User: ivanov"}, status: 422, code: "invalid"},
		{name: "a user's token", headers: []string{asIvanov}, status: 403, code: "forbidden"},
		{name: "an administrator's", headers: []string{"Authorization: Bearer " + adminToken}, status: 403, code: "forbidden"},
		{name: "a publisher's", headers: []string{"Authorization: Bearer " + publishToken}, status: 403, code: "forbidden"},
		{name: "no token", status: 401, code: "unauthorized"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			rec := call(t, e, "GET", "/v1/relay/notifications"+tt.target, "", tt.headers...)
			if rec.Code != tt.status || tt.code != "" && problemIn(t, rec).Code != tt.code {
				t.Fatalf("= %d %s, want %d %s", rec.Code, rec.Body, tt.status, tt.code)
			}
			if tt.status != 200 {
				if len(f.polled) != 0 {
					t.Errorf("asked the register for %+v", f.polled)
				}
				return
			}
			got, err := json.Marshal(f.polled[0])
			want, err2 := json.Marshal(tt.want)
			if err != nil || err2 != nil || string(got) != string(want) {
				t.Errorf("asked for %s, want %s", got, want)
			}
		})
	}
}

// TestRelayIsAudited: once a day, and not while nothing can be written.
func TestRelayIsAudited(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	f.err = models.Away(context.DeadlineExceeded)
	if rec := call(t, e, "GET", "/v1/relay/notifications", "", asRelay); rec.Code != 503 {
		t.Errorf("without an audit = %d %s", rec.Code, rec.Body)
	}
	f.err = nil
	before := len(f.did)
	for range 3 {
		if rec := call(t, e, "GET", "/v1/relay/notifications", "", asRelay); rec.Code != 200 {
			t.Errorf("= %d %s", rec.Code, rec.Body)
		}
	}
	if got := f.did[before:]; len(got) != 1 || !strings.Contains(got[0], "relay.all all users") {
		t.Errorf("audited %q, want once", got)
	}
}

// TestRelayPagesAreLarge: a page for all users holds more bytes than one for a
// client.
func TestRelayPagesAreLarge(t *testing.T) {
	f := newSetupFakes()
	f.poll = func(context.Context, models.PollQuery) (models.PendingSet, error) {
		set := models.PendingSet{State: models.StateSet, Version: "abc.def", ETag: "abc.def", Now: at()}
		for range 5000 {
			n := exampleRow()
			n.Payload.Data = map[string]any{"x": strings.Repeat("y", 1000)}
			set.Rows = append(set.Rows, n)
		}
		return set, nil
	}
	e, _ := setupSurface(t, f)
	rec := call(t, e, "GET", "/v1/relay/notifications", "", asRelay)
	if n := rec.Body.Len(); n < maxRelay-10<<10 || n > maxRelay || !strings.Contains(rec.Body.String()[:200], `"version":null`) {
		t.Errorf("%d bytes, want nearly %d, and a next page", n, maxRelay)
	}
}
