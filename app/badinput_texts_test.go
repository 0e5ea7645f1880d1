package app_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// hostile are texts that break one format, database or screen or another, as
// they stand inside a JSON string.
var hostile = [...]struct{ name, text string }{
	{"NUL", `before\u0000after`},
	{"C0 and C1 controls", `bell\u0007 esc\u001b[31m del\u007f nel\u0085`},
	{"line breaks and tabs", `one\r\ntwo\tthree\u2028four`},
	{"half a surrogate pair", `half\ud83dpair`},
	{"non-characters", `a\ufffeb\uffffc`},
	{"a byte order mark", `\ufeffbom`},
	{"four bytes", `😀 𝄞 👨‍👩‍👧`},
	{"right to left", `\u202e\u05d0\u05d1 fdp.exe`},
	{"markup", `<script>alert(\"1\")</script>&amp;]]>`},
	{"decomposed", `Zoe\u0308 и\u0306`},
	{"raw bytes that are no UTF-8", "cp1251 \xcf\xf0\xe8\xe2\xe5\xf2 \xff\xfe"},
	{"raw control bytes escaped by nobody", `quote\" back\\slash`},
	{"very long", strings.Repeat(`Ж`, 12000)},
}

// checkText finds characters that no answer may carry. In line-based text, TAB
// and LF stand between values.
func checkText(t *testing.T, what string, body []byte, between string) {
	t.Helper()
	if !utf8.Valid(body) {
		t.Errorf("%s: no valid UTF-8: %q", what, body)
	}
	for _, r := range string(body) {
		if strings.ContainsRune(between, r) {
			continue
		}
		if r < 0x20 || r >= 0x7f && r <= 0x9f || r == 0xfffe || r == 0xffff || r == 0xfeff {
			t.Errorf("%s: holds U+%04X: %q", what, r, body)
			return
		}
	}
}

// readable polls in all three formats and takes each apart the way a strict
// reader does.
func readable(t *testing.T, what string, s *shop, rows int) apptest.Set {
	t.Helper()
	a := s.Do("GET", "/v1/notifications", s.ivanov, nil)
	checkText(t, what+", json", a.Body, "")
	if !norm.NFC.IsNormal(a.Body) {
		t.Errorf("%s: is not NFC: %s", what, a.Body)
	}
	set := s.Poll(s.ivanov, "")
	if len(set.Rows) != rows {
		t.Errorf("%s: json has %d rows, want %d", what, len(set.Rows), rows)
	}
	for _, r := range set.Rows {
		for name, max := range map[string]int{r.Title: 128, r.Text: 512, r.Name: 128} {
			if n := utf8.RuneCountInString(name); n > max {
				t.Errorf("%s: a value of %d characters, at most %d are allowed", what, n, max)
			}
			checkText(t, what+", a decoded value", []byte(name), "")
		}
	}

	a = s.Do("GET", "/v1/notifications?format=xml", s.ivanov, nil)
	checkText(t, what+", xml", a.Body, "")
	found, dec := 0, xml.NewDecoder(strings.NewReader(string(a.Body)))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Errorf("%s: xml: %v: %s", what, err, a.Body)
			break
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "n" {
			found++
		}
	}
	if found != rows {
		t.Errorf("%s: xml has %d rows, want %d", what, found, rows)
	}

	a = s.Do("GET", "/v1/notifications?format=text", s.ivanov, nil)
	checkText(t, what+", text", a.Body, "\t\n")
	lines := strings.Split(strings.TrimSuffix(string(a.Body), "\n"), "\n")
	if len(lines) != rows+1 || !strings.HasPrefix(lines[0], "Z1\t") {
		t.Fatalf("%s: text has %d lines, want %d: %q", what, len(lines), rows+1, a.Body)
	}
	for _, line := range lines[1:] {
		if n := strings.Count(line, "\t"); n != 23 {
			t.Errorf("%s: a line of %d columns, want 24: %q", what, n+1, line)
		}
	}
	return set
}

// TestHostileTexts: whatever a PBX or a publisher sends, every answer is valid
// in all three formats, and the row arrives.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		for i, tt := range hostile {
			id := string(rune('a' + i))
			a := s.Do("POST", s.hook, "", `{"event":"ringing","call":"c`+id+`","extension":"101","name":"`+strings.Repeat(tt.text, 3)+`","reason":"`+tt.text[:min(len(tt.text), 100)]+`","did":"+74951234567"}`)
			if a.Status != 200 || string(a.Body) != `{"ok":true}` {
				t.Fatalf("%s: webhook: %d %s", tt.name, a.Status, a.Body)
			}
			a = s.Do("POST", "/v1/notifications", s.publish, `{"user":"ivanov","kind":"note","title":"`+tt.text+`","text":"`+tt.text+`","name":"`+tt.text[:min(len(tt.text), 3000)]+
				`","object":{"type":"Документ","name":"Интерес","title":"`+tt.text[:min(len(tt.text), 3000)]+`"},"data":{"k":"`+tt.text[:min(len(tt.text), 200)]+`","deep":[{"x":"`+tt.text[:min(len(tt.text), 200)]+`"}]}}`)
			if a.Status != 201 {
				t.Fatalf("%s: publish: %d %s", tt.name, a.Status, a.Body)
			}
			checkText(t, tt.name+", what publish answers", a.Body, "")
			set := readable(t, tt.name, s, 2)
			for _, r := range set.Rows {
				if tt.name == "very long" && (r.Kind == "note" && !strings.HasSuffix(r.Title, "Ж…") || utf8.RuneCountInString(r.Title) != 128) {
					t.Errorf("cut to %q", r.Title)
				}
			}
			checkText(t, tt.name+", the journal", s.Do("GET", "/v1/admin/webhooks/"+s.journal("")[0]["id"].(string), apptest.AdminToken, nil).Body, "")
			checkText(t, tt.name+", the call log", s.Do("GET", "/v1/calls", s.ivanov, nil).Body, "")
			if a := s.Do("POST", "/v1/notifications/ack-all", s.ivanov, map[string]any{"version": set.Version}); a.Status != 200 {
				t.Fatalf("%s: ack all: %d %s", tt.name, a.Status, a.Body)
			}
		}
		// In keys, addresses and names of fields.
		for _, tt := range hostile[:11] {
			a := s.Do("POST", s.hook, "", `{"event":"ringing","call":"`+tt.text+`","leg":"`+tt.text+`","extension":"`+tt.text+`","phone":"`+tt.text+`","`+tt.text+`":1,"data":{"`+tt.text+`":1}}`)
			if a.Status != 200 {
				t.Errorf("%s in keys: %d %s", tt.name, a.Status, a.Body)
			}
			for _, path := range []string{"/v1/admin/calls", "/v1/admin/unrouted", "/v1/admin/webhooks"} {
				list := s.Do("GET", path, apptest.AdminToken, nil)
				if list.Status != 200 || !json.Valid(list.Body) {
					t.Errorf("%s: %s = %d", tt.name, path, list.Status)
				}
				checkText(t, tt.name+", "+path, list.Body, "")
			}
		}
	})
}

// TestLenient: what 1C, curl and old forms do to values is understood, and
// where clients and publishers ask, what is not known is ignored; the set-up
// side refuses it.
func TestLenient(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		form := []string{"Content-Type", "application/x-www-form-urlencoded"}
		for _, tt := range []struct {
			name, method, path, token string
			body                      any
			headers                   []string
			status                    int
		}{
			{"numbers as text", "POST", "/v1/notifications/poll", s.ivanov, `{"wait":"0","limit":"5 0"}`, nil, 200},
			{"numbers with a narrow space", "POST", "/v1/notifications", s.publish, `{"user":"ivanov","kind":"note","expires_in_s":"3 600"}`, nil, 201},
			{"a whole number with a point", "POST", "/v1/notifications/poll", s.ivanov, `{"wait":0.0,"limit":50.0}`, nil, 200},
			{"unknown fields", "POST", "/v1/notifications", s.publish, `{"user":"ivanov","kind":"note","colour":"red","nested":{"a":[1]}}`, nil, 201},
			{"unknown fields of a poll", "POST", "/v1/notifications/poll", s.ivanov, `{"wait":0,"colour":"red"}`, nil, 200},
			{"unknown fields of me", "POST", "/v1/me", s.ivanov, `{"quiet":false,"colour":"red"}`, nil, 200},
			{"unknown fields of a contact", "PUT", "/v1/sync/contacts/c3", s.sync, `{"phones":["+79031234567"],"colour":"red"}`, nil, 422},
			{"unknown parameters", "GET", "/v1/notifications?colour=red&_=123", s.ivanov, nil, nil, 200},
			{"nulls", "POST", "/v1/notifications", s.publish, `{"user":"ivanov","group":null,"kind":"note","title":null,"object":null,"data":null,"expires_in_s":null}`, nil, 201},
			{"a byte order mark", "POST", "/v1/notifications", s.publish, "\xef\xbb\xbf" + `{"user":"ivanov","kind":"note"}`, nil, 201},
			{"no Content-Type, JSON", "POST", "/v1/notifications", s.publish, `{"user":"ivanov","kind":"note"}`, []string{"Content-Type", ""}, 201},
			{"no Content-Type, a form", "POST", "/v1/notifications", s.publish, `user=ivanov&kind=note`, []string{"Content-Type", ""}, 201},
			{"JSON under the form's type", "POST", "/v1/notifications", s.publish, `{"user":"ivanov","kind":"note"}`, form, 201},
			{"a form", "POST", "/v1/notifications/poll", s.ivanov, `wait=0&limit=1%C2%A00`, form, 200},
			{"GET with a body", "GET", "/v1/notifications", s.ivanov, `{"wait":30}`, nil, 200},
			{"GET with a body that is nothing", "GET", "/v1/me", s.ivanov, "\x00\xff", nil, 200},
			{"POST without a body", "POST", "/v1/notifications/poll?wait=0", s.ivanov, nil, nil, 200},
			{"POST for PUT", "POST", "/v1/sync/contacts/c1", s.sync, `{"phones":["8 (903) 123-45-67"],"seq":"1 000"}`, nil, 200},
			{"a contact as a form", "POST", "/v1/sync/contacts/c2", s.sync, "phones=%2B79031234567&phones=%2B79031234568&name=Z&seq=1%C2%A0001&client.type=T&interests=%5B%7B%22type%22%3A%22T%22%7D%5D", form, 200},
			{"POST for PATCH", "POST", "/v1/me", s.ivanov, `{"quiet":"Истина"}`, nil, 200},
			{"a wait beyond every bound", "GET", "/v1/notifications?wait=1e300&version=none", s.ivanov, nil, nil, 200},
			{"a wait below zero", "GET", "/v1/notifications?wait=-5", s.ivanov, nil, nil, 200},
			{"a version nobody made", "GET", "/v1/notifications?version=%00%ff%27", s.ivanov, nil, nil, 200},
			{"an ack of nothing", "GET", "/v1/notifications?ack=999999.1.o", s.ivanov, nil, nil, 200},
			{"If-None-Match of nobody", "GET", "/v1/notifications", s.ivanov, nil, []string{"If-None-Match", `"\x00", W/"zz"`}, 200},
		} {
			a := s.Do(tt.method, tt.path, tt.token, tt.body, tt.headers...)
			if a.Status != tt.status || !json.Valid(a.Body) {
				t.Errorf("%s = %d %s, want %d", tt.name, a.Status, a.Body, tt.status)
			}
			if a.Status/100 != 2 {
				tellsNoCause(t, a)
			}
		}
	})
}

// TestNothingHalfDone: what is refused leaves nothing behind.
func TestNothingHalfDone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		before := map[string]string{s.ivanov: s.Poll(s.ivanov, "").Version, s.petrova: s.Poll(s.petrova, "").Version}
		users := string(s.Do("GET", "/v1/admin/users", apptest.AdminToken, nil).Body)
		for _, tt := range []struct{ name, path, token, body, field string }{
			{"a group, and an object that is none", "/v1/notifications", s.publish, `{"group":"sales","kind":"note","object":{"url":"ftp://x"}}`, "object.url"},
			{"a group and a user", "/v1/notifications", s.publish, `{"group":"sales","user":"ivanov","kind":"note"}`, "user"},
			{"a group, expired before it began", "/v1/notifications", s.publish, `{"group":"sales","kind":"note","expires_in_s":-1}`, "expires_in_s"},
			{"a group, with data beyond every bound", "/v1/notifications", s.publish, `{"group":"sales","kind":"note","data":{"x":"` + strings.Repeat("y", 5000) + `"}}`, "data"},
			{"three users, the last without a login", "/v1/sync/users", s.sync, `[{"external_id":"1","login":"new1"},{"external_id":"2","login":"new2"},{"external_id":"3"}]`, "[2].login"},
			{"two users with one extension of nowhere", "/v1/sync/users", s.sync, `[{"external_id":"1","login":"new1"},{"external_id":"2","login":"new2","extensions":[{"source":"nowhere","number":"5"}]}]`, "[1].extensions"},
		} {
			p := refused(t, tt.name, s.Do("POST", tt.path, tt.token, tt.body), 422, "invalid")
			if list, _ := p["errors"].([]any); len(list) == 0 || !strings.HasPrefix(list[0].(map[string]any)["field"].(string), tt.field) {
				t.Errorf("%s: errors %v, want field %s", tt.name, p["errors"], tt.field)
			}
		}
		for token, version := range before {
			if is := s.Poll(token, ""); is.Version != version {
				t.Errorf("something was made: %+v", is.Rows)
			}
		}
		if is := string(s.Do("GET", "/v1/admin/users", apptest.AdminToken, nil).Body); is != users {
			t.Errorf("the users were\n%s\nand are\n%s", users, is)
		}

		// Of lines, a bad one is reported and the others are stored.
		good := func(id, phone string) string {
			return `{"external_id":"` + id + `","phones":["` + phone + `"],"name":"` + id + `"}`
		}
		long := `{"external_id":"long","phones":["+79030000003"],"name":"` + strings.Repeat("x", 16<<10) + `"}`
		a := s.Do("POST", "/v1/sync/contacts?mode=full", s.sync, strings.Join([]string{good("a", "+79030000001"), "{broken", long, `[]`, "", good("b", "+79030000002")}, "\n"), "Content-Type", "application/x-ndjson")
		rep := a.JSON(t)
		if a.Status != 200 || rep["lines"] != 5.0 || rep["stored"] != 2.0 || rep["failed"] != 3.0 {
			t.Fatalf("import: %d %s", a.Status, a.Body)
		}
		tellsNoCause(t, a)
		for i, line := range []float64{2, 3, 4} {
			if e := rep["errors"].([]any)[i].(map[string]any); e["line"] != line || e["message"] == "" {
				t.Errorf("import: error %d is %v, want line %v", i, e, line)
			}
		}
		for phone, want := range map[string]int{"%2B79030000001": 1, "%2B79030000002": 1, "%2B79030000003": 0} {
			if got := s.Admin("GET", "/v1/admin/contacts?phone="+phone, nil)["items"].([]any); len(got) != want {
				t.Errorf("contacts with %s: %v, want %d", phone, got, want)
			}
		}
	})
}
