package setup

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zummer/models"
	"zummer/models/phone"
)

// Bounds of what is named here, in characters.
const (
	maxLogin     = 128
	maxExtension = 128
	maxSecret    = 1024
)

func validSlug(slug string) error {
	if ok, _ := regexp.MatchString(`^[a-z0-9][a-z0-9-]{0,62}$`, slug); !ok {
		return models.InvalidField("slug", "%q must be 1–63 characters of a–z, 0–9 and -, and not begin with -", models.CutText(slug, 80))
	}
	return nil
}

// name cleans a name that people gave and refuses one that is empty or too long.
func name(field, s string, max int) (string, error) {
	s = strings.TrimSpace(models.CleanText(s))
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return "", models.InvalidField(field, "must not be empty")
	case n > max:
		return "", models.InvalidField(field, "has %d characters; at most %d are allowed", n, max)
	}
	return s, nil
}

// ownName is name for what stands in addresses as a part of its own: what moves
// along an address is none.
func ownName(field, s string, max int) (string, error) {
	s, err := name(field, s, max)
	if err == nil && (s == "." || s == "..") {
		return "", models.InvalidField(field, "must not be dots only")
	}
	return s, err
}

// optional is name for what may be empty.
func optional(field, s string, max int) (string, error) {
	if strings.TrimSpace(models.CleanText(s)) == "" {
		return "", nil
	}
	return name(field, s, max)
}

func zone(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		return "", models.InvalidField(field, "no time zone %q; give one like Europe/Moscow", models.CutText(s, 64))
	}
	return s, nil
}

func region(s string) (string, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if ok, _ := regexp.MatchString(`^([A-Z]{2})?$`, s); !ok || s == "ZZ" {
		return "", models.InvalidField("region", "%q is no country code; give two letters like RU", models.CutText(s, 40))
	}
	if s != "" && !phone.ValidRegion(s) {
		return "", models.InvalidField("region", "no country %q; give two letters like RU", s)
	}
	return s, nil
}

func popOn(field, s string) (string, error) {
	switch s {
	case models.PopAnswered, models.PopRinging, models.PopNever:
		return s, nil
	}
	return "", models.InvalidField(field, "%q is none of answered, ringing, never", models.CutText(s, 40))
}

func (s *Setup) kind(k string) (Kind, error) {
	found, ok := s.kinds[k]
	if !ok {
		known := slices.Sorted(maps.Keys(s.kinds))
		return Kind{}, models.InvalidField("kind", "no kind %q; there are: %s", models.CutText(k, 64), strings.Join(known, ", "))
	}
	return found, nil
}

// object cleans what a CRM calls one of its things; nil stays nil. Clients open
// the address in a browser, so one that would run a script is refused.
func object(field string, o *models.Object) (*models.Object, error) {
	if o == nil {
		return nil, nil
	}
	out := models.Object{
		Type: models.CutText(o.Type, models.MaxName), Name: models.CutText(o.Name, models.MaxName), UID: models.CutText(o.UID, models.MaxName),
		Title: models.CutText(o.Title, models.MaxTitle), App: models.CutText(o.App, 64),
		Link: strings.TrimSpace(models.CleanText(o.Link)), URL: strings.TrimSpace(models.CleanText(o.URL)),
	}
	for f, v := range map[string]string{".link": out.Link, ".url": out.URL} {
		if utf8.RuneCountInString(v) > models.MaxLink {
			return nil, models.InvalidField(field+f, "has more than %d characters", models.MaxLink)
		}
	}
	if out.URL != "" {
		u, err := url.Parse(out.URL)
		if err != nil || !slices.Contains([]string{"http", "https"}, strings.ToLower(u.Scheme)) {
			return nil, models.InvalidField(field+".url", "is no http or https address")
		}
	}
	out.Complete()
	return &out, nil
}

// value is *p, or other when p is nil.
func value[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}
