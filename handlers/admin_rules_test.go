package handlers

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zummer/models"
)

func TestRulesOverHTTP(t *testing.T) {
	const form = "Content-Type: application/x-www-form-urlencoded"
	list := func(json string) string { return "rules=" + url.QueryEscape(json) }
	for _, tt := range []struct {
		name, method, target, body, contentType string
		status                                  int
		did, answer                             string
	}{
		{"in force", "GET", "/v1/admin/rules", "", "", 200, "", `{"version":7,"at":"2026-11-23T10:42:02.000Z","who":"root","rules":[{"name":"night","note":"duty","when":{"event":["missed"],"hours":`},
		{"an older version", "GET", "/v1/admin/rules?version=3", "", "", 200, "", `"version":3`},
		{"the built-in ones", "GET", "/v1/admin/rules?version=0", "", "", 200, "", `"version":0`},
		{"a version that never was", "GET", "/v1/admin/rules?version=9", "", "", 404, "", `no version 9`},
		{"a version that is no number", "GET", "/v1/admin/rules?version=last", "", "", 422, "", `"field":"version"`},
		{"versions", "GET", "/v1/admin/rules/versions", "", "", 200, "", `{"items":[{"version":7,"at":"2026-11-23T10:42:02.000Z","who":"root"},{"version":0,"at":null,"who":null}],"next":"r2"}`},
		{"put", "PUT", "/v1/admin/rules", `{"version":7,"rules":[{"name":"a","then":{"nothing":"x"}}]}`, "", 200, "test put 1 rules on 7", `"version":8`},
		{"put by POST, as a form", "POST", "/v1/admin/rules", "version=7&" + list(`[{"name":"a","then":{}}]`), form, 200, "test put 1 rules on 7", `"version":8`},
		{"put what was read, changed", "PUT", "/v1/admin/rules", `{"version":7,"at":"2026-11-23T10:42:02.000Z","who":"root","rules":[{"name":"a","then":{}}]}`, "", 200, "test put 1 rules on 7", ""},
		{"put on an old version", "PUT", "/v1/admin/rules", `{"version":6,"rules":[{"name":"a","then":{}}]}`, "", 409, "", `"code":"moved_on"`},
		{"put without a version", "PUT", "/v1/admin/rules", `{"rules":[{"name":"a","then":{}}]}`, "", 422, "", `"field":"version"`},
		{"put on no number", "PUT", "/v1/admin/rules", `{"version":-1,"rules":[{"name":"a","then":{}}]}`, "", 422, "", `"field":"version"`},
		{"put nothing", "PUT", "/v1/admin/rules", `{"version":7}`, "", 422, "", `"field":"rules"`},
		{"put no list", "PUT", "/v1/admin/rules", `{"version":7,"rules":{"a":1}}`, "", 422, "", `"field":"rules"`},
		{"put a form that is no JSON", "POST", "/v1/admin/rules", "version=7&" + list(`[{"name"`), form, 422, "", `"field":"rules"`},
		{"put a misspelt list", "PUT", "/v1/admin/rules", `{"version":7,"rulez":[]}`, "", 422, "", `"field":"rulez"`},
		{"put a misspelt form field", "POST", "/v1/admin/rules", "version=7&ruels=x", form, 422, "", `"field":"ruels"`},
		{"put a list", "PUT", "/v1/admin/rules", `[{"name":"a"}]`, "", 400, "", `"code":"malformed"`},
		{"check", "POST", "/v1/admin/rules/check", `{"rules":[{"name":"a","then":{}},{"name":"b","then":{}}]}`, "", 200, "check 2 rules", `{"version":7,"rules":2}`},
		{"check none", "POST", "/v1/admin/rules/check", `{"rules":[]}`, "", 422, "", `"field":"rules"`},
		{"check a file with its version", "POST", "/v1/admin/rules/check", `{"version":3,"rules":[{"name":"a","then":{}}]}`, "", 200, "check 1 rules", ""},

		{"dry run of a webhook", "POST", "/v1/admin/rules/dry-run", `{"webhook":"7"}`, "", 200, "dry run", `{"rules_version":7,"source":"office","events":[{"event":"answered","call":"c-77","extension":"101"`},
		{"dry run: who would get what", "POST", "/v1/admin/rules/dry-run", `{"webhook":7}`, "", 200, "dry run", `"notifications":[{"do":"make","user":"ivanov","kind":"call.answered","action":"open","title":"ООО Ромашка"`},
		{"dry run: why not", "POST", "/v1/admin/rules/dry-run", "webhook=7", form, 200, "dry run", `"verdicts":[{"rule":"night","fits":false,"why":"event is answered"},{"rule":"answered","fits":true,"why":null}]`},
		{"dry run: what goes", "POST", "/v1/admin/rules/dry-run", `{"webhook":"7"}`, "", 200, "dry run", `"beside":[{"do":"remove","user":null,"kind":null`},
		{"dry run of an unknown webhook", "POST", "/v1/admin/rules/dry-run", `{"webhook":"8"}`, "", 404, "", "no webhook 8"},
		{"dry run of no webhook", "POST", "/v1/admin/rules/dry-run", `{"webhook":"x!"}`, "", 404, "", "no webhook"},
		{"dry run of an event", "POST", "/v1/admin/rules/dry-run", `{"source":"office","event":{"event":"ringing","call":"c","extension":"101"}}`, "", 200, "dry run", ""},
		{"dry run of an event in a form", "POST", "/v1/admin/rules/dry-run", "source=office&event[event]=ringing&event[call]=c&event[extension]=101", form, 200, "dry run", ""},
		{"dry run of rules", "POST", "/v1/admin/rules/dry-run", `{"webhook":"7","rules":[{"name":"a","then":{}}]}`, "", 200, "check 1 rules;dry run", ""},
		{"dry run of no rules", "POST", "/v1/admin/rules/dry-run", `{"webhook":"7","rules":[]}`, "", 422, "", `"field":"rules"`},
		{"dry run of misspelt rules", "POST", "/v1/admin/rules/dry-run", `{"webhook":"7","rules":[{"name":"a","then":{"acton":"open"}}]}`, "", 422, "", `"field":"rules[0].then.acton"`},
		{"dry run of rules and a version", "POST", "/v1/admin/rules/dry-run", `{"webhook":"7","version":3,"rules":[{"name":"a","then":{}}]}`, "", 422, "", `"field":"version"`},
		{"dry run of nothing", "POST", "/v1/admin/rules/dry-run", `{}`, "", 422, "", `"field":"event"`},
		{"dry run of two things", "POST", "/v1/admin/rules/dry-run", `{"webhook":"7","source":"office","event":{"event":"ended","call":"c"}}`, "", 422, "", `"field":"event"`},
		{"dry run of a webhook with a source", "POST", "/v1/admin/rules/dry-run", `{"webhook":"7","source":"office"}`, "", 422, "", `"field":"source"`},
		{"dry run of an event of nobody", "POST", "/v1/admin/rules/dry-run", `{"event":{"event":"ended","call":"c"}}`, "", 422, "", `"field":"source"`},
		{"dry run of an unknown source", "POST", "/v1/admin/rules/dry-run", `{"source":"x","event":{"event":"ended","call":"c"}}`, "", 422, "", `"field":"source"`},
		{"dry run of a bad event", "POST", "/v1/admin/rules/dry-run", `{"source":"office","event":{"event":"ringing","call":"c"}}`, "", 422, "", `"field":"event.extension"`},
		{"dry run of a bad event in a list", "POST", "/v1/admin/rules/dry-run", `{"source":"office","events":[{"event":"ended","call":"c"},{"event":"ends","call":"c"}]}`, "", 422, "", `"field":"events[1].event"`},
		{"dry run of a misspelt event", "POST", "/v1/admin/rules/dry-run", `{"source":"office","event":{"event":"ringing","call":"c","extention":"101"}}`, "", 422, "", `"field":"event.extention"`},
		{"dry run of no event", "POST", "/v1/admin/rules/dry-run", `{"source":"office","events":["ringing"]}`, "", 422, "", `"field":"events[0]"`},
		{"dry run without an unknown user", "POST", "/v1/admin/rules/dry-run", `{"webhook":"7","absent":["nobody"]}`, "", 422, "", `"field":"absent[0]"`},
		{"dry run of something else", "POST", "/v1/admin/rules/dry-run", `{"hook":"7"}`, "", 422, "", `"field":"hook"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			headers := []string{asAdmin}
			if tt.contentType != "" {
				headers = append(headers, tt.contentType)
			}
			rec := call(t, e, tt.method, tt.target, tt.body, headers...)
			if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.answer) {
				t.Errorf("status %d, body %s\nwant %d with %s", rec.Code, rec.Body, tt.status, tt.answer)
			}
			if got := strings.Join(f.did, ";"); got != tt.did {
				t.Errorf("did %q, want %q", got, tt.did)
			}
		})
	}
}

// Every rule that can be written is read as it was meant.
func TestRulesAreReadWhole(t *testing.T) {
	const text = `[{"name":"all","note":"n","off":true,"when":{"event":["missed"],"source":["office"],"direction":["in"],"did":["+74951234567"],"group":["sales"],"user":["ivanov"],"caller":["known"],
		"interests":["one"],"responsible":["user"],"present":false,"hours":{"zone":"Europe/Moscow","days":["mon"],"from":"09:00","to":"18:00","holidays":["2027-01-01"],"outside":true},"waited_min_s":0,"waited_max_s":30},
		"then":{"nothing":"x","kind":"call.missed","action":"call_back","title":"{name}","text":"{phone}","data":{"n":1,"l":["a",true,null]},"object":{"type":"Документ","name":"Интерес","uid":"u","title":"{phone}","link":"l","url":"https://crm.example/?p={phone}","app":"a"},"to":["user","group:sales"],"expires_in_s":60,"shared":true,"lookup":true}}]`
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	if rec := call(t, e, "PUT", "/v1/admin/rules", `{"version":7,"rules":`+text+`}`, asAdmin); rec.Code != 200 {
		t.Fatalf("status %d, body %s", rec.Code, rec.Body)
	}
	var want []models.Rule
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	want[0].Then.Data["n"] = int64(1)
	if !reflect.DeepEqual(f.rules, want) {
		t.Errorf("read %+v\nwant %+v", f.rules, want)
	}
	everyField(t, "rule", reflect.ValueOf(want[0]))
}

// everyField sees to it that the test above leaves out no field.
func everyField(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		part := v.Field(i)
		for part.Kind() == reflect.Pointer && part.Type().Elem().Kind() == reflect.Struct && !part.IsNil() {
			part = part.Elem()
		}
		name := path + "." + v.Type().Field(i).Name
		switch {
		case part.IsZero():
			t.Errorf("the test leaves out %s", name)
		case part.Kind() == reflect.Struct:
			everyField(t, name, part)
		}
	}
}

// All that is wrong is told at once, each with its path.
func TestRulesAreRefusedWithPaths(t *testing.T) {
	e, _ := setupSurface(t, newSetupFakes())
	rec := call(t, e, "PUT", "/v1/admin/rules", `{"version":7,"rules":[{"name":"a","when":{"event":"missed","Event":[],"hours":{"form":"9"},"waited_min_s":1.5,"present":"yes"},"then":{"to":["user",5,null],"expires_in_s":"60"}},
		"b",null,{"name":5,"than":{},"when":[]}]}`, asAdmin)
	var got []string
	for _, w := range problemIn(t, rec).Errors {
		got = append(got, w.Field)
	}
	want := []string{"rules[0].then.expires_in_s", "rules[0].then.to[1]", "rules[0].then.to[2]", "rules[0].when.Event", "rules[0].when.event", "rules[0].when.hours.form", "rules[0].when.present", "rules[0].when.waited_min_s",
		"rules[1]", "rules[2]", "rules[3].name", "rules[3].than", "rules[3].when"}
	slices.Sort(got)
	if rec.Code != 422 || !slices.Equal(got, want) {
		t.Errorf("status %d, fields %q\nwant %q", rec.Code, got, want)
	}
	if !strings.Contains(rec.Body.String(), `{"field":"rules[0].when.hours.form","message":"is not known; there are: days, from, holidays, outside, to, zone"}`) {
		t.Errorf("the way out is missing: %s", rec.Body)
	}
}

func TestDryRunQuery(t *testing.T) {
	f := newSetupFakes()
	e, _ := setupSurface(t, f)
	call(t, e, "POST", "/v1/admin/rules/dry-run", `{"source":"office","version":3,"absent":["u-1"],"events":[{"event":"RINGING","call":"c","extension":"101","at":"2026-11-23 22:10:00","direction":"incoming"},{"event":"ended","call":"c","seq":"2"}]}`, asAdmin)
	if len(f.dry) != 1 || *f.dry[0].Version != 3 || !slices.Equal(f.dry[0].Absent, []int64{1}) || len(f.dry[0].Events) != 2 {
		t.Fatalf("asked %+v", f.dry)
	}
	ring := f.dry[0].Events[0]
	if ring.Type != models.EventRinging || ring.Direction != models.In || ring.At.UTC().Format("15:04") != "19:10" {
		t.Errorf("the event as kind generic reads it: %+v", ring)
	}
}
