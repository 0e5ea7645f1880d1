package agent

import (
	"context"
	"log/slog"
)

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

func maskAttr(a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, Mask(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			return slog.String(a.Key, Mask(err.Error()))
		}
	}
	return a
}
