package pbx

import (
	"crypto/hmac"
	"strings"

	"zummer/models"
)

// uis takes the HTTP notifications («Уведомления») of the platform that is
// sold as UIS, CoMagic, CallGear and Novofon 2.0. What a notification says is a
// template that the administrator writes, so the format is ours: UISTemplates
// has what to paste. The platform signs nothing, so the templates carry a
// constant. The variables are those of templates that a maker of CRMs
// publishes for UIS, CoMagic and CallGear.
type uis struct{}

// uisHouse is one of the brands, by where its APIs are unless settings say
// otherwise.
type uisHouse struct{ name, data, calls string }

func uisItself() uisHouse {
	return uisHouse{name: "UIS", data: "https://dataapi.uiscom.ru/v2.0", calls: "https://callapi.uiscom.ru/v4.0"}
}

// UISTemplate is the body of one notification.
type UISTemplate struct {
	Event string // as the body has it
	Name  Text   // of the type of event in the cabinet
	Body  string // {{variables}} become JSON values; UISSecret becomes the source's secret
}

// UISSecret stands in the templates where the source's secret belongs.
const UISSecret = "SECRET"

// UISTemplates lists what to paste into the cabinet, a notification each.
// ringing, answered and ended are needed, the others are useful.
func UISTemplates() []UISTemplate {
	const head = `","secret":"` + UISSecret + `","call":{{call_session_id}},`
	return []UISTemplate{
		{"incoming", Text{RU: "Входящий звонок на виртуальный номер", EN: "Inbound call on a virtual phone number"},
			`{"event":"incoming` + head + `"phone":{{contact_phone_number}},"name":{{contact_full_name}},"did":{{virtual_phone_number}},"t":{{notification_time}}}`},
		{"ringing", Text{RU: "Ожидание ответа", EN: "Waiting for the answer"},
			`{"event":"ringing` + head + `"leg":{{leg_id}},"dir":{{direction}},"phone":{{contact_phone_number}},"name":{{contact_full_name}},"did":{{virtual_phone_number}},"employee_id":{{employee_id}},"employee":{{employee_full_name}},"t":{{notification_time}}}`},
		{"answered", Text{RU: "Начало разговора", EN: "Talk started"},
			`{"event":"answered` + head + `"dir":{{direction}},"phone":{{contact_phone_number}},"employee_id":{{employee_id}},"employee":{{employee_full_name}},"t":{{notification_time}}}`},
		{"ended", Text{RU: "Завершение звонка", EN: "Call finished"},
			`{"event":"ended` + head + `"dir":{{direction}},"phone":{{contact_phone_number}},"did":{{virtual_phone_number}},"employee_id":{{employee_id}},"talk":{{talk_time_duration}},"total":{{total_time_duration}},"wait":{{wait_time_duration}},"t":{{notification_time}}}`},
		{"missed", Text{RU: "Потерянный звонок", EN: "Lost call"},
			`{"event":"missed` + head + `"phone":{{contact_phone_number}},"did":{{virtual_phone_number}},"employee_ids":{{employee_ids}},"wait":{{wait_time_duration}},"t":{{notification_time}}}`},
		{"outgoing", Text{RU: "Исходящий звонок", EN: "Outbound call"},
			`{"event":"outgoing` + head + `"phone":{{contact_phone_number}},"employee_id":{{employee_id}},"employee":{{employee_full_name}},"employee_phone":{{employee_phone_number}},"t":{{notification_time}}}`},
		{"record", Text{RU: "Записанный разговор", EN: "Call recording completed"},
			`{"event":"record` + head + `"link":{{file_link}},"seconds":{{file_duration}},"employee_id":{{employee_id}}}`},
	}
}

func (uis) Kind() string { return "uis" }

func (uis) Info() Info {
	return Info{
		Kind: "uis", Name: "UIS, CoMagic, CallGear", Docs: "docs/pbx/uis.md",
		Description: Text{
			RU: "UIS, CoMagic, CallGear: HTTP-уведомления по нашим шаблонам, которые вставляются в личный кабинет.",
			EN: "UIS, CoMagic, CallGear: HTTP notifications by our templates, which are pasted into the cabinet.",
		},
		Secret: uisSecretField(),
		Settings: append([]Field{
			{Name: "api_url", Type: "string", Place: true, Help: Text{
				RU: "Необязательно. Адрес Data API; по умолчанию " + uisItself().data + ", у CoMagic https://dataapi.comagic.ru/v2.0.",
				EN: "Optional. Address of the Data API; by default " + uisItself().data + ", for CoMagic https://dataapi.comagic.ru/v2.0.",
			}},
			{Name: "call_api_url", Type: "string", Place: true, Help: Text{
				RU: "Необязательно. Адрес Call API; по умолчанию " + uisItself().calls + ", у CoMagic https://callapi.comagic.ru/v4.0.",
				EN: "Optional. Address of the Call API; by default " + uisItself().calls + ", for CoMagic https://callapi.comagic.ru/v4.0.",
			}},
		}, uisSettings()...),
		Capabilities: Capabilities{Incoming: Yes, Ringing: Yes, Answered: Yes, RingEnded: Partly, Missed: Yes, Ended: Yes, Transfer: Partly,
			Pickup: Partly, Queue: Partly, Outgoing: Yes, Internal: No, Recording: Yes, Lookup: No, Signed: Yes, Replay: Partly, Employees: Yes, Dial: Partly},
	}
}

func uisSecretField() *Field {
	return &Field{Name: "secret", Type: "secret", Required: true, Help: Text{
		RU: "Придумайте случайную строку и впишите её в шаблоны уведомлений вместо " + UISSecret + ".",
		EN: "Make up a random text and put it into the templates of the notifications instead of " + UISSecret + ".",
	}}
}

func uisSettings() []Field {
	return []Field{
		{Name: "access_token", Type: "secret", Help: Text{
			RU: "Необязательно. Постоянный ключ API: для списка сотрудников и звонков из CRM.",
			EN: "Optional. A permanent API key: for the list of employees and calls placed by the CRM.",
		}},
		{Name: "virtual_number", Type: "string", Help: Text{
			RU: "Необязательно. Виртуальный номер, с которого звонить клиентам: 74951234567.",
			EN: "Optional. The virtual number that clients are called from: 74951234567.",
		}},
	}
}

func (uis) CheckSettings(settings map[string]any, secret string) error {
	if err := checkTexts(settings, "api_url", "call_api_url", "access_token", "virtual_number"); err != nil {
		return err
	}
	return uisCheck(settings, secret)
}

func uisCheck(settings map[string]any, secret string) error {
	for _, name := range []string{"api_url", "call_api_url"} {
		if err := checkBase(settings, name); err != nil {
			return err
		}
	}
	switch {
	case strings.TrimSpace(secret) == "":
		return models.InvalidField("secret", "is required: the constant in the templates of the notifications")
	case secret == UISSecret:
		return models.InvalidField("secret", "must be a text of your own, not the word that it stands for in the templates")
	case strings.ContainsAny(secret, "\"\\{}") || secret != strings.TrimSpace(models.CleanText(secret)):
		return models.InvalidField("secret", "must be a text without quotes, backslashes, braces and blanks around it: it stands in JSON")
	}
	return nil
}

// Verify compares the constant in the body with the source's secret.
func (uis) Verify(req Request, cfg Config) error { return uisVerify(req, cfg) }

func uisVerify(req Request, cfg Config) error {
	if cfg.Secret == "" {
		return refused("signature_secret", "the source needs the constant of the templates as its secret")
	}
	f, err := uisFields(req)
	if err != nil {
		return refused("signature_missing", "the request cannot be read, so it carries no secret")
	}
	switch given := f.text("secret"); {
	case given == "":
		return refused("signature_missing", "the template of this notification has no secret")
	case !hmac.Equal([]byte(given), []byte(cfg.Secret)):
		return refused("signature_wrong", "the secret in the template of this notification is not that of the source")
	}
	return nil
}

func (uis) Parse(req Request, cfg Config) (Result, error) { return uisParse(req, cfg) }
