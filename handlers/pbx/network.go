package pbx

import (
	"net/netip"
	"slices"
	"strings"

	"zummer/models"
)

// AllowIPs is the setting that every kind has: the networks whose requests are
// taken. Absent or empty: any.
const AllowIPs = "allow_ips"

// pbxNetworks in AllowIPs stands for the networks that the kind's maker names.
const pbxNetworks = "pbx"

// PrivateHosts is the other setting that every kind has: host names and
// addresses on a private network that our own requests (employees, recordings,
// calls to place) may go to. Absent or empty: public addresses only.
const PrivateHosts = "private_hosts"

// AreaCode is the third: what stands before local numbers. Absent or empty: the
// service's.
const AreaCode = models.SettingAreaCode

// CommonSettings lists the settings that every kind has.
func CommonSettings() []Field {
	return []Field{{Name: AllowIPs, Type: "list", Help: Text{
		RU: "Необязательно. Адреса и сети, из которых принимаются запросы: 203.0.113.7, 198.51.100.0/24. Слово pbx — сети, которые называет производитель АТС.",
		EN: "Optional. Addresses and networks whose requests are taken: 203.0.113.7, 198.51.100.0/24. The word pbx stands for the networks that the maker of the PBX names.",
	}}, {Name: PrivateHosts, Type: "list", Help: Text{
		RU: "Необязательно. АТС во внутренней сети: её имена или адреса, к которым Zummer может обращаться за записями и сотрудниками (192.168.1.10, pbx.local).",
		EN: "Optional. A PBX on a private network: its names or addresses that Zummer may ask for recordings and employees (192.168.1.10, pbx.local).",
	}}, {Name: AreaCode, Type: "string", Help: Text{
		RU: "Необязательно. Код города для местных номеров без кода: 495 — и 123-45-67 станет +7 495 123-45-67. Без него действует ZUMMER_AREA_CODE.",
		EN: "Optional. The area code of local numbers that carry none: with 495, 123-45-67 becomes +7 495 123-45-67. Without it ZUMMER_AREA_CODE counts.",
	}}}
}

// Allowed reports whether a source of this kind and these settings takes
// requests from addr. A setting that cannot be read lets nobody in.
func Allowed(a Adapter, settings map[string]any, addr string) bool {
	nets, err := readNetworks(a.Info().Networks, settings)
	if err != nil {
		return false
	}
	if len(nets) == 0 {
		return true
	}
	ip, err := netip.ParseAddr(addr)
	return err == nil && slices.ContainsFunc(nets, func(n netip.Prefix) bool { return n.Contains(ip.Unmap()) })
}

// MayAsk reports whether our own requests for a source may go to host, a name
// or an address without a port, although it is on a private network.
func MayAsk(settings map[string]any, host string) bool {
	hosts, err := textList(settings, PrivateHosts)
	return err == nil && slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(strings.Trim(h, "[]"), host) })
}

// CheckCommon refuses wrong values of the settings that every kind has, and
// returns the others for the kind's own CheckSettings.
func CheckCommon(a Adapter, settings map[string]any) (own map[string]any, err error) {
	if _, err := readNetworks(a.Info().Networks, settings); err != nil {
		return nil, err
	}
	if _, err := textList(settings, PrivateHosts); err != nil {
		return nil, err
	}
	if err := checkArea(settings); err != nil {
		return nil, err
	}
	own = make(map[string]any, len(settings))
	for name, v := range settings {
		if name != AllowIPs && name != PrivateHosts && name != AreaCode {
			own[name] = v
		}
	}
	return own, nil
}

// checkArea looks at the form alone; whether the region has such a code is for
// who knows the region.
func checkArea(settings map[string]any) error {
	v := settings[AreaCode]
	code := (&models.Source{Settings: settings}).AreaCode()
	digits := strings.Trim(code, "0123456789") == "" && len(code) <= 5
	if v != nil && v != "" && (code == "" || !digits) {
		return models.InvalidField("settings."+AreaCode, "must be the digits of an area code, such as 495")
	}
	return nil
}

// readNetworks reads the setting; its own networks stand where it says pbx.
func readNetworks(makers []string, settings map[string]any) ([]netip.Prefix, error) {
	texts, err := textList(settings, AllowIPs)
	if err != nil {
		return nil, err
	}
	if i := slices.Index(texts, pbxNetworks); i >= 0 {
		if len(makers) == 0 {
			return nil, models.InvalidField("settings."+AllowIPs, "the makers of this kind name no networks: list the addresses themselves")
		}
		texts = slices.Concat(texts[:i], makers, texts[i+1:])
	}
	out := make([]netip.Prefix, len(texts))
	for i, s := range texts {
		if ip, err := netip.ParseAddr(s); err == nil {
			out[i] = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())
			continue
		}
		if out[i], err = netip.ParsePrefix(s); err != nil {
			return nil, models.InvalidField("settings."+AllowIPs, "%q is neither an address nor a network such as 203.0.113.0/24", models.CutText(s, 50))
		}
	}
	return out, nil
}

// textList reads a setting that is a list of texts, or one text with commas.
func textList(settings map[string]any, name string) ([]string, error) {
	switch v := settings[name].(type) {
	case nil:
		return nil, nil
	case string:
		return fields{"": v}.texts(""), nil
	case []string:
		return slices.DeleteFunc(slices.Clone(v), func(s string) bool { return strings.TrimSpace(s) == "" }), nil
	case []any:
		for _, item := range v {
			if _, ok := item.(string); !ok {
				return nil, models.InvalidField("settings."+name, "must be a list of texts")
			}
		}
		return fields{"": v}.texts(""), nil
	}
	return nil, models.InvalidField("settings."+name, "must be a list of texts")
}

// setting reads a setting that is a text; "" when it is absent or no text.
func (c Config) setting(name string) string {
	s, _ := c.Settings[name].(string)
	return strings.TrimSpace(s)
}

// checkTexts refuses settings that are not among names or are no texts of at
// most 1,024 bytes.
func checkTexts(settings map[string]any, names ...string) error {
	if err := knownSettings(settings, names...); err != nil {
		return err
	}
	for name, v := range settings {
		s, ok := v.(string)
		if v != nil && !ok {
			return models.InvalidField("settings."+name, "must be a text")
		}
		if len(s) > 1024 || models.CleanText(s) != s {
			return models.InvalidField("settings."+name, "must be at most 1024 bytes without control characters")
		}
	}
	return nil
}
