package pbx

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// megafon takes the CRM API of the MegaFon virtual PBX, which Kcell and the
// older Gravitel (2017) speak too: form fields or JSON with cmd event,
// history, contact or rating, and the shared crm_token among them. The format
// is that of https://api.megapbx.ru/#/docs/crmapi/v1/general and of the makers'
// text as public receivers quote it.
//
// Only history bears a time. So events are told in the order of their arrival,
// and what the same phone does again within one call is the same request
// again: those events have no id, and a repeat is known for ten seconds only.
type megafon struct{}

func (megafon) Kind() string { return "megafon" }

func (megafon) Info() Info {
	return Info{
		Kind: "megafon", Name: "МегаФон · MegaFon (Gravitel, Kcell)", Docs: "docs/pbx/megafon.md",
		Description: Text{
			RU: "Виртуальная АТС МегаФона (интеграция «Своя CRM»), Kcell, Gravitel с протоколом 2017 года.",
			EN: "The virtual PBX of MegaFon (integration with one's own CRM), Kcell, Gravitel with its protocol of 2017.",
		},
		Secret: &Field{Name: "secret", Type: "secret", Required: true, Help: Text{
			RU: "Ключ для авторизации в CRM: тот же, что в кабинете АТС. АТС присылает его в поле crm_token.",
			EN: "The key for authorisation in the CRM, the same as in the cabinet of the PBX. The PBX sends it as crm_token.",
		}},
		Settings: []Field{
			{Name: "api_url", Type: "string", Place: true, Help: Text{
				RU: "Необязательно. Адрес АТС: https://ИМЯ.megapbx.ru. Нужен для списка сотрудников и звонков из CRM.",
				EN: "Optional. Address of the PBX: https://NAME.megapbx.ru. For the list of employees and for calls from the CRM.",
			}},
			{Name: "api_key", Type: "secret", Help: Text{
				RU: "Необязательно. Ключ для авторизации в АТС (X-API-KEY).",
				EN: "Optional. The key for authorisation in the PBX (X-API-KEY).",
			}},
		},
		SilentEnd: true,
		Capabilities: Capabilities{Incoming: Partly, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Yes, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Partly, Outgoing: Yes, Internal: Partly, Recording: Yes, Lookup: Yes, Signed: Yes, Replay: No, Employees: Yes, Dial: Yes},
	}
}

func (megafon) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "api_url", "api_key"); err != nil {
		return err
	}
	if err := checkBase(settings, "api_url"); err != nil {
		return err
	}
	switch {
	case secret == "":
		return models.InvalidField("secret", "is required: the key that the PBX sends as crm_token")
	case len(secret) > models.MaxKeyLen || strings.TrimSpace(models.CleanText(secret)) != secret:
		return models.InvalidField("secret", "must be at most %d bytes without control characters and blanks around it", models.MaxKeyLen)
	}
	return nil
}

// Verify compares crm_token. There is no signature.
func (megafon) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return refused("signature_secret", "the source has no secret: the key that the PBX sends as crm_token")
	}
	f, err := megafonFields(req)
	if err != nil {
		return refused("signature_missing", "there is no crm_token to read")
	}
	switch token := f.text("crm_token"); {
	case token == "":
		return refused("signature_missing", "the field crm_token is missing")
	case subtle.ConstantTimeCompare([]byte(token), []byte(cfg.Secret)) != 1:
		return refused("signature_wrong", "crm_token is another key than the secret of this source")
	}
	return nil
}

func (megafon) Parse(req Request, cfg Config) (Result, error) {
	f, err := megafonFields(req)
	if err != nil {
		return Result{}, err
	}
	p := megafonPost{fields: f, region: cfg.Region}
	var res Result
	cmd := strings.ToLower(p.text("cmd"))
	if cmd == "contact" {
		res = p.contact()
	}
	if p.text("callid") == "" && cmd != "" {
		return Result{Lookup: res.Lookup}, models.InvalidField("callid", "is required")
	}
	switch cmd {
	case "event":
		res.Events, err = p.event()
	case "history":
		res.Events, err = p.history(cfg)
	case "contact": // read above
	case "rating": // of the talk by the customer: nothing that a call record has
	case "":
		err = models.InvalidField("cmd", "is required")
	default:
		err = models.InvalidField("cmd", "unknown command %q", models.CutText(cmd, 40))
	}
	if err != nil {
		return Result{}, err
	}
	for i := range res.Events {
		if err := valid(&res.Events[i]); err != nil {
			return Result{Lookup: res.Lookup}, err
		}
	}
	return res, nil
}

func megafonFields(req Request) (fields, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return nil, err
	}
	if list {
		return nil, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	return objects[0], nil
}

// megafonPost is one request of the PBX.
type megafonPost struct {
	fields
	region string
}

// base is what all events of the request share. way is the direction as the
// request says it, "" where it does not.
func (p megafonPost) base(way models.Direction) models.Event {
	e := models.Event{Call: p.text("callid"), Direction: way, Phone: p.number("phone")}
	if way != models.Out {
		e.DID = p.number("diversion")
	}
	return e
}

// person names the employee: by the login, which every request has, then by
// what only some have (a CANCELLED comes without ext). "" when nobody is named.
func (p megafonPost) person() (string, []string) {
	var all []string
	if s := p.text("user"); s != "" {
		all = append(all, "login:"+s)
	}
	if s := p.text("ext"); s != "" {
		all = append(all, s)
	}
	if s := p.number("telnum"); s != "" {
		all = append(all, megafonTel(s, p.region))
	}
	if len(all) == 0 {
		return "", nil
	}
	return all[0], all[1:]
}

// megafonTel is the address of who has a direct number.
func megafonTel(number, region string) string {
	return "tel:" + cmp.Or(phone.Parse(number, region).E164, number)
}

// of makes an event about the employee. One call id is shared by all phones of
// a group, and a transfer changes it: the two together name the attempt.
func (p megafonPost) of(e models.Event, t models.EventType) models.Event {
	e.Type = t
	e.Extension, e.Addresses = p.person()
	if e.Extension != "" {
		e.Leg = e.Call + "/" + e.Extension
	}
	return e
}

// event reads what happens now. COMPLETED says nothing here: it is the end of
// one employee's talk, and after a transfer the call goes on; history ends it.
func (p megafonPost) event() ([]models.Event, error) {
	e := p.base(direction(p.text("direction")))
	what := strings.ToUpper(p.text("type"))
	switch what {
	case "":
		return nil, models.InvalidField("type", "is required")
	case "COMPLETED":
		return nil, nil
	case "INCOMING", "ACCEPTED", "CANCELLED", "OUTGOING", "TRANSFERRED":
	default:
		return nil, models.InvalidField("type", "unknown event %q", models.CutText(what, 40))
	}
	if who, _ := p.person(); who == "" {
		return nil, models.InvalidField("user", "is required")
	}
	// The first phone that a call from the CRM rings is the manager's own.
	if what == "INCOMING" && e.Direction == models.Out {
		what = "OUTGOING"
	}
	switch what {
	case "INCOMING":
		e = p.of(e, models.EventRinging)
		e.Direction = cmp.Or(e.Direction, models.In)
	case "ACCEPTED":
		e = p.of(e, models.EventAnswered)
	case "CANCELLED": // a loser's of a group too; who gave up is not said
		if e.Direction == models.Out {
			return nil, nil // the far end's phone; history tells how it ended
		}
		e = p.of(e, models.EventRingEnded)
	case "OUTGOING":
		e = p.of(e, models.EventStarted)
		e.Leg, e.DID, e.Direction = "", "", cmp.Or(e.Direction, models.Out)
		if e.Direction == models.InternalCall {
			e.Phone = cmp.Or(p.text("ext"), e.Extension) // the caller; phone is the colleague
		}
	case "TRANSFERRED":
		e = p.of(e, models.EventTransferred)
		if e.SameAs = p.text("second_callid"); e.SameAs != "" {
			e.ID = p.name("transferred", "second_callid", "user")
		}
	}
	return []models.Event{e}, nil
}

// contact reads the question who calls; it is also the first that is told of
// an incoming call.
func (p megafonPost) contact() Result {
	e := p.base(models.In)
	e.Type, e.ID = models.EventStarted, p.name("contact", "phone")
	return Result{Events: []models.Event{e}, Lookup: &ContactLookup{Phone: e.Phone, Answer: func(c Card) *Reply {
		// Nobody is {}, never []; a responsible that is not known is left out.
		answer := map[string]string{}
		if c.Name != "" {
			answer["contact_name"] = models.CutText(c.Name, models.MaxName)
		}
		if s := megafonUser(c.Responsible); s != "" {
			answer["responsible"] = s
		}
		return jsonReply(answer)
	}}}
}

// megafonUser is an address as the PBX takes it: a login, an extension or a
// direct number; "" for others.
func megafonUser(address string) string {
	if s, ok := strings.CutPrefix(address, "login:"); ok {
		return s
	}
	if s, ok := strings.CutPrefix(address, "tel:"); ok {
		return strings.TrimPrefix(s, "+")
	}
	if strings.Contains(address, ":") {
		return ""
	}
	return address
}

// name is the id of an event: the same in every repeat of the request.
func (p megafonPost) name(what string, fields ...string) string {
	h := sha256.New()
	for _, s := range append([]string{what}, p.text("callid")) {
		h.Write([]byte(s + "\x00"))
	}
	for _, f := range fields {
		h.Write([]byte(p.text(f) + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
