package pbx

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// telphin takes the events of Telphin (Ringme): GET or POST with form fields,
// subscribed per extension (dial-in, dial-out, answer, hangup), and its
// «Интерактивная обработка вызовов», a question of a voice menu. The format is
// that of the pages "event" and "dial-out" of ringme-confluence.atlassian.net
// and of real requests in public code. Telphin signs nothing.
//
// Every event is one phone's. When the whole call is over, only the menu or the
// queue that it came through can tell: the setting lines names those whose
// events are subscribed too.
type telphin struct{}

func (telphin) Kind() string { return "telphin" }

func (telphin) Info() Info {
	return Info{
		Kind: "telphin", Name: "Телфин · Telphin", Docs: "docs/pbx/telphin.md",
		Description: Text{
			RU: "Облачная АТС Телфин (Ringme): события добавочных и запрос имени клиента из голосового меню.",
			EN: "The cloud PBX Telphin (Ringme): events of its extensions, and a voice menu's question who calls.",
		},
		Settings: []Field{
			{Name: "lines", Type: "list", Help: Text{
				RU: "Добавочные голосовых меню и очередей, куда приходят звонки снаружи и на события которых тоже сделана подписка: 099. Без них о пропущенных известно не всегда.",
				EN: "Extensions of the voice menus and queues that calls from outside come to first and whose events are subscribed too: 099. Without them missed calls are not always known.",
			}},
			{Name: "app_id", Type: "string", Help: Text{
				RU: "Необязательно. App ID приложения (trusted) в API Телфин. Нужен для записей, списка сотрудников и звонков из CRM.",
				EN: "Optional. App ID of a (trusted) application of Telphin's API. For recordings, the list of employees and calls from the CRM.",
			}},
			{Name: "app_secret", Type: "secret", Help: Text{
				RU: "Необязательно. App Secret того же приложения.",
				EN: "Optional. App Secret of the same application.",
			}},
		},
		// Used by an integrator; the makers' page was not seen.
		Networks:  []string{"213.170.84.96/27", "46.229.221.80/28", "79.175.9.160/28", "81.29.132.240/29"},
		SilentEnd: true, SilentUnless: "lines",
		Capabilities: Capabilities{Incoming: Partly, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Partly, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Yes, Outgoing: Yes, Internal: Yes, Recording: Yes, Lookup: Yes, Signed: No, Replay: Partly, Employees: Yes, Dial: Yes},
	}
}

func (telphin) CheckSettings(settings map[string]any, secret string) error {
	texts := make(map[string]any, len(settings))
	for name, v := range settings {
		if name != "lines" {
			texts[name] = v
		}
	}
	if err := checkTexts(texts, "app_id", "app_secret"); err != nil {
		return err
	}
	if _, err := textList(settings, "lines"); err != nil {
		return err
	}
	if secret != "" {
		return models.InvalidField("secret", "this kind has none: the address of the hook is the secret")
	}
	return nil
}

// Verify has nothing to check: Telphin does not sign.
func (telphin) Verify(Request, Config) error { return nil }

func (telphin) Parse(req Request, cfg Config) (Result, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return Result{}, err
	}
	if list {
		return Result{}, models.Errorf(models.Malformed, "the body must be one object, not a list")
	}
	p := telphinPost{fields: objects[0], region: cfg.Region}
	if p.lines, err = textList(cfg.Settings, "lines"); err != nil {
		return Result{}, err
	}
	var res Result
	what := strings.ToLower(p.text("eventtype"))
	switch {
	case what == "":
		err = models.InvalidField("EventType", "is required")
	case what == "message-in" || what == "message-out":
		return Result{}, nil
	case what == "call_interactive":
		res = p.interactive()
		if p.text("callid") == "" {
			err = models.InvalidField("CallID", "is required")
		}
	case p.text("callid") == "":
		err = models.InvalidField("CallID", "is required")
	case what == "dial-in" || what == "dial-out" || what == "answer" || what == "hangup":
		res.Events, err = p.events(what, cfg.Timezone)
	default:
		err = models.InvalidField("EventType", "unknown event %q", models.CutText(what, 40))
	}
	if err != nil {
		return Result{Lookup: res.Lookup}, err
	}
	for i := range res.Events {
		if err := valid(&res.Events[i]); err != nil {
			return Result{Lookup: res.Lookup}, err
		}
	}
	return res, nil
}

// interactive reads a voice menu's question. Its answer puts the extension of
// the responsible into the variable number, where the next step of the menu
// («перевести на номер из переменной») takes it, and names the client on the
// phones. Nobody is an empty number.
func (p telphinPost) interactive() Result {
	e := models.Event{Type: models.EventStarted, Call: p.text("callid"), Direction: models.In, Phone: p.number("calleridnum"), DID: p.number("calleddid")}
	e.ID = p.name(e.Type)
	return Result{Events: []models.Event{e}, Lookup: &ContactLookup{Phone: e.Phone, Answer: func(c Card) *Reply {
		doc := `<?xml version="1.0" encoding="UTF-8"?><Response><SetVar name="number">` + escapeXML(telphinNumber(c.Responsible)) + `</SetVar>`
		if c.Name != "" {
			doc += `<SetCaller name="` + escapeXML(models.CutText(c.Name, models.MaxName)) + `"/>`
		}
		return xmlReply(doc + `</Response>`)
	}}}
}

// telphinNumber is an address as a menu can call it; "" for others.
func telphinNumber(address string) string {
	if s, ok := strings.CutPrefix(address, "sip:"); ok {
		return telphinExtension(s)
	}
	if s, ok := strings.CutPrefix(address, "tel:"); ok {
		return s
	}
	if strings.Contains(address, ":") {
		return ""
	}
	return address
}

// telphinExtension is 101 of 3515*101@sipproxy.telphin.ru or 3515*101.
func telphinExtension(s string) string {
	s, _, _ = strings.Cut(s, "@")
	if i := strings.LastIndexByte(s, '*'); i >= 0 {
		return s[i+1:]
	}
	return s
}

// at is EventTime, microseconds since 1970.
func (p telphinPost) at(zone string) (time.Time, error) {
	s := p.text("eventtime")
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) > 14 {
		return time.UnixMicro(n).UTC(), nil
	}
	at, err := p.time("eventtime", zone)
	if err != nil {
		return time.Time{}, models.InvalidField("EventTime", "cannot read the time %q", models.CutText(s, 40))
	}
	return at, nil
}

// name is the id of an event, the same in every repeat; "" if the request names
// neither its moment nor its attempt.
func (p telphinPost) name(t models.EventType) string {
	if p.text("eventtime") == "" && p.text("subcallid") == "" && p.text("eventtype") != "call_interactive" {
		return ""
	}
	h := sha256.New()
	h.Write([]byte(t))
	for _, f := range []string{"eventtype", "callid", "subcallid", "eventtime", "calledextension", "callerextension", "callednumber"} {
		h.Write([]byte("\x00" + p.text(f)))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
