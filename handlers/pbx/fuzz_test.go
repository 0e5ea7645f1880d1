package pbx_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"testing"

	"zummer/handlers/pbx"
)

// fuzzParse feeds a kind anything: it must not panic, must not give events
// beside an error, must give only valid ones, and the same ones again.
func fuzzParse(f *testing.F, kind string) {
	a, ok := pbx.Lookup(kind)
	if !ok {
		f.Fatalf("no kind %s", kind)
	}
	files, _ := filepath.Glob(filepath.Join("testdata", kind, "*.http"))
	for _, file := range files {
		for _, r := range readRecording(f, file) {
			f.Add(r.Request.Method, r.Request.Path, r.Request.Query.Encode(), r.Request.Header.Get("Content-Type"), r.Request.Body)
		}
	}
	f.Add("POST", "", "", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\nringing\r\n--x--"))
	source := sampleOf(f, kind).config
	source.Region, source.Timezone = "RU", "Europe/Moscow"
	f.Fuzz(func(t *testing.T, method, path, query, contentType string, body []byte) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		req := pbx.Request{Method: method, URL: "https://zummer.example/hooks/a/b" + path + "?" + query, Path: path, Query: values, Header: http.Header{"Content-Type": {contentType}}, Body: body}
		_ = a.Verify(req, source) // any answer is right, but a panic
		if g, ok := a.(pbx.Greeter); ok {
			_ = g.Greet(req, source)
		}
		res, err := a.Parse(req, source)
		if err != nil {
			if len(res.Events) > 0 {
				t.Fatalf("events beside %v", err)
			}
			return
		}
		for i := range res.Events {
			if err := res.Events[i].Validate(); err != nil {
				t.Fatalf("event %d: %v", i, err)
			}
		}
		if res.Lookup != nil {
			for _, card := range []pbx.Card{{}, {Found: true, Name: "\x00<&\"ы", Responsible: "login:<"}} {
				if r := res.Lookup.Answer(card); r == nil || r.Status != http.StatusOK {
					t.Fatalf("the answer to a lookup is %+v", r)
				}
			}
		}
		again, err := a.Parse(req, source)
		if err != nil || !reflect.DeepEqual(again.Events, res.Events) || !reflect.DeepEqual(again.Reply, res.Reply) {
			t.Fatalf("a repeat gives %+v, %v, not %+v", again, err, res)
		}
	})
}
