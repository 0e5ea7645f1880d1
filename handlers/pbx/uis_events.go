package pbx

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// uisFields reads a notification: JSON, or a form or query of the same names.
func uisFields(req Request) (fields, error) {
	objects, list, err := readBody(req)
	if err != nil {
		if f := uisLoose(req.Body); len(f) > 0 {
			return f, nil
		}
		return nil, err
	}
	if list {
		return nil, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	return objects[0], nil
}

// uisName finds where the values of our templates begin.
var uisName = regexp.MustCompile(`[{,]\s*"([a-z_]{1,20})"\s*:`)

// uisLoose reads one of our templates that is no JSON, because a variable
// became a text without quotes, nothing at all, or itself. How the platform
// writes those is unconfirmed. The first of two fields of one name counts:
// event and secret stand before everything that a caller may have a say in.
func uisLoose(body []byte) fields {
	if len(body) > 64<<10 || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return nil
	}
	body = bytes.TrimRight(bytes.TrimSpace(body), "}")
	f := fields{}
	marks := uisName.FindAllSubmatchIndex(body, 100)
	for i, m := range marks {
		name, end := string(body[m[2]:m[3]]), len(body)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		if _, taken := f[name]; taken {
			continue
		}
		value := strings.TrimSpace(string(body[m[1]:end]))
		dec := json.NewDecoder(strings.NewReader(value))
		dec.UseNumber()
		var v any
		switch {
		case json.Valid([]byte(value)) && dec.Decode(&v) == nil:
			f[name] = v
		case strings.Contains(value, "{{"), strings.Contains(value, `"`):
		default:
			f[name] = value
		}
	}
	return f
}

// uisPost is one notification.
type uisPost struct {
	fields
	region string
}

func uisParse(req Request, cfg Config) (Result, error) {
	f, err := uisFields(req)
	if err != nil {
		return Result{}, err
	}
	events, err := uisPost{fields: f, region: cfg.Region}.events(cfg.Timezone)
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

func (p uisPost) events(zone string) ([]models.Event, error) {
	what := strings.ToLower(p.text("event"))
	e := models.Event{Call: p.text("call"), Phone: p.number("phone"), DID: p.number("did"), Name: models.CutText(p.text("name"), models.MaxName)}
	switch {
	case what == "":
		return nil, models.InvalidField("event", "is required: take the templates from docs/pbx/uis.md")
	case e.Call == "":
		return nil, models.InvalidField("call", "is required")
	}
	var err error
	if e.At, err = p.time("t", zone); err != nil {
		return nil, err
	}
	switch e.Direction = direction(p.text("dir")); {
	case what == "record":
		e.Direction = ""
	case what == "outgoing":
		e.Direction = models.Out
	case e.Direction != models.Out:
		e.Direction = models.In // the platform's other word is "in"
		e.Phone = cmp.Or(e.Phone, "anonymous")
	}
	ext, more := p.person()
	switch what {
	case "incoming":
		e.Type = models.EventStarted
	case "outgoing":
		e.Type, e.Extension, e.Addresses = models.EventStarted, ext, more
	case "ringing":
		e.Type, e.Extension, e.Addresses = models.EventRinging, ext, more
		if leg := p.text("leg"); leg != "" && ext != "" && e.Direction != models.Out {
			e.Leg = leg + "/" + ext
		}
		if ext == "" || e.Direction == models.Out { // nobody of ours, or the far end
			e.Type = models.EventStarted
		}
	case "answered":
		// The notification lists legs without saying whose, so the person's
		// last attempt is meant.
		if e.Type, e.Extension, e.Addresses = models.EventAnswered, ext, more; ext == "" {
			e.Type = models.EventStarted
		}
	case "ended":
		e.Type = models.EventEnded
		if err := p.durations(&e); err != nil {
			return nil, err
		}
	case "missed":
		return p.missed(e), nil
	case "record":
		if e.Type, e.Recording = models.EventRecording, p.text("link"); e.Recording == "" {
			return nil, models.InvalidField("link", "is required")
		}
		e.Phone, e.DID, e.Name = "", "", ""
	default:
		return nil, models.InvalidField("event", "unknown event %q", models.CutText(what, 40))
	}
	return []models.Event{p.named(e)}, nil
}

func (p uisPost) durations(e *models.Event) error {
	talk, err := p.seconds("talk")
	if err != nil {
		return err
	}
	if talk != nil && *talk > 0 {
		e.TalkS = talk
	}
	e.DurationS, err = p.seconds("total")
	return err
}

// missed reads a lost call: first whom it rang, for when their own
// notifications are not switched on, then the call itself.
func (p uisPost) missed(e models.Event) []models.Event {
	var out []models.Event
	for i, id := range p.texts("employee_ids") {
		if i == 100 {
			break
		}
		leg := e
		leg.Type, leg.Extension = models.EventRingEnded, "id:"+id
		out = append(out, p.named(leg))
	}
	e.Type = models.EventMissed
	return append(out, p.named(e))
}

// person is the employee that a notification names: by the id, and where the
// notification tells it by the number that rang.
func (p uisPost) person() (ext string, more []string) {
	number := ""
	if s := p.number("employee_phone"); s != "" {
		switch n := phone.Parse(s, p.region); {
		case n.E164 != "":
			number = "tel:" + n.E164
		case n.Digits != "":
			number = n.Digits
		}
	}
	if id := p.text("employee_id"); id != "" && id != "0" {
		if number != "" {
			more = []string{number}
		}
		return "id:" + id, more
	}
	return number, nil
}

// named gives an event its id. Undated, a second ring or answer looks like the
// first one, so it gets none then, unless the leg tells them apart.
func (p uisPost) named(e models.Event) models.Event {
	if e.At.IsZero() && e.Leg == "" && (e.Type == models.EventRinging || e.Type == models.EventAnswered) {
		return e
	}
	e.ID = eventID(string(e.Type), p.text("event"), e.Call, p.text("leg"), e.Extension, p.text("t"), p.text("link"))
	return e
}
