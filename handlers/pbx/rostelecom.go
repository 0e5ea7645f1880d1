package pbx

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// rostelecom takes the webhooks of Rostelecom's «Виртуальная АТС»: call_events
// and get_number_info of its «Интеграционный API» (руководство администратора
// домена v7.5, read through programs written against it).
//
// Confirmed: the signature, session_id, timestamp, type, state, from_number,
// request_number, is_record. Seen in three public programs, but in no manual:
// from_pin and request_pin, the extensions of the two sides. Everything about
// the answer to get_number_info is unconfirmed.
type rostelecom struct{}

func (rostelecom) Kind() string { return "rostelecom" }

func (rostelecom) Info() Info {
	return Info{
		Kind: "rostelecom", Name: "Ростелеком · Rostelecom", Docs: "docs/pbx/rostelecom.md",
		Description: Text{
			RU: "Виртуальная АТС Ростелекома (cloudpbx.rt.ru), интеграционный API: события звонков и карточка звонящего.",
			EN: "Rostelecom's cloud PBX (cloudpbx.rt.ru), integration API: call events and the caller's card.",
		},
		Secret: &Field{Name: "secret", Type: "secret", Required: true, Sent: true, Help: Text{
			RU: "«Уникальный ключ для подписи» из раздела «Интеграционный API» личного кабинета.",
			EN: "The signing key («Уникальный ключ для подписи») from the cabinet's section «Интеграционный API».",
		}},
		Settings: []Field{
			{Name: "client_id", Type: "string", Required: true, Help: Text{
				RU: "«Уникальный код идентификации» из того же раздела.",
				EN: "The identification code («Уникальный код идентификации») from the same section.",
			}},
			{Name: "api_url", Type: "string", Place: true, Help: Text{
				RU: "Необязательно. Адрес API; по умолчанию " + rostelecomAPI + ".",
				EN: "Optional. Address of the API; by default " + rostelecomAPI + ".",
			}},
		},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Partly, Answered: Yes, RingEnded: Partly, Missed: Yes, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Partly, Outgoing: Yes, Internal: Yes, Recording: Yes, Lookup: Partly, Signed: Yes, Replay: Partly, Employees: No, Dial: Partly},
	}
}

func (rostelecom) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "client_id", "api_url"); err != nil {
		return err
	}
	if err := checkBase(settings, "api_url"); err != nil {
		return err
	}
	if id, _ := settings["client_id"].(string); strings.TrimSpace(id) == "" {
		return models.InvalidField("settings.client_id", "is required: the code of identification")
	}
	if strings.TrimSpace(secret) == "" {
		return models.InvalidField("secret", "is required: the signing key")
	}
	return nil
}

// Verify: X-Client-Sign is the SHA-256, in hexadecimal, of the identification
// code, the raw body and the signing key. The code must be ours: otherwise the
// border between it and the body could be moved.
func (rostelecom) Verify(req Request, cfg Config) error {
	id, given := cfg.setting("client_id"), strings.ToLower(strings.TrimSpace(req.Header.Get("X-Client-Sign")))
	switch {
	case cfg.Secret == "" || id == "":
		return refused("signature_secret", "the source needs the signing key as its secret and the identification code as client_id")
	case given == "":
		return refused("signature_missing", "the header X-Client-Sign is missing")
	case queryIsRead(req):
		return refused("signature_wrong", "X-Client-Sign covers the body, and there is none")
	case !hmac.Equal([]byte(strings.TrimSpace(req.Header.Get("X-Client-ID"))), []byte(id)):
		return refused("signature_wrong", "X-Client-ID is not the identification code of this source")
	case !hmac.Equal([]byte(given), []byte(rostelecomSign(id, cfg.Secret, req.Body))):
		return refused("signature_wrong", "X-Client-Sign does not match the body")
	}
	return nil
}

// rostelecomSign signs a body, in both directions.
func rostelecomSign(id, key string, body []byte) string {
	h := sha256.New()
	h.Write([]byte(id))
	h.Write(body)
	h.Write([]byte(key))
	return hex.EncodeToString(h.Sum(nil))
}

func (rostelecom) Parse(req Request, _ Config) (Result, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return Result{}, err
	}
	if list {
		return Result{}, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	f := rostelecomHook{objects[0]}
	// How the PBX lays out the addresses is unconfirmed: the last part of the
	// path decides when it is a known name, else what the body holds.
	path := strings.TrimRight(req.Path, "/")
	switch name := path[strings.LastIndexByte(path, '/')+1:]; {
	case name == "get_number_info", name != "call_events" && f.text("state") == "" && f.text("from_number") != "":
		return Result{Lookup: &ContactLookup{Phone: f.number("from_number"), Answer: rostelecomCard}}, nil
	case name == "history_file_completed", f.text("state") == "" && f.text("order_id") != "":
		return Result{}, nil
	}
	e, err := f.event()
	if err != nil || e.Type == "" {
		return Result{}, err
	}
	if err := valid(&e); err != nil {
		return Result{}, err
	}
	return Result{Events: []models.Event{e}}, nil
}

// rostelecomCard answers get_number_info. The names displayName and PIN are
// known; that they stand beside result and resultMessage, as in the API's own
// answers, and that an unknown number is an answer without them, is unconfirmed.
func rostelecomCard(c Card) *Reply {
	answer := struct {
		Result  string `json:"result"`
		Message string `json:"resultMessage"`
		Name    string `json:"displayName,omitempty"`
		PIN     string `json:"PIN,omitempty"`
	}{Result: "0", Message: "ok"}
	if !c.Found {
		answer.Message = "not found"
		return jsonReply(answer)
	}
	answer.Name = c.Name
	if r := c.Responsible; r != "" && strings.Trim(r, "0123456789") == "" {
		answer.PIN = r
	}
	return jsonReply(answer)
}

// rostelecomHook is one request of call_events.
type rostelecomHook struct{ fields }

// event reads it; an event without a type is none.
func (f rostelecomHook) event() (models.Event, error) {
	e := models.Event{Call: f.text("session_id")}
	state := strings.ToLower(f.text("state"))
	switch {
	case e.Call == "":
		return e, models.InvalidField("session_id", "is required")
	case state == "":
		return e, models.InvalidField("state", "is required")
	}
	var err error
	if e.At, err = f.time("timestamp", "Europe/Moscow"); err != nil { // the manual: always Moscow's time
		return e, err
	}
	switch f.textLower("type") {
	case "incoming", "inbound", "in":
		e.Direction = models.In
	case "outbound", "outgoing", "out":
		e.Direction = models.Out
	case "internal":
		e.Direction = models.InternalCall
	}
	if e.Direction == models.Out {
		err = f.outgoing(&e, state)
	} else {
		err = f.incoming(&e, state)
	}
	if !e.At.IsZero() { // undated, a second ring of the same phone looks the same
		e.ID = eventID(e.Call, f.text("timestamp"), state, f.text("type"), f.text("from_number"), f.text("from_pin"), f.text("request_number"), f.text("request_pin"))
	}
	return e, err
}

func (f rostelecomHook) textLower(name string) string { return strings.ToLower(f.text(name)) }

// incoming reads a call to the company or between colleagues.
func (f rostelecomHook) incoming(e *models.Event, state string) error {
	e.Phone = cmp.Or(f.number("from_number"), f.text("from_pin"))
	if e.Direction == models.InternalCall {
		if ext, _ := f.person("from"); ext != "" {
			e.Phone = ext
		}
	} else if n := f.number("request_number"); phone.Parse(n, "RU").E164 != "" {
		e.DID = rostelecomUser(n)
	}
	ext, more := f.person("request")
	pin := f.text("request_pin")
	switch state {
	case "new":
		e.Type = models.EventStarted
		if pin != "" { // whom it is for: one public program takes that for ringing (unconfirmed)
			e.Type, e.Extension, e.Addresses = models.EventRinging, ext, more
		}
	case "calling":
		e.Type, e.Extension, e.Addresses = models.EventRinging, ext, more
	case "connected":
		e.Type, e.Extension, e.Addresses = models.EventAnswered, ext, more
	case "disconnected":
		// The end of one side (unconfirmed). Of somebody who talked the state
		// machine ignores it; a public number may be the company's own.
		if ext != "" && !strings.HasPrefix(ext, "tel:") {
			e.Type, e.Extension, e.Addresses = models.EventRingEnded, ext, more
		}
	default:
		return f.over(e, state)
	}
	if e.Type.HasExtension() && e.Extension == "" {
		if e.Type == models.EventAnswered {
			return models.InvalidField("request_number", "neither it nor request_pin says who answered")
		}
		e.Type = models.EventStarted
	}
	return nil
}

// outgoing reads a call of ours to a customer.
func (f rostelecomHook) outgoing(e *models.Event, state string) error {
	e.Phone = f.number("request_number")
	ext, more := f.person("from")
	switch state {
	case "new", "calling":
		e.Type, e.Extension, e.Addresses = models.EventStarted, ext, more
	case "connected":
		if ext == "" {
			return models.InvalidField("from_number", "neither it nor from_pin says who calls")
		}
		e.Type, e.Extension, e.Addresses = models.EventAnswered, ext, more
	case "disconnected":
	default:
		return f.over(e, state)
	}
	return nil
}

// over reads what comes when the call has ended.
func (f rostelecomHook) over(e *models.Event, state string) error {
	recorded := f.textLower("is_record") == "true" || f.text("is_record") == "1"
	switch {
	case state == "end":
		e.Type = models.EventEnded
	case state == "analytics" && recorded: // comes when the recording has been worked on (unconfirmed)
		e.Type = models.EventRecording
	case state == "analytics":
		return nil
	default:
		return models.InvalidField("state", "unknown state %q", models.CutText(state, 40))
	}
	if recorded {
		e.Recording = "rostelecom:" + e.Call
	}
	return nil
}

// person is one side of the call: its pin, else what its number means. more
// may have a SIP address beside it.
func (f rostelecomHook) person(side string) (ext string, more []string) {
	n := f.number(side + "_number")
	user := rostelecomUser(n)
	_, host, isSIP := strings.Cut(strings.TrimPrefix(strings.ToLower(n), "sip:"), "@")
	public := phone.Parse(user, "RU").E164
	if isSIP && host != "" && user != "" && public == "" && !phone.Parse(user, "RU").Hidden {
		more = append(more, "sip:"+strings.ToLower(user)+"@"+host)
	}
	switch pin := f.text(side + "_pin"); {
	case pin != "":
		return pin, more
	case public != "":
		return "tel:" + public, nil
	case user != "" && strings.Trim(user, "0123456789") == "":
		return user, more
	case len(more) > 0:
		return more[0], nil
	}
	return "", nil
}

// rostelecomUser is the user part of a SIP address, or the number itself.
func rostelecomUser(s string) string {
	if len(s) > 4 && strings.EqualFold(s[:4], "sip:") {
		s = s[4:]
	}
	s, _, _ = strings.Cut(s, "@")
	return s
}
