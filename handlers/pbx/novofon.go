package pbx

import (
	"context"
	"net/http"

	"zummer/models"
)

// novofon takes the webhooks of Novofon, which has two platforms: the older
// one (API 1.0) speaks Zadarma's protocol, whose SDK its own is a copy of;
// Novofon 2.0 is the platform of UIS. Which one a customer is on only the
// customer knows, so a setting says it.
type novofon struct{}

// The values of the setting platform.
const (
	novofonOne = "1" // the default
	novofonTwo = "2"
)

// novofonHouse is Novofon 1.0. Its makers name no networks that its requests
// come from.
func novofonHouse() zadarmaHouse {
	return zadarmaHouse{kind: "novofon", name: "Novofon", api: "https://api.novofon.com"}
}

// novofonBrand is Novofon 2.0.
func novofonBrand() uisHouse {
	return uisHouse{name: "Novofon", data: "https://dataapi-jsonrpc.novofon.ru/v2.0", calls: "https://callapi-jsonrpc.novofon.ru/v4.0"}
}

// novofonIsTwo reports which platform a source is on.
func novofonIsTwo(cfg Config) bool { return cfg.setting("platform") == novofonTwo }

func (novofon) Kind() string { return "novofon" }

func (novofon) Info() Info {
	return Info{
		Kind: "novofon", Name: "Novofon", Docs: "docs/pbx/novofon.md",
		Description: Text{
			RU: "Novofon: старый кабинет (API 1.0, подписанные уведомления NOTIFY_…) или Novofon 2.0 (HTTP-уведомления по нашим шаблонам).",
			EN: "Novofon: the older cabinet (API 1.0, signed NOTIFY_… webhooks) or Novofon 2.0 (HTTP notifications by our templates).",
		},
		Secret: &Field{Name: "secret", Type: "secret", Required: true, Help: Text{
			RU: "Платформа 1: Secret из пары «Key и Secret» раздела API. Платформа 2: случайная строка, вписанная в шаблоны уведомлений вместо " + UISSecret + ".",
			EN: "Platform 1: the Secret of the pair Key and Secret from the API section. Platform 2: a random text put into the templates of the notifications instead of " + UISSecret + ".",
		}},
		Settings: novofonSettings(),
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Partly, Missed: Yes, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Partly, Outgoing: Partly, Internal: Partly, Recording: Yes, Lookup: Partly, Signed: Yes, Replay: Partly,
			Employees: Yes, Dial: Partly},
	}
}

func novofonSettings() []Field {
	out := []Field{{Name: "platform", Type: "string", Help: Text{
		RU: "1 (по умолчанию): старый кабинет, API 1.0. 2: Novofon 2.0.",
		EN: "1 (default): the older cabinet, API 1.0. 2: Novofon 2.0.",
	}}}
	for platform, fields := range [][]Field{zadarmaSettings(), append([]Field{
		{Name: "api_url", Type: "string", Place: true, Help: Text{
			RU: "Необязательно. Адрес Data API; по умолчанию " + novofonBrand().data + ".",
			EN: "Optional. Address of the Data API; by default " + novofonBrand().data + ".",
		}},
		{Name: "call_api_url", Type: "string", Place: true, Help: Text{
			RU: "Необязательно. Адрес Call API; по умолчанию " + novofonBrand().calls + ".",
			EN: "Optional. Address of the Call API; by default " + novofonBrand().calls + ".",
		}},
	}, uisSettings()...)} {
		for _, f := range fields {
			only := []Text{{RU: "Платформа 1. ", EN: "Platform 1. "}, {RU: "Платформа 2. ", EN: "Platform 2. "}}[platform]
			f.Help = Text{RU: only.RU + f.Help.RU, EN: only.EN + f.Help.EN}
			out = append(out, f)
		}
	}
	return out
}

func (novofon) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "platform", "api_key", "redirect", "api_url", "call_api_url", "access_token", "virtual_number"); err != nil {
		return err
	}
	switch (Config{Settings: settings}).setting("platform") {
	case "", novofonOne:
		return zadarmaCheck(settings, secret)
	case novofonTwo:
		return uisCheck(settings, secret)
	}
	return models.InvalidField("settings.platform", "must be 1 or 2")
}

// Verify checks the signature of platform 1, or the constant in the templates
// of platform 2.
func (novofon) Verify(req Request, cfg Config) error {
	if novofonIsTwo(cfg) {
		return uisVerify(req, cfg)
	}
	return zadarmaVerify(req, cfg)
}

// Greet answers the check of the address (zd_echo), without which platform 1
// does not save it.
func (novofon) Greet(req Request, cfg Config) *Reply {
	if novofonIsTwo(cfg) {
		return nil
	}
	return zadarmaGreet(req)
}

func (novofon) Parse(req Request, cfg Config) (Result, error) {
	if novofonIsTwo(cfg) {
		return uisParse(req, cfg)
	}
	return novofonHouse().parse(req, cfg)
}

func (novofon) Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error) {
	if novofonIsTwo(cfg) {
		return novofonBrand().employees(ctx, do, cfg)
	}
	return novofonHouse().employees(ctx, do, cfg)
}

// Recording asks platform 1 for a link; platform 2 has sent one.
func (novofon) Recording(ctx context.Context, do Doer, cfg Config, ref, call string) (*http.Request, error) {
	if novofonIsTwo(cfg) {
		return uisRecording(ctx, ref)
	}
	return novofonHouse().record(ctx, do, cfg, ref, call)
}

func (novofon) Dial(ctx context.Context, do Doer, cfg Config, o Order) (string, error) {
	if novofonIsTwo(cfg) {
		return novofonBrand().dial(ctx, do, cfg, o)
	}
	return novofonHouse().dial(ctx, do, cfg, o)
}
