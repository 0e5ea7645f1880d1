package pbx

import (
	"cmp"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"zummer/models"
)

// mikoPBX is MikoPBX with its module ModuleHttpAlert («Web hooks»): a GET for
// each event, whose query is a template that the administrator fills in.
// docs/pbx/mikopbx.md has the templates; a constant in each of them (ev) says
// which one it is. The facts are those of the module's readme and source.
type mikoPBX struct{}

func (mikoPBX) Kind() string { return "mikopbx" }

func (mikoPBX) Info() Info {
	return Info{
		Kind: "mikopbx", Name: "MikoPBX (ModuleHttpAlert)", Docs: "docs/pbx/mikopbx.md",
		Description: Text{
			RU: "MikoPBX с модулем «Web hooks» (ModuleHttpAlert): GET-запрос на каждое событие, имя клиента показывается на телефонах.",
			EN: "MikoPBX with the module «Web hooks» (ModuleHttpAlert): a GET for each event; the client's name is shown on the phones.",
		},
		Settings: []Field{
			{Name: "api_url", Type: "string", Place: true, Help: Text{
				RU: "Необязательно. Адрес MikoPBX для записей: https://pbx.example.com.",
				EN: "Optional. Address of the MikoPBX, for recordings: https://pbx.example.com.",
			}},
			{Name: "api_key", Type: "secret", Help: Text{
				RU: "Необязательно. Ключ REST API той же MikoPBX, если записи без него не отдаются.",
				EN: "Optional. Key of that MikoPBX's REST API, where recordings are not given without one.",
			}},
		},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Partly, Missed: Yes, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Partly, Outgoing: Yes, Internal: Yes, Recording: Partly, Lookup: Yes, Signed: No, Replay: Partly, Employees: No, Dial: No},
	}
}

func (mikoPBX) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "api_url", "api_key"); err != nil {
		return err
	}
	if secret != "" {
		return models.InvalidField("secret", "this kind has none: the address of the hook is the secret")
	}
	if s := (Config{Settings: settings}).setting("api_url"); s != "" {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return models.InvalidField("settings.api_url", "must be an address such as https://pbx.example.com")
		}
	}
	return nil
}

// Verify has nothing to check: the module cannot sign.
func (mikoPBX) Verify(Request, Config) error { return nil }

func (mikoPBX) Parse(req Request, cfg Config) (Result, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return Result{}, err
	}
	if list {
		return Result{}, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	h := mikoHook{objects[0], cfg}
	what := h.what()
	if what == "incoming" {
		return h.incoming(), nil
	}
	e, err := h.event(what)
	if err != nil || e.Type == "" {
		return Result{}, err
	}
	if err := valid(&e); err != nil {
		return Result{}, err
	}
	return Result{Events: []models.Event{e}}, nil
}

// mikoHook is one request. id is the call, uid a row of its history, which is
// one attempt at one person.
type mikoHook struct {
	fields
	cfg Config
}

// what is the template's constant, or what the module itself calls the event.
func (h mikoHook) what() string {
	what := strings.ToLower(cmp.Or(h.text("ev"), h.text("action")))
	switch what {
	case "incoming-call":
		return "incoming"
	case "call":
		return "ring"
	case "end-call-global":
		return "end"
	case "create-chan", "end-dial", "end-call": // parts of a call
		return "other"
	}
	return what
}

// incoming is the question who calls, sent before anybody rings. Whatever is
// answered becomes the caller's name on the phones, so there is no error: a
// request that lacks its fields is answered as an unknown number is.
func (h mikoHook) incoming() Result {
	number := h.number("number")
	res := Result{Lookup: &ContactLookup{Phone: number, Answer: func(c Card) *Reply { return textReply(mikoName(c.Name)) }}}
	when, err := h.when()
	if err != nil {
		when = time.Time{}
	}
	e := models.Event{Type: models.EventStarted, Call: h.text("id"), At: when, Direction: models.In, Phone: cmp.Or(number, "anonymous"), DID: h.number("did"),
		ID: eventID("incoming", h.text("id"), number)}
	if valid(&e) == nil {
		res.Events = []models.Event{e}
	}
	return res
}

// mikoName is a name as the module can take it: it cuts at 40 bytes, and quotes
// would end the text in its command to Asterisk.
func mikoName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"\\<>", r) {
			return -1
		}
		return r
	}, models.CutText(s, 40))
	for len(s) > 40 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return strings.TrimSpace(s)
}

func (h mikoHook) event(what string) (models.Event, error) {
	if what == "" {
		return models.Event{}, models.InvalidField("ev", "is required: one constant in each template, see the guide")
	}
	if h.text("id") == "" {
		return models.Event{}, models.InvalidField("id", "is required")
	}
	when, err := h.when()
	if err != nil {
		return models.Event{}, err
	}
	uid, user := h.text("uid"), h.text("user")
	e := models.Event{Call: h.text("id"), At: when, DID: h.number("did"), ID: eventID(what, h.text("id"), uid, user, h.text("src"), h.text("dst"), h.text("date"))}
	switch what {
	case "ring":
		h.ring(&e, user)
	case "answer":
		h.answer(&e, user)
	case "hangup":
		// Of somebody who talked this changes nothing; the state machine knows.
		e.Type, e.Extension = models.EventRingEnded, user
	case "end":
		h.end(&e)
	case "other":
	default:
		return models.Event{}, models.InvalidField("ev", "unknown event %q", models.CutText(what, 40))
	}
	if e.Type.HasExtension() {
		if e.Extension == "" {
			return models.Event{}, models.InvalidField("user", "is required")
		}
		if uid != "" {
			e.Leg = uid + ":" + e.Extension
		}
	}
	return e, nil
}

// ring reads the call to an employee (action=call). An internal one comes
// twice, for each of the two. When somebody asks a colleague about a customer,
// type is incoming and the source is the one who asks: that is no customer's
// call, until the module tells of the two again.
func (h mikoHook) ring(e *models.Event, user string) {
	src, dst := h.number("src"), h.text("dst")
	switch h.way() {
	case "inner":
		e.Direction, e.Phone = models.InternalCall, src
		if e.Type = models.EventStarted; user == dst && src != dst {
			e.Type, e.Extension = models.EventRinging, user
		}
	case "outgoing":
		e.Type, e.Direction, e.Extension, e.Phone = models.EventStarted, models.Out, user, cmp.Or(h.number("client"), h.number("dst"))
	default:
		if mikoShort(src) {
			return
		}
		e.Type, e.Direction, e.Extension, e.Phone = models.EventRinging, models.In, user, cmp.Or(h.number("client"), src)
	}
}

// answer reads who talks (action=answer). It bears no type. user is the callee
// of a call from outside and the caller of all others.
func (h mikoHook) answer(e *models.Event, user string) {
	src, dst := h.number("src"), h.number("dst")
	if e.Extension = user; src == "" && dst == "" { // after a consultation: the customer's, from now on
		e.Type = models.EventAnswered
		return
	}
	switch {
	case mikoShort(src) && user == dst: // the consultation itself
	case mikoShort(src) && mikoShort(dst):
		e.Type, e.Direction, e.Extension, e.Phone = models.EventAnswered, models.InternalCall, dst, src
	case mikoShort(src):
		e.Type, e.Direction, e.Phone = models.EventAnswered, models.Out, dst
	default:
		e.Type, e.Direction, e.Phone = models.EventAnswered, models.In, src
	}
}

// end reads the end of the whole call (action=end-call-global). Its date is
// when a part of the call began, so the event bears none. g-missed is 1 or
// empty and is about the call.
func (h mikoHook) end(e *models.Event) {
	src, dst := h.number("src"), h.number("dst")
	e.At, e.Type = time.Time{}, models.EventEnded
	switch {
	case mikoShort(src) && mikoShort(dst):
		e.Direction, e.Phone = models.InternalCall, src
	case mikoShort(src):
		e.Direction, e.Phone = models.Out, dst
	case src != "":
		e.Direction, e.Phone = models.In, src
		if m := strings.ToLower(h.text("gmissed")); m == "1" || m == "true" {
			e.Type = models.EventMissed
		}
	}
	if file := h.text("file"); file != "" {
		e.Recording = mikoRecording + file
	}
}

// way is the type, or what the two numbers say where an older module has none.
func (h mikoHook) way() string {
	if s := strings.ToLower(h.text("type")); s != "" {
		return s
	}
	switch src, dst := mikoShort(h.number("src")), mikoShort(h.number("dst")); {
	case src && dst:
		return "inner"
	case src:
		return "outgoing"
	}
	return "incoming"
}

// mikoShort reports whether a number is one of the PBX's own: the module takes
// up to four digits for that, here up to six.
func mikoShort(s string) bool {
	return s != "" && len(s) <= 6 && strings.Trim(s, "0123456789") == ""
}

// when reads date; a "+" before the zone that was not encoded comes back.
func (h mikoHook) when() (time.Time, error) {
	s := h.text("date")
	if i := strings.LastIndexByte(s, ' '); i > 0 && strings.Contains(s[:i], "T") {
		s = s[:i] + "+" + s[i+1:]
	}
	return fields{"date": s}.time("date", h.cfg.Timezone)
}
