package pbx

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// telnyx takes the webhooks of Telnyx's Voice API and SIP connections
// (developers.telnyx.com, voice-api-webhooks; types of telnyx-python) and the
// callbacks of TeXML, which have Twilio's form.
//
// The call is call_session_id, a leg call_leg_id. Only call.initiated says which
// way a leg goes, so later events tell the caller's leg by its number: it is
// one of the company's own, the setting numbers.
type telnyx struct{}

// Telnyx's headers.
const (
	telnyxSignature = "Telnyx-Signature-Ed25519"
	telnyxTimestamp = "Telnyx-Timestamp"
)

const telnyxAPI = "https://api.telnyx.com"

func (telnyx) Kind() string { return "telnyx" }

func (telnyx) Info() Info {
	settings := append(cpaasSettings(), []Field{
		{Name: "api_key", Type: "secret", Help: Text{
			RU: "Необязательно. Ключ API (KEY…): ссылка на запись живёт 10 минут, с ключом Zummer запрашивает новую.",
			EN: "Optional. An API key (KEY…): a recording's link lives for 10 minutes, with the key Zummer asks for a fresh one.",
		}},
		{Name: "voice_url", Type: "string", Help: Text{
			RU: "Необязательно. Только TeXML: адрес ваших инструкций, на который Zummer перенаправит звонок.",
			EN: "Optional. TeXML only: the address of your instructions, to which Zummer redirects a call.",
		}},
		{Name: "api_url", Type: "string", Place: true, Help: Text{RU: "По умолчанию https://api.telnyx.com.", EN: "Default https://api.telnyx.com."}},
	}...)
	settings[0].Required = true
	settings[0].Help = Text{
		RU: "Номера компании в Telnyx: по ним плечо клиента отличается от плеч сотрудников.",
		EN: "The company's numbers at Telnyx: they tell the caller's leg from those of the staff.",
	}
	return Info{
		Kind: "telnyx", Name: "Telnyx Voice API", Docs: "docs/pbx/telnyx.md",
		Description: Text{
			RU: "Номера Telnyx: события Call Control, SIP-подключений и TeXML, подписанные Ed25519.",
			EN: "Numbers at Telnyx: events of Call Control, SIP connections and TeXML, signed with Ed25519.",
		},
		Secret: &Field{Name: "secret", Type: "string", Required: true, Help: Text{
			RU: "Публичный ключ счёта (Mission Control → Keys & Credentials → Public Key), base64.",
			EN: "The account's public key (Mission Control → Keys & Credentials → Public Key), in base64.",
		}},
		Settings: settings,
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Yes, Ended: Yes, Transfer: Partly, Pickup: No,
			Queue: Partly, Outgoing: Partly, Internal: Partly, Recording: Yes, Lookup: No, Signed: Yes, Replay: Yes, Employees: No, Dial: No},
	}
}

func (telnyx) CheckSettings(settings map[string]any, secret string) error {
	if err := cpaasCheck(settings, []string{"api_key", "voice_url", "api_url"}, nil); err != nil {
		return err
	}
	if err := cpaasLink(settings, "voice_url"); err != nil {
		return err
	}
	if err := checkBase(settings, "api_url"); err != nil {
		return err
	}
	if own, _ := textList(settings, cpaasNumbers); len(own) == 0 {
		return models.InvalidField("settings."+cpaasNumbers, "is required: only by its number can a caller's leg be told")
	}
	_, err := telnyxKey(secret)
	return err
}

func telnyxKey(secret string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(secret))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, models.InvalidField("secret", "must be the account's public key: 32 bytes in base64")
	}
	return key, nil
}

// Verify checks the Ed25519 signature over time, "|" and body, and that the
// time is within 5 minutes of ours.
func (telnyx) Verify(req Request, cfg Config) error {
	key, err := telnyxKey(cfg.Secret)
	if err != nil {
		return refused("signature_secret", "the source has no usable public key, and Telnyx signs every webhook")
	}
	given, stamp := req.Header.Get(telnyxSignature), req.Header.Get(telnyxTimestamp)
	if given == "" || stamp == "" {
		return refused("signature_missing", "the headers %s and %s are required", telnyxSignature, telnyxTimestamp)
	}
	sig, err := base64.StdEncoding.DecodeString(given)
	if err != nil || !ed25519.Verify(key, append([]byte(stamp+"|"), req.Body...), sig) {
		return refused("signature_wrong", "the signature does not fit this time, this body and the public key")
	}
	unix, err := strconv.ParseInt(stamp, 10, 64)
	if limit := int64(signatureTolerance / time.Second); err != nil || unix < cfg.Now.Unix()-limit || unix > cfg.Now.Unix()+limit {
		return refused("signature_time", "%s is more than 5 minutes from the time of this server", telnyxTimestamp)
	}
	return nil
}

func (telnyx) Parse(req Request, cfg Config) (Result, error) {
	f, err := cpaasObject(req)
	if err != nil {
		return Result{}, err
	}
	data := f.sub("data")
	if len(data) == 0 && f.text("callsid") != "" {
		return twilioPost{fields: f, cpaas: cpaasOf(req.Query, cfg), kind: "telnyx"}.result(req, cfg)
	}
	p := telnyxEvent{fields: data.sub("payload"), what: strings.ToLower(data.text("event_type")), id: data.text("id")}
	if p.what == "" {
		return Result{}, models.InvalidField("data.event_type", "is required")
	}
	if !slices.Contains([]string{"call.initiated", "call.answered", "call.hangup", "call.recording.saved"}, p.what) {
		return Result{}, nil // call.bridged, call.machine.…, call.cost: nothing that the others do not tell
	}
	p.session, p.leg = p.text("call_session_id"), p.text("call_leg_id")
	if p.session == "" {
		return Result{}, models.InvalidField("data.payload.call_session_id", "is required")
	}
	if p.at, err = data.time("occurred_at", cfg.Timezone); err != nil {
		return Result{}, indexed(err, "data")
	}
	p.cpaas = cpaasOf(telnyxHints(req.Query, p.text("client_state")), cfg)
	return cpaasChecked(p.events(), nil)
}

// telnyxHints reads what the callback's address or, before it, client_state
// says: the base64 of "ext=101&dir=out" or of an object with those names. A
// client_state of somebody else's making says nothing.
func telnyxHints(query url.Values, state string) url.Values {
	out := url.Values{}
	for _, name := range []string{"ext", "dir", "phone"} {
		out.Set(name, query.Get(name))
	}
	text, err := base64.StdEncoding.DecodeString(state)
	if err != nil || len(text) > 4096 {
		return out
	}
	said := fields{}
	if m, err := decodeObject(string(text)); err == nil {
		said = lower(m)
	} else if form, err := url.ParseQuery(string(text)); err == nil {
		said = formFields(form)
	}
	for name := range out {
		if s := said.text(name); s != "" {
			out.Set(name, s)
		}
	}
	return out
}
