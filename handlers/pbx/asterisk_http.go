package pbx

import (
	"cmp"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// asteriskHTTP takes what an Asterisk dialplan posts with CURL(): form fields
// for incoming, ringing, answered, outgoing and dialstatus-…, JSON or form
// fields for hangup (docs/pbx/asterisk-http.md has the dialplan).
//
// The call is its linkedid. Which field names the customer depends on the
// event: on incoming the channel is the customer's (callerid), on ringing and
// answered it is the phone's, and the customer is in connected.
type asteriskHTTP struct{}

func (asteriskHTTP) Kind() string { return "asterisk-http" }

func (asteriskHTTP) Info() Info {
	return Info{
		Kind: "asterisk-http", Name: "Asterisk, FreePBX (dialplan)", Docs: "docs/pbx/asterisk-http.md",
		Description: Text{
			RU: "Asterisk или FreePBX, в dialplan которого вставлен наш фрагмент: он отправляет запрос на каждое событие звонка.",
			EN: "Asterisk or FreePBX with our fragment in its dialplan: it posts one request for each event of a call.",
		},
		Settings: []Field{
			{Name: "trunks", Type: "list", Help: Text{
				RU: "Необязательно. Имена каналов, которые ведут наружу: trunk, provider.",
				EN: "Optional. Names of the channels that lead outside: trunk, provider.",
			}},
			{Name: "phones", Type: "string", Help: Text{
				RU: "Необязательно. Регулярное выражение имени канала телефона; первая группа в скобках — внутренний номер. По умолчанию: от двух до шести цифр.",
				EN: "Optional. A regular expression for the channel name of a phone; its first group is the extension. Default: two to six digits.",
			}},
		},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Partly, Missed: Yes, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Partly, Outgoing: Yes, Internal: Partly, Recording: No, Signed: No, Replay: No, Lookup: No, Employees: No, Dial: No},
	}
}

func (asteriskHTTP) CheckSettings(settings map[string]any, secret string) error {
	if err := knownSettings(settings, "trunks", "phones"); err != nil {
		return err
	}
	if secret != "" {
		return models.InvalidField("secret", "this kind has none: the address of the hook is the secret")
	}
	_, err := readChannels(settings)
	return err
}

// Verify has nothing to check: a dialplan cannot sign.
func (asteriskHTTP) Verify(Request, Config) error { return nil }

func (asteriskHTTP) Parse(req Request, cfg Config) (Result, error) {
	names, err := readChannels(cfg.Settings)
	if err != nil {
		return Result{}, err
	}
	objects, list, err := readBody(req)
	if err != nil {
		return Result{}, err
	}
	if list {
		return Result{}, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	p := asteriskPost{fields: objects[0], names: names, region: cfg.Region}
	events, err := p.events(cfg.Timezone)
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

// asteriskPost is one request of the dialplan.
type asteriskPost struct {
	fields
	names  channels
	region string
}

func (p asteriskPost) events(zone string) ([]models.Event, error) {
	what := strings.ToLower(p.text("event"))
	unique, linked := p.text("uniqueid"), p.text("linkedid")
	if what == "" {
		return nil, models.InvalidField("event", "is required")
	}
	if linked == "" {
		linked = unique
	}
	if linked == "" {
		return nil, models.InvalidField("linkedid", "is required")
	}
	when, err := p.time("time", zone)
	if err != nil {
		return nil, err
	}
	base := models.Event{Call: linked, At: when, Direction: direction(p.text("direction"))}
	if base.Direction != models.Out {
		base.DID = p.did()
	}
	switch status, isStatus := strings.CutPrefix(what, "dialstatus-"); {
	case isStatus:
		return p.stopped(base, status), nil
	case what == "incoming":
		base.Type = models.EventStarted
		if base.Direction == "" {
			base.Direction = models.In
		}
		base.Phone, base.Name = p.customer("callerid"), p.name("callername")
		if base.Direction == models.In && base.Phone == "" {
			base.Phone = "anonymous"
		}
	case what == "outgoing":
		base.Type, base.Direction = models.EventStarted, models.Out
		base.Extension, base.Phone, base.DID = p.extension(), p.number("number"), ""
	case what == "ringing" || what == "answered":
		base.Type, base.Leg, base.Extension = models.EventType(what), unique, cmp.Or(p.extension(), p.mobile())
		base.Phone, base.Name = p.customer("connected"), p.name("connectedname")
		if local := localExtension(p.text("channel")); local != "" && what == "answered" {
			base.Leg, base.Extension = "", local // the phone behind it has told already, or tells nothing
		}
		if base.Direction == models.Out && !p.colleague() {
			base.Extension, base.Phone, base.Name = plainExtension(p.text("ext")), p.customer("callerid"), ""
			if what == "ringing" { // the far end's phone, not one of ours
				base.Type, base.Leg = models.EventStarted, ""
			}
		}
	case what == "hangup":
		if unique != "" && unique != linked {
			if !p.dialled() {
				return nil, nil // a leg's end; the call goes on or has its own
			}
			base.Call = unique // bridged with another call since it began
		}
		base.Type, base.Reason, base.TalkS = models.EventEnded, statusReason(p.text("dialstatus")), p.talk()
		if base.Direction == models.In {
			base.Phone = p.customer("callerid")
		}
	default:
		return nil, models.InvalidField("event", "unknown event %q", models.CutText(what, 40))
	}
	base.ID = eventID(what, unique, linked, p.text("ext"), p.text("time"))
	return []models.Event{base}, nil
}

// stopped reads how a Dial() ended. The channel of this request is the
// caller's, so the extension is only in ext, which may name several.
func (p asteriskPost) stopped(base models.Event, status string) []models.Event {
	reason := statusReason(status)
	if reason == "" || base.Direction == models.Out {
		return nil // answered, or the far end's business: hangup tells the rest
	}
	base.Type, base.Reason = models.EventRingEnded, reason
	base.Phone, base.Name = p.customer("callerid"), p.name("callername")
	var out []models.Event
	for _, ext := range strings.FieldsFunc(p.text("ext"), func(r rune) bool { return r == '&' || r == ',' || r == ' ' }) {
		e := base
		if e.Extension = p.names.extension(ext); e.Extension == "" {
			e.Extension = plainExtension(ext)
		}
		if e.Extension == "" || len(out) == 100 {
			continue
		}
		if !e.At.IsZero() { // undated, a second try of the same phone looks the same
			e.ID = eventID("dialstatus-"+status, p.text("uniqueid"), base.Call, e.Extension, p.text("time"))
		}
		out = append(out, e)
	}
	return out
}

// extension is the person at the channel of this request: what the channel's
// name says (a pickup is answered by another phone than the dialled one), else
// the dialled extension.
func (p asteriskPost) extension() string {
	if ext := p.names.extension(p.text("channel")); ext != "" {
		return ext
	}
	return plainExtension(p.text("ext"))
}

// colleague reports that in an outgoing call the phone of the extension itself
// rings or answers: the customer is handed to it. Else ext is who dials, and the
// channel is the far end's.
func (p asteriskPost) colleague() bool {
	own := p.names.extension(p.text("channel"))
	return own != "" && own == plainExtension(p.text("ext"))
}

// mobile is somebody reached outside, through a trunk and without ext: the
// called leg's own number.
func (p asteriskPost) mobile() string {
	if n := phone.Parse(p.text("callerid"), p.region); n.E164 != "" {
		return "tel:" + n.E164
	}
	return ""
}

// customer is a caller ID field; Asterisk's "<unknown>" says nothing.
func (p asteriskPost) customer(field string) string {
	if s := p.number(field); s != "<unknown>" {
		return s
	}
	return ""
}

func (p asteriskPost) name(field string) string {
	if s := p.text(field); s != "<unknown>" {
		return models.CutText(s, models.MaxName)
	}
	return ""
}

// did is the dialled number of the company: the field, else an exten that is a number.
func (p asteriskPost) did() string {
	if s := p.number("did"); s != "" {
		return s
	}
	if s := p.number("exten"); len(s) > 6 && strings.Trim(s, "+0123456789") == "" {
		return s
	}
	return ""
}

// dialled reports that the channel itself called somebody who answered, as the
// one that began a call does: DIALSTATUS is not handed down to legs.
func (p asteriskPost) dialled() bool {
	return strings.EqualFold(p.text("dialstatus"), "ANSWER") && !strings.HasPrefix(strings.ToLower(p.text("channel")), "local/")
}

// talk is the time of conversation, as Dial or Queue counted it. disposition
// and billsec are not believed: they say NO ANSWER of an answered ring group and
// count menus as talk.
func (p asteriskPost) talk() *int {
	if !strings.EqualFold(p.text("dialstatus"), "ANSWER") && p.text("memberinterface") == "" {
		return nil
	}
	s, err := p.seconds("answeredtime")
	if err != nil {
		return nil
	}
	return s
}

// statusReason maps DIALSTATUS; "" is an answer or nothing to say.
func statusReason(status string) string {
	switch strings.ToUpper(status) {
	case "NOANSWER":
		return models.ReasonNoAnswer
	case "BUSY":
		return models.ReasonBusy
	case "CANCEL":
		return models.ReasonGaveUp
	case "CHANUNAVAIL", "CONGESTION", "INVALIDARGS", "DONTCALL", "TORTURE":
		return models.ReasonUnavailable
	}
	return ""
}
