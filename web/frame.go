package web

import (
	"strings"
	"time"

	"zummer/models"
)

// Frame is what every page has: who looks, in which language, and where.
// Texts of pages stand in the templates, in both languages side by side:
// {{.T "Обработано" "Processed"}}.
type Frame struct {
	Lang    Lang
	Version string // of the program
	Title   string
	Section string // of Nav, lit there; "": none
	Path    string // of this page with its query, for the switches and to come back
	Who     *models.Admin
	Theme   string // light, dark; "": as the browser has it
	Zone    *time.Location
	Now     time.Time
	Flash   string // what the last button did; "": nothing
	Failed  bool   // the flash is bad news
	Pulse   uint64 // of Register.Changes, for pages that keep themselves up to date
}

// T is the text in the page's language.
func (f Frame) T(ru, en string) string { return said{ru, en}.in(f.Lang) }

// May reports whether who looks has the role, or a higher one.
func (f Frame) May(role string) bool { return f.Who != nil && f.Who.May(role) }

// Masked reports whether who looks is shown numbers without their middle.
func (f Frame) Masked() bool { return f.Who != nil && f.Who.Masked }

// Phone shows a number as people read it, masked for whom it must be.
func (f Frame) Phone(e164 string) string {
	if f.Masked() {
		return Mask(pretty(e164))
	}
	return pretty(e164)
}

// Text shows what came from outside, with the numbers in it masked for whom
// they must be. Every title, name, body and address of a PBX or CRM goes
// through here or through Phone.
func (f Frame) Text(s string) string {
	if f.Masked() {
		return Mask(s)
	}
	return s
}

// Moment is a time as a page shows it: template "when".
type Moment struct {
	ISO   string // for scripts
	Full  string // with date and zone, as the title
	Short string // the time, with the date when it is not today's
	Zero  bool
}

// At makes a time ready to be shown in the page's zone.
func (f Frame) At(t time.Time) Moment {
	if t.IsZero() {
		return Moment{Zero: true}
	}
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	m := Moment{ISO: t.UTC().Format("2006-01-02T15:04:05.000Z"), Full: t.Format("2006-01-02 15:04:05 MST"), Short: t.Format("15:04:05")}
	now := f.Now.In(zone)
	switch {
	case t.Year() != now.Year():
		m.Short = t.Format("02.01.2006 15:04")
	case t.YearDay() != now.YearDay():
		m.Short = t.Format("02.01 15:04")
	}
	return m
}

// For is how long ago t was, in words: "12 с", "5 мин".
func (f Frame) For(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return Lasted(f.Lang, max(f.Now.Sub(t), 0))
}

// In is how long it is until t, in words; "" when it is over or t is zero.
func (f Frame) In(t time.Time) string {
	if t.IsZero() || !t.After(f.Now) {
		return ""
	}
	return Lasted(f.Lang, t.Sub(f.Now))
}

// Other is the language that the switch offers.
func (f Frame) Other() Lang {
	if f.Lang == English {
		return Russian
	}
	return English
}

// OtherTheme is the theme that the switch offers.
func (f Frame) OtherTheme() string {
	if f.Theme == "dark" {
		return "light"
	}
	return "dark"
}

// pretty groups the digits of Russian and North American numbers; others stay.
func pretty(n string) string {
	switch {
	case len(n) == 12 && strings.HasPrefix(n, "+7"):
		return n[:2] + " " + n[2:5] + " " + n[5:8] + "-" + n[8:10] + "-" + n[10:]
	case len(n) == 12 && strings.HasPrefix(n, "+1"):
		return n[:2] + " " + n[2:5] + "-" + n[5:8] + "-" + n[8:]
	}
	return n
}
