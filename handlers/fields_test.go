package handlers

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

// fieldsOf reads a body the way a handler does.
func fieldsOf(t *testing.T, contentType, body string) *fields {
	t.Helper()
	req := httptest.NewRequest("POST", "/?fromquery=q", strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	f, err := readFields(echo.New().NewContext(req, httptest.NewRecorder()))
	if err != nil {
		t.Fatalf("readFields(%s): %v", body, err)
	}
	return f
}

// JSON and form are one path: the same values come out.
func TestFieldsOfJSONAndForm(t *testing.T) {
	const asJSON = "application/json"
	const asForm = "application/x-www-form-urlencoded"
	for _, tt := range []struct{ name, contentType, body string }{
		{"JSON", asJSON, `{"s":" a\u0001b ","n":1042,"f":2.5,"b":true,"t":"2026-11-23T10:42:00","l":["x","y"],"o":{"type":"T","n":5},"nul":null}`},
		{"JSON of texts", asJSON, `{"s":"ab","n":"1 042","f":"2,5","b":"истина","t":"20261123104200","l":"x, y","o":"{\"type\":\"T\",\"n\":\"5\"}"}`},
		{"form", asForm, "s=ab&n=1%C2%A0042&f=2.5&b=1&t=23.11.2026+10:42:00&l=x&l=y&o.type=T&o.n=5"},
		{"form with brackets", asForm, "s=ab&n=1042.0&f=2,5&b=on&t=2026-11-23+10:42:00&l[]=x&l[]=y&o[type]=T&o[n]=5"},
		{"form with JSON inside", asForm, `s=ab&n=1042&f=2.5&b=Да&t=2026-11-23T10:42:00%2B03:00&l=["x","y"]&o={"type":"T","n":5}`},
		{"JSON called a form", asForm, `{"s":"ab","n":1042,"f":2.5,"b":"да","t":"1795419720","l":["x","y"],"o":{"type":"T","n":5}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := fieldsOf(t, tt.contentType, tt.body)
			o := f.object("o")
			if o == nil {
				t.Fatalf("object is absent: %+v", f.wrong)
			}
			got := []any{f.str("s"), f.int("n", 0), f.float("f", 0), f.bool("b", false), f.strs("l"), o.str("type"), o.int("n", 0), f.str("fromquery"), f.str("nul"), f.optStr("nul") == nil, f.err()}
			want := []any{"ab", 1042, 2.5, true, []string{"x", "y"}, "T", 5, "q", "", true, error(nil)}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("= %v\nwant %v", got, want)
			}
			if got, want := f.time("t", time.FixedZone("", 3*3600)), time.Date(2026, 11, 23, 7, 42, 0, 0, time.UTC); !got.Equal(want) {
				t.Errorf("time = %s, want %s", got, want)
			}
		})
	}
}

func TestFieldsCollectWhatIsWrong(t *testing.T) {
	f := fieldsOf(t, "application/json", `{"n":"x","i":1.5,"r":500,"b":"maybe","t":"soon","l":{},"o":5,"s":[1],"long":"абвгд","inner":{}}`)
	f.int("n", 0)
	f.int("i", 0)
	f.intIn("r", 1, 1, 100)
	f.bool("b", false)
	f.time("t", time.UTC)
	f.list("l")
	f.object("o")
	f.str("s")
	f.strMax("long", 4)
	f.required("absent", 10)
	inner := f.object("inner")
	inner.required("type", 10)
	f.adopt("inner", inner)
	var names []string
	for _, w := range f.wrong {
		names = append(names, w.Field)
	}
	want := []string{"n", "i", "r", "b", "t", "l", "o", "s", "long", "absent", "inner.type"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("wrong fields = %v, want %v", names, want)
	}
	if err := f.err(); err == nil || problemOf(err).Status != 422 || len(problemOf(err).Errors) != len(want) {
		t.Errorf("err = %v", err)
	}
}

func TestTimes(t *testing.T) {
	moscow := time.FixedZone("", 3*3600)
	for in, want := range map[string]string{
		"2026-11-23T10:42:00Z":      "2026-11-23T10:42:00Z",
		"2026-11-23T10:42:00.5Z":    "2026-11-23T10:42:00.5Z",
		"2026-11-23T10:42:00+03:00": "2026-11-23T07:42:00Z",
		"2026-11-23T10:42:00 03:00": "2026-11-23T07:42:00Z",
		"2026-11-23T10:42:00":       "2026-11-23T07:42:00Z",
		"23.11.2026 9:42:00":        "2026-11-23T06:42:00Z",
		"2026-11-23":                "2026-11-22T21:00:00Z",
		"20261123":                  "2026-11-22T21:00:00Z",
		"1795419720":                "2026-11-23T07:42:00Z",
	} {
		got, ok := parseTime(in, moscow)
		if !ok || got.Format(time.RFC3339Nano) != want {
			t.Errorf("parseTime(%s) = %s (%v), want %s", in, got.Format(time.RFC3339Nano), ok, want)
		}
	}
	for _, in := range []string{"x", "2026-13-01", "00010101000000", "2026-11-23T25:00:00Z"} {
		if got, ok := parseTime(in, moscow); ok {
			t.Errorf("parseTime(%s) = %s, want no time", in, got)
		}
	}
}

// No body makes the reader fail in any other way than with a client's error.
func FuzzReadFields(f *testing.F) {
	f.Add("application/json", `{"a":[1,{"b":null}]}`)
	f.Add("", "a=1&b.c=2")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		req := httptest.NewRequest("POST", "/", strings.NewReader(body))
		req.Header.Set("Content-Type", contentType)
		got, err := readFields(echo.New().NewContext(req, httptest.NewRecorder()))
		if err != nil {
			if s := problemOf(err).Status; s != 400 && s != 413 && s != 415 {
				t.Fatalf("readFields = %v, status %d", err, s)
			}
			return
		}
		for _, name := range []string{"a", "b", ""} {
			got.str(name)
			got.int(name, 0)
			got.float(name, 0)
			got.bool(name, false)
			got.time(name, time.UTC)
			got.strs(name)
			got.object(name)
		}
		if _, err := json.Marshal(got.wrong); err != nil {
			t.Fatal(err)
		}
	})
}
