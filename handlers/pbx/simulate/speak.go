package simulate

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// Target is the source that a story is told to.
type Target struct {
	Hook     string         // the source's address
	Secret   string         // of the source; "": what it does not sign
	Settings map[string]any // of the source
	Zone     *time.Location // of times that carry none; nil: Moscow
}

// setting is a setting of the source that is a text, or other.
func (t Target) setting(name, other string) string {
	if s, _ := t.Settings[name].(string); s != "" {
		return s
	}
	return other
}

// Message is one request of a story: wait After, then send what Request makes.
type Message struct {
	After   time.Duration
	Event   models.Event // the step that it tells of
	Request func(now time.Time) (*http.Request, error)
}

// Unspeakable says why a kind of system cannot tell a story.
type Unspeakable struct{ Kind, Scenario, Why string }

// Error implements error.
func (e *Unspeakable) Error() string {
	return fmt.Sprintf("%s cannot tell the story %s: %s", e.Kind, e.Scenario, e.Why)
}

// draft is a request before it is signed and addressed.
type draft struct {
	method, path, query string // "": POST; path and query are appended to the hook
	contentType         string
	header              map[string]string
	body                []byte
	// sign finishes the request at the moment it is sent; nil: nothing to sign.
	sign func(req *http.Request, body []byte, now time.Time) error
}

// voice tells one call step by step and may remember what it said. Drafts may
// be none: the system has no words for that step.
type voice func(step Step) ([]draft, error)

// tongue is how one kind of system speaks.
type tongue struct {
	kind  string
	voice func(Target) voice
	// secret and settings make a source of the kind that works: for tests and
	// for trying out.
	secret   string
	settings map[string]any
	// cannot names the scenarios that the kind has no way to tell, with the reason.
	cannot map[string]string
	// loses names the scenarios that end otherwise than in kind generic, with
	// what the system does not say. Tests hold it to that.
	loses map[string]string
	// undated: the end of a call bears no time and no length of the talk, which
	// then lasts until the end is heard of.
	undated bool
}

// tongues lists all kinds that can be simulated.
func tongues() []tongue {
	return []tongue{
		genericTongue(),
		asteriskTongue(),
		threeCXTongue(),
		megafonTongue(),
		sipuniTongue(),
		telphinTongue(),
		rostelecomTongue(),
		beelineTongue(),
		ringcentralTongue(),
		aircallTongue(),
		mangoTongue(),
		onlineTongue(),
		mikoTongue(),
		cloudTongue(),
		zadarmaTongue(),
		novofonTongue(),
		uisTongue(),
		twilioTongue(),
		telnyxTongue(),
		plivoTongue(),
		vonageTongue(),
		freeswitchTongue(),
	}
}

// Kinds lists the kinds of sources whose requests can be made.
func Kinds() []string {
	var out []string
	for _, t := range tongues() {
		out = append(out, t.kind)
	}
	return out
}

// Loses says what a kind cannot tell of a scenario, compared with kind
// generic; "": it tells all of it.
func Loses(kind, scenario string) string {
	for _, t := range tongues() {
		if t.kind == kind {
			return t.loses[scenario]
		}
	}
	return ""
}

// Undated reports whether the length of a talk depends on when the requests of
// a kind are sent, and not only on what they say.
func Undated(kind string) bool {
	return slices.ContainsFunc(tongues(), func(t tongue) bool { return t.kind == kind && t.undated })
}

// Example is a secret and settings with which a source of kind works and
// Speak can sign: for tests and for trying out.
func Example(kind string) (secret string, settings map[string]any) {
	for _, t := range tongues() {
		if t.kind == kind {
			return t.secret, t.settings
		}
	}
	return "", nil
}

// Speak turns a scenario into the requests that a system of kind sends for it.
// Errors: *Unspeakable; otherwise the kind is unknown.
func Speak(kind string, to Target, s Scenario, p Params) ([]Message, error) {
	i := slices.IndexFunc(tongues(), func(t tongue) bool { return t.kind == kind })
	if i < 0 {
		return nil, fmt.Errorf("kind %q cannot be simulated; there are: %s", kind, strings.Join(Kinds(), ", "))
	}
	t := tongues()[i]
	if why, silent := t.cannot[s.Name]; silent {
		return nil, &Unspeakable{kind, s.Name, why}
	}
	if to.Zone == nil {
		to.Zone = models.ZoneOf("Europe/Moscow")
	}
	if s.Name == Mixed {
		return speakMixed(kind, to, s, p, t)
	}
	return speak(to, t, s.Build(p))
}

// speakMixed leaves out what the kind cannot tell.
func speakMixed(kind string, to Target, s Scenario, p Params, t tongue) ([]Message, error) {
	all := s.Build(p)
	var out []Message
	n := 0
	for len(all) > 0 {
		end := slices.IndexFunc(all, func(st Step) bool { return st.Event.Call != all[0].Event.Call })
		if end < 0 {
			end = len(all)
		}
		_, silent := t.cannot[Scenarios()[n].Name]
		if !silent {
			ms, err := speak(to, t, all[:end])
			if err != nil {
				return nil, err
			}
			out = append(out, ms...)
		}
		all, n = all[end:], n+1
	}
	if len(out) == 0 {
		return nil, &Unspeakable{kind, s.Name, "it can tell none of the stories"}
	}
	return out, nil
}

// speak tells the steps of one call. A step that is told again is the same
// request again.
func speak(to Target, t tongue, steps []Step) ([]Message, error) {
	say := t.voice(to)
	said := map[int64][]draft{}
	var out []Message
	wait := time.Duration(0)
	for _, step := range steps {
		drafts, again := said[step.Event.Seq]
		if !again {
			var err error
			if drafts, err = say(step); err != nil {
				return nil, fmt.Errorf("kind %s, %s: %w", t.kind, step.Event.Type, err)
			}
			said[step.Event.Seq] = drafts
		}
		wait += step.After
		for _, d := range drafts {
			out = append(out, Message{After: wait, Event: step.Event, Request: func(now time.Time) (*http.Request, error) { return d.request(to, now) }})
			wait = 0
		}
	}
	return out, nil
}

// request makes the request, without a context.
func (d draft) request(to Target, now time.Time) (*http.Request, error) {
	address := to.Hook + d.path
	if d.query != "" {
		address += "?" + d.query
	}
	method := d.method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, address, bytes.NewReader(d.body)) //nolint:noctx // the caller adds one
	if err != nil {
		return nil, fmt.Errorf("address of the hook: %w", err)
	}
	if d.contentType != "" {
		req.Header.Set("Content-Type", d.contentType)
	}
	req.Header.Set("User-Agent", "zummer-simulate")
	for name, value := range d.header {
		req.Header.Set(name, value)
	}
	if d.sign != nil {
		if err := d.sign(req, d.body, now); err != nil {
			return nil, fmt.Errorf("sign a request: %w", err)
		}
	}
	return req, nil
}
