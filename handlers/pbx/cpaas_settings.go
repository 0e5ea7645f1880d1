package pbx

import (
	"net/url"
	"slices"
	"strings"

	"zummer/models"
	"zummer/models/phone"
)

// cpaasSettings are the fields that say whose numbers are whose.
func cpaasSettings() []Field {
	return []Field{
		{Name: cpaasNumbers, Type: "list", Help: Text{
			RU: "Необязательно. Свои номера компании: если такой номер показан вместо номера клиента, он клиентом не считается.",
			EN: "Optional. The company's own numbers: where one of them is shown instead of the customer's, it is not taken for a customer.",
		}},
		{Name: cpaasMobiles, Type: "list", Help: Text{
			RU: "Необязательно. Мобильные номера сотрудников: +79990000101 или 101=+79990000101. Если список задан, набранный номер не из него — клиент.",
			EN: "Optional. Mobile numbers of the staff: +79990000101 or 101=+79990000101. When the list is given, a dialled number that is not in it is a customer.",
		}},
	}
}

// cpaasCheck refuses settings that are unknown or no texts or lists of them.
func cpaasCheck(settings map[string]any, texts, lists []string) error {
	lists = append([]string{cpaasNumbers, cpaasMobiles}, lists...)
	if err := knownSettings(settings, slices.Concat(texts, lists)...); err != nil {
		return err
	}
	plain := map[string]any{}
	for name, v := range settings {
		if slices.Contains(texts, name) {
			plain[name] = v
		}
	}
	if err := checkTexts(plain, texts...); err != nil {
		return err
	}
	for _, name := range lists {
		items, err := textList(settings, name)
		if err != nil {
			return err
		}
		for _, s := range items {
			_, address := cpaasNamed(s)
			if name != cpaasNumbers && name != cpaasMobiles {
				continue
			}
			if !strings.HasPrefix(address, "+") || phone.Parse(address, "").E164 == "" {
				return models.InvalidField("settings."+name, "%q is not a number in international form (+79031234567)", models.CutText(s, 50))
			}
		}
	}
	return nil
}

// cpaasLink refuses a setting that is no https or http address.
func cpaasLink(settings map[string]any, names ...string) error {
	for _, name := range names {
		s, _ := settings[name].(string)
		if s == "" {
			continue
		}
		if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return models.InvalidField("settings."+name, "must be a complete address such as https://example.com/voice")
		}
	}
	return nil
}

// cpaasTarget is one of the people whom a source's dial lists.
type cpaasTarget struct{ name, address string }

// cpaasTargets reads the setting dial. Who is not named is called what their
// address says.
func cpaasTargets(cfg Config) []cpaasTarget {
	list, _ := textList(cfg.Settings, "dial") // CheckSettings has refused what cannot be read
	var out []cpaasTarget
	c := cpaasOf(nil, cfg)
	for _, s := range list {
		t := cpaasTarget{}
		if t.name, t.address = cpaasNamed(s); t.name == "" {
			t.name, _, _ = c.callee(t.address)
		}
		out = append(out, t)
	}
	return out
}

// cpaasTargetOf finds who is meant by an address or an extension.
func cpaasTargetOf(targets []cpaasTarget, to string) cpaasTarget {
	for _, t := range targets {
		if t.name == to || t.address == to || t.name == strings.TrimPrefix(to, "client:") {
			return t
		}
	}
	name, _, _ := cpaas{}.who(to)
	if cpaasShort(to) {
		to = "client:" + to
	}
	return cpaasTarget{name: name, address: to}
}

// cpaasDialList refuses a dial that no platform could follow.
func cpaasDialList(settings map[string]any) error {
	list, _ := textList(settings, "dial")
	if len(list) > 10 {
		return models.InvalidField("settings.dial", "at most ten can ring at once")
	}
	for _, s := range list {
		_, address := cpaasNamed(s)
		kind, rest, ok := strings.Cut(address, ":")
		switch {
		case ok && (kind == "client" || kind == "sip" || kind == "sips") && rest != "":
		case strings.HasPrefix(address, "+") && len(address) >= 8 && strings.Trim(address[1:], "0123456789") == "":
		default:
			return models.InvalidField("settings.dial", "%q is neither client:NAME nor sip:USER@HOST nor a number with +", models.CutText(s, 50))
		}
	}
	return nil
}
