package pbx

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"mime"
	"net/url"
	"strings"
	"time"

	"zummer/models"
)

// mango is the virtual PBX of Mango Office: "API Mango Office" 1.9, its
// realtime part. Mango appends the path of an event to the address of the hook
// and posts a form of three fields: vpbx_api_key, json and
// sign = sha256(vpbx_api_key + json + salt). It looks at the HTTP status only.
type mango struct{}

// mangoKey is the setting that holds the code of the PBX.
const mangoKey = "vpbx_api_key"

func (mango) Kind() string { return "mango" }

func (mango) Info() Info {
	return Info{
		Kind: "mango", Name: "Mango Office", Docs: "docs/pbx/mango.md",
		Description: Text{
			RU: "Виртуальная АТС Mango Office: «API коннектор» сам присылает события звонков, каждое с подписью.",
			EN: "The virtual PBX of Mango Office: its «API коннектор» posts call events, each of them signed.",
		},
		Secret: &Field{Name: "secret", Type: "secret", Required: true, Help: Text{
			RU: "Ключ для создания подписи (vpbx_api_salt): Личный кабинет → Интеграции → API коннектор.",
			EN: "The key for signatures (vpbx_api_salt, «Ключ для создания подписи»): Личный кабинет → Интеграции → API коннектор.",
		}},
		Settings: []Field{{Name: mangoKey, Type: "string", Required: true, Help: Text{
			RU: "Уникальный код вашей АТС (vpbx_api_key), там же.",
			EN: "The code of the PBX (vpbx_api_key, «Уникальный код вашей АТС»), in the same place.",
		}}},
		Networks: []string{"81.88.80.132", "81.88.80.133", "81.88.82.36", "81.88.82.44", "81.88.82.45"},
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Yes, Missed: Yes, Ended: Yes, Transfer: Yes,
			Pickup: Partly, Queue: Yes, Outgoing: Yes, Internal: Yes, Recording: Yes, Lookup: No, Signed: Yes, Replay: Partly, Employees: Yes, Dial: Yes},
	}
}

func (mango) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, mangoKey); err != nil {
		return err
	}
	cfg := Config{Settings: settings}
	switch {
	case cfg.setting(mangoKey) == "":
		return models.InvalidField("settings."+mangoKey, "is required: the code of the PBX, on the page «API коннектор»")
	case strings.TrimSpace(secret) == "":
		return models.InvalidField("secret", "is required: the key for signatures, on the page «API коннектор»")
	}
	return nil
}

// Greet answers the button «Проверить подключение», which posts to …/ping.
func (mango) Greet(req Request, _ Config) *Reply {
	if strings.TrimSuffix(req.Path, "/") != "/ping" {
		return nil
	}
	return jsonReply(map[string]bool{"success": true})
}

// Verify compares the code of the PBX and the signature. What is signed is the
// json field byte for byte as it was sent, never encoded anew.
func (mango) Verify(req Request, cfg Config) error {
	if cfg.Secret == "" || cfg.setting(mangoKey) == "" {
		return refused("signature_secret", "this source has no %s or no key for signatures, and Mango signs every request", mangoKey)
	}
	form, err := mangoForm(req)
	if err != nil {
		return refused("signature_missing", "%s", err)
	}
	key, sign, text := form.Get(mangoKey), form.Get("sign"), form.Get("json")
	if key == "" || sign == "" || text == "" {
		return refused("signature_missing", "%s, sign and json are required", mangoKey)
	}
	if subtle.ConstantTimeCompare([]byte(key), []byte(cfg.setting(mangoKey))) != 1 {
		return refused("signature_wrong", "%s is another PBX's", mangoKey)
	}
	want := mangoSign(key, text, cfg.Secret)
	if subtle.ConstantTimeCompare([]byte(strings.ToLower(sign)), []byte(want)) != 1 {
		return refused("signature_wrong", "sign does not match")
	}
	return nil
}

// mangoSign signs a request, in either direction. Blanks that were pasted with
// the salt are no part of it.
func mangoSign(key, text, salt string) string {
	sum := sha256.Sum256([]byte(key + text + strings.TrimSpace(salt)))
	return hex.EncodeToString(sum[:])
}

// mangoForm reads the form without a change to its values.
func mangoForm(req Request) (url.Values, error) {
	typ, params, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if typ == "multipart/form-data" {
		f, err := readMultipart(req.Body, params["boundary"])
		if err != nil {
			return nil, err
		}
		form := url.Values{}
		for name, v := range f {
			if s, ok := v.(string); ok {
				form.Set(name, s)
			}
		}
		return form, nil
	}
	if bytes.Count(req.Body, []byte("&")) >= maxFields {
		return nil, models.Errorf(models.Malformed, "the form has more than %d fields", maxFields)
	}
	return readForm(string(req.Body)), nil
}

// Parse reads one notification. Which one it is says the path; where a proxy
// has lost that, the fields that only one of them has.
func (mango) Parse(req Request, cfg Config) (Result, error) {
	form, err := mangoForm(req)
	if err != nil {
		return Result{}, err
	}
	text := form.Get("json")
	if text == "" {
		return Result{}, models.InvalidField("json", "is required")
	}
	m, err := decodeObject(text)
	if err != nil || m == nil {
		return Result{}, models.InvalidField("json", "is not a JSON object")
	}
	n := mangoNote{fields: lower(m), cfg: cfg}
	n.from, n.to = n.sub("from"), n.sub("to")
	var e *models.Event
	switch n.what(req.Path) {
	case "call":
		e, err = n.call()
	case "summary":
		e, err = n.summary()
	case "recording":
		e, err = n.recording()
	case "record/added":
		e, err = n.recorded()
	}
	if err != nil || e == nil {
		return Result{}, err
	}
	if err := valid(e); err != nil {
		return Result{}, err
	}
	return Result{Events: []models.Event{*e}}, nil
}

// mangoNote is one notification.
type mangoNote struct {
	fields
	from, to fields
	cfg      Config
}

// what names the notification; "" for those that say nothing of a call.
func (n mangoNote) what(path string) string {
	path = strings.Trim(path, "/")
	if what, ok := strings.CutPrefix(path, "events/"); ok || strings.HasPrefix(path, "result/") {
		return what
	}
	switch {
	case n.text("call_state") != "":
		return "call"
	case n.text("entry_result") != "":
		return "summary"
	case n.text("recording_state") != "":
		return "recording"
	case n.text("recording_id") != "":
		return "record/added"
	}
	return ""
}

// when reads a time. Mango calls its timestamps "UTC+3" and does not say
// whether the number itself is three hours ahead (unconfirmed). A call cannot
// come from the future: a time more than half an hour ahead of the receipt is
// taken to be shifted.
func (n mangoNote) when(name string) (time.Time, error) {
	t, err := n.time(name, "Europe/Moscow")
	if err != nil || t.IsZero() || n.cfg.Now.IsZero() {
		return t, err
	}
	const shift, early, late = 3 * time.Hour, 30 * time.Minute, 3*time.Hour + 30*time.Minute
	if ahead := t.Sub(n.cfg.Now); ahead > early && ahead < late {
		t = t.Add(-shift)
	}
	return t, nil
}
