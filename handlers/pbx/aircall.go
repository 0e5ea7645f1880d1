package pbx

import (
	"cmp"
	"crypto/subtle"
	"strings"
	"time"

	"zummer/models"
)

// aircall takes the webhooks of Aircall: JSON with resource, event, timestamp,
// token and data, data being the call (developer.aircall.io, "Webhooks", and
// programs that take them). There is no signature: the token of the webhook
// stands in every body.
type aircall struct{}

func (aircall) Kind() string { return "aircall" }

func (aircall) Info() Info {
	return Info{
		Kind: "aircall", Name: "Aircall", Docs: "docs/pbx/aircall.md",
		Description: Text{
			RU: "Aircall: webhook с событиями звонков; записи, сотрудники и звонки из CRM — через API.",
			EN: "Aircall: a webhook with call events; recordings, people and calls from the CRM by its API.",
		},
		Secret: &Field{Name: "secret", Type: "secret", Required: true, Help: Text{
			RU: "Token вебхука: Aircall показывает его на странице вебхука и присылает в каждом запросе.",
			EN: "The webhook's token: Aircall shows it on the webhook's page and sends it in every request.",
		}},
		Settings: []Field{
			{Name: "api_id", Type: "string", Help: Text{
				RU: "Необязательно. API ID: для записей, списка сотрудников и звонков из CRM.",
				EN: "Optional. API ID: for recordings, the list of people and calls from the CRM.",
			}},
			{Name: "api_token", Type: "secret", Help: Text{
				RU: "Необязательно. API Token к этому API ID.",
				EN: "Optional. The API token of that API ID.",
			}},
			{Name: "number_id", Type: "string", Help: Text{
				RU: "Необязательно. ID номера Aircall, с которого идут звонки из CRM.",
				EN: "Optional. ID of the Aircall number that calls from the CRM are placed from.",
			}},
		},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Partly, Missed: Yes, Ended: Yes, Transfer: Yes,
			Pickup: Partly, Queue: Partly, Outgoing: Yes, Internal: No, Recording: Yes, Lookup: No, Signed: Yes, Replay: Partly, Employees: Yes, Dial: Yes},
	}
}

func (aircall) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "api_id", "api_token", "number_id"); err != nil {
		return err
	}
	id, _ := settings["api_id"].(string)
	token, _ := settings["api_token"].(string)
	number, _ := settings["number_id"].(string)
	switch {
	case id == "" && token != "":
		return models.InvalidField("settings.api_id", "is required beside api_token")
	case strings.Trim(number, "0123456789") != "":
		return models.InvalidField("settings.number_id", "must be a number")
	case strings.TrimSpace(secret) == "":
		return models.InvalidField("secret", "is required: the token of the webhook")
	}
	return nil
}

// Verify compares the token in the body with the secret.
func (aircall) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return refused("signature_secret", "the source needs the token of the webhook as its secret")
	}
	f, err := aircallBody(req)
	if err != nil {
		return refused("signature_missing", "the body has no token")
	}
	given := f.text("token")
	switch {
	case given == "":
		return refused("signature_missing", "the body has no token")
	case subtle.ConstantTimeCompare([]byte(given), []byte(cfg.Secret)) != 1:
		return refused("signature_wrong", "the token is not the secret of this source")
	}
	return nil
}

func aircallBody(req Request) (fields, error) {
	objects, list, err := readBody(req)
	switch {
	case err != nil:
		return nil, err
	case list:
		return nil, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	return objects[0], nil
}

func (aircall) Parse(req Request, _ Config) (Result, error) {
	f, err := aircallBody(req)
	if err != nil {
		return Result{}, err
	}
	what := strings.ToLower(f.text("event"))
	switch {
	case what == "":
		return Result{}, models.InvalidField("event", "is required")
	case !strings.HasPrefix(what, "call."):
		return Result{}, nil // users, contacts, numbers
	}
	h := aircallHook{fields: f, call: f.sub("data"), what: strings.TrimPrefix(what, "call.")}
	e, err := h.event()
	if err != nil || e.Type == "" {
		return Result{}, err
	}
	if !e.At.IsZero() {
		e.ID = eventID(what, e.Call, f.text("timestamp"), e.Extension, e.ToExtension, e.Recording)
	}
	if err := valid(&e); err != nil {
		return Result{}, err
	}
	return Result{Events: []models.Event{e}}, nil
}

// aircallHook is one request.
type aircallHook struct {
	fields
	call fields
	what string // the event, without "call."
}

// event reads it; without a type there is nothing to tell.
func (h aircallHook) event() (models.Event, error) {
	e := models.Event{Call: h.call.text("id"), Phone: h.call.number("raw_digits"), Name: models.CutText(h.contact(), models.MaxName)}
	if e.Call == "" {
		return e, models.InvalidField("data.id", "is required")
	}
	var err error
	if e.At, err = h.time("timestamp", ""); err != nil {
		return e, err
	}
	switch strings.ToLower(h.call.text("direction")) {
	case "inbound":
		e.Direction, e.DID = models.In, h.call.sub("number").number("digits")
	case "outbound":
		e.Direction = models.Out
	}
	who, more := aircallPerson(h.call.sub("user"))
	switch h.what {
	case "created":
		e.Type = models.EventStarted
		if e.Direction == models.Out {
			e.Extension, e.Addresses = who, more
		}
		return e, h.when(&e, "started_at")
	case "ringing_on_agent", "agent_declined":
		if e.Direction == models.Out || who == "" { // the far end's phone, or nobody's
			return e, nil
		}
		e.Type, e.Extension, e.Addresses = models.EventRinging, who, more
		if h.what == "agent_declined" {
			e.Type, e.Reason = models.EventRingEnded, models.ReasonDeclined
		}
	case "answered":
		if who == "" {
			return e, nil // the end of the call says how long the talk was
		}
		e.Type, e.Extension, e.Addresses = models.EventAnswered, who, more
		return e, h.when(&e, "answered_at")
	case "transferred", "external_transferred":
		h.transferred(&e)
	case "hungup", "ended":
		return e, h.over(&e)
	case "voicemail_left", "recording_available":
		e.Type, e.Recording = models.EventRecording, "aircall:"+e.Call
	}
	return e, nil // tags, comments, assignments, archives and what is new
}

// when takes the call's own time of what happened, where it has one.
func (h aircallHook) when(e *models.Event, field string) error {
	t, err := (fields{"data." + field: h.call.text(field)}).time("data."+field, "")
	if err == nil && !t.IsZero() {
		e.At = t
	}
	return err
}

// transferred reads who hands the call to whom. Unconfirmed: that the call's
// user is the one who hands it over when transferred_by is missing.
func (h aircallHook) transferred(e *models.Event) {
	by, more := aircallPerson(h.call.sub("transferred_by"))
	if by == "" {
		by, more = aircallPerson(h.call.sub("user"))
	}
	if by == "" {
		return
	}
	e.Type, e.Extension, e.Addresses = models.EventTransferred, by, more
	to, _ := aircallPerson(h.call.sub("transferred_to"))
	if n := h.call.text("transferred_to"); to == "" && strings.HasPrefix(n, "+") { // a number outside
		to = "tel:" + strings.ReplaceAll(n, " ", "")
	}
	e.ToExtension = to
}

// over reads the end: hungup comes at once, ended half a minute later with the
// recording. duration counts the ringing too, so it is no talk.
func (h aircallHook) over(e *models.Event) error {
	e.Type = models.EventEnded
	answered := models.Event{}
	if err := h.when(&answered, "answered_at"); err != nil {
		return err
	}
	if err := h.when(e, "ended_at"); err != nil {
		return err
	}
	if s, err := h.call.seconds("duration"); err == nil {
		e.DurationS = s
	}
	if !answered.At.IsZero() && !e.At.IsZero() {
		talk := int(max(0, e.At.Sub(answered.At)) / time.Second)
		e.TalkS = &talk
	}
	if h.call.text("recording") != "" || h.call.text("voicemail") != "" {
		e.Recording = "aircall:" + e.Call
	}
	if e.Direction == models.Out {
		return nil
	}
	e.Disposition = h.call.text("missed_call_reason")
	switch e.Disposition {
	case "short_abandoned", "abandoned_in_ivr", "abandoned_in_classic":
		e.Reason = models.ReasonGaveUp
	case "agents_did_not_answer":
		e.Reason = models.ReasonNoAnswer
	case "no_available_agent", "out_of_opening_hours":
		e.Reason = models.ReasonUnavailable
	}
	return nil
}

// contact is the name that Aircall has for the number.
func (h aircallHook) contact() string {
	c := h.call.sub("contact")
	return cmp.Or(strings.TrimSpace(c.text("first_name")+" "+c.text("last_name")), c.text("company_name"))
}

// aircallPerson is a user: by id, the extension and the e-mail address beside it.
func aircallPerson(user fields) (ext string, more []string) {
	id := user.text("id")
	if id == "" {
		return "", nil
	}
	if n := user.text("extension"); n != "" && len(n) <= 6 && strings.Trim(n, "0123456789") == "" {
		more = append(more, n)
	}
	if mail := user.text("email"); mail != "" && len(mail) < 200 {
		more = append(more, "login:"+strings.ToLower(mail))
	}
	return "id:" + id, more
}
