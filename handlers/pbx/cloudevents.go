package pbx

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"zummer/models"
)

// cloudEvents takes CloudEvents 1.0 over HTTP in structured, binary and batched
// mode (bindings/http-protocol-binding.md of the specification). data is a
// canonical event; the attributes fill in what it leaves out: the last word of
// type names the event, subject the call, time the moment. source and id
// together are the repeat key. With a secret it demands a Standard Webhooks
// signature, as kind generic does.
type cloudEvents struct{}

func (cloudEvents) Kind() string { return "cloudevents" }

func (cloudEvents) Info() Info {
	return Info{
		Kind: "cloudevents", Name: "CloudEvents 1.0", Docs: "docs/pbx/cloudevents.md",
		Description: Text{
			RU: "Шина или шлюз, которые отправляют CloudEvents по HTTP; в data — событие в каноническом виде.",
			EN: "A bus or a gateway that sends CloudEvents over HTTP, with an event in canonical form as data.",
		},
		Secret: &Field{Name: "secret", Type: "secret", Help: Text{
			RU: "Необязательно. whsec_ и base64 от 24 случайных байт: тогда принимаются только запросы с подписью Standard Webhooks.",
			EN: "Optional. whsec_ and the base64 of 24 random bytes: then only requests with a Standard Webhooks signature are taken.",
		}},
		Settings: []Field{},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Yes, Ended: Yes, Transfer: Yes,
			Pickup: Yes, Queue: Yes, Outgoing: Yes, Internal: Yes, Recording: Yes, Signed: Yes, Replay: Partly, Lookup: No, Employees: No, Dial: No},
	}
}

func (cloudEvents) CheckSettings(settings map[string]any, secret string) error {
	return generic{}.CheckSettings(settings, secret)
}

// The headers of the handshake (http-webhook.md §4).
const (
	cloudRequestOrigin = "Webhook-Request-Origin"
	cloudAllowedOrigin = "WebHook-Allowed-Origin"
	cloudAllowedRate   = "WebHook-Allowed-Rate"
)

// Greet agrees to the deliveries that a sender asks leave for.
func (cloudEvents) Greet(req Request, _ Config) *Reply {
	origin := req.Header.Get(cloudRequestOrigin)
	if req.Method != http.MethodOptions || origin == "" {
		return nil
	}
	if strings.Trim(strings.ToLower(origin), "abcdefghijklmnopqrstuvwxyz0123456789.-:") != "" {
		origin = "*"
	}
	return &Reply{Status: http.StatusOK, Header: map[string]string{"Allow": "POST", cloudAllowedOrigin: origin, cloudAllowedRate: "*"}}
}

// Verify covers the body only: in binary mode the attributes are headers and
// are not signed.
func (cloudEvents) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return nil
	}
	return verifyStandard(cfg.Secret, req.Header, req.Body, cfg.Now)
}

func (cloudEvents) Parse(req Request, cfg Config) (Result, error) {
	if attributes, ok := cloudHeaders(req.Header); ok && !cloudJSON(req) {
		e, err := cloudBinary(attributes, req, cfg)
		if err != nil {
			return Result{}, err
		}
		return Result{Events: []models.Event{e}}, nil
	}
	objects, list, err := readBody(Request{Body: req.Body, Header: http.Header{"Content-Type": {"application/json"}}})
	if err != nil {
		return Result{}, err
	}
	events := make([]models.Event, len(objects))
	for i, f := range objects {
		if events[i], err = cloudStructured(f, cfg); err != nil {
			if list {
				err = indexed(err, at("", i))
			}
			return Result{}, err
		}
	}
	return Result{Events: events}, nil
}

// cloudJSON reports whether the body is said to hold the attributes too.
func cloudJSON(req Request) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(req.Header.Get("Content-Type"))), "application/cloudevents")
}

// cloudHeaders collects the ce- headers. ok: the required ones are there.
func cloudHeaders(h http.Header) (attributes fields, ok bool) {
	attributes = fields{}
	for name, values := range h {
		if name, ce := strings.CutPrefix(strings.ToLower(name), "ce-"); ce && len(values) > 0 {
			attributes[name] = values[0]
		}
	}
	for _, name := range []string{"id", "source", "specversion", "type"} {
		if _, there := attributes[name]; !there {
			return attributes, false
		}
	}
	return attributes, true
}

// cloudBinary reads the attributes from headers and data from the body, which
// may be empty.
func cloudBinary(attributes fields, req Request, cfg Config) (models.Event, error) {
	for name, v := range attributes {
		s, err := cloudUnquote(v.(string)) // cloudHeaders put texts there
		if err != nil {
			return models.Event{}, models.InvalidField("ce-"+name, "is not percent-encoded UTF-8")
		}
		attributes[name] = s
	}
	if len(bytes.TrimSpace(req.Body)) == 0 {
		return cloudEvent(attributes, fields{}, cfg)
	}
	objects, list, err := readBody(Request{Body: req.Body, Header: req.Header})
	if err != nil {
		return models.Event{}, err
	}
	if list {
		return models.Event{}, models.InvalidField("data", "must be an object, not a list")
	}
	return cloudEvent(attributes, objects[0], cfg)
}

// cloudUnquote undoes what the binding does to a header's value: quotes, and
// then percent-encoding, once.
func cloudUnquote(s string) (string, error) {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		var b strings.Builder
		for i := 1; i < len(s)-1; i++ {
			if s[i] == '\\' && i < len(s)-2 {
				i++
			}
			b.WriteByte(s[i])
		}
		s = b.String()
	}
	s, err := url.PathUnescape(s)
	if err != nil || !utf8.ValidString(s) {
		return "", models.Errorf(models.Malformed, "not percent-encoded UTF-8")
	}
	return s, nil
}

// cloudStructured reads one JSON object that holds attributes and data, the
// latter as an object, as the text of one, or in base64.
func cloudStructured(f fields, cfg Config) (models.Event, error) {
	data, err := f.object("data")
	if err != nil {
		return models.Event{}, err
	}
	if packed := f.text("data_base64"); data == nil && packed != "" {
		raw, err := base64.StdEncoding.DecodeString(packed)
		if err == nil {
			data, err = decodeObject(string(raw))
		}
		if err != nil {
			return models.Event{}, models.InvalidField("data_base64", "must be the base64 of a JSON object")
		}
	}
	return cloudEvent(f, lower(data), cfg)
}

// cloudEvent makes the event of attributes and data.
func cloudEvent(attributes, data fields, cfg Config) (models.Event, error) {
	for _, name := range []string{"specversion", "id", "source", "type"} {
		if attributes.text(name) == "" {
			return models.Event{}, models.InvalidField(name, "is required")
		}
	}
	if v := attributes.text("specversion"); v != "1" && !strings.HasPrefix(v, "1.") {
		return models.Event{}, models.InvalidField("specversion", "must be 1.0")
	}
	when, err := attributes.time("time", cfg.Timezone)
	if err != nil {
		return models.Event{}, err
	}
	what := cmp.Or(data.text("event"), cloudName(attributes.text("type")))
	if !models.EventType(strings.ToLower(what)).Valid() {
		return models.Event{}, models.InvalidField("type", "must end in the name of an event, such as zummer.call.ringing, unless data names the event")
	}
	data["event"] = what
	if data.text("call") == "" {
		data["call"] = attributes.text("subject")
	}
	data["id"] = cloudID(attributes.text("source"), attributes.text("id"))
	e, err := genericEvent(data, cfg.Timezone)
	if err != nil {
		return models.Event{}, indexed(err, "data")
	}
	if e.At.IsZero() {
		e.At = when
	}
	return e, e.Validate()
}

// cloudName is the last word of a type: zummer.call.ring-ended is ring_ended.
func cloudName(typ string) string {
	typ = typ[strings.LastIndexAny(typ, "./:")+1:]
	return strings.ReplaceAll(typ, "-", "_")
}

// cloudID is the repeat key: source and id are unique together.
func cloudID(source, id string) string {
	return eventID(source, id)
}
