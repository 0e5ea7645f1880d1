package pbx_test

import (
	"net/http"
	"path/filepath"
	"reflect"
	"testing"

	"zummer/handlers/pbx"
)

func FuzzParseGeneric(f *testing.F)      { fuzzParse(f, "generic") }
func FuzzParseAsteriskHTTP(f *testing.F) { fuzzParse(f, "asterisk-http") }

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
			f.Add(r.Request.Header.Get("Content-Type"), r.Request.Body)
		}
	}
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\nringing\r\n--x--"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		req := pbx.Request{Method: "POST", Header: http.Header{"Content-Type": {contentType}}, Body: body}
		res, err := a.Parse(req, pbx.Config{Region: "RU", Timezone: "Europe/Moscow"})
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
		again, err := a.Parse(req, pbx.Config{Region: "RU", Timezone: "Europe/Moscow"})
		if err != nil || !reflect.DeepEqual(again, res) {
			t.Fatalf("a repeat gives %+v, %v, not %+v", again, err, res)
		}
	})
}
