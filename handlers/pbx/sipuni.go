package pbx

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"zummer/models"
)

// sipuni takes «События на АТС» of Sipuni: a GET (or POST) with the event in
// its parameters, as https://help.sipuni.com/articles/134-182-110 and public
// receivers describe it. Sipuni signs nothing, and may stop sending when the
// answer is not {"success": true}: that is the answer to everything.
//
// src_type and dst_type are 1 for outside and 2 for a phone of the company
// (one public receiver has it the other way round, and is wrong).
type sipuni struct{}

func (sipuni) Kind() string { return "sipuni" }

func (sipuni) Info() Info {
	return Info{
		Kind: "sipuni", Name: "Sipuni", Docs: "docs/pbx/sipuni.md",
		Description: Text{
			RU: "Облачная АТС Sipuni: «События на АТС» на адрес источника.",
			EN: "The cloud PBX Sipuni: «События на АТС» (events of the PBX) to the address of the source.",
		},
		Settings: []Field{
			{Name: "user", Type: "string", Help: Text{
				RU: "Необязательно. Номер аккаунта Sipuni, например 015856. Нужен для звонков из CRM.",
				EN: "Optional. Number of the Sipuni account, such as 015856. For calls from the CRM.",
			}},
			{Name: "api_key", Type: "secret", Help: Text{
				RU: "Необязательно. Ключ интеграции из раздела API. Нужен для звонков из CRM.",
				EN: "Optional. The integration key of the section API. For calls from the CRM.",
			}},
		},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Partly, Missed: Yes, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Yes, Outgoing: Yes, Internal: Partly, Recording: Yes, Lookup: No, Signed: No, Replay: Partly, Employees: No, Dial: Yes},
	}
}

func (sipuni) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "user", "api_key"); err != nil {
		return err
	}
	if secret != "" {
		return models.InvalidField("secret", "this kind has none: the address of the hook is the secret")
	}
	return nil
}

// Verify has nothing to check: Sipuni does not sign.
func (sipuni) Verify(Request, Config) error { return nil }

// Greet answers the request without parameters that Sipuni sends when the
// address is saved.
func (sipuni) Greet(req Request, _ Config) *Reply {
	if len(req.Query) > 0 || len(strings.TrimSpace(string(req.Body))) > 0 {
		return nil
	}
	return sipuniSuccess()
}

func sipuniSuccess() *Reply { return jsonReply(map[string]bool{"success": true}) }

// Parse gives the reply beside an error too: what we cannot read must not make
// Sipuni stop.
func (sipuni) Parse(req Request, cfg Config) (Result, error) {
	events, err := sipuniEvents(req, cfg)
	for i := range events {
		if err == nil {
			err = valid(&events[i])
		}
	}
	if err != nil {
		events = nil
	}
	return Result{Events: events, Reply: sipuniSuccess()}, err
}

func sipuniEvents(req Request, cfg Config) ([]models.Event, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return nil, err
	}
	if list {
		return nil, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	p := sipuniPost{objects[0]}
	switch {
	case p.text("event") == "":
		return nil, models.InvalidField("event", "is required")
	case p.text("call_id") == "":
		return nil, models.InvalidField("call_id", "is required")
	}
	what, _, err := p.integer("event")
	if err != nil {
		return nil, err
	}
	base := models.Event{Call: p.text("call_id")}
	if base.At, err = p.time("timestamp", cfg.Timezone); err != nil {
		return nil, err
	}
	p.parties(&base)
	switch what {
	case 1:
		return p.begins(base)
	case 2:
		return p.ends(base), nil
	case 3:
		return p.answers(base), nil
	case 4:
		return p.stops(base), nil
	}
	return nil, nil // an event of tomorrow
}

// sipuniPost is one request.
type sipuniPost struct{ fields }

// inside reports whether the side src or dst is a phone of the company. Without
// a type, numbers of the company are shorter than ten digits.
func (p sipuniPost) inside(side string) bool {
	switch p.text(side + "_type") {
	case "1":
		return false
	case "2":
		return true
	}
	n := p.text(side + "_num")
	return p.text("short_"+side+"_num") != "" || n != "" && len(strings.TrimPrefix(n, "+")) < 10
}

// extension is the person at a side: the number without the prefix of the
// account (015856205 of account 015856 is 205).
func (p sipuniPost) extension(side string) string {
	if s := p.text("short_" + side + "_num"); s != "" {
		return s
	}
	n := p.text(side + "_num")
	if short, ok := strings.CutPrefix(n, p.text("user_id")); ok && short != "" {
		return short
	}
	return n
}

// parties fills in who calls whom. is_inner_call is 1 on a leg of an outside
// call too and says nothing.
func (p sipuniPost) parties(e *models.Event) {
	from, to := p.inside("src"), p.inside("dst")
	switch {
	case from && to:
		e.Direction, e.Phone = models.InternalCall, p.extension("src")
	case from:
		e.Direction, e.Phone = models.Out, p.number("dst_num")
	default:
		e.Direction, e.Phone = models.In, p.number("src_num")
		if !to {
			e.DID = p.number("dst_num")
		}
	}
}

// of makes an event about the person of the company at a side.
func (p sipuniPost) of(e models.Event, t models.EventType, side string) models.Event {
	e.Type, e.Extension = t, p.extension(side)
	e.ID = p.name(t)
	return e
}

// begins is event 1. Of an incoming call the first is towards the company's
// number, and then one for every phone that rings.
func (p sipuniPost) begins(e models.Event) ([]models.Event, error) {
	switch {
	case e.Direction == models.Out:
		return []models.Event{p.of(e, models.EventStarted, "src")}, nil
	case !p.inside("dst"):
		e.Type, e.ID = models.EventStarted, p.name(models.EventStarted)
		return []models.Event{e}, nil
	case p.extension("dst") == "":
		return nil, models.InvalidField("short_dst_num", "is required")
	}
	return []models.Event{p.of(e, models.EventRinging, "dst")}, nil
}

// answers is event 3. Towards the company's number it is a menu or a queue that
// answers.
func (p sipuniPost) answers(e models.Event) []models.Event {
	side := "dst"
	if e.Direction == models.Out {
		side = "src"
	}
	if !p.inside(side) || p.extension(side) == "" {
		return nil
	}
	return []models.Event{p.of(e, models.EventAnswered, side)}
}

// stops is event 4, the end of one leg while the call goes on. Of an answered
// one (a transfer) it says nothing: the next one's answer ends that talk.
func (p sipuniPost) stops(e models.Event) []models.Event {
	var out []models.Event
	if link := p.text("call_record_link"); link != "" {
		rec := e
		rec.Type, rec.Recording, rec.ID = models.EventRecording, link, p.name(models.EventRecording)
		out = append(out, rec)
	}
	if e.Direction == models.Out || !p.inside("dst") || p.extension("dst") == "" || p.answered() {
		return out
	}
	e = p.of(e, models.EventRingEnded, "dst")
	e.Reason = statusReason(p.text("status"))
	return append(out, e)
}

// ends is event 2, the end of the whole call. A talk without a person of the
// company is a menu's and is not counted.
func (p sipuniPost) ends(e models.Event) []models.Event {
	e.Type, e.Disposition, e.Recording = models.EventEnded, p.text("status"), p.text("call_record_link")
	e.DurationS = p.since("call_start_timestamp", e)
	switch {
	case p.answered():
		if e.Direction != models.In || p.inside("dst") {
			e.TalkS = p.since("call_answer_timestamp", e)
		}
	default:
		if e.Reason = statusReason(e.Disposition); e.Direction == models.In && e.Disposition != "" {
			e.Type = models.EventMissed
		}
	}
	e.ID = p.name("ended")
	return []models.Event{e}
}

func (p sipuniPost) answered() bool { return strings.EqualFold(p.text("status"), "ANSWER") }

// since is the seconds from the moment in a field to the event's own; nil when
// one of them is not said (0 is a call that nobody answered).
func (p sipuniPost) since(field string, e models.Event) *int {
	from, ok, err := p.integer(field)
	if err != nil || !ok || from <= 0 || e.At.IsZero() {
		return nil
	}
	n := e.At.Unix() - from
	if n < 0 || n > 366*24*3600 {
		return nil
	}
	s := int(n)
	return &s
}

// name is the id of an event, the same in every repeat; "" without a time: the
// second ring of a phone would look like the first.
func (p sipuniPost) name(t models.EventType) string {
	if p.text("timestamp") == "" {
		return ""
	}
	h := sha256.New()
	h.Write([]byte(t))
	for _, f := range []string{"event", "call_id", "timestamp", "status", "call_record_link"} {
		h.Write([]byte("\x00" + p.text(f)))
	}
	for _, side := range []string{"src", "dst"} {
		h.Write([]byte("\x00" + cmp.Or(p.text("short_"+side+"_num"), p.text(side+"_num"))))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
