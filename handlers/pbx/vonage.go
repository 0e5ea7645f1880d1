package pbx

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// vonage takes the webhooks of Vonage's (Nexmo's) Voice API: answer_url, which
// wants an NCCO, and event_url (developer.vonage.com/voice/voice-api/webhook-reference).
//
// The call is conversation_uuid, a leg uuid.
type vonage struct{}

const vonageIssuer = "Vonage"

func (vonage) Kind() string { return "vonage" }

func (vonage) Info() Info {
	return Info{
		Kind: "vonage", Name: "Vonage Voice API (Nexmo)", Docs: "docs/pbx/vonage.md",
		Description: Text{
			RU: "Номера Vonage: Zummer получает события event_url и, если нужно, отвечает на answer_url готовым NCCO.",
			EN: "Numbers at Vonage: Zummer gets the events of event_url and, where wanted, answers answer_url with an NCCO of yours.",
		},
		Secret: &Field{Name: "secret", Type: "secret", Required: true, Help: Text{
			RU: "Signature secret счёта (Dashboard → API Settings), не API secret: им подписан каждый webhook.",
			EN: "The account's signature secret (Dashboard → API Settings), not the API secret: it signs every webhook.",
		}},
		Settings: append([]Field{
			{Name: "ncco", Type: "string", Help: Text{
				RU: "Необязательно. Список действий NCCO (JSON), которым Zummer ответит на answer_url.", EN: "Optional. The list of NCCO actions (JSON) that Zummer answers answer_url with.",
			}},
			{Name: "application_id", Type: "string", Help: Text{
				RU: "Application ID. Нужен для записей и звонка по команде.", EN: "The application's id. Needed for recordings and to place calls.",
			}},
			{Name: "private_key", Type: "secret", Help: Text{
				RU: "Закрытый ключ приложения (private.key целиком). Нужен для записей и звонка по команде.",
				EN: "The application's private key (all of private.key). Needed for recordings and to place calls.",
			}},
			{Name: "caller_id", Type: "string", Help: Text{
				RU: "Номер Vonage, который видит клиент при звонке по команде.", EN: "The Vonage number that customers see when a call is placed.",
			}},
			{Name: "hook_url", Type: "secret", Help: Text{
				RU: "hook_url этого источника. Нужен для звонка по команде.", EN: "This source's hook_url. Needed to place calls.",
			}},
			{Name: "api_url", Type: "string", Place: true, Help: Text{RU: "По умолчанию https://api.nexmo.com.", EN: "Default https://api.nexmo.com."}},
		}, cpaasSettings()...),
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Yes, Ended: Yes, Transfer: Partly, Pickup: No,
			Queue: Partly, Outgoing: Partly, Internal: Partly, Recording: Yes, Lookup: No, Signed: Yes, Replay: Yes, Employees: No, Dial: Partly},
	}
}

func (vonage) CheckSettings(settings map[string]any, secret string) error {
	rest := map[string]any{}
	for name, v := range settings {
		if name != "ncco" && name != "private_key" { // longer than other texts, and with line breaks
			rest[name] = v
		}
	}
	if err := cpaasCheck(rest, []string{"application_id", "caller_id", "hook_url", "api_url"}, nil); err != nil {
		return err
	}
	if err := cpaasLink(rest, "hook_url"); err != nil {
		return err
	}
	if err := checkBase(settings, "api_url"); err != nil {
		return err
	}
	for _, name := range []string{"ncco", "private_key"} {
		s, ok := settings[name].(string)
		if v := settings[name]; v != nil && !ok || len(s) > 16<<10 {
			return models.InvalidField("settings."+name, "must be a text of at most 16 KiB")
		}
	}
	cfg := Config{Settings: settings}
	if s := cfg.setting("ncco"); s != "" {
		var actions []map[string]any
		if err := json.Unmarshal([]byte(s), &actions); err != nil || len(actions) == 0 {
			return models.InvalidField("settings.ncco", `must be a list of actions such as [{"action":"connect",…}]; an empty one would hang up`)
		}
	}
	if cfg.setting("private_key") != "" {
		if _, err := vonageKey(cfg); err != nil {
			return err
		}
	}
	if strings.TrimSpace(secret) == "" {
		return models.InvalidField("secret", "is required: the account's signature secret, which signs every webhook")
	}
	return nil
}

// vonageClaims is what a webhook's token says.
type vonageClaims struct {
	IssuedAt json.Number `json:"iat"`
	ID       string      `json:"jti"`
	Issuer   string      `json:"iss"`
	Hash     string      `json:"payload_hash,omitempty"`
}

// Verify checks the token in Authorization: HS256 with the signature secret,
// made within 5 minutes of now, and for this body. Of a GET the query is not
// covered, and what its payload_hash is of is unconfirmed, so there it is not
// looked at.
func (vonage) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return refused("signature_secret", "the source has no secret: Vonage signs with the signature secret")
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(req.Header.Get("Authorization")), " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return refused("signature_missing", "the header Authorization: Bearer … is required; are signed webhooks switched on?")
	}
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return refused("signature_wrong", "the token is no JWT")
	}
	var head struct {
		Alg string `json:"alg"`
	}
	sig, err := base64.RawURLEncoding.DecodeString(part[2])
	if err != nil || !vonageRead(part[0], &head) || head.Alg != "HS256" || !hmac.Equal(sig, vonageMAC(cfg.Secret, part[0]+"."+part[1])) {
		return refused("signature_wrong", "the token is not signed with the signature secret (HS256)")
	}
	var claims vonageClaims
	if !vonageRead(part[1], &claims) || claims.Issuer != vonageIssuer {
		return refused("signature_wrong", "the token is not made by %s", vonageIssuer)
	}
	at, ok := unixTime(claims.IssuedAt.String())
	if !ok || at.Before(cfg.Now.Add(-signatureTolerance)) || at.After(cfg.Now.Add(signatureTolerance)) {
		return refused("signature_time", "iat is more than 5 minutes from the time of this server")
	}
	if len(req.Body) == 0 {
		return nil
	}
	sum := sha256.Sum256(req.Body)
	if !hmac.Equal([]byte(strings.ToLower(claims.Hash)), []byte(hex.EncodeToString(sum[:]))) {
		return refused("signature_wrong", "payload_hash is not the hash of the body")
	}
	return nil
}

func vonageRead(part string, v any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, v) == nil
}

func vonageMAC(secret, text string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// SignVonage makes the token of a webhook with that body.
func SignVonage(secret, id string, at time.Time, body []byte) (string, error) {
	sum := sha256.Sum256(body)
	claims, err := json.Marshal(vonageClaims{IssuedAt: json.Number(strconv.FormatInt(at.Unix(), 10)), ID: id, Issuer: vonageIssuer, Hash: hex.EncodeToString(sum[:])})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(vonageMAC(secret, text)), nil
}

func (vonage) Parse(req Request, cfg Config) (Result, error) {
	f, err := cpaasObject(req)
	if err != nil {
		return Result{}, err
	}
	p := vonageEvent{fields: f, cpaas: cpaasOf(req.Query, cfg), status: strings.ToLower(f.text("status")), call: f.text("conversation_uuid"), leg: f.text("uuid")}
	p.plus = true
	return p.result(cfg)
}
