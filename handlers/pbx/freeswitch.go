package pbx

import (
	"bytes"
	"crypto/subtle"
	"encoding/xml"
	"net/http"
	"strings"

	"zummer/models"
)

// freeswitch takes what a FreeSWITCH can send over HTTP; the request itself
// says which of these it is:
//
//   - mod_json_cdr and mod_xml_cdr (its sources and documentation): one record
//     of each leg after its end, in freeswitch_cdr.go;
//   - mod_httapi ("HTTAPI", mod_httapi_doc.txt): the question who calls, while
//     the caller waits;
//   - the hooks of the dialplan that we ship (docs/pbx/freeswitch/zummer.xml),
//     which tell of rings, answers and ends at once, in freeswitch_hook.go.
//
// The call is the uuid of the leg that began it, a person's leg is the uuid of
// that leg, and both say the same in all of them: an event has the same id
// whichever of them tells it first.
type freeswitch struct{}

func (freeswitch) Kind() string { return "freeswitch" }

func (freeswitch) Info() Info {
	return Info{
		Kind: "freeswitch", Name: "FreeSWITCH, FusionPBX", Docs: "docs/pbx/freeswitch.md",
		Description: Text{
			RU: "FreeSWITCH: записи о звонках (mod_json_cdr, mod_xml_cdr), вопрос «кто звонит» (mod_httapi) и наш фрагмент диалплана, который сообщает о звонке сразу.",
			EN: "FreeSWITCH: its call records (mod_json_cdr, mod_xml_cdr), its question who calls (mod_httapi), and our fragment of a dialplan that tells of a call at once.",
		},
		Secret: &Field{Name: "secret", Type: "string", Help: Text{
			RU: "Необязательно. Имя и пароль HTTP Basic, как в параметре cred: fsuser:пароль. Тогда принимаются только запросы с ними.",
			EN: "Optional. Name and password of HTTP Basic, as the parameter cred has them: fsuser:password. Then only requests with them are taken.",
		}},
		Settings: []Field{{Name: "phones", Type: "string", Help: Text{
			RU: "Необязательно. Регулярное выражение внутреннего номера; первая группа в скобках — сам номер. По умолчанию: от двух до шести цифр.",
			EN: "Optional. A regular expression for an extension; its first group is the extension. Default: two to six digits.",
		}}},
		Capabilities: Capabilities{Incoming: Partly, Ringing: Partly, Answered: Partly, RingEnded: Yes, Missed: Yes, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Partly, Outgoing: Yes, Internal: Yes, Recording: Partly, Lookup: Yes, Signed: Partly, Replay: Partly, Employees: No, Dial: No},
	}
}

func (freeswitch) CheckSettings(settings map[string]any, secret string) error {
	if err := knownSettings(settings, "phones"); err != nil {
		return err
	}
	if user, password, ok := strings.Cut(secret, ":"); secret != "" && (!ok || user == "" || password == "") {
		return models.InvalidField("secret", "must be a name and a password: fsuser:secret")
	}
	_, err := readChannels(settings)
	return err
}

// Verify compares name and password of HTTP Basic. FreeSWITCH can do no better
// (it also knows Digest, which would need a handshake of its own).
func (freeswitch) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return nil
	}
	user, password, ok := (&http.Request{Header: req.Header}).BasicAuth()
	if !ok {
		return refused("signature_missing", "name and password (HTTP Basic) are missing")
	}
	if subtle.ConstantTimeCompare([]byte(user+":"+password), []byte(cfg.Secret)) != 1 {
		return refused("signature_wrong", "name or password (HTTP Basic) is wrong")
	}
	return nil
}

func (freeswitch) Parse(req Request, cfg Config) (Result, error) {
	names, err := readChannels(cfg.Settings)
	if err != nil {
		return Result{}, err
	}
	p := fsReader{names: names, region: cfg.Region, zone: cfg.Timezone}
	body := bytes.TrimSpace(bytes.TrimPrefix(req.Body, []byte("\xef\xbb\xbf")))
	if record, isCDR, err := fsRecordOf(body); isCDR || err != nil {
		if err != nil {
			return Result{}, err
		}
		return fsChecked(p.leg(record, req.Query.Get("uuid")))
	}
	objects, list, err := readBody(req)
	switch {
	case err != nil:
		return Result{}, err
	case list:
		return Result{}, models.Errorf(models.Malformed, "the body must be one object, not a list")
	case objects[0].text("session_id") != "":
		res, err := p.httapi(objects[0])
		if err != nil {
			res.Reply = fsDocument(Card{}) // it would ask again for ever
		}
		return res, err
	}
	return fsChecked(p.hook(objects[0]))
}

// fsReader reads the requests of one source.
type fsReader struct {
	names  channels
	region string
	zone   string
}

// fsChecked makes a result of valid events.
func fsChecked(events []models.Event, err error) (Result, error) {
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

// httapi reads a question of mod_httapi: a form, or a query, since GET is its
// default method. It asks once more when the channel ends (exiting), which
// tells nothing.
func (p fsReader) httapi(f fields) (Result, error) {
	if f.text("exiting") == "true" {
		return Result{Reply: fsDocument(Card{})}, nil
	}
	e := models.Event{Type: models.EventStarted, Call: f.text("session_id"), Direction: models.In}
	e.ID = e.Call + "/started"
	e.At = fsMoment(f.text("caller-channel-created-time"))
	caller, dialled := f.number("caller-caller-id-number"), f.number("caller-destination-number")
	if f.text("caller-privacy-hide-number") == "true" {
		caller = "anonymous"
	}
	e.Phone, e.Name, e.DID = fsNumber(caller), models.CutText(f.text("caller-caller-id-name"), models.MaxName), dialled
	asked := e.Phone
	if own := p.own(f.text("caller-username"), caller); own != "" {
		e.Direction, e.Phone, e.Name, e.DID, e.Extension, asked = models.Out, dialled, "", "", own, dialled
		if p.extension(dialled) != "" {
			e.Direction, e.Phone = models.InternalCall, own
		}
	}
	res, err := fsChecked([]models.Event{e}, nil)
	if err != nil {
		return Result{}, err
	}
	res.Lookup = &ContactLookup{Phone: asked, Answer: fsDocument}
	return res, nil
}

// fsDocument answers mod_httapi: variables for the dialplan, and break, which
// ends the application, so that the dialplan goes on. The type must be text/xml
// and there must be something to work at.
func fsDocument(c Card) *Reply {
	var b bytes.Buffer
	b.WriteString(`<document type="xml/freeswitch-httapi"><params/><variables>`)
	set := func(name, value string) {
		if value = models.CleanText(value); value != "" {
			b.WriteString("<" + name + ">")
			_ = xml.EscapeText(&b, []byte(value)) // a buffer takes everything
			b.WriteString("</" + name + ">")
		}
	}
	if c.Found {
		set("zummer_found", "true")
		set("effective_caller_id_name", c.Name)
		set("zummer_name", c.Name)
		set("zummer_responsible", c.Responsible)
		set("zummer_manager", c.Manager)
		set("zummer_contact", c.ContactID)
	} else {
		set("zummer_found", "false")
	}
	b.WriteString(`</variables><work><break/></work></document>`)
	return xmlReply(b.String())
}

// own is the extension of a caller of ours: the name that it registered with,
// else its number when that is an extension; "": somebody outside.
func (p fsReader) own(user, number string) string {
	if e := p.extension(user); e != "" {
		return e
	}
	return p.extension(number)
}

// extension is the extension that a number is, or "".
func (p fsReader) extension(number string) string {
	m := p.names.phones.FindStringSubmatch(number)
	switch {
	case m == nil:
		return ""
	case len(m) > 1:
		return m[1]
	}
	return number
}

// fsNumber is a caller's number; ten zeros are FreeSWITCH's words for none.
func fsNumber(s string) string {
	if s == "0000000000" {
		return "anonymous"
	}
	return s
}
