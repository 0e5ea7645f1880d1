package routing

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// placeholders are the words that titles, texts and links of rules may have in
// braces, with what they stand for. attempts is filled in by the inbox, which
// knows the row; of an object it is 1.
var placeholders = map[string]func(r *router, l *models.Leg) string{
	"phone":       func(r *router, _ *models.Leg) string { return r.call.Phone },
	"name":        func(r *router, _ *models.Leg) string { return r.callerName() },
	"client":      func(r *router, _ *models.Leg) string { return r.open().title },
	"interest":    func(r *router, _ *models.Leg) string { return titleOfObject(r.open().object) },
	"did":         func(r *router, _ *models.Leg) string { return r.call.DID },
	"extension":   func(_ *router, l *models.Leg) string { return legExtension(l) },
	"source":      func(r *router, _ *models.Leg) string { return sourceName(r.Source) },
	"user":        func(r *router, l *models.Leg) string { return r.legUser(l) },
	"answered_by": func(r *router, _ *models.Leg) string { return r.userName(r.call.AnsweredBy) },
	"time":        func(r *router, _ *models.Leg) string { return r.startedIn().Format("15:04") },
	"date":        func(r *router, _ *models.Leg) string { return r.startedIn().Format("02.01.2006") },
	"attempts":    func(*router, *models.Leg) string { return attemptsMark },
	"waited_s":    func(r *router, _ *models.Leg) string { return strconv.Itoa(r.waited()) },
	"talk_s":      func(r *router, _ *models.Leg) string { return strconv.Itoa(r.call.TalkS) },
}

// attemptsMark stands where the number of attempts goes; no text that comes from
// outside has it.
const attemptsMark = "\x00"

// checkTemplate says what is wrong with a text with placeholders; "": nothing.
func checkTemplate(s string) string {
	if len(s) > models.MaxLink {
		return "longer than " + strconv.Itoa(models.MaxLink) + " bytes"
	}
	_, bad := render(s, func(word string) (string, bool) {
		return "", placeholders[word] != nil
	})
	return bad
}

// render fills in the placeholders of s; {{ and }} stand for braces. bad says
// what cannot be read: then s is not to be used.
func render(s string, fill func(word string) (string, bool)) (out, bad string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '{' && s[i] != '}':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == s[i]:
			b.WriteByte(s[i])
			i++
		case s[i] == '}':
			return "", "has a } without a {; write }} for the sign itself"
		default:
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return "", "has a { without a }; write {{ for the sign itself"
			}
			word := s[i+1 : i+end]
			text, ok := fill(word)
			if !ok {
				return "", "knows no {" + models.CutText(word, 40) + "}"
			}
			b.WriteString(text)
			i += end
		}
	}
	return b.String(), ""
}

// fill makes the text of a rule for leg l (nil: none).
func (r *router) fill(s string, l *models.Leg) string {
	out, _ := render(s, func(word string) (string, bool) {
		f := placeholders[word]
		if f == nil {
			return "", false
		}
		return f(r, l), true
	})
	return out
}

// fillLink is fill for an address: what is filled in is escaped.
func (r *router) fillLink(s string, l *models.Leg) string {
	out, _ := render(s, func(word string) (string, bool) {
		f := placeholders[word]
		if f == nil {
			return "", false
		}
		return url.QueryEscape(strings.ReplaceAll(f(r, l), attemptsMark, "1")), true
	})
	return out
}

// FillAttempts puts the number of attempts into a text that a rule gave for
// missed calls (Draft.Template, TitleTemplate), and cuts it to most characters.
func FillAttempts(template string, attempts, most int) string {
	return models.CutText(strings.ReplaceAll(template, attemptsMark, strconv.Itoa(attempts)), most)
}

func titleOfObject(o *models.Object) string {
	if o == nil {
		return ""
	}
	return o.Title
}

func legExtension(l *models.Leg) string {
	if l == nil {
		return ""
	}
	return bareExtension(l.Extension)
}

func sourceName(s *models.Source) string {
	if s.Name != "" {
		return s.Name
	}
	return s.Slug
}

func (r *router) legUser(l *models.Leg) string {
	if l == nil {
		return ""
	}
	return r.userName(l.User)
}

func (r *router) userName(id int64) string {
	if u := r.Dir.Users[id]; u != nil {
		return u.DisplayName()
	}
	return ""
}

// startedIn is when the call began, in the source's zone.
func (r *router) startedIn() time.Time {
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	return r.call.StartedAt.In(zone)
}
