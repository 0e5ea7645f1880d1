package agent

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
)

// numbers are what may be a phone number, however it is written: also in an
// address, where a space is %20 and a plus %2B.
var numbers = regexp.MustCompile(`(?:\+|%2[Bb])?\d(?:(?:[\-–—‑(). \x{a0}\x{202f}]|%20|%28|%29|%2[Dd])*\d){6,}`)

// machines are addresses of the network, which are no numbers of people.
var machines = regexp.MustCompile(`^\d{1,3}(?:\.\d{1,3}){3}$`)

// Mask leaves the ends of what may be a phone number, for logs: nothing of a
// short one, whose ends would be half of it.
func Mask(s string) string {
	return numbers.ReplaceAllStringFunc(s, func(m string) string {
		if machines.MatchString(m) {
			return m
		}
		sign := ""
		m = strings.NewReplacer("%2B", "+", "%2b", "+", "%20", "", "%28", "", "%29", "", "%2D", "", "%2d", "").Replace(m)
		if strings.HasPrefix(m, "+") {
			sign = "+"
		}
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, m)
		if len(digits) < 10 {
			return "***"
		}
		return sign + digits[:2] + "***" + digits[len(digits)-2:]
	})
}

// MaskLog is a handler that leaves only the ends of what may be a phone number
// in the texts that it passes on.
func MaskLog(h slog.Handler) slog.Handler { return maskLog{h} }

type maskLog struct{ slog.Handler }

// Handle implements slog.Handler.
func (m maskLog) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, Mask(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool { out.AddAttrs(maskAttr(a)); return true })
	return m.Handler.Handle(ctx, out)
}

// WithAttrs implements slog.Handler.
func (m maskLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	masked := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		masked[i] = maskAttr(a)
	}
	return maskLog{m.Handler.WithAttrs(masked)}
}

// WithGroup implements slog.Handler.
func (m maskLog) WithGroup(name string) slog.Handler { return maskLog{m.Handler.WithGroup(name)} }

// maskAttr masks whatever a value would be written as.
func maskAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindGroup:
		masked := make([]slog.Attr, 0, len(v.Group()))
		for _, member := range v.Group() {
			masked = append(masked, maskAttr(member))
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(masked...)}
	case slog.KindBool, slog.KindDuration, slog.KindTime, slog.KindFloat64:
		return slog.Attr{Key: a.Key, Value: v}
	}
	text := v.String()
	if err, ok := v.Any().(error); ok {
		text = err.Error()
	}
	if masked := Mask(text); masked != text || v.Kind() == slog.KindAny {
		return slog.String(a.Key, masked)
	}
	return slog.Attr{Key: a.Key, Value: v}
}
