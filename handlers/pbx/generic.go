package pbx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zummer/models"
)

// generic takes canonical events (contract §5) from any program that can POST:
// one object, a list, {"events":[…]}, or form fields. With a secret it demands
// a Standard Webhooks signature.
type generic struct{}

func (generic) Kind() string { return "generic" }

func (generic) Info() Info {
	return Info{
		Kind: "generic", Name: "Generic webhook", Docs: "docs/pbx/generic.md",
		Description: Text{
			RU: "Любая программа, которая умеет отправить POST: события в каноническом виде, JSON или поля формы.",
			EN: "Any program that can POST: events in canonical form, as JSON or form fields.",
		},
		Secret: &Field{Name: "secret", Type: "string", Help: Text{
			RU: "Необязательно. whsec_ и base64 от 24 случайных байт: тогда принимаются только запросы с подписью Standard Webhooks.",
			EN: "Optional. whsec_ and the base64 of 24 random bytes: then only requests with a Standard Webhooks signature are taken.",
		}},
		Settings: []Field{},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Yes, Ended: Yes, Transfer: Yes,
			Pickup: Yes, Queue: Yes, Outgoing: Yes, Internal: Yes, Recording: Yes, Signed: Yes, Replay: Yes, Lookup: No, Employees: No, Dial: No},
	}
}

func (generic) CheckSettings(settings map[string]any, secret string) error {
	if err := knownSettings(settings); err != nil {
		return err
	}
	if secret == "" {
		return nil
	}
	_, err := standardKey(secret)
	return err
}

func (generic) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return nil
	}
	if queryIsRead(req) {
		return refused("signature_wrong", "the signature covers the body, and there is none: send the event in it")
	}
	return verifyStandard(cfg.Secret, req.Header, req.Body, cfg.Now)
}

func (generic) Parse(req Request, cfg Config) (Result, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return Result{}, err
	}
	name := ""
	if !list {
		if items, ok := objects[0]["events"].([]any); ok {
			name, list = "events", true
			if objects, err = objectList(items, name); err != nil {
				return Result{}, err
			}
		}
	}
	events := make([]models.Event, len(objects))
	for i, f := range objects {
		e, err := genericEvent(f, cfg.Timezone)
		if err != nil {
			if list {
				err = indexed(err, at(name, i))
			}
			return Result{}, err
		}
		if id := req.Header.Get(HeaderID); e.ID == "" && id != "" && len(id) <= models.MaxKeyLen-8 {
			e.ID = fmt.Sprintf("%s/%d", models.CleanText(id), i)
		}
		events[i] = e
	}
	return Result{Events: events}, nil
}

// genericEvent reads one event and checks it.
func genericEvent(f fields, zone string) (models.Event, error) {
	e := models.Event{
		Type: models.EventType(strings.ToLower(f.text("event"))), ID: f.text("id"), Call: f.text("call"), Leg: f.text("leg"),
		Direction: direction(f.text("direction")), Phone: f.number("phone"), Name: models.CutText(f.text("name"), models.MaxName),
		DID: f.number("did"), Extension: f.text("extension"), Addresses: f.texts("addresses"), ToExtension: f.text("to_extension"),
		Reason: strings.ToLower(f.text("reason")), Disposition: f.text("disposition"), Recording: f.text("recording"), SameAs: f.text("same_as"),
	}
	var errs [5]error
	e.Seq, _, errs[0] = f.integer("seq")
	e.DurationS, errs[1] = f.seconds("duration_s")
	e.TalkS, errs[2] = f.seconds("talk_s")
	e.At, errs[3] = f.time("at", zone)
	e.Data, errs[4] = f.object("data")
	for _, err := range errs {
		if err != nil {
			return models.Event{}, err
		}
	}
	if err := e.Validate(); err != nil {
		return models.Event{}, err
	}
	return e, nil
}

// direction understands the words other systems use for the contract's three;
// any other word stays and is refused by Validate.
func direction(s string) models.Direction {
	switch s = strings.ToLower(s); s {
	case "inbound", "incoming":
		return models.In
	case "outbound", "outgoing":
		return models.Out
	}
	return models.Direction(s)
}

// object reads a JSON object; in a form, the text of one.
func (f fields) object(name string) (map[string]any, error) {
	switch v := f[name].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	case string:
		if strings.TrimSpace(v) == "" {
			return nil, nil
		}
		if strings.HasPrefix(strings.TrimSpace(v), "{") {
			if m, err := decodeObject(v); err == nil {
				return m, nil
			}
		}
	}
	return nil, models.InvalidField(name, "must be an object")
}

// indexed puts the place of an event in its list before the field's name.
func indexed(err error, place string) error {
	var e *models.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	return models.InvalidField(place+"."+e.Fields[0].Field, "%s", e.Fields[0].Message)
}

// knownSettings refuses settings that the kind does not have.
func knownSettings(settings map[string]any, names ...string) error {
	for name := range settings {
		if !slices.Contains(names, name) {
			return models.InvalidField("settings."+name, "this kind has no such setting; GET /v1/admin/source-kinds lists them")
		}
	}
	return nil
}
