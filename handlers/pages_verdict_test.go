package handlers

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zummer/models"
	"zummer/web"
)

// TestCaseOf: what a timeline says of the revisions that were shown.
func TestCaseOf(t *testing.T) {
	rang := models.Step{NotificationID: 9, Rev: 1, What: models.StepStored, Kind: models.KindRinging}
	heard := func(rev int) models.Step {
		return models.Step{NotificationID: 9, Rev: rev, What: models.StepDelivered, Session: "desk", After: 187 * time.Millisecond}
	}
	for _, tt := range []struct {
		name  string
		steps []models.Step
		heard bool
		early web.Heard
	}{
		{"nobody was told", []models.Step{rang}, false, web.Heard{}},
		{"told of the last", []models.Step{rang, heard(2)}, true, web.Heard{}},
		{"told of the ring only", []models.Step{rang, heard(1)}, false, web.Heard{Yes: true, Told: "desk", After: 187 * time.Millisecond, Kind: models.KindRinging}},
		{"told of both", []models.Step{rang, heard(1), heard(2)}, true, web.Heard{Yes: true, Told: "desk", After: 187 * time.Millisecond, Kind: models.KindRinging}},
		{"another row of the call", []models.Step{{NotificationID: 8, Rev: 1, What: models.StepDelivered}}, false, web.Heard{}},
	} {
		row := models.HistoryRow{Notification: models.Notification{ID: 9, UserID: 1, Rev: 2}, State: "pending"}
		if k := (names{newSetupFakes().dir}).caseOf(&row, tt.steps, nil, at()); k.Heard != tt.heard || k.Early != tt.early {
			t.Errorf("%s: heard %t, early %+v", tt.name, k.Heard, k.Early)
		}
	}
}

// TestCallPageAgrees: the page of the call says of the ring and of the form what
// the page of the notification says.
func TestCallPageAgrees(t *testing.T) {
	f := newSetupFakes()
	f.row = &models.HistoryRow{Notification: models.Notification{ID: 1042, UserID: 1, Rev: 2, Kind: models.KindAnswered, Action: models.ActionOpen, CallID: 77, CreatedAt: at(), UpdatedAt: at()}, State: "pending", At: at()}
	p := phonePages(t, f)
	for target, want := range map[string]string{
		"/admin/calls/77":           "(the ring was shown after 41 ms, the form is not yet)",
		"/admin/notifications/1042": "The ring was shown (session desk after 41 ms), but the form is not yet: ",
	} {
		if body := call(t, p.e, "GET", target+"?lang=en", "", asBrowser).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s lacks %q", target, want)
		}
	}
}

// TestLateOwner: an extension that was nobody's when it rang is told as such,
// whether what waited was routed afterwards or not.
func TestLateOwner(t *testing.T) {
	n := names{newSetupFakes().dir} // 101 belongs to user 1
	k := models.Call{ID: 77, Source: 5, State: models.Ended, Legs: []models.Leg{{ID: 1, Extension: "101"}}}
	unrouted := []models.Step{{What: models.StepUnrouted, Detail: "101", Reason: "no user owns this extension"}}
	for _, tt := range []struct {
		name  string
		user  int64
		steps []models.Step
		want  int
	}{
		{"mapped a day later", 0, unrouted, 1},
		{"mapped, and the call was routed", 1, unrouted, 1},
		{"always his", 1, nil, 0},
	} {
		k.Legs[0].User = tt.user
		if got := n.callCase(&k, tt.steps); len(got.Late) != tt.want || len(got.Unowned) > 0 {
			t.Errorf("%s: %+v", tt.name, got.Late)
		}
	}
}

func flashOf(rec *httptest.ResponseRecorder) string {
	for _, c := range rec.Result().Cookies() {
		if c.Name == cookieFlash {
			text, _ := base64.RawURLEncoding.DecodeString(c.Value)
			return string(text)
		}
	}
	return ""
}

// TestGivingSaysWhatCame: the sentence after an extension was given is true.
func TestGivingSaysWhatCame(t *testing.T) {
	for _, tt := range []struct {
		name, form, want string
		made             bool
	}{
		{"nothing waited", "user=ivanov", "Nothing waited.", false},
		{"a call waited", "user=ivanov", "What waited is delivered.", true},
		{"nothing waited for several", "user=ivanov&user=петрова&mode=all", "Nothing waited.", false},
	} {
		f := newSetupFakes()
		f.pendingRows = func() []models.Notification {
			if tt.made && len(f.did) > 0 {
				return []models.Notification{{ID: 5, SourceID: 5}, {ID: 6, SourceID: 5}}
			}
			return []models.Notification{{ID: 5, SourceID: 5}}
		}
		rec := call(t, phonePages(t, f).e, "POST", "/admin/unrouted/map?lang=en", "source=office&extension=105&"+tt.form, asBrowser, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
		if text := flashOf(rec); !strings.HasSuffix(text, tt.want) {
			t.Errorf("%s: %q, want %q at its end", tt.name, text, tt.want)
		}
	}
}

// TestShowAgain: a pending row gets a revision, a settled one a row that follows
// it, where the button then leads.
func TestShowAgain(t *testing.T) {
	for _, tt := range []struct{ name, target, back, want string }{
		{"pending", "/admin/notifications/1042/requeue", "/admin/notifications/1042", "Shown again, as a new revision."},
		{"settled", "/admin/notifications/9/requeue", "/admin/notifications/1042", "Shown again, as a new notification: this one."},
	} {
		f := newSetupFakes()
		rec := call(t, phonePages(t, f).e, "POST", tt.target+"?lang=en", "", asBrowser, "Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin")
		if text := flashOf(rec); rec.Header().Get("Location") != tt.back || !strings.Contains(text, tt.want) {
			t.Errorf("%s: to %q, %q", tt.name, rec.Header().Get("Location"), text)
		}
	}
	f := newSetupFakes()
	f.row = &models.HistoryRow{Notification: models.Notification{ID: 1042, UserID: 1, Rev: 1, Follows: 9, CreatedAt: at(), UpdatedAt: at()}, State: "pending"}
	if body := call(t, phonePages(t, f).e, "GET", "/admin/notifications/1042?lang=en", "", asBrowser).Body.String(); !strings.Contains(body, `href="/admin/notifications/9"`) {
		t.Error("the page has no way to the row that it follows")
	}
}
