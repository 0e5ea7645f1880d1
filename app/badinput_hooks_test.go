package app_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/handlers/pbx"
	"zummer/models/store/storetest"
)

const ringsIvanov = `{"event":"ringing","call":"c-1","extension":"101","phone":"+79031234567"}`

// TestHooksTurnAway: nobody is let in who does not know the token or cannot
// sign; it is counted and kept in memory, and nothing is written down.
func TestHooksTurnAway(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 24)))
		signed := s.Source("signed", "generic", map[string]any{"secret": secret})
		stamp := func(at time.Time, body string, with string) []string {
			signature, err := pbx.SignStandard(with, "msg-1", at, []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			return []string{pbx.HeaderID, "msg-1", pbx.HeaderTimestamp, fmt.Sprint(at.Unix()), pbx.HeaderSignature, signature}
		}
		other := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 24)))
		now := time.Now()
		for _, tt := range []struct {
			name, path, body string
			headers          []string
			status           int
			code, reason     string
		}{
			{"unknown source", strings.Replace(s.hook, "office", "nowhere", 1), ringsIvanov, nil, 404, "not_found", "unknown_source"},
			{"wrong token", "/hooks/office/0123456789abcdef0123456789abcdef", ringsIvanov, nil, 404, "not_found", "wrong_token"},
			{"the token of another source", strings.Replace(signed, "signed", "office", 1), ringsIvanov, nil, 404, "not_found", "wrong_token"},
			{"unsigned", signed, ringsIvanov, nil, 401, "wrong_signature", "wrong_signature"},
			{"signed with another secret", signed, ringsIvanov, stamp(now, ringsIvanov, other), 401, "wrong_signature", "wrong_signature"},
			{"another body than was signed", signed, ringsIvanov, stamp(now, ringsIvanov+" ", secret), 401, "wrong_signature", "wrong_signature"},
			{"signed an hour ago", signed, ringsIvanov, stamp(now.Add(-time.Hour), ringsIvanov, secret), 401, "wrong_signature", "wrong_signature"},
			{"more than 1 MiB", s.hook, ringsIvanov + strings.Repeat(" ", 1<<20), nil, 413, "too_large", "too_large"},
		} {
			refused(t, tt.name, s.Do("POST", tt.path, "", tt.body, tt.headers...), tt.status, tt.code)
			last := s.Admin("GET", "/v1/admin/refused", nil)["items"].([]any)[0].(map[string]any)
			if last["reason"] != tt.reason {
				t.Errorf("%s: the administrator reads %v", tt.name, last)
			}
		}
		if got := s.journal(""); len(got) != 0 {
			t.Errorf("refused webhooks were written down: %v", got)
		}
		if rows := s.Poll(s.ivanov, "").Rows; len(rows) != 0 {
			t.Errorf("refused webhooks made %+v", rows)
		}
		if a := s.Do("POST", signed, "", ringsIvanov, stamp(now, ringsIvanov, secret)...); a.Status != 200 {
			t.Errorf("rightly signed: %d %s", a.Status, a.Body)
		}
		if got := s.journal("stored"); len(got) != 1 {
			t.Errorf("the journal after one good webhook: %v", got)
		}
	})
}

// TestHooksKeepWhatCannotBeParsed: it is 2xx, so that the PBX goes on sending,
// listed with its error, and can be replayed.
func TestHooksKeepWhatCannotBeParsed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		for _, tt := range []struct{ name, body, tells string }{
			{"no JSON", `{"event":"ringing",`, "not JSON"},
			{"no event at all", "\x00\x01\x02\xff", "neither JSON nor a form"},
			{"empty", "", "empty"},
			{"an unknown event", `{"event":"exploded","call":"c"}`, "exploded"},
			{"no call", `{"event":"ringing","extension":"101"}`, "call"},
			{"no extension", `{"event":"ringing","call":"c"}`, "extension"},
			{"a time that is none", `{"event":"ringing","call":"c","extension":"101","at":"yesterday"}`, "at"},
			{"one bad of two", `[` + ringsIvanov + `,{"event":"ringing"}]`, "call"},
			{"a key of a kilobyte", `{"event":"ended","call":"` + strings.Repeat("x", 1024) + `"}`, "call"},
		} {
			a := s.Do("POST", s.hook, "", tt.body)
			if parsed, said := a.JSON(t)["parsed"]; a.Status != 200 || !said || parsed != false {
				t.Errorf("%s: %d %s", tt.name, a.Status, a.Body)
			}
			tellsNoCause(t, a)
			failed := s.journal("failed")
			if len(failed) == 0 || failed[0]["error"] == nil || !strings.Contains(failed[0]["error"].(string), tt.tells) {
				t.Fatalf("%s: the journal has %v, want an error about %q", tt.name, failed, tt.tells)
			}
			re := s.Do("POST", "/v1/admin/webhooks/"+failed[0]["id"].(string)+"/replay", apptest.AdminToken, nil)
			if re.Status != 200 || re.JSON(t)["outcome"] != "failed" {
				t.Errorf("%s: replayed: %d %s", tt.name, re.Status, re.Body)
			}
			if body := s.Admin("GET", "/v1/admin/webhooks/"+failed[0]["id"].(string), nil)["body"]; tt.body[:min(len(tt.body), 5)] == `{"eve` && body != tt.body {
				t.Errorf("%s: the body was kept as %v", tt.name, body)
			}
		}
		if rows := s.Poll(s.ivanov, "").Rows; len(rows) != 0 {
			t.Errorf("what cannot be parsed made %+v", rows)
		}
		replayAfterMending(t, s)
	})
}

// replayAfterMending: what failed for its source's settings does its work when
// it is replayed with the right ones.
func replayAfterMending(t *testing.T, s *shop) {
	t.Helper()
	hook := s.Source("dialplan", "asterisk-http", nil)
	s.Admin("PUT", "/v1/admin/extensions/dialplan/101", map[string]any{"user": "ivanov"})
	form := "event=ringing&uniqueid=1.2&linkedid=1.1&channel=PJSIP/desk-101-00000001&direction=inbound&connected=%2B79031234567"
	if a := s.Do("POST", hook, "", form, "Content-Type", "application/x-www-form-urlencoded"); a.Status != 200 || a.JSON(t)["parsed"] != false {
		t.Fatalf("a channel that is no phone's: %d %s", a.Status, a.Body)
	}
	s.Admin("PUT", "/v1/admin/sources/dialplan", map[string]any{"settings": map[string]any{"phones": "^desk-([0-9]+)$"}})
	re := s.Admin("POST", "/v1/admin/webhooks/"+s.journal("failed")[0]["id"].(string)+"/replay", nil)
	if re["outcome"] != "stored" {
		t.Fatalf("replayed: %v", re)
	}
	if rows := s.Poll(s.ivanov, "").Rows; len(rows) != 1 || rows[0].Kind != "call.ringing" || rows[0].Phone != "+79031234567" {
		t.Errorf("after the replay: %+v", rows)
	}
}

// TestHooksRepeated: a repeat is 2xx, changes nothing and is listed as one; it
// is known by the PBX's event id, by its time or order, and without either for
// a few seconds.
func TestHooksRepeated(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		now := time.Now()
		utc, local := now.UTC().Format(time.RFC3339), now.In(time.FixedZone("", 3*3600)).Format(time.RFC3339)
		for i, tt := range []struct{ name, first, again string }{
			{"by its id", `{"event":"ringing","id":"e1","call":"r1","extension":"101"}`, `{"event":"ended","id":"e1","call":"r1"}`},
			{"by its time", `{"event":"ringing","call":"r2","extension":"101","at":"` + utc + `"}`, `{"event":"ringing","call":"r2","extension":"101","at":"` + local + `"}`},
			{"by its order", `{"event":"ringing","call":"r3","extension":"101","seq":3}`, `{"event":"ringing","call":"r3","extension":"101","seq":"3"}`},
			{"undated", `{"event":"ringing","call":"r4","extension":"101"}`, `{"extension":"101","call":"r4","event":"ringing"}`},
		} {
			if a := s.Do("POST", s.hook, "", tt.first); a.Status != 200 {
				t.Fatalf("%s: %d %s", tt.name, a.Status, a.Body)
			}
			was := s.Poll(s.ivanov, "")
			for range 2 {
				if a := s.Do("POST", s.hook, "", tt.again); a.Status != 200 {
					t.Errorf("%s: the repeat: %d %s", tt.name, a.Status, a.Body)
				}
			}
			if is := s.Poll(s.ivanov, ""); is.Version != was.Version || len(is.Rows) != i+1 {
				t.Errorf("%s: the repeat changed version %s to %s: %+v", tt.name, was.Version, is.Version, is.Rows)
			}
			if got := s.journal("repeat"); len(got) != 2*(i+1) {
				t.Errorf("%s: the journal lists %d repeats, want %d", tt.name, len(got), 2*(i+1))
			}
		}
		// A request that repeats one event and brings another is no repeat.
		both := `[{"event":"ringing","id":"e1","call":"r1","extension":"101"},{"event":"ended","id":"e2","call":"r1"}]`
		if a := s.Do("POST", s.hook, "", both); a.Status != 200 || len(s.journal("repeat")) != 8 {
			t.Errorf("half a repeat: %d %s", a.Status, a.Body)
		}
		rings := 0
		for _, r := range s.Poll(s.ivanov, "").Rows {
			if r.Kind == "call.ringing" {
				rings++
			}
		}
		if rings != 3 {
			t.Errorf("%d calls ring, want 3 of 4: the new half of a repeat was lost", rings)
		}
		if got := s.Poll(s.petrova, "").Rows; len(got) != 1 { // the note of newShop
			t.Errorf("the colleague sees %+v", got)
		}
	})
}

// TestHooksUndatedRepeatOfAnEnd: a late repeat without any date never turns a
// finished call into a live one.
func TestHooksUndatedRepeatOfAnEnd(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		for _, body := range []string{ringsIvanov, strings.Replace(ringsIvanov, "ringing", "answered", 1), `{"event":"ended","call":"c-1"}`,
			// The same again, spelled so that no repeat key can know it.
			strings.Replace(ringsIvanov, `"event"`, `"name":"x","event"`, 1), strings.Replace(ringsIvanov, `"event":"ringing"`, `"name":"x","event":"answered"`, 1)} {
			if a := s.Do("POST", s.hook, "", body); a.Status != 200 {
				t.Fatalf("%s: %d %s", body, a.Status, a.Body)
			}
		}
		if rows := s.Poll(s.ivanov, "").Rows; len(rows) != 1 || rows[0].Kind != "call.ended" {
			t.Errorf("after the end: %+v", rows)
		}
	})
}
