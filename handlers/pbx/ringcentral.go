package pbx

import (
	"cmp"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// ringcentral takes the notifications of a RingCentral subscription to
// telephony sessions (event filter /restapi/v1.0/account/~/telephony/sessions,
// as RingCentral's API documentation describes it).
//
// A notification tells of one party or some of a session, never reliably of
// all. So the end of a call is read from a party whose end must end it: see
// disconnected in ringcentral_party.go.
type ringcentral struct{}

func (ringcentral) Kind() string { return "ringcentral" }

func (ringcentral) Info() Info {
	return Info{
		Kind: "ringcentral", Name: "RingCentral", Docs: "docs/pbx/ringcentral.md",
		Description: Text{
			RU: "RingCentral: подписка на события телефонных сессий (webhook), которую нужно продлевать.",
			EN: "RingCentral: a webhook subscription to telephony sessions, which must be renewed.",
		},
		Secret: &Field{Name: "secret", Type: "secret", Required: true, Help: Text{
			RU: "Строка, которую вы придумали и указали в подписке как deliveryMode.verificationToken.",
			EN: "The text of your choice that the subscription has as deliveryMode.verificationToken.",
		}},
		Settings: []Field{{Name: "queues", Type: "list", Help: Text{
			RU: "Необязательно. extensionId или номера очередей и голосовых меню: их «ответ» — не ответ сотрудника.",
			EN: "Optional. extensionId or numbers of call queues and menus: when they answer, no person does.",
		}}},
		SilentEnd: true, SilentUnless: "queues",
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Partly, Ended: Partly, Transfer: Yes,
			Pickup: Partly, Queue: Yes, Outgoing: Yes, Internal: Yes, Recording: No, Lookup: No, Signed: Yes, Replay: Partly, Employees: No, Dial: No},
	}
}

func (ringcentral) CheckSettings(settings map[string]any, secret string) error {
	if err := knownSettings(settings, "queues"); err != nil {
		return err
	}
	if _, err := textList(settings, "queues"); err != nil {
		return err
	}
	if strings.TrimSpace(secret) == "" {
		return models.InvalidField("secret", "is required: the verificationToken of the subscription")
	}
	return nil
}

// Greet answers the question whether the address is ours: Validation-Token is
// sent back within 3 s, with Content-Type application/json and at most 1,024
// bytes in all. Notifications may carry a header of that name too, but a body.
func (ringcentral) Greet(req Request, _ Config) *Reply {
	token := req.Header.Get("Validation-Token")
	if token == "" || len(token) > 700 || strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil
	}
	if body := strings.TrimSpace(string(req.Body)); body != "" && body != "{}" {
		return nil
	}
	return &Reply{Status: http.StatusOK, ContentType: "application/json", Header: map[string]string{"Validation-Token": token}, Body: []byte("{}")}
}

// Verify compares the token of the delivery. The documentation names the header
// Verification-Token; Validation-Token is taken as well.
func (ringcentral) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return refused("signature_secret", "the source needs the verificationToken of the subscription as its secret")
	}
	given := cmp.Or(req.Header.Get("Verification-Token"), req.Header.Get("Validation-Token"))
	switch {
	case given == "":
		return refused("signature_missing", "the header Verification-Token is missing")
	case subtle.ConstantTimeCompare([]byte(given), []byte(cfg.Secret)) != 1:
		return refused("signature_wrong", "Verification-Token is not the secret of this source")
	}
	return nil
}

func (ringcentral) Parse(req Request, cfg Config) (Result, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return Result{}, err
	}
	if list {
		return Result{}, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	f := objects[0]
	if inner := f.sub("pn_apns"); len(inner) > 0 { // as the documentation's sample has it
		for name, v := range f {
			if _, has := inner[name]; !has {
				inner[name] = v
			}
		}
		f = inner
	}
	if what := f.text("event"); what != "" && !strings.Contains(what, "/telephony/sessions") {
		return Result{}, nil // a reminder to renew the subscription, or another filter
	}
	queues, err := textList(cfg.Settings, "queues")
	if err != nil {
		return Result{}, err
	}
	s := ringcentralSession{fields: f.sub("body"), queues: queues, uuid: f.text("uuid")}
	base, err := s.base(f)
	if err != nil {
		return Result{}, err
	}
	parties := s.subs("parties")
	if len(parties) > 100 {
		return Result{}, models.InvalidField("body.parties", "more than 100")
	}
	var events []models.Event
	for _, p := range parties {
		for _, e := range s.party(p, base) {
			if e.ID = s.id(p, e); e.Direction != "" && e.Phone == "" && e.Direction != models.InternalCall && phone.Parse(e.Name, "").Hidden && e.Name != "" {
				e.Phone, e.Name = "anonymous", ""
			}
			if err := valid(&e); err != nil {
				return Result{}, err
			}
			events = append(events, e)
		}
	}
	return Result{Events: events}, nil
}

// ringcentralSession is the body of one notification.
type ringcentralSession struct {
	fields
	queues []string
	uuid   string
}

// base is what all events of the notification share. whole is the notification.
func (s ringcentralSession) base(whole fields) (models.Event, error) {
	e := models.Event{Call: s.text("telephonysessionid")}
	if e.Call == "" {
		return e, models.InvalidField("body.telephonySessionId", "is required")
	}
	var err error
	if e.At, err = (fields{"body.eventTime": s.text("eventtime")}).time("body.eventTime", ""); err != nil {
		return e, err
	}
	if e.At.IsZero() {
		if e.At, err = whole.time("timestamp", ""); err != nil {
			return e, err
		}
	}
	if e.Seq, _, err = s.integer("sequence"); err != nil {
		return e, models.InvalidField("body.sequence", "is not a number")
	}
	return e, nil
}

// id names an event of a party. A notification without a uuid is named by the
// number that it has in its session.
func (s ringcentralSession) id(p fields, e models.Event) string {
	if s.uuid != "" {
		return s.uuid + "/" + p.text("id") + "/" + string(e.Type)
	}
	if e.Seq == 0 && e.At.IsZero() {
		return ""
	}
	status := p.sub("status")
	return eventID(e.Call, s.text("sequence"), e.At.String(), p.text("id"), status.text("code"), status.text("reason"), string(e.Type))
}

// pilot reports whether a party is a queue or a menu by the settings.
func (s ringcentralSession) pilot(p fields) bool {
	return slices.Contains(s.queues, p.text("extensionid")) || slices.Contains(s.queues, p.sub("to").text("phonenumber"))
}
