package pbx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
	"zummer/models/phone"
)

// sample is what the suite needs to know of a kind: how one event about one
// person and one customer is written. Every kind has one, in its own test file.
type sample struct {
	kind   string
	config pbx.Config // secret and settings of a source that works
	// fields of a complete event of type want about person ext and the customer
	// +79031234567; a dot goes into an object ("to.extension").
	fields map[string]any
	write  func(map[string]any) pbx.Request
	// sign makes the request one of config's source. nil: nothing is signed.
	sign func(*pbx.Request, pbx.Config)

	want models.EventType
	ext  string

	call, person, phone string         // names of fields
	other               map[string]any // what else differs at another phone or call, as ids do; may be nil
	when                string         // "": the kind tells no time
	need                []string       // without one of these Parse names the field
	texts               []string       // fields that are texts in the sample and may be numbers
	hidden              []any          // what phone holds when the caller hides
	// times are values of when, and what they are with the zone Europe/Moscow.
	times map[any]string
	// lenient kinds take JSON, forms, multipart and queries, whatever the
	// Content-Type says.
	lenient bool
}

// samples lists one for each kind.
func samples() []sample {
	return []sample{
		genericSample(),
		asteriskSample(),
		threeCXSample(),
		megafonSample(),
		sipuniSample(),
		telphinSample(),
		rostelecomSample(),
		beelineSample(),
		ringcentralSample(),
		aircallSample(),
		mangoSample(),
		onlineSample(),
		mikoSample(),
		cloudSample(),
		zadarmaSample(),
		novofonSample(),
		uisSample(),
		twilioSample(),
		telnyxSample(),
		plivoSample(),
		vonageSample(),
		freeswitchSample(),
	}
}

// sampleOf finds the sample of a kind.
func sampleOf(t testing.TB, kind string) sample {
	t.Helper()
	for _, s := range samples() {
		if s.kind == kind {
			return s
		}
	}
	t.Fatalf("no sample of kind %s", kind)
	return sample{}
}

// with is the sample's fields with one changed; nil leaves it out.
func (s sample) with(name string, value any) map[string]any {
	m := maps.Clone(s.fields)
	if m[name] = value; value == nil {
		delete(m, name)
	}
	return m
}

// request writes and signs.
func (s sample) request(m map[string]any) pbx.Request {
	req := s.write(m)
	if req.URL == "" {
		req.URL = "https://zummer.example/hooks/office/token" + req.Path
		if len(req.Query) > 0 {
			req.URL += "?" + req.Query.Encode()
		}
	}
	if s.sign != nil {
		s.sign(&req, s.config)
	}
	return req
}

// conformNow is when the suite's requests arrive.
func conformNow() time.Time { return time.Date(2026, 11, 23, 10, 42, 1, 0, time.UTC) }

// conformer runs one kind's adapter.
type conformer struct {
	sample
	a   pbx.Adapter
	cfg pbx.Config
}

func (c conformer) parse(t *testing.T, req pbx.Request) (pbx.Result, error) {
	t.Helper()
	res, err := c.a.Parse(req, c.cfg)
	if err != nil && len(res.Events) > 0 {
		t.Errorf("Parse gives %d events beside the error %v", len(res.Events), err)
	}
	if k := models.KindOf(err); err != nil && k != models.Invalid && k != models.Malformed {
		t.Errorf("Parse: kind %v of %v, want Invalid or Malformed", k, err)
	}
	for i := range res.Events {
		if err := res.Events[i].Validate(); err != nil {
			t.Errorf("event %d: %v", i, err)
		}
	}
	return res, err
}

// one is the event of type want that a request makes.
func (c conformer) one(t *testing.T, req pbx.Request) models.Event {
	t.Helper()
	res, err := c.parse(t, req)
	if err != nil {
		t.Fatalf("Parse(%s %s %s): %v", req.Method, req.URL, req.Body, err)
	}
	for _, e := range res.Events {
		if e.Type == c.want {
			return e
		}
	}
	t.Fatalf("Parse(%s %s %s) = %+v, without an event %s", req.Method, req.URL, req.Body, res.Events, c.want)
	return models.Event{}
}

// TestConformance holds every adapter to what the hook and the inbox rely on.
func TestConformance(t *testing.T) {
	for _, a := range pbx.Kinds() {
		s := sampleOf(t, a.Kind())
		c := conformer{sample: s, a: a, cfg: s.config}
		c.cfg.Region, c.cfg.Timezone, c.cfg.Now = "RU", "Europe/Moscow", conformNow()
		t.Run(a.Kind(), func(t *testing.T) {
			want := c.one(t, s.request(s.fields))
			if n := phone.Parse(want.Phone, "RU"); want.Extension != s.ext || n.E164 != "+79031234567" || want.Call == "" {
				t.Errorf("Parse = %+v, want extension %s and +79031234567", want, s.ext)
			}
			same := func(t *testing.T, req pbx.Request) {
				t.Helper()
				if got := c.one(t, req); !reflect.DeepEqual(got, want) {
					t.Errorf("Parse(%s) = %+v, want %+v", req.Body, got, want)
				}
			}
			t.Run("a repeat has the same name", func(t *testing.T) {
				same(t, s.request(s.fields))
				if want.ID == "" && want.At.IsZero() && want.Seq == 0 {
					t.Errorf("neither ID nor At nor Seq: %+v", want)
				}
			})
			t.Run("signature", func(t *testing.T) { c.signature(t) })
			t.Run("strings as numbers", func(t *testing.T) {
				for _, name := range s.texts {
					same(t, s.request(s.with(name, json.Number(s.fields[name].(string)))))
				}
			})
			t.Run("unknown fields", func(t *testing.T) { same(t, s.request(s.with("colour", "green"))) })
			t.Run("hidden caller", func(t *testing.T) {
				for _, v := range s.hidden {
					if got := c.one(t, s.request(s.with(s.phone, v))); !phone.Parse(got.Phone, "RU").Hidden {
						t.Errorf("%s=%v: Phone = %q, which is not hidden", s.phone, v, got.Phone)
					}
				}
			})
			t.Run("unknown extension", func(t *testing.T) {
				got := c.one(t, s.request(s.with(s.person, strings.Replace(text(s.fields[s.person]), "101", "999", 1))))
				if got.Extension != strings.Replace(s.ext, "101", "999", 1) {
					t.Errorf("Extension = %q", got.Extension)
				}
			})
			t.Run("ring group", func(t *testing.T) {
				m := s.with(s.person, strings.Replace(text(s.fields[s.person]), "101", "102", 1))
				maps.Copy(m, s.other)
				got := c.one(t, s.request(m))
				if got.Call != want.Call || got.Extension == want.Extension || got.ID != "" && got.ID == want.ID {
					t.Errorf("another phone of the same call: %+v beside %+v", got, want)
				}
			})
			t.Run("another call", func(t *testing.T) {
				m := s.with(s.call, text(s.fields[s.call])+"7")
				maps.Copy(m, s.other)
				if got := c.one(t, s.request(m)); got.Call == want.Call || got.ID != "" && got.ID == want.ID {
					t.Errorf("another call: %+v beside %+v", got, want)
				}
			})
			t.Run("time zones", func(t *testing.T) { c.zones(t) })
			t.Run("missing fields", func(t *testing.T) {
				for _, name := range s.need {
					_, err := c.parse(t, s.request(s.with(name, nil)))
					checkField(t, err, name)
				}
			})
			t.Run("nothing to read", func(t *testing.T) { c.garbage(t) })
			t.Run("lenient", func(t *testing.T) {
				if s.lenient {
					c.lenience(t, same)
				}
			})
			t.Run("described", func(t *testing.T) { checkInfo(t, a, s) })
			t.Run("unknown setting", func(t *testing.T) {
				checkField(t, a.CheckSettings(map[string]any{"colour": "green"}, ""), "settings.colour")
			})
		})
	}
}

// signature: the right one passes; none, another secret's and a changed byte
// do not.
func (c conformer) signature(t *testing.T) {
	req := c.request(c.fields)
	if err := c.a.Verify(req, c.cfg); err != nil {
		t.Errorf("Verify of a right request: %v", err)
	}
	if c.sign == nil {
		return
	}
	refuse := func(what string, req pbx.Request, cfg pbx.Config) {
		if err := c.a.Verify(req, cfg); models.KindOf(err) != models.Unauthorized || err == nil {
			t.Errorf("%s: Verify = %v, want Unauthorized", what, err)
		}
	}
	refuse("unsigned", c.write(c.fields), c.cfg)
	other := c.cfg
	other.Secret = strings.Map(func(r rune) rune {
		if r >= 'A' && r < 'Z' || r >= 'a' && r < 'z' || r >= '0' && r < '9' {
			return r + 1
		}
		return r
	}, c.cfg.Secret)
	refuse("another secret", req, other)
	if c.a.Info().Secret != nil && c.a.Info().Secret.Required {
		none := c.cfg
		none.Secret = ""
		refuse("no secret configured", req, none)
	}
}

func (c conformer) zones(t *testing.T) {
	if c.when == "" {
		return
	}
	if len(c.times) == 0 {
		t.Errorf("no times")
	}
	for value, at := range c.times {
		if got := c.one(t, c.request(c.with(c.when, value))).At.UTC().Format(time.RFC3339Nano); got != at {
			t.Errorf("%s=%v is %s, want %s", c.when, value, got, at)
		}
	}
	_, err := c.parse(t, c.request(c.with(c.when, "soon")))
	checkField(t, err, c.when)
}

// garbage gives no event and no panic.
func (c conformer) garbage(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "blanks": " \r\n", "half": `{"event":"ring`, "two values": `{} {}`, "a number": "17", "words": "hello", "list of numbers": "[1]",
		"64 KiB of garbage": garbage(64 << 10), "64 KiB of brackets": strings.Repeat("[", 64<<10), "64 KiB of fields": strings.Repeat("a=1&", 16<<10),
		"64 KiB of elements": strings.Repeat("<a>", 64<<10/3), "half an element": "<Event><call", "an object in a list": "[{}]", "null": "null",
	} {
		req := c.write(c.fields)
		req.Body, req.Query = []byte(text), nil
		if res, err := c.parse(t, req); err == nil && len(res.Events) > 0 {
			t.Errorf("%s: Parse = %+v, want no events", name, res)
		}
	}
	long := c.request(c.with(c.call, strings.Repeat("x", 64<<10)))
	if res, err := c.parse(t, long); err == nil {
		t.Errorf("an overlong %s: Parse = %+v, want an error", c.call, res.Events)
	}
}

// lenience: the same event in every encoding that programs come up with.
func (c conformer) lenience(t *testing.T, same func(*testing.T, pbx.Request)) {
	plain := formRequest(c.fields)
	same(t, plain)
	same(t, jsonRequest(c.fields))
	bom := jsonRequest(c.fields)
	bom.Body = append([]byte("\xef\xbb\xbf"), bom.Body...)
	same(t, bom)
	wrong := jsonRequest(c.fields)
	wrong.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	same(t, wrong)
	query, _ := url.ParseQuery(string(plain.Body))
	same(t, pbx.Request{Method: "GET", Header: http.Header{}, Query: query})
	var b strings.Builder
	for name, value := range c.fields {
		b.WriteString("--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + text(value) + "\r\n")
	}
	same(t, pbx.Request{Method: "POST", Header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, Body: []byte(b.String() + "--x--\r\n")})
	blank := formRequest(c.with(c.phone, " 79031234567"))
	same(t, blank) // a plus that nobody encoded
	res, err := c.parse(t, formRequest(c.with(c.when, nil)))
	if err != nil || len(res.Events) != 1 || !res.Events[0].At.IsZero() {
		t.Errorf("without %s: %+v, %v", c.when, res.Events, err)
	}
}

// The ways to write fields; dots go into objects where the format has them.

func formRequest(m map[string]any) pbx.Request {
	v := url.Values{}
	for name, value := range m {
		v.Set(name, text(value))
	}
	return pbx.Request{Method: "POST", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(v.Encode())}
}

func queryRequest(m map[string]any) pbx.Request {
	v := url.Values{}
	for name, value := range m {
		v.Set(name, text(value))
	}
	return pbx.Request{Method: "GET", Header: http.Header{}, Query: v}
}

func jsonRequest(m map[string]any) pbx.Request {
	body, _ := json.Marshal(nested(m))
	return pbx.Request{Method: "POST", Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// nested puts "a.b" into an object a.
func nested(m map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range m {
		at, rest := out, name
		for {
			first, more, deeper := strings.Cut(rest, ".")
			if !deeper {
				at[rest] = value
				break
			}
			next, _ := at[first].(map[string]any)
			if next == nil {
				next = map[string]any{}
				at[first] = next
			}
			at, rest = next, more
		}
	}
	return out
}

// text is a value as a form has it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func body(s string) pbx.Request {
	return pbx.Request{Method: "POST", Header: http.Header{}, Body: []byte(s)}
}

func checkField(t *testing.T, err error, field string) {
	t.Helper()
	var e *models.Error
	if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != field {
		t.Errorf("error %v, want one that names %s", err, field)
	}
}

func checkInfo(t *testing.T, a pbx.Adapter, s sample) {
	t.Helper()
	info := a.Info()
	if info.Kind != a.Kind() || info.Name == "" || info.Description.RU == "" || info.Description.EN == "" || info.Settings == nil {
		t.Errorf("Info() = %+v: incomplete", info)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", info.Docs))
	both := strings.Contains(string(page), "\n## По-русски\n") && strings.Contains(string(page), "\n## In English\n") || strings.Count("\n"+string(page), "\n# ") == 2
	if err != nil || !both {
		t.Errorf("the document %s is not there in both languages (%v)", info.Docs, err)
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
	if err := a.CheckSettings(s.config.Settings, s.config.Secret); err != nil {
		t.Errorf("CheckSettings of the sample's source = %v", err)
	}
	_, lists := a.(pbx.EmployeeLister)
	_, dials := a.(pbx.Dialer)
	if c := info.Capabilities; lists != (c.Employees != pbx.No) || dials != (c.Dial != pbx.No) || (s.sign != nil) != (c.Signed != pbx.No) {
		t.Errorf("employees %s, dial %s, signed %s: not what the adapter does", c.Employees, c.Dial, c.Signed)
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

// Only of systems that may keep the end of an unanswered call to themselves it
// is guessed.
func TestSilentEnds(t *testing.T) {
	var got []string
	for _, a := range pbx.Kinds() {
		if a.Info().SilentEnd {
			got = append(got, a.Kind())
		}
	}
	slices.Sort(got)
	if want := []string{"beeline", "megafon", "ringcentral", "telphin"}; !slices.Equal(got, want) {
		t.Errorf("SilentEnd of %v, want %v", got, want)
	}
}

// With the setting that names where the end of a whole call is told there is
// nothing to guess: who waits in a queue with nobody free is not gone.
func TestSilentEndOfASource(t *testing.T) {
	for _, tc := range []struct {
		kind     string
		settings map[string]any
		want     bool
	}{
		{"telphin", nil, true},
		{"telphin", map[string]any{"lines": []any{}}, true},
		{"telphin", map[string]any{"lines": []any{"099"}}, false},
		{"ringcentral", map[string]any{"queues": "900, 901"}, false},
		{"ringcentral", map[string]any{"queues": " "}, true},
		{"beeline", map[string]any{"lines": "1"}, true},
		{"megafon", nil, true},
		{"generic", nil, false},
		{"strange", nil, false},
	} {
		if got := pbx.SilentEnd(tc.kind, tc.settings); got != tc.want {
			t.Errorf("SilentEnd(%s, %v) = %v, want %v", tc.kind, tc.settings, got, tc.want)
		}
	}
	for _, a := range pbx.Kinds() {
		info := a.Info()
		if info.SilentUnless != "" && (!info.SilentEnd || !slices.ContainsFunc(info.Settings, func(f pbx.Field) bool { return f.Name == info.SilentUnless })) {
			t.Errorf("%s: SilentUnless %q is no setting of a kind with SilentEnd", info.Kind, info.SilentUnless)
		}
	}
}
