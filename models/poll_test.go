package models_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zummer/models"
)

func TestParseAck(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		want models.Ack
		bad  bool
	}{
		{in: "1042.2", want: models.Ack{ID: 1042, Rev: 2, Raw: "1042", Outcome: models.OutcomeOpened}},
		{in: " 1042.2.o ", want: models.Ack{ID: 1042, Rev: 2, Raw: "1042", Outcome: models.OutcomeOpened}},
		{in: "1042.2.d", want: models.Ack{ID: 1042, Rev: 2, Raw: "1042", Outcome: models.OutcomeDismissed}},
		{in: "1042.2.f", want: models.Ack{ID: 1042, Rev: 2, Raw: "1042", Outcome: models.OutcomeFailed}},
		{in: "1042.2.busy", want: models.Ack{ID: 1042, Rev: 2, Raw: "1042", Outcome: models.OutcomeBusy}},
		{in: "1042.2.", want: models.Ack{ID: 1042, Rev: 2, Raw: "1042", Outcome: models.OutcomeOpened}},
		{in: "abc.1", want: models.Ack{Rev: 1, Raw: "abc", Outcome: models.OutcomeOpened}},
		{in: "-5.1", want: models.Ack{Rev: 1, Raw: "-5", Outcome: models.OutcomeOpened}},
		{in: "99999999999999999999.1", want: models.Ack{Rev: 1, Raw: "99999999999999999999", Outcome: models.OutcomeOpened}},
		{in: "a\x00b.1", want: models.Ack{Rev: 1, Raw: "ab", Outcome: models.OutcomeOpened}},
		{in: "", bad: true},
		{in: "1042", bad: true},
		{in: ".2", bad: true},
		{in: "1042.", bad: true},
		{in: "1042.0", bad: true},
		{in: "1042.-1", bad: true},
		{in: "1042.x", bad: true},
		{in: "1042.2.x", bad: true},
		{in: "1042.2.o.o", bad: true},
		{in: strings.Repeat("1", 41) + ".1", bad: true},
	} {
		got, err := models.ParseAck(tc.in)
		if (err != nil) != tc.bad || err == nil && got != tc.want {
			t.Errorf("ParseAck(%q): got %+v, %v; want %+v, bad %v", tc.in, got, err, tc.want, tc.bad)
		}
		if err != nil && models.KindOf(err) != models.Invalid {
			t.Errorf("ParseAck(%q): kind %v", tc.in, models.KindOf(err))
		}
	}
}

func TestPageCursor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		version, offset := rapid.StringMatching(`[a-z0-9]{1,8}\.[0-9]{1,9}`).Draw(t, "version"), rapid.IntRange(0, 500).Draw(t, "offset")
		cursor := models.PageCursor(version, offset)
		if v, o, ok := models.ParsePageCursor(cursor); v != version || o != offset || !ok {
			t.Fatalf("%q: got %q %d %v", cursor, v, o, ok)
		}
		if strings.Trim(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			t.Fatalf("%q has other characters", cursor)
		}
	})
	for _, bad := range []string{"", "!", "abc", "YS8tMQ"} { // the last one is a/-1
		if v, o, ok := models.ParsePageCursor(bad); ok {
			t.Errorf("ParsePageCursor(%q) = %q, %d", bad, v, o)
		}
	}
}
