package pbx_test

import (
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

// TestShippedDialplan fills in the variables of the dialplan that we ship, as
// Asterisk would, and gives the posts to the adapter: both must agree on names.
func TestShippedDialplan(t *testing.T) {
	data, err := os.ReadFile("../../docs/pbx/asterisk-http/extensions_zummer.conf")
	if err != nil {
		t.Fatal(err)
	}
	local := regexp.MustCompile(`(?m)Set\(LOCAL\((what|where|who|other)\)=(.*)\)$`)
	var parts []string
	for _, m := range local.FindAllStringSubmatch(string(data), -1) {
		parts = append(parts, m[2])
	}
	if len(parts) != 4 {
		t.Fatalf("the dialplan has %d parts of a post, want 4", len(parts))
	}
	post := strings.Join(parts, "&") + "${ARG4}"
	base := map[string]string{"UNIQUEID": "1795436741.1", "call": "1795436741.0", "EPOCH": "1795436741", "ZUMMER_DIR": "inbound", "ZUMMER_DID": "442079460101"}
	for _, tc := range []struct {
		name string
		vars map[string]string
		want models.Event
	}{
		{"incoming", map[string]string{"ARG1": "incoming", "CHANNEL(name)": "PJSIP/trunk-1", "CALLERID(num)": "+447700900123", "CALLERID(name)": "Zoë & Co"},
			models.Event{Type: models.EventStarted, Direction: models.In, Phone: "+447700900123", Name: "Zoë & Co", DID: "442079460101"}},
		{"ringing", map[string]string{"ARG1": "ringing", "CHANNEL(name)": "PJSIP/101-1", "CALLERID(num)": "101", "CONNECTEDLINE(num)": "+447700900123"},
			models.Event{Type: models.EventRinging, Direction: models.In, Phone: "+447700900123", DID: "442079460101", Extension: "101", Leg: "1795436741.1"}},
		{"picked up", map[string]string{"ARG1": "answered", "CHANNEL(name)": "PJSIP/103-1", "CALLERID(num)": "103", "CONNECTEDLINE(num)": "+447700900123"},
			models.Event{Type: models.EventAnswered, Direction: models.In, Phone: "+447700900123", DID: "442079460101", Extension: "103", Leg: "1795436741.1"}},
		{"busy", map[string]string{"ARG1": "dialstatus-BUSY", "ARG2": "101", "CHANNEL(name)": "PJSIP/trunk-1", "CALLERID(num)": "+447700900123"},
			models.Event{Type: models.EventRingEnded, Direction: models.In, Phone: "+447700900123", DID: "442079460101", Extension: "101", Reason: models.ReasonBusy}},
		{"outgoing", map[string]string{"ARG1": "outgoing", "ARG2": "101", "ZUMMER_DIR": "outgoing", "ZUMMER_DID": "", "ARG4": "&number=02079460999", "CHANNEL(name)": "PJSIP/101-1"},
			models.Event{Type: models.EventStarted, Direction: models.Out, Phone: "02079460999", Extension: "101"}},
		{"hangup", map[string]string{"ARG1": "hangup", "UNIQUEID": "1795436741.0", "CALLERID(num)": "+447700900123", "ARG4": "&dialstatus=CANCEL&answeredtime=&cause=127"},
			models.Event{Type: models.EventEnded, Direction: models.In, Phone: "+447700900123", DID: "442079460101", Reason: models.ReasonGaveUp}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			vars := map[string]string{}
			for _, m := range []map[string]string{base, tc.vars} {
				for k, v := range m {
					vars[k] = v
				}
			}
			a, _ := pbx.Lookup("asterisk-http")
			res, err := a.Parse(body(fill(post, vars)), config(models.Event{}.At))
			if err != nil || len(res.Events) != 1 {
				t.Fatalf("Parse(%s) = %+v, %v", fill(post, vars), res.Events, err)
			}
			got := res.Events[0]
			if got.ID == "" || got.Call != "1795436741.0" || got.At.Unix() != 1795436741 {
				t.Errorf("Parse = %+v: no id, or another call or time", got)
			}
			got.ID, got.Call, got.At = "", "", tc.want.At
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Parse = %+v, want %+v", got, tc.want)
			}
		})
	}
}

// TestShippedFreePBX: what our FreePBX hooks post is understood, they call only
// what is there, and they bear names that FreePBX calls.
func TestShippedFreePBX(t *testing.T) {
	var text string
	for _, name := range []string{"extensions_zummer.conf", "extensions_zummer_freepbx.conf"} {
		data, err := os.ReadFile("../../docs/pbx/asterisk-http/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	contexts := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\[([^\]]+)\]$`).FindAllStringSubmatch(text, -1) {
		contexts[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:Gosub\(|U\(|[?:]|push\)=)(zummer-[a-z-]+)[,^]`).FindAllStringSubmatch(text, -1) {
		if !contexts[m[1]] {
			t.Errorf("the dialplan calls %s, which is not there", m[1])
		}
	}
	for _, hook := range []string{"dialout-one", "dial-ringall", "dial-hunt", "dialout-trunk"} {
		if !contexts["macro-"+hook+"-predial-hook"] {
			t.Errorf("no hook for %s", hook)
		}
	}
	vars := map[string]string{"ARG1": "101", "AMPUSER": "101", "DIAL_NUMBER": "02079460999", "EPOCH": "1795436741", "CHANNEL(linkedid)": "1795436741.0",
		"CALLERID(num)": "+447700900123", "CALLERID(name)": "Zoë & Co", "ZUMMER_DIR": "inbound", "ZUMMER_DID": "442079460101"}
	a, _ := pbx.Lookup("asterisk-http")
	var got []models.Event
	for _, m := range regexp.MustCompile(`(?m)Set\(LOCAL\((?:out|ring)\)=(.*)\)$`).FindAllStringSubmatch(text, -1) {
		res, err := a.Parse(body(fill(m[1], vars)), config(models.Event{}.At))
		if err != nil {
			t.Fatalf("Parse(%s): %v", fill(m[1], vars), err)
		}
		for _, e := range res.Events {
			if e.ID == "" || e.Call != "1795436741.0" || e.At.Unix() != 1795436741 {
				t.Errorf("Parse = %+v: no id, or another call or time", e)
			}
			e.ID, e.Call, e.At = "", "", models.Event{}.At
			got = append(got, e)
		}
	}
	want := []models.Event{
		{Type: models.EventStarted, Direction: models.Out, Phone: "02079460999", Extension: "101"},
		{Type: models.EventRinging, Direction: models.In, Phone: "+447700900123", Name: "Zoë & Co", DID: "442079460101", Extension: "101"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// fill replaces ${X} and ${URIENCODE(${X})}.
func fill(s string, vars map[string]string) string {
	encoded := regexp.MustCompile(`\$\{URIENCODE\(\$\{([^}]*)\}\)\}`)
	s = encoded.ReplaceAllStringFunc(s, func(m string) string {
		return url.PathEscape(strings.ReplaceAll(vars[encoded.FindStringSubmatch(m)[1]], "&", "\x00"))
	})
	plain := regexp.MustCompile(`\$\{([^}]*)\}`)
	s = plain.ReplaceAllStringFunc(s, func(m string) string { return vars[plain.FindStringSubmatch(m)[1]] })
	return strings.ReplaceAll(strings.ReplaceAll(s, "%00", "%26"), "+", "%2B")
}
