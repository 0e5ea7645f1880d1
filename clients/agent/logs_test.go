package agent

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestMask: no number stays whole, however it is written; what is none stays.
func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"call +79031234567 x":                 "call +79***67 x",
		"89031234567":                         "89***67",
		"8 (903) 123-45-67":                   "89***67",
		"8 903 123 45 67":                     "89***67",
		"8–903–123–45–67":                     "89***67",
		"+7.903.123.45.67.":                   "+79***67.",
		"tel:+7-903-123-45-67;ext=12":         "tel:+79***67;ext=12",
		"/i?p=%2B79031234567&q=1":             "/i?p=+79***67&q=1",
		"/i?p=%2B7%20903%20123%2D45%2D67":     "/i?p=+79***67",
		"/i?p=8%20%28903%29%20123-45-67":      "/i?p=89***67",
		`{"phone":"79031234567"}`:             `{"phone":"79***67"}`,
		"1234567":                             "***",
		"123-45-67":                           "***",
		"212.123.4567":                        "21***67",
		"port 54321":                          "port 54321",
		"dial tcp 192.168.100.200:443":        "dial tcp 192.168.100.200:443",
		"row 1042.2":                          "row 1042.2",
		"two: +79031234567, +79161112233 end": "two: +79***67, +79***33 end",
	} {
		if got := Mask(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

type secretive struct{ phone string }

func (s secretive) LogValue() slog.Value { return slog.GroupValue(slog.String("phone", s.phone)) }

type told struct{ Phone string }

func (s *told) String() string { return "called " + s.Phone }

// TestMaskLog: whatever holds the number, at whatever level, no handler writes it.
func TestMaskLog(t *testing.T) {
	const phone = "+79031234567"
	var out strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}), slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})} {
		log := slog.New(MaskLog(h)).With("with", phone, "group", slog.GroupValue(slog.String("in", phone))).WithGroup("deep").With("deeper", errors.New(phone))
		for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			log.Log(t.Context(), level, "message "+phone, "text", phone, "error", fmt.Errorf("%w: %s", errors.ErrUnsupported, phone), "number", 79031234567, "unsigned", uint64(79031234567),
				"list", []string{phone}, "map", map[string]string{"p": phone}, "struct", told{phone}, "pointer", &told{phone}, "valuer", secretive{phone}, "url", &url.URL{Scheme: "tel", Opaque: phone},
				slog.Group("group", "a", phone, slog.Group("inner", "b", errors.New(phone))), "took", 5*time.Second, "count", 42)
		}
	}
	if strings.Contains(out.String(), "9031234567") {
		t.Errorf("a number: %s", out.String())
	}
	if !strings.Contains(out.String(), "count=42") || !strings.Contains(out.String(), "took=5s") || !strings.Contains(out.String(), "+79***67") {
		t.Errorf("more than numbers is masked: %s", out.String())
	}
}
