package pbx

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"zummer/models"
	"zummer/models/phone"
)

// beeline takes the events of Beeline's «Облачная АТС»: a BroadSoft XSI
// subscription of type BASIC_CALL, one xsi:Event of one subscriber in a
// request. The names of elements and events come from programs that receive
// them and from BroadSoft's published XSI schema; a complete document of
// Beeline's own has not been seen, so elements are found by their names,
// wherever they stand.
//
// Every subscriber has events of their own, and none is about the whole call.
// The call is extTrackingId, the same for all its legs. A leg that was
// transferred or forwarded begins after the release of the one before it, which
// ends a call: it is a call of its own (see call).
type beeline struct{}

func (beeline) Kind() string { return "beeline" }

func (beeline) Info() Info {
	return Info{
		Kind: "beeline", Name: "Билайн · Beeline", Docs: "docs/pbx/beeline.md",
		Description: Text{
			RU: "Облачная АТС Билайн (cloudpbx.beeline.ru): подписка на события XSI, которую нужно продлевать.",
			EN: "Beeline's cloud PBX (cloudpbx.beeline.ru): a subscription to XSI events, which must be renewed.",
		},
		Settings: []Field{{Name: "api_token", Type: "secret", Help: Text{
			RU: "Необязательно. Ключ API из личного кабинета: для списка сотрудников, записей и звонков из CRM.",
			EN: "Optional. The API key from the cabinet: for the list of people, recordings and calls from the CRM.",
		}}},
		SilentEnd: true,
		Capabilities: Capabilities{Incoming: No, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Partly, Ended: Partly, Transfer: Partly,
			Pickup: No, Queue: Partly, Outgoing: Yes, Internal: Yes, Recording: Partly, Lookup: No, Signed: No, Replay: Partly, Employees: Yes, Dial: Partly},
	}
}

func (beeline) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "api_token"); err != nil {
		return err
	}
	if secret != "" {
		return models.InvalidField("secret", "this kind has none: the address of the hook is the secret")
	}
	return nil
}

// Verify has nothing to check: the PBX does not sign.
func (beeline) Verify(Request, Config) error { return nil }

func (beeline) Parse(req Request, cfg Config) (Result, error) {
	doc, err := beelineXML(req.Body)
	if err != nil {
		return Result{}, err
	}
	data := doc.find("eventdata")
	if data == nil {
		return Result{}, models.InvalidField("eventData", "is required")
	}
	e := beelineEvent{doc: doc, call: data, what: data.kind, zone: cfg.Timezone}
	if call := data.find("call"); call != nil {
		e.call = call
	}
	events, err := e.events()
	if err != nil {
		return Result{}, err
	}
	id := e.doc.value("eventid")
	if id == "" {
		sum := sha256.Sum256(req.Body)
		id = hex.EncodeToString(sum[:16])
	}
	for i := range events {
		if events[i].ID = id; i > 0 {
			events[i].ID += "/" + string(events[i].Type)
		}
		if err := valid(&events[i]); err != nil {
			return Result{}, err
		}
	}
	return Result{Events: events, Reply: &Reply{Status: 200, ContentType: "text/plain; charset=utf-8"}}, nil
}

// beelineEvent is one request; call is where the fields of the call stand.
type beelineEvent struct {
	doc, call *beelineNode
	what      string // type of eventData
	zone      string
}

func (e beelineEvent) events() ([]models.Event, error) {
	stamp := map[string]string{"callreceivedevent": "startTime", "calloriginatedevent": "startTime", "calloriginatingevent": "startTime",
		"callansweredevent": "answerTime", "callreleasedevent": "releaseTime", "calltransferredevent": "", "callforwardedevent": "", "callredirectedevent": ""}
	field, known := stamp[e.what]
	if !known {
		return nil, nil // hooks, holds, updates and the subscription's own business
	}
	base := models.Event{Call: e.key(), Leg: e.call.value("callid"), Name: models.CutText(e.call.find("remoteparty").value("name"), models.MaxName)}
	if base.Call == "" {
		return nil, models.InvalidField("extTrackingId", "neither it nor callId is there")
	}
	var err error
	if base.At, err = e.time(field); err != nil {
		return nil, err
	}
	if base.Extension, base.Addresses = e.person(); base.Extension == "" {
		return nil, models.InvalidField("targetId", "is required")
	}
	e.about(&base)
	switch e.what {
	case "callansweredevent":
		if base.Direction == models.InternalCall && e.originator() {
			return nil, nil // the one who was called has an event of their own
		}
		base.Type = models.EventAnswered
	case "callreleasedevent":
		return e.released(base)
	case "calltransferredevent":
		base.Type = models.EventTransferred
	case "callforwardedevent", "callredirectedevent":
		if e.originator() {
			return nil, nil
		}
		base.Type, base.Reason = models.EventRingEnded, models.ReasonForwarded
	default:
		base.Type = models.EventRinging
		if e.originator() {
			base.Type = models.EventStarted
			if base.Direction == models.InternalCall { // the number beside it is of who is called
				base.Phone, base.Name = "", ""
			}
		}
	}
	return []models.Event{base}, nil
}

// about fills in direction and numbers.
func (e beelineEvent) about(base *models.Event) {
	remote := e.call.find("remoteparty")
	base.Phone = cmp.Or(remote.value("address"), remote.value("userdn"), e.call.value("remoteaddress"))
	switch {
	case strings.EqualFold(remote.value("calltype"), "group"): // a colleague
		base.Direction = models.InternalCall
		base.Phone = strings.TrimPrefix(strings.TrimPrefix(base.Phone, "tel:"), "sip:")
	case e.originator():
		base.Direction = models.Out
	default:
		base.Direction = models.In
		if redirected := e.call.find("redirections").all("address"); len(redirected) > 0 { // the last is the company's number
			base.DID = redirected[len(redirected)-1].text
		}
		if base.Phone == "" && remote.find("privacy") != nil {
			base.Phone = "anonymous"
		}
	}
}

// originator tells the side that dials. A call that the CRM ordered rings the
// manager's own phone first and has a personality of its own; it is no
// incoming call.
func (e beelineEvent) originator() bool {
	switch strings.ToLower(e.call.value("personality")) {
	case "originator", "click-to-dial":
		return true
	case "terminator":
		return false
	}
	return strings.HasPrefix(e.what, "callorigin")
}

// released reads the end of one subscriber's leg, and whether it ends the call.
func (e beelineEvent) released(base models.Event) ([]models.Event, error) {
	answered, err := e.time("answerTime")
	if err != nil {
		return nil, err
	}
	end := base
	end.Type, end.Extension, end.Addresses, end.Leg = models.EventEnded, "", nil, ""
	end.Disposition = e.call.value("internalreleasecause")
	if !answered.IsZero() && !base.At.IsZero() {
		talk := int(max(0, base.At.Sub(answered)) / time.Second)
		end.TalkS = &talk
	}
	if strings.EqualFold(e.call.value("recorded"), "true") {
		end.Recording = "beeline:" + e.tracking() + "/" + e.doc.value("targetid")
	}
	if !answered.IsZero() || e.originator() {
		end.Reason = e.reason()
		if !answered.IsZero() {
			end.Reason = ""
		}
		return []models.Event{end}, nil
	}
	base.Type, base.Reason = models.EventRingEnded, e.reason()
	if base.Direction == models.InternalCall || e.hunted() {
		return []models.Event{base}, nil // others may ring, or have answered
	}
	// Nobody else is rung by a call to one person (unconfirmed for calls that
	// are forwarded on no answer: those go on as a call of their own).
	end.Reason = base.Reason
	return []models.Event{base, end}, nil
}

// reason of an unanswered leg. That remoteRelease is the caller's own doing is
// only believed where nobody else can have answered.
func (e beelineEvent) reason() string {
	switch strings.ToLower(e.call.value("internalreleasecause")) {
	case "busy":
		return models.ReasonBusy
	case "forbidden":
		return models.ReasonDeclined
	case "request timeout":
		return models.ReasonNoAnswer
	case "":
		if strings.EqualFold(e.call.value("releasingparty"), "remoteRelease") && !e.hunted() && !e.originator() {
			return models.ReasonGaveUp
		}
		return ""
	}
	return models.ReasonUnavailable
}

// hunted tells a leg of a group: several are rung for one call.
func (e beelineEvent) hunted() bool {
	return e.call.value("huntgroupuserid") != "" || e.redirectedBy("hunt-group", "call-center", "route-point") > 0
}

// redirectedBy counts the redirections for one of these reasons, in the words
// of XSI's RedirectReason.
func (e beelineEvent) redirectedBy(reasons ...string) int {
	n := 0
	for _, r := range e.call.find("redirections").all("reason") {
		if slices.Contains(reasons, strings.ToLower(r.text)) {
			n++
		}
	}
	return n
}

func (e beelineEvent) tracking() string {
	return cmp.Or(e.call.value("exttrackingid"), e.call.value("callid"))
}

// key is the call: the tracking id, and for a leg that somebody transferred or
// forwarded how many did so, because the release before it has ended the call.
func (e beelineEvent) key() string {
	key := e.tracking()
	if n := e.redirectedBy("transfer", "no-answer", "user-busy", "unavailable", "away", "do-not-disturb", "deflection", "out-of-service"); n > 0 && key != "" && !e.originator() {
		return fmt.Sprintf("%s/%d", key, n)
	}
	return key
}

// person is the subscriber: targetId, as id: and SIP address, and the mobile
// number that its user part is.
func (e beelineEvent) person() (ext string, more []string) {
	target := cmp.Or(e.doc.value("targetid"), strings.TrimPrefix(cmp.Or(e.call.value("addressofrecord"), e.call.find("endpoint").value("address")), "sip:"))
	if target == "" {
		return "", nil
	}
	return beelineAddresses(target, e.doc.value("extension"))
}

func beelineAddresses(target, extension string) (string, []string) {
	var more []string
	user, _, isSIP := strings.Cut(target, "@")
	if isSIP {
		more = append(more, "sip:"+strings.ToLower(target))
	}
	if n := phone.Parse(user, "RU"); n.E164 != "" {
		more = append(more, "tel:"+n.E164)
	}
	if extension != "" && len(extension) <= 6 && strings.Trim(extension, "0123456789") == "" {
		more = append(more, extension)
	}
	return "id:" + target, more
}

// time reads a moment: milliseconds since 1970. "": none.
func (e beelineEvent) time(name string) (time.Time, error) {
	return fields{name: e.call.value(strings.ToLower(name))}.time(name, e.zone)
}
