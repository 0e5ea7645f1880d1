package pbx_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// sample is what the suite needs to know of a kind: how one leg event is
// written. Fields set to nil are left out.
type sample struct {
	ring   map[string]string // a complete ringing event
	need   []string          // without one of these Parse names the field
	phone  string            // field of the customer's number on ring
	when   string            // field of the time
	number string            // a field that may be a JSON number
}

func samples() map[string]sample {
	return map[string]sample{
		"generic": {
			ring:  map[string]string{"event": "ringing", "id": "e1", "call": "77", "extension": "101", "phone": "+79031234567", "at": "2026-11-23T10:42:00Z"},
			need:  []string{"event", "call", "extension"},
			phone: "phone", when: "at", number: "call",
		},
		"asterisk-http": {
			ring: map[string]string{"event": "ringing", "ext": "101", "channel": "PJSIP/101-00000001", "uniqueid": "1795436741.1", "linkedid": "1795436741.0",
				"connected": "+79031234567", "direction": "inbound", "time": "1795436741"},
			need:  []string{"event"},
			phone: "connected", when: "time", number: "linkedid",
		},
	}
}

func form(m map[string]string) pbx.Request {
	v := url.Values{}
	for name, value := range m {
		v.Set(name, value)
	}
	return pbx.Request{Method: "POST", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(v.Encode())}
}

func body(s string) pbx.Request {
	return pbx.Request{Method: "POST", Header: http.Header{}, Body: []byte(s)}
}

func with(m map[string]string, name, value string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	if value == "" {
		delete(out, name)
	} else {
		out[name] = value
	}
	return out
}

func jsonOf(m map[string]string, bare string) string {
	var parts []string
	for name, value := range m {
		if name != bare {
			value = `"` + value + `"`
		}
		parts = append(parts, `"`+name+`":`+value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// TestConformance holds every adapter to what the hook and the inbox rely on.
func TestConformance(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 42, 1, 0, time.UTC)
	for _, a := range pbx.Kinds() {
		s, ok := samples()[a.Kind()]
		if !ok {
			t.Fatalf("no sample of kind %s", a.Kind())
		}
		parse := func(t *testing.T, req pbx.Request, zone string) (pbx.Result, error) {
			t.Helper()
			res, err := a.Parse(req, pbx.Config{Region: "RU", Timezone: zone, Now: now})
			if err != nil && len(res.Events) > 0 {
				t.Errorf("Parse gives %d events beside the error %v", len(res.Events), err)
			}
			if k := models.KindOf(err); err != nil && k != models.Invalid && k != models.Malformed {
				t.Errorf("Parse: kind %v of %v, want Invalid or Malformed", k, err)
			}
			return res, err
		}
		one := func(t *testing.T, req pbx.Request) models.Event {
			t.Helper()
			res, err := parse(t, req, "Europe/Moscow")
			if err != nil || len(res.Events) != 1 {
				t.Fatalf("Parse(%s) = %d events, %v, want one", req.Body, len(res.Events), err)
			}
			return res.Events[0]
		}
		t.Run(a.Kind(), func(t *testing.T) {
			want := one(t, form(s.ring))
			if want.Extension != "101" || want.Phone != "+79031234567" || want.Type != models.EventRinging {
				t.Errorf("Parse = %+v", want)
			}
			same := func(t *testing.T, req pbx.Request) {
				t.Helper()
				if got := one(t, req); !reflect.DeepEqual(got, want) {
					t.Errorf("Parse(%s) = %+v, want %+v", req.Body, got, want)
				}
			}
			t.Run("a repeat has the same id", func(t *testing.T) {
				same(t, form(s.ring))
				if want.ID == "" {
					t.Errorf("no Event.ID")
				}
			})
			t.Run("JSON", func(t *testing.T) { same(t, body(jsonOf(s.ring, ""))) })
			t.Run("strings as numbers", func(t *testing.T) { same(t, body(jsonOf(s.ring, s.number))) })
			t.Run("byte order mark", func(t *testing.T) { same(t, body("\xef\xbb\xbf"+jsonOf(s.ring, ""))) })
			t.Run("wrong content type", func(t *testing.T) {
				req := body(jsonOf(s.ring, ""))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				same(t, req)
			})
			t.Run("query only", func(t *testing.T) {
				req := pbx.Request{Method: "GET", Header: http.Header{}, Query: url.Values{}}
				for name, value := range s.ring {
					req.Query.Set(name, value)
				}
				same(t, req)
			})
			t.Run("multipart", func(t *testing.T) {
				var b strings.Builder
				for name, value := range s.ring {
					b.WriteString("--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n")
				}
				req := body(b.String() + "--x--\r\n")
				req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
				same(t, req)
			})
			t.Run("unknown fields", func(t *testing.T) {
				same(t, form(with(s.ring, "colour", "green")))
				same(t, body(strings.TrimSuffix(jsonOf(s.ring, ""), "}")+`,"more":{"a":[1,null]}}`))
			})
			t.Run("plus as a blank", func(t *testing.T) { same(t, form(with(s.ring, s.phone, " 79031234567"))) })
			t.Run("hidden caller", func(t *testing.T) {
				if got := one(t, form(with(s.ring, s.phone, "anonymous"))); got.Phone != "anonymous" {
					t.Errorf("Phone = %q, want it as sent", got.Phone)
				}
			})
			t.Run("time zones", func(t *testing.T) {
				for text, at := range map[string]string{
					"2026-11-23T13:42:00":           "2026-11-23T10:42:00Z",
					"2026-11-23 13:42:00":           "2026-11-23T10:42:00Z",
					"20261123134200":                "2026-11-23T10:42:00Z",
					"2026-11-23T10:42:00Z":          "2026-11-23T10:42:00Z",
					"2026-11-23T15:42:00+05:00":     "2026-11-23T10:42:00Z",
					"2026-11-23T15:42:00.125+0500":  "2026-11-23T10:42:00.125Z",
					"1795430520":                    "2026-11-23T10:42:00Z",
					"1795430520.5":                  "2026-11-23T10:42:00.5Z",
					"1795430520250":                 "2026-11-23T10:42:00.25Z",
					"23.11.2026 13:42:00":           "2026-11-23T10:42:00Z",
					"Mon, 23 Nov 2026 10:42:00 GMT": "2026-11-23T10:42:00Z",
				} {
					if got := one(t, form(with(s.ring, s.when, text))).At.Format(time.RFC3339Nano); got != at {
						t.Errorf("%s=%s is %s, want %s", s.when, text, got, at)
					}
				}
				if !one(t, form(with(s.ring, s.when, ""))).At.IsZero() {
					t.Errorf("an event without %s is dated", s.when)
				}
				_, err := parse(t, form(with(s.ring, s.when, "soon")), "")
				checkField(t, err, s.when)
			})
			t.Run("missing fields", func(t *testing.T) {
				for _, name := range s.need {
					_, err := parse(t, form(with(s.ring, name, "")), "")
					checkField(t, err, name)
				}
			})
			t.Run("nothing to read", func(t *testing.T) {
				for name, text := range map[string]string{
					"empty": "", "blanks": " \r\n", "half": `{"event":"ring`, "two values": `{} {}`, "a number": "17", "words": "hello", "list of numbers": "[1]",
					"64 KiB of garbage": garbage(64 << 10), "64 KiB of brackets": strings.Repeat("[", 64<<10), "64 KiB of fields": strings.Repeat("a=1&", 16<<10),
					"an overlong value": `{"` + s.number + `":"` + strings.Repeat("x", 64<<10) + `","event":"ringing","ext":"1","extension":"1"}`,
				} {
					if res, err := parse(t, body(text), ""); err == nil {
						t.Errorf("%s: Parse = %+v, want an error", name, res)
					}
				}
			})
			t.Run("described", func(t *testing.T) { checkInfo(t, a) })
			t.Run("unknown setting", func(t *testing.T) {
				checkField(t, a.CheckSettings(map[string]any{"colour": "green"}, ""), "settings.colour")
			})
		})
	}
}

func checkField(t *testing.T, err error, field string) {
	t.Helper()
	var e *models.Error
	if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != field {
		t.Errorf("error %v, want one that names %s", err, field)
	}
}

func checkInfo(t *testing.T, a pbx.Adapter) {
	t.Helper()
	info := a.Info()
	if info.Kind != a.Kind() || info.Name == "" || info.Description.RU == "" || info.Description.EN == "" || info.Settings == nil {
		t.Errorf("Info() = %+v: incomplete", info)
	}
	if files, _ := filepath.Glob(filepath.Join("..", "..", info.Docs)); len(files) != 1 {
		t.Errorf("the document %s is not there", info.Docs)
	}
	for _, f := range info.Settings {
		if f.Name == "" || f.Type == "" || f.Help.RU == "" || f.Help.EN == "" {
			t.Errorf("setting %+v: incomplete", f)
		}
	}
	row := reflect.ValueOf(info.Capabilities)
	for i := range row.NumField() {
		if c := row.Field(i).String(); c != string(pbx.Yes) && c != string(pbx.Partly) && c != string(pbx.No) {
			t.Errorf("capability %s is %q", row.Type().Field(i).Name, c)
		}
	}
	if err := a.CheckSettings(nil, ""); err != nil {
		t.Errorf("CheckSettings(nil, \"\") = %v", err)
	}
	if got, ok := pbx.Lookup(a.Kind()); !ok || got != a {
		t.Errorf("Lookup(%q) = %v, %v", a.Kind(), got, ok)
	}
}

// garbage is n bytes that are no text, the same each time.
func garbage(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteByte(byte(r.UintN(256)))
	}
	return b.String()
}

func TestLookupUnknown(t *testing.T) {
	if a, ok := pbx.Lookup("carrier-pigeon"); ok {
		t.Errorf("Lookup of an unknown kind = %v", a)
	}
}

func TestGenericTooManyEvents(t *testing.T) {
	a, _ := pbx.Lookup("generic")
	list := strings.Repeat(`{"event":"ended","call":"1"},`, models.MaxEvents+1)
	if _, err := a.Parse(body("["+strings.TrimSuffix(list, ",")+"]"), pbx.Config{}); err == nil {
		t.Errorf("Parse takes %d events", models.MaxEvents+1)
	}
}

func TestAsteriskSettings(t *testing.T) {
	a, _ := pbx.Lookup("asterisk-http")
	for name, tc := range map[string]struct {
		settings map[string]any
		field    string
	}{
		"list":            {map[string]any{"trunks": []any{"provider", "gw2"}}, ""},
		"text":            {map[string]any{"trunks": "provider, gw2", "phones": `^u([0-9]+)$`}, ""},
		"trunks wrong":    {map[string]any{"trunks": 7.0}, "settings.trunks"},
		"phones wrong":    {map[string]any{"phones": []any{}}, "settings.phones"},
		"phones no regex": {map[string]any{"phones": "("}, "settings.phones"},
		"phones too long": {map[string]any{"phones": strings.Repeat("a", 1000)}, "settings.phones"},
	} {
		err := a.CheckSettings(tc.settings, "")
		if tc.field == "" && err != nil {
			t.Errorf("%s: CheckSettings = %v", name, err)
		}
		if tc.field != "" {
			checkField(t, err, tc.field)
		}
	}
	checkField(t, a.CheckSettings(nil, "s3cret"), "secret")
}

func TestAsteriskExtensionOfChannel(t *testing.T) {
	a, _ := pbx.Lookup("asterisk-http")
	for _, tc := range []struct {
		channel, ext string
		settings     map[string]any
		want         string
	}{
		{"PJSIP/103-00000049", "101", nil, "103"}, // a pickup
		{"SIP/103-0a", "101", nil, "103"},
		{"IAX2/103-991", "101", nil, "103"},
		{"SCCP/103-1", "101", nil, "103"},
		{"PJSIP/provider-1", "101", nil, "101"},
		{"SIP/74951234567-0a", "101", nil, "101"},
		{"DAHDI/1-1", "101", nil, "101"},
		{"Local/103@from-queue-00000001;1", "101", nil, "101"},
		{"", "PJSIP/101@trunk", nil, "101"},
		{"PJSIP/500-1", "101", map[string]any{"trunks": []any{"500"}}, "101"},
		{"PJSIP/u103-1", "101", map[string]any{"phones": "^u([0-9]+)$"}, "103"},
		{"PJSIP/carol-1", "101", map[string]any{"phones": "^[a-z]+$"}, "carol"},
	} {
		m := with(with(samples()["asterisk-http"].ring, "channel", tc.channel), "ext", tc.ext)
		res, err := a.Parse(form(m), pbx.Config{Settings: tc.settings})
		if err != nil || len(res.Events) != 1 || res.Events[0].Extension != tc.want {
			t.Errorf("channel=%s ext=%s: %+v, %v, want extension %s", tc.channel, tc.ext, res.Events, err, tc.want)
		}
	}
}
