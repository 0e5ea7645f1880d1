package pbx_test

import (
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

func asteriskSample() sample {
	return sample{
		kind: "asterisk-http",
		fields: map[string]any{"event": "ringing", "ext": "101", "channel": "PJSIP/101-00000001", "uniqueid": "1795436741.1", "linkedid": "1795436741.0",
			"connected": "+79031234567", "direction": "inbound", "time": "1795436741"},
		write: formRequest,
		want:  models.EventRinging, ext: "101", call: "linkedid", person: "channel", phone: "connected", when: "time", other: map[string]any{"uniqueid": "1795436741.2"},
		need: []string{"event"}, texts: []string{"linkedid"}, hidden: []any{"anonymous"}, times: looseTimes(), lenient: true,
	}
}

func FuzzParseAsteriskHTTP(f *testing.F) { fuzzParse(f, "asterisk-http") }

func TestAsteriskSettings(t *testing.T) {
	a, _ := pbx.Lookup("asterisk-http")
	for name, tc := range map[string]struct {
		settings map[string]any
		field    string
	}{
		"list":            {map[string]any{"trunks": []any{"provider", "gw2"}}, ""},
		"text":            {map[string]any{"trunks": "provider, gw2", "phones": `^u([0-9]+)$`}, ""},
		"trunks wrong":    {map[string]any{"trunks": 7.0}, "settings.trunks"},
		"phones wrong":    {map[string]any{"phones": []any{}}, "settings.phones"},
		"phones no regex": {map[string]any{"phones": "("}, "settings.phones"},
		"phones too long": {map[string]any{"phones": strings.Repeat("a", 1000)}, "settings.phones"},
	} {
		err := a.CheckSettings(tc.settings, "")
		if tc.field == "" && err != nil {
			t.Errorf("%s: CheckSettings = %v", name, err)
		}
		if tc.field != "" {
			checkField(t, err, tc.field)
		}
	}
	checkField(t, a.CheckSettings(nil, "s3cret"), "secret")
}

func TestAsteriskExtensionOfChannel(t *testing.T) {
	a, _ := pbx.Lookup("asterisk-http")
	for _, tc := range []struct {
		channel, ext string
		settings     map[string]any
		want         string
	}{
		{"PJSIP/103-00000049", "101", nil, "103"}, // a pickup
		{"SIP/103-0a", "101", nil, "103"},
		{"IAX2/103-991", "101", nil, "103"},
		{"SCCP/103-1", "101", nil, "103"},
		{"PJSIP/provider-1", "101", nil, "101"},
		{"SIP/74951234567-0a", "101", nil, "101"},
		{"DAHDI/1-1", "101", nil, "101"},
		{"Local/103@from-queue-00000001;1", "101", nil, "101"},
		{"", "PJSIP/101@trunk", nil, "101"},
		{"PJSIP/500-1", "101", map[string]any{"trunks": []any{"500"}}, "101"},
		{"PJSIP/u103-1", "101", map[string]any{"phones": "^u([0-9]+)$"}, "103"},
		{"PJSIP/carol-1", "101", map[string]any{"phones": "^[a-z]+$"}, "carol"},
	} {
		m := asteriskSample().with("channel", tc.channel)
		m["ext"] = tc.ext
		res, err := a.Parse(formRequest(m), pbx.Config{Settings: tc.settings})
		if err != nil || len(res.Events) != 1 || res.Events[0].Extension != tc.want {
			t.Errorf("channel=%s ext=%s: %+v, %v, want extension %s", tc.channel, tc.ext, res.Events, err, tc.want)
		}
	}
}
