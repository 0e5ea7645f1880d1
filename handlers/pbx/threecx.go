package pbx

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"zummer/models"
)

// threeCX takes what a 3CX sends through the CRM template that we ship
// (docs/pbx/3cx/zummer.xml, "server-side CRM template" of its documentation):
// a lookup of the caller's number when a call comes in, and a report when it is
// over. The template is ours, so the field names are too. 3CX names no call, so
// the call is its number and its start.
type threeCX struct{}

func (threeCX) Kind() string { return "3cx" }

func (threeCX) Info() Info {
	return Info{
		Kind: "3cx", Name: "3CX", Docs: "docs/pbx/3cx.md",
		Description: Text{
			RU: "3CX с нашим шаблоном CRM: спрашивает, кто звонит, и сообщает о звонке после его конца. Звонящий телефон и момент ответа шаблон не сообщает.",
			EN: "3CX with our CRM template: it asks who calls and reports a call after its end. A template tells neither which phone rings nor the moment of the answer.",
		},
		Secret: &Field{Name: "secret", Type: "string", Required: true, Help: Text{
			RU: "Ключ, который вписан в шаблон как API key. От 16 символов.",
			EN: "The key that the template has as its API key. 16 characters or more.",
		}},
		Settings: []Field{},
		Capabilities: Capabilities{Incoming: No, Ringing: No, Answered: Partly, RingEnded: Partly, Missed: Yes, Ended: Yes, Transfer: No,
			Pickup: No, Queue: Partly, Outgoing: Yes, Internal: No, Recording: Partly, Lookup: Yes, Signed: Yes, Replay: Partly, Employees: No, Dial: No},
	}
}

func (threeCX) CheckSettings(settings map[string]any, secret string) error {
	if err := knownSettings(settings); err != nil {
		return err
	}
	if len(secret) < 16 {
		return models.InvalidField("secret", "must have at least 16 characters")
	}
	return nil
}

// Verify compares the key: a bearer token, or the user name of HTTP Basic with
// anything as the password (both are what templates can send).
func (threeCX) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return refused("signature_secret", "this source has no secret: set the API key of the template")
	}
	given := req.Header.Get("Authorization")
	if scheme, rest, _ := strings.Cut(given, " "); strings.EqualFold(scheme, "Bearer") {
		given = strings.TrimSpace(rest)
	} else if user, _, ok := (&http.Request{Header: req.Header}).BasicAuth(); ok {
		given = user
	} else {
		return refused("signature_missing", "the API key is missing")
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(cfg.Secret)) != 1 {
		return refused("signature_wrong", "the API key is wrong")
	}
	return nil
}

func (threeCX) Parse(req Request, _ Config) (Result, error) {
	if strings.HasSuffix(req.Path, "/lookup") {
		return Result{Lookup: &ContactLookup{Phone: threeCXNumber(req.Query.Get("number")), Answer: threeCXCard}}, nil
	}
	objects, list, err := readBody(req)
	if err != nil {
		return Result{}, err
	}
	if list {
		return Result{}, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	events, err := threeCXReport(objects[0])
	if err != nil {
		return Result{}, err
	}
	for i := range events {
		if err := valid(&events[i]); err != nil {
			return Result{}, err
		}
	}
	return Result{Events: events}, nil
}

// threeCXReport reads the report of one call.
func threeCXReport(raw fields) ([]models.Event, error) {
	f := fields{}
	for name := range raw {
		// A variable that 3CX did not know stays as it is: [EntityId].
		if s := raw.text(name); s != "" && (s[0] != '[' || s[len(s)-1] != ']') {
			f[name] = s
		}
	}
	kind := strings.ToLower(f.text("calltype"))
	if kind == "" {
		return nil, models.InvalidField("callType", "is required")
	}
	start, err := f.time("starttimeutc", "UTC")
	if err != nil {
		return nil, models.InvalidField("startTimeUtc", "cannot be read")
	}
	end, err := f.time("endtimeutc", "UTC")
	if err != nil {
		return nil, models.InvalidField("endTimeUtc", "cannot be read")
	}
	talk, err := f.seconds("durationseconds")
	if err != nil {
		return nil, err
	}
	if start.IsZero() && end.IsZero() {
		return nil, models.InvalidField("startTimeUtc", "is required")
	}
	if end.IsZero() {
		end = start
	}
	number := threeCXNumber(f.text("number"))
	base := models.Event{
		Call:      "3cx-" + threeCXHash(number, cmp.Or(start, end).Unix()),
		Direction: models.In, Phone: cmp.Or(number, "anonymous"), Name: models.CutText(f.text("name"), models.MaxName),
		Extension: f.text("agentextension"), At: end, Disposition: f.text("calltype"),
	}
	base.ID = threeCXHash(base.Call, base.Extension, kind, f.text("endtimeutc"))
	event := func(t models.EventType, at time.Time) models.Event {
		e := base
		e.Type, e.At, e.ID = t, at, base.ID+"/"+string(t)
		if !t.HasExtension() && t != models.EventStarted {
			e.Extension = ""
		}
		return e
	}
	var out []models.Event
	switch kind {
	case "inbound", "outbound":
		if kind == "outbound" {
			base.Direction = models.Out
		}
		answered := end
		if talk != nil {
			answered = end.Add(-time.Duration(*talk) * time.Second)
		}
		if base.Extension != "" {
			out = append(out, event(models.EventAnswered, answered))
		}
		over := event(models.EventEnded, end)
		over.TalkS = talk
		out = append(out, over)
	case "missed":
		if base.Extension != "" {
			out = append(out, event(models.EventRinging, cmp.Or(start, end)))
		}
		out = append(out, event(models.EventMissed, end))
	case "notanswered":
		base.Direction = models.Out
		over := event(models.EventEnded, end)
		over.Reason = models.ReasonNoAnswer
		out = append(out, event(models.EventStarted, cmp.Or(start, end)), over)
	default:
		return nil, models.InvalidField("callType", "unknown type %q", models.CutText(kind, 40))
	}
	if link := f.text("recordingurl"); link != "" && len(link) <= models.MaxRecording {
		e := event(models.EventRecording, end)
		e.Recording = link
		out = append(out, e)
	}
	return out, nil
}

// threeCXNumber undoes the template's Prefix="Zeros": 00 stands for +, which a
// query would lose.
func threeCXNumber(s string) string {
	s = strings.TrimSpace(models.CleanText(s))
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		return "+" + rest
	}
	return s
}

// threeCXCard answers a lookup in the shape that the template reads; 3CX walks
// the list itself, and an empty one is "not found".
func threeCXCard(c Card) *Reply {
	type contact struct {
		ContactURL  string `json:"contactUrl"`
		FirstName   string `json:"firstName"`
		LastName    string `json:"lastName"`
		CompanyName string `json:"companyName"`
		EntityID    string `json:"entityId"`
		EntityType  string `json:"entityType"`
	}
	found := []contact{}
	if c.Found {
		found = append(found, contact{c.URL, c.Name, "", c.Name, c.ContactID, "Contacts"})
	}
	return jsonReply(map[string]any{"contacts": found})
}

func threeCXHash(parts ...any) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%v\x00", p)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
