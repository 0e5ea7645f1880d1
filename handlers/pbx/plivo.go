package pbx

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"zummer/models"
)

// plivo takes what Plivo's Voice sends (plivo.com/docs/voice/xml): the requests
// of answer_url and of a <Dial>'s action, which want XML, and its callbacks:
// callbackUrl of <Dial>, hangup_url, recordings.
//
// The call is the A leg's CallUUID, a leg the B leg's. Nothing of it bears a
// time that can be relied on, so events are dated by their receipt.
type plivo struct{}

// Plivo's headers. Each may hold several signatures, separated by commas; the
// one with Ma is made with the main account's token.
const (
	plivoV3      = "X-Plivo-Signature-V3"
	plivoMainV3  = "X-Plivo-Signature-Ma-V3"
	plivoNonceV3 = "X-Plivo-Signature-V3-Nonce"
	plivoV2      = "X-Plivo-Signature-V2"
	plivoNonceV2 = "X-Plivo-Signature-V2-Nonce"
)

func (plivo) Kind() string { return "plivo" }

func (plivo) Info() Info {
	return Info{
		Kind: "plivo", Name: "Plivo Voice", Docs: "docs/pbx/plivo.md",
		Description: Text{
			RU: "Номера Plivo: Zummer получает callback'и <Dial> и hangup_url и, если нужно, сам отвечает XML.",
			EN: "Numbers at Plivo: Zummer gets the callbacks of <Dial> and hangup_url and, where wanted, answers with XML.",
		},
		Secret: &Field{Name: "secret", Type: "secret", Required: true, Sent: true, Help: Text{
			RU: "Auth Token счёта из консоли Plivo: им подписан каждый запрос.", EN: "The account's Auth Token of the Plivo console: it signs every request.",
		}},
		Settings: append([]Field{
			{Name: "dial", Type: "list", Help: Text{
				RU: "Кому звонить, если Answer URL — Zummer: 101=sip:ivanov@phone.plivo.com, 102=+79990000102. Все звонят сразу, не больше десяти.",
				EN: "Who rings when the answer URL is Zummer's: 101=sip:ivanov@phone.plivo.com, 102=+79990000102. All ring at once, ten at most.",
			}},
			{Name: "voice_url", Type: "string", Help: Text{
				RU: "Адрес прежнего Answer URL: туда Zummer отдаёт звонок, если dial пуст или никто из него не ответил.",
				EN: "Your former answer URL: Zummer hands the call over when dial is empty or nobody in it answered.",
			}},
			{Name: "caller_id", Type: "string", Help: Text{
				RU: "Номер Plivo, который видит клиент при исходящем звонке.", EN: "The Plivo number that customers see on outgoing calls.",
			}},
			{Name: "auth_id", Type: "string", Help: Text{
				RU: "Auth ID счёта (MA…). Нужен для звонка по команде и для записей под паролем.", EN: "The account's Auth ID (MA…). Needed to place calls and for protected recordings.",
			}},
			{Name: "hook_url", Type: "secret", Help: Text{
				RU: "hook_url этого источника. Нужен для звонка по команде.", EN: "This source's hook_url. Needed to place calls.",
			}},
			{Name: "signature", Type: "string", Help: Text{
				RU: "v3 (по умолчанию) или v2 для старых приложений: v2 не защищает поля запроса.", EN: "v3 (the default), or v2 for old applications: v2 does not protect a request's fields.",
			}},
			{Name: "api_url", Type: "string", Place: true, Help: Text{RU: "По умолчанию https://api.plivo.com.", EN: "Default https://api.plivo.com."}},
		}, cpaasSettings()...),
		Capabilities: Capabilities{Incoming: Yes, Ringing: Partly, Answered: Yes, RingEnded: Partly, Missed: Yes, Ended: Yes, Transfer: Partly, Pickup: No,
			Queue: Partly, Outgoing: Partly, Internal: Partly, Recording: Yes, Lookup: No, Signed: Yes, Replay: Partly, Employees: No, Dial: Partly},
	}
}

func (plivo) CheckSettings(settings map[string]any, secret string) error {
	if err := cpaasCheck(settings, []string{"voice_url", "caller_id", "auth_id", "hook_url", "signature", "api_url"}, []string{"dial"}); err != nil {
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
	list, _ := textList(settings, "dial")
	for _, s := range list {
		if _, address := cpaasNamed(s); strings.HasPrefix(address, "client:") {
			return models.InvalidField("settings.dial", "%q: Plivo's endpoints are SIP addresses, sip:NAME@phone.plivo.com", models.CutText(s, 50))
		}
	}
	if s, _ := settings["signature"].(string); s != "" && s != "v2" && s != "v3" {
		return models.InvalidField("settings.signature", "must be v3 or v2")
	}
	if strings.TrimSpace(secret) == "" {
		return models.InvalidField("secret", "is required: the account's Auth Token, which signs every request")
	}
	return nil
}

// Verify checks the V3 signature over address, fields and nonce. The older V2
// covers neither query nor fields, so it is only taken where a setting says so:
// whoever has seen one request could make up others.
func (plivo) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return refused("signature_secret", "the source has no secret: Plivo signs with the Auth Token")
	}
	form, err := signedForm(req)
	if err != nil {
		return refused("signature_wrong", "%s", err)
	}
	for name, values := range req.Query {
		if len(values) > 1 {
			return refused("signature_wrong", "the address has %s more than once, and only one of them is signed", models.CutText(models.CleanText(name), 40))
		}
	}
	names, nonce := []string{plivoV3, plivoMainV3}, req.Header.Get(plivoNonceV3)
	// Whether the query is signed as it is sent or decoded, Plivo's own libraries
	// do not agree.
	signs := []func(address string) string{
		func(address string) string {
			return SignPlivo(cfg.Secret, req.Method, address, nonce, form)
		},
		func(address string) string {
			return SignPlivo(cfg.Secret, req.Method, plivoDecoded(address), nonce, form)
		},
	}
	if cfg.setting("signature") == "v2" {
		names, nonce = []string{plivoV2}, req.Header.Get(plivoNonceV2)
		signs = []func(address string) string{func(address string) string {
			address, _, _ = strings.Cut(address, "?")
			return plivoMAC(cfg.Secret, address+nonce)
		}}
	}
	var given []string
	for _, name := range names {
		for s := range strings.SplitSeq(strings.Join(req.Header.Values(name), ","), ",") {
			if s = strings.TrimSpace(s); s != "" {
				given = append(given, s)
			}
		}
	}
	if len(given) == 0 || nonce == "" {
		return refused("signature_missing", "the headers %s and %s-Nonce are required", names[0], names[0])
	}
	ok := false
	for _, address := range cpaasAddresses(req.URL) {
		for _, sign := range signs {
			want := []byte(sign(address))
			for _, s := range given[:min(len(given), 20)] {
				if hmac.Equal([]byte(s), want) {
					ok = true
				}
			}
		}
	}
	if !ok {
		return refused("signature_wrong", "no signature fits this address, these fields and the Auth Token; does Plivo call the address by the name that ZUMMER_PUBLIC_URL has?")
	}
	return nil
}

// plivoDecoded is an address whose query is not percent-encoded.
func plivoDecoded(address string) string {
	address, raw, _ := strings.Cut(address, "?")
	parts := strings.Split(raw, "&")
	for i, s := range parts {
		if u, err := url.QueryUnescape(s); err == nil {
			parts[i] = u
		}
	}
	return strings.TrimSuffix(address+"?"+strings.Join(parts, "&"), "?")
}

// SignPlivo is Plivo's V3 signature (ComputeSignatureV3 of plivo-go).
func SignPlivo(token, method, address, nonce string, form url.Values) string {
	address, raw, _ := strings.Cut(address, "?")
	query := map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			query[name] = value // as it was sent, not decoded
		}
	}
	params := map[string]string{}
	for name, values := range form {
		params[name] = values[0]
	}
	if len(params) > 0 || raw != "" {
		address += "?"
	}
	switch {
	case method == "GET":
		for name, value := range params {
			query[name] = value
		}
		address += plivoJoin(query, "=", "&")
	case raw != "":
		address = strings.TrimRight(address+plivoJoin(query, "=", "&")+"."+plivoJoin(params, "", ""), ".")
	default:
		address += plivoJoin(params, "", "")
	}
	return plivoMAC(token, address+"."+nonce)
}

func plivoJoin(m map[string]string, between, after string) string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name + between + m[name]
	}
	return strings.Join(parts, after)
}

func plivoMAC(token, text string) string {
	m := hmac.New(sha256.New, []byte(token))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func (plivo) Parse(req Request, cfg Config) (Result, error) {
	f, err := cpaasObject(req)
	if err != nil {
		return Result{}, err
	}
	p := plivoPost{fields: f, cpaas: cpaasOf(req.Query, cfg), targets: cpaasTargets(cfg), status: strings.ToLower(f.text("callstatus"))}
	p.plus = true
	for _, name := range []string{"dialaleguuid", "aleguuid", "calluuid", "requestuuid"} {
		if p.call = f.text(name); p.call != "" {
			break
		}
	}
	return p.result(req, cfg)
}
