package pbx

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature is HMAC-SHA1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"zummer/models"
)

// twilio takes what Twilio Programmable Voice sends: status callbacks of a
// number, of a call made by the REST API and of the nouns of <Dial>, recording
// callbacks, and the requests that want TwiML (twilio.com/docs/voice/twiml,
// …/voice/api/call-resource, …/voice/twiml/dial).
//
// The call is the parent's CallSid, a leg its own CallSid.
type twilio struct{}

// The header with Twilio's signature.
const twilioHeader = "X-Twilio-Signature"

func (twilio) Kind() string { return "twilio" }

func (twilio) Info() Info {
	return Info{
		Kind: "twilio", Name: "Twilio Programmable Voice", Docs: "docs/pbx/twilio.md",
		Description: Text{
			RU: "Номера Twilio: Zummer получает status callback каждого плеча звонка и, если нужно, сам отвечает TwiML.",
			EN: "Numbers at Twilio: Zummer gets the status callbacks of every leg and, where wanted, answers with TwiML.",
		},
		Secret: &Field{Name: "secret", Type: "secret", Required: true, Sent: true, Help: Text{
			RU: "Auth Token (Primary) из Twilio Console: им подписан каждый запрос, им же открываются записи.",
			EN: "The primary Auth Token of the Twilio Console: it signs every request and opens the recordings.",
		}},
		Settings: append([]Field{
			{Name: "account_sid", Type: "string", Help: Text{
				RU: "Account SID (AC…). Нужен для звонка по команде из CRM.", EN: "The account's SID (AC…). Needed to place calls from the CRM.",
			}},
			{Name: "dial", Type: "list", Help: Text{
				RU: "Кому звонить, если Voice URL номера — Zummer: client:ivanov, 101=sip:101@acme.sip.twilio.com, 102=+79990000102. Все звонят сразу, не больше десяти.",
				EN: "Who rings when the number's Voice URL is Zummer's: client:ivanov, 101=sip:101@acme.sip.twilio.com, 102=+79990000102. All ring at once, ten at most.",
			}},
			{Name: "voice_url", Type: "string", Help: Text{
				RU: "Адрес прежнего TwiML (меню, Studio): туда Zummer отдаёт звонок, если dial пуст или никто из него не ответил.",
				EN: "Address of your own TwiML (a menu, Studio): Zummer hands the call over when dial is empty or nobody in it answered.",
			}},
			{Name: "caller_id", Type: "string", Help: Text{
				RU: "Номер Twilio, который видит клиент при исходящем звонке.", EN: "The Twilio number that customers see on outgoing calls.",
			}},
			{Name: "hook_url", Type: "secret", Help: Text{
				RU: "hook_url этого источника. Нужен для звонка по команде: на него придут события.", EN: "This source's hook_url. Needed to place calls: their events go there.",
			}},
			{Name: "api_url", Type: "string", Place: true, Help: Text{
				RU: "По умолчанию https://api.twilio.com; для регионов — их адрес.", EN: "Default https://api.twilio.com; regions have addresses of their own.",
			}},
		}, cpaasSettings()...),
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Yes, Ended: Yes, Transfer: Partly, Pickup: No,
			Queue: Partly, Outgoing: Partly, Internal: Partly, Recording: Yes, Lookup: No, Signed: Yes, Replay: Partly, Employees: No, Dial: Partly},
	}
}

func (twilio) CheckSettings(settings map[string]any, secret string) error {
	if err := cpaasCheck(settings, []string{"account_sid", "voice_url", "caller_id", "hook_url", "api_url"}, []string{"dial"}); err != nil {
		return err
	}
	if err := cpaasLink(settings, "voice_url", "hook_url"); err != nil {
		return err
	}
	if err := checkBase(settings, "api_url"); err != nil {
		return err
	}
	if err := cpaasDialList(settings); err != nil {
		return err
	}
	if strings.TrimSpace(secret) == "" {
		return models.InvalidField("secret", "is required: the account's Auth Token, which signs every request")
	}
	return nil
}

// Verify checks X-Twilio-Signature (twilio.com/docs/usage/security): over the
// address and the form, or over the address alone when that carries the body's
// hash. There is no time in it, so a repeat is only known by what it says.
func (twilio) Verify(req Request, cfg Config) error {
	given := req.Header.Get(twilioHeader)
	switch {
	case cfg.Secret == "":
		return refused("signature_secret", "the source has no secret: Twilio signs with the Auth Token")
	case given == "":
		return refused("signature_missing", "the header %s is required", twilioHeader)
	}
	form := url.Values{}
	if hash := req.Query.Get("bodySHA256"); hash != "" {
		sum := sha256.Sum256(req.Body)
		if !hmac.Equal([]byte(strings.ToLower(hash)), []byte(hex.EncodeToString(sum[:]))) {
			return refused("signature_wrong", "bodySHA256 is not the hash of the body")
		}
	} else {
		var err error
		if form, err = signedForm(req); err != nil {
			return refused("signature_wrong", "%s", err)
		}
	}
	ok := false
	for _, address := range cpaasAddresses(req.URL) {
		if hmac.Equal([]byte(given), []byte(SignTwilio(cfg.Secret, address, form))) {
			ok = true
		}
	}
	if !ok {
		return refused("signature_wrong", "the signature does not fit this address, these fields and the Auth Token; does Twilio call the address by the name that ZUMMER_PUBLIC_URL has?")
	}
	return nil
}

// SignTwilio is Twilio's signature of a request to address; form is empty for
// GET and for bodies that are no form. Of a repeated field each value counts
// once, in order.
func SignTwilio(token, address string, form url.Values) string {
	m := hmac.New(sha1.New, []byte(token))
	m.Write([]byte(address))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			m.Write([]byte(name + v))
		}
	}
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func (twilio) Parse(req Request, cfg Config) (Result, error) {
	f, err := cpaasObject(req)
	if err != nil {
		return Result{}, err
	}
	p := twilioPost{fields: f, cpaas: cpaasOf(req.Query, cfg), kind: "twilio"}
	return p.result(req, cfg)
}
