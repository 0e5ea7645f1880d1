package pbx

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the makers' choice; as an HMAC it holds
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"zummer/models"
)

// zadarma takes the webhooks of Zadarma's PBX, as its SDKs (user-api-v1 in PHP,
// user-api-typescript) and its OpenAPI description define them: forms with
// event=NOTIFY_…, signed with the secret of the account's API key.
type zadarma struct{}

// zadarmaHouse is one of the companies that speak Zadarma's protocol.
type zadarmaHouse struct {
	kind string // also before a reference to a recording: "zadarma:1458832388.1585217"
	name string // for the administrator
	api  string // where its API is; the only address that gets our key
}

func zadarmaItself() zadarmaHouse {
	return zadarmaHouse{kind: "zadarma", name: "Zadarma", api: "https://api.zadarma.com"}
}

func (zadarma) Kind() string { return "zadarma" }

func (zadarma) Info() Info {
	return Info{
		Kind: "zadarma", Name: "Zadarma", Docs: "docs/pbx/zadarma.md",
		Description: Text{
			RU: "АТС Zadarma: подписанные уведомления NOTIFY_…, имя клиента на телефоне и перевод на ответственного.",
			EN: "Zadarma's PBX: signed NOTIFY_… webhooks, the client's name on the phone and routing to the responsible.",
		},
		Secret:   zadarmaSecret(),
		Settings: zadarmaSettings(),
		Networks: []string{"185.45.152.40/30"},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: No, Missed: Yes, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Partly, Outgoing: Partly, Internal: Partly, Recording: Yes, Lookup: Yes, Signed: Yes, Replay: Partly,
			Employees: Yes, Dial: Yes},
	}
}

func zadarmaSecret() *Field {
	return &Field{Name: "secret", Type: "secret", Required: true, Help: Text{
		RU: "Secret из пары «Key и Secret» раздела API личного кабинета: им АТС подписывает уведомления.",
		EN: "The Secret of the pair Key and Secret from the API section of the cabinet: the PBX signs its webhooks with it.",
	}}
}

func zadarmaSettings() []Field {
	return []Field{
		{Name: "api_key", Type: "string", Help: Text{
			RU: "Необязательно. Key из той же пары: для записей, списка внутренних номеров и звонков из CRM.",
			EN: "Optional. The Key of the same pair: for recordings, the list of extensions and calls placed by the CRM.",
		}},
		{Name: "redirect", Type: "string", Help: Text{
			RU: "Необязательно. yes (по умолчанию): звонок известного клиента сначала звонит у ответственного; no: только имя на телефоне.",
			EN: "Optional. yes (default): a known client's call rings at the responsible first; no: only the name on the phone.",
		}},
	}
}

func (zadarma) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "api_key", "redirect"); err != nil {
		return err
	}
	return zadarmaCheck(settings, secret)
}

func zadarmaCheck(settings map[string]any, secret string) error {
	if s, _ := settings["redirect"].(string); s != "" && s != "yes" && s != "no" {
		return models.InvalidField("settings.redirect", "must be yes or no")
	}
	if strings.TrimSpace(secret) == "" {
		return models.InvalidField("secret", "is required: the Secret of the API key")
	}
	return nil
}

func (zadarma) Verify(req Request, cfg Config) error { return zadarmaVerify(req, cfg) }

// zadarmaVerify: the header Signature is base64 of the lower-case hexadecimal
// of HMAC-SHA1 over some received values; which, depends on the event. The
// makers' TypeScript SDK expects base64 of the digest itself: that is as good a
// proof and is taken too. Nothing signed is a time, and event itself is not
// signed: whoever has seen one request can send variations of it.
func zadarmaVerify(req Request, cfg Config) error {
	given := strings.TrimSpace(req.Header.Get("Signature"))
	switch {
	case cfg.Secret == "":
		return refused("signature_secret", "the source needs the Secret of the API key")
	case given == "":
		return refused("signature_missing", "the header Signature is missing: it is sent once the account has an API key")
	}
	f, err := zadarmaFields(req)
	if err != nil {
		return refused("signature_wrong", "the request cannot be read, so nothing in it is signed")
	}
	mac := hmac.New(sha1.New, []byte(cfg.Secret))
	for _, name := range zadarmaSigned(f) {
		mac.Write([]byte(zadarmaRaw(f, name)))
	}
	sum := mac.Sum(nil)
	asHex := base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum)))
	asBytes := base64.StdEncoding.EncodeToString(sum)
	if !hmac.Equal([]byte(given), []byte(asHex)) && !hmac.Equal([]byte(given), []byte(asBytes)) {
		return refused("signature_wrong", "the header Signature does not match the values of the request")
	}
	return nil
}

// zadarmaSigned lists the fields that an event's signature covers, in order.
// Events beside calls (SMS, speech recognition) sign their result.
func zadarmaSigned(f fields) []string {
	switch f.text("event") {
	case "NOTIFY_START", "NOTIFY_INTERNAL", "NOTIFY_END", "NOTIFY_IVR":
		return []string{"caller_id", "called_did", "call_start"}
	case "NOTIFY_ANSWER":
		return []string{"caller_id", "destination", "call_start"}
	case "NOTIFY_OUT_START", "NOTIFY_OUT_END":
		return []string{"internal", "destination", "call_start"}
	case "NOTIFY_RECORD":
		return []string{"pbx_call_id", "call_id_with_rec"}
	}
	return []string{"result"}
}

// zadarmaRaw is a value exactly as it was received, for the signature.
func zadarmaRaw(f fields, name string) string {
	v := f[name]
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0] // as text reads it
	}
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// zadarmaFields reads the form; JSON does too.
func zadarmaFields(req Request) (fields, error) {
	objects, list, err := readBody(req)
	if err != nil {
		return nil, err
	}
	if list {
		return nil, models.Errorf(models.Malformed, "the body must be one form, not a list")
	}
	return objects[0], nil
}

// Greet answers the check of the address when it is saved in the cabinet.
func (zadarma) Greet(req Request, _ Config) *Reply { return zadarmaGreet(req) }

// zadarmaEcho is what is given back: the values that are sent are not
// described, so only harmless ones are.
var zadarmaEcho = regexp.MustCompile(`^[A-Za-z0-9._=-]{1,256}$`)

func zadarmaGreet(req Request) *Reply {
	echo := req.Query.Get("zd_echo")
	if req.Method != http.MethodGet || !zadarmaEcho.MatchString(echo) {
		return nil
	}
	return textReply(echo)
}

func (zadarma) Parse(req Request, cfg Config) (Result, error) {
	return zadarmaItself().parse(req, cfg)
}

// zadarmaCard answers NOTIFY_START. return_timeout brings the caller back into
// the scenario when the responsible does not answer; that it counts seconds and
// that redirect may be an extension is unconfirmed.
func zadarmaCard(c Card, redirect bool) *Reply {
	if !c.Found {
		return textReply("") // the call takes its usual way
	}
	answer := struct {
		Name    string `json:"caller_name,omitempty"`
		To      string `json:"redirect,omitempty"`
		Seconds int    `json:"return_timeout,omitempty"`
	}{Name: models.CutText(models.CleanText(c.Name), 100)}
	if redirect && zadarmaExtension(c.Responsible) {
		answer.To, answer.Seconds = c.Responsible, 20
	}
	return jsonReply(answer)
}

// zadarmaExtension reports whether s is an extension of the PBX: three digits.
func zadarmaExtension(s string) bool {
	return len(s) == 3 && strings.Trim(s, "0123456789") == ""
}
