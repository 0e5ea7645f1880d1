package pbx

import (
	"regexp"
	"strings"

	"zummer/models"
)

// channels knows which channel names are phones and which lead outside.
type channels struct {
	trunks map[string]bool
	phones *regexp.Regexp
}

// defaultPhones is what a phone's channel is called unless settings say
// otherwise: longer digits are a provider's line named by its number.
const defaultPhones = `^([0-9]{2,6})$`

// readChannels reads the settings trunks and phones.
func readChannels(settings map[string]any) (channels, error) {
	c := channels{trunks: map[string]bool{}}
	switch v := settings["trunks"].(type) {
	case nil:
	case string, []any:
		for _, name := range (fields{"trunks": v}).texts("trunks") {
			c.trunks[strings.ToLower(name)] = true
		}
	case []string:
		for _, name := range v {
			c.trunks[strings.ToLower(strings.TrimSpace(name))] = true
		}
	default:
		return c, models.InvalidField("settings.trunks", "must be a list of channel names")
	}
	pattern := defaultPhones
	switch v := settings["phones"].(type) {
	case nil:
	case string:
		if v = strings.TrimSpace(v); v != "" {
			pattern = v
		}
	default:
		return c, models.InvalidField("settings.phones", "must be a regular expression")
	}
	if len(pattern) > models.MaxKeyLen {
		return c, models.InvalidField("settings.phones", "longer than %d bytes", models.MaxKeyLen)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return c, models.InvalidField("settings.phones", "is not a regular expression")
	}
	c.phones = re
	return c, nil
}

// extension is the phone a channel belongs to, "" when it is no phone's:
// PJSIP/103-0000001a, SIP/103-…, IAX2/103-…, SCCP/103-…. A Local channel is
// never a person.
func (c channels) extension(channel string) string {
	tech, name, ok := strings.Cut(channel, "/")
	if !ok || strings.EqualFold(tech, "Local") {
		return ""
	}
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		name = name[:i]
	}
	if c.trunks[strings.ToLower(name)] {
		return ""
	}
	m := c.phones.FindStringSubmatch(name)
	switch {
	case m == nil:
		return ""
	case len(m) > 1:
		return m[1]
	}
	return name
}

// plainExtension takes the extension out of what a dialplan passes as ext:
// 101, 101@from-internal, PJSIP/101.
func plainExtension(s string) string {
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	s, _, _ = strings.Cut(s, "@")
	return strings.TrimSpace(s)
}

// localExtension is the extension that a Local channel dials, "" when it dials
// something else or is none: Local/103@from-queue-00000001;1.
func localExtension(channel string) string {
	tech, name, _ := strings.Cut(channel, "/")
	name, _, ok := strings.Cut(name, "@")
	if !ok || !strings.EqualFold(tech, "Local") || len(name) < 2 || len(name) > 6 || strings.Trim(name, "0123456789") != "" {
		return ""
	}
	return name
}
