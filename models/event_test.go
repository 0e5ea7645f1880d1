package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

func TestEventValidate(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", models.MaxKeyLen+1)
	for _, tc := range []struct {
		name  string
		set   func(*models.Event)
		field string // "": valid
	}{
		{"complete", func(*models.Event) {}, ""},
		{"started needs no extension", func(e *models.Event) { e.Type, e.Extension = models.EventStarted, "" }, ""},
		{"an address is enough", func(e *models.Event) { e.Extension, e.Addresses = "", []string{"login:ivanov"} }, ""},
		{"undated", func(e *models.Event) { e.At = time.Time{} }, ""},
		{"longest key", func(e *models.Event) { e.Call = long[1:] }, ""},
		{"no type", func(e *models.Event) { e.Type = "" }, "event"},
		{"unknown type", func(e *models.Event) { e.Type = "hold" }, "event"},
		{"no call", func(e *models.Event) { e.Call = " " }, "call"},
		{"no extension", func(e *models.Event) { e.Extension = "" }, "extension"},
		{"transferred by nobody", func(e *models.Event) { e.Type, e.Extension = models.EventTransferred, "" }, "extension"},
		{"unknown direction", func(e *models.Event) { e.Direction = "up" }, "direction"},
		{"too many addresses", func(e *models.Event) { e.Addresses = make([]string, 21) }, "addresses"},
		{"a long address", func(e *models.Event) { e.Addresses = []string{long} }, "addresses"},
		{"negative seq", func(e *models.Event) { e.Seq = -1 }, "seq"},
		{"before the PBX was built", func(e *models.Event) { e.At = time.Unix(0, 0) }, "at"},
		{"in milliseconds read as seconds", func(e *models.Event) { e.At = time.Unix(1e13, 0) }, "at"},
		{"long id", func(e *models.Event) { e.ID = long }, "id"},
		{"long call", func(e *models.Event) { e.Call = long }, "call"},
		{"long leg", func(e *models.Event) { e.Leg = long }, "leg"},
		{"long extension", func(e *models.Event) { e.Extension = long }, "extension"},
		{"long to_extension", func(e *models.Event) { e.ToExtension = long }, "to_extension"},
		{"long phone", func(e *models.Event) { e.Phone = long }, "phone"},
		{"long did", func(e *models.Event) { e.DID = long }, "did"},
		{"long same_as", func(e *models.Event) { e.SameAs = long }, "same_as"},
		{"long reason", func(e *models.Event) { e.Reason = long }, "reason"},
		{"long disposition", func(e *models.Event) { e.Disposition = long }, "disposition"},
		{"long name", func(e *models.Event) { e.Name = long + long }, "name"},
		{"long recording", func(e *models.Event) { e.Recording = strings.Repeat("x", models.MaxRecording+1) }, "recording"},
	} {
		e := models.Event{Type: models.EventRinging, Call: "c-77", Extension: "101", Direction: models.In, At: sec(1)}
		tc.set(&e)
		err := e.Validate()
		got := ""
		if err != nil {
			got = strings.SplitN(err.Error(), ":", 2)[0]
			if models.KindOf(err) != models.Invalid {
				t.Errorf("%s: kind %v", tc.name, models.KindOf(err))
			}
		}
		if got != tc.field {
			t.Errorf("%s: got %v, want field %q", tc.name, err, tc.field)
		}
	}
}

func TestAllAddresses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		extension string
		addresses []string
		want      []string
	}{
		{"101", nil, []string{"101"}},
		{"101", []string{"", "101", "login:ivanov"}, []string{"101", "login:ivanov"}},
		{"", []string{"login:ivanov"}, []string{"login:ivanov"}},
		{"", nil, nil},
	} {
		e := models.Event{Extension: tc.extension, Addresses: tc.addresses}
		if got := e.AllAddresses(); !slices.Equal(got, tc.want) {
			t.Errorf("%q %q: got %q, want %q", tc.extension, tc.addresses, got, tc.want)
		}
	}
}
