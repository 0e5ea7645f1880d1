package pbx

import (
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// onlinePBX is OnlinePBX (onpbx.ru): its web hooks, as the vendor's knowledge
// base (page 27591028) and code that handles them describe them. One POST an
// event, JSON or a form; nothing is signed. Employees, dialling and fresh links
// to recordings go through its HTTP API, which needs a domain and a key.
type onlinePBX struct{}

func (onlinePBX) Kind() string { return "onlinepbx" }

func (onlinePBX) Info() Info {
	return Info{
		Kind: "onlinepbx", Name: "OnlinePBX", Docs: "docs/pbx/onlinepbx.md",
		Description: Text{
			RU: "Облачная АТС OnlinePBX (onpbx.ru): веб-хуки о начале, ответе, конце и пропуске звонка.",
			EN: "The cloud PBX OnlinePBX (onpbx.ru): web hooks for the start, answer, end and miss of a call.",
		},
		Settings: []Field{
			{Name: "domain", Type: "string", Help: Text{
				RU: "Необязательно, вместе с api_key. Домен АТС: pbx12345.onpbx.ru.",
				EN: "Optional, together with api_key. Domain of the PBX: pbx12345.onpbx.ru.",
			}},
			{Name: "api_key", Type: "secret", Help: Text{
				RU: "Необязательно. Ключ API из личного кабинета (Интеграция → API): для списка сотрудников, звонков по команде и записей.",
				EN: "Optional. The API key of the account (Интеграция → API): for the list of employees, for placing calls and for recordings.",
			}},
		},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Partly, Answered: Yes, RingEnded: No, Missed: Yes, Ended: Yes, Transfer: No,
			Pickup: No, Queue: No, Outgoing: Yes, Internal: Partly, Recording: Yes, Lookup: No, Signed: No, Replay: Partly, Employees: Partly, Dial: Partly},
	}
}

func (onlinePBX) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "domain", "api_key"); err != nil {
		return err
	}
	if secret != "" {
		return models.InvalidField("secret", "this kind has none: the address of the hook is the secret")
	}
	cfg := Config{Settings: settings}
	domain, key := cfg.setting("domain"), cfg.setting("api_key")
	switch {
	case domain == "" && key != "":
		return models.InvalidField("settings.domain", "is required beside api_key")
	case domain != "" && key == "":
		return models.InvalidField("settings.api_key", "is required beside domain")
	case strings.Trim(strings.ToLower(domain), "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.Contains(domain, ".."):
		return models.InvalidField("settings.domain", "must be a domain such as pbx12345.onpbx.ru")
	}
	return nil
}

// Verify has nothing to check: OnlinePBX signs nothing.
func (onlinePBX) Verify(Request, Config) error { return nil }

func (onlinePBX) Parse(req Request, cfg Config) (Result, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return Result{}, err
	}
	var events []models.Event
	for i, f := range objects {
		e, err := onlineHook{f, cfg}.event()
		if err == nil && e.Type != "" {
			err = valid(&e)
		}
		if err != nil {
			if list {
				err = indexed(err, at("", i))
			}
			return Result{}, err
		}
		if e.Type != "" {
			events = append(events, e)
		}
	}
	return Result{Events: events}, nil
}

// onlineHook is one hook. uuid is the call.
type onlineHook struct {
	fields
	cfg Config
}

// event reads it; one without a Type says nothing that we keep.
func (h onlineHook) event() (models.Event, error) {
	what, uuid := strings.ToLower(h.text("event")), h.text("uuid")
	if what == "" {
		return models.Event{}, models.InvalidField("event", "is required")
	}
	if uuid == "" {
		return models.Event{}, models.InvalidField("uuid", "is required")
	}
	when, err := h.time("date", h.cfg.Timezone)
	if err != nil {
		return models.Event{}, err
	}
	e := models.Event{Call: uuid, At: when, ID: eventID(what, uuid, h.number("caller"), h.number("callee"), h.text("date"))}
	ours := "callee" // the side that our person is on
	if e.Direction = h.way(); e.Direction == models.Out {
		ours = "caller"
		e.Phone = h.number("callee")
	} else if e.Phone = h.number("caller"); e.Direction == models.In {
		e.DID = h.did()
	} else {
		e.Phone = onlineExtension(e.Phone)
	}
	switch what {
	case "call_start":
		e.Type = models.EventStarted
		if h.person(&e, ours); e.Direction != models.Out && e.Extension != "" {
			e.Type = models.EventRinging
		} else if e.Direction != models.Out {
			e.Addresses = nil // a number that was dialled, or one that rings: it is not said which
		}
	case "call_answered":
		if h.person(&e, ours); e.Extension != "" || len(e.Addresses) > 0 {
			e.Type = models.EventAnswered
		}
	case "call_end":
		return h.ended(e)
	case "call_missed":
		e.Type, e.Reason = models.EventMissed, onlineReason(h.text("hangup_cause"))
	default:
		return models.Event{}, models.InvalidField("event", "unknown event %q", models.CutText(what, 40))
	}
	return e, nil
}

// ended fills in call_end: the talk, and where the recording is.
func (h onlineHook) ended(e models.Event) (models.Event, error) {
	talk, err := h.seconds("dialog_duration")
	if err != nil {
		return models.Event{}, err
	}
	if e.DurationS, err = h.seconds("call_duration"); err != nil {
		return models.Event{}, err
	}
	e.Type, e.Recording = models.EventEnded, h.text("download_url")
	if e.Disposition = h.text("hangup_cause"); talk != nil && *talk > 0 {
		e.TalkS = talk
	} else {
		e.Reason = onlineReason(e.Disposition)
	}
	return e, nil
}

// way is the direction: between two short numbers it is internal, whatever the
// hook calls it (what it says of internal calls is unconfirmed).
func (h onlineHook) way() models.Direction {
	from, to := onlineExtension(h.text("caller")), onlineExtension(h.text("callee"))
	said := direction(h.text("direction"))
	switch {
	case from != "" && to != "":
		return models.InternalCall
	case said == models.In || said == models.Out:
		return said
	case from != "":
		return models.Out
	}
	return models.In
}

// person names who is on our side: a short number is an extension, a long one
// that is not the company's own is somebody at that telephone.
func (h onlineHook) person(e *models.Event, field string) {
	if e.Extension = onlineExtension(h.text(field)); e.Extension != "" {
		return
	}
	n := phone.Parse(h.number(field), h.cfg.Region).E164
	if n != "" && n != phone.Parse(h.number("gateway"), h.cfg.Region).E164 {
		e.Addresses = []string{"tel:" + n}
	}
}

// did is the number of the company: the trunk.
func (h onlineHook) did() string {
	if s := h.number("gateway"); s != "" {
		return s
	}
	if onlineExtension(h.text("callee")) == "" && strings.EqualFold(h.text("event"), "call_start") {
		return h.number("callee")
	}
	return ""
}

// onlineExtension is a short number of at most six digits, without the domain.
func onlineExtension(s string) string {
	s, _, _ = strings.Cut(s, "@")
	if len(s) > 6 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// onlineReason maps hangup_cause, which is FreeSWITCH's; "" says nothing of why.
func onlineReason(cause string) string {
	switch strings.ToUpper(cause) {
	case "ORIGINATOR_CANCEL":
		return models.ReasonGaveUp
	case "NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT", "PROGRESS_TIMEOUT":
		return models.ReasonNoAnswer
	case "USER_BUSY":
		return models.ReasonBusy
	case "CALL_REJECTED":
		return models.ReasonDeclined
	case "LOSE_RACE", "PICKED_OFF":
		return models.ReasonElsewhere
	case "USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT", "UNALLOCATED_NUMBER", "NO_ROUTE_DESTINATION", "DESTINATION_OUT_OF_ORDER", "NORMAL_TEMPORARY_FAILURE":
		return models.ReasonUnavailable
	}
	return ""
}
