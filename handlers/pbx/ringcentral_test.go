package pbx_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// ringcentralRequest writes a notification; body.party is its only party.
func ringcentralRequest(m map[string]any) pbx.Request {
	whole := nested(m)
	if inner, ok := whole["body"].(map[string]any); ok {
		if party, ok := inner["party"]; ok {
			inner["parties"] = []any{party}
			delete(inner, "party")
		}
	}
	text, _ := json.Marshal(whole)
	req := body(string(text))
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	return req
}

func ringcentralSample() sample {
	return sample{
		kind: "ringcentral", config: pbx.Config{Secret: "hello-world", Settings: map[string]any{"queues": []any{"900", "+74950000000"}}},
		fields: map[string]any{"uuid": "837270960869181944", "event": "/restapi/v1.0/account/400144452008/telephony/sessions", "timestamp": "2026-11-23T10:42:00.181Z",
			"body.sequence": 5, "body.telephonySessionId": "Y3MxNzE4", "body.eventTime": "2026-11-23T10:42:00.147Z", "body.origin.type": "Call",
			"body.party.id": "cs171841903434018384-2", "body.party.extensionId": "400144455101", "body.party.direction": "Inbound",
			"body.party.from.phoneNumber": "+79031234567", "body.party.to.phoneNumber": "101", "body.party.to.extensionId": "400144455101",
			"body.party.queueCall": true, "body.party.missedCall": false, "body.party.status.code": "Proceeding"},
		write: ringcentralRequest,
		sign:  func(req *pbx.Request, cfg pbx.Config) { req.Header.Set("Verification-Token", cfg.Secret) },
		want:  models.EventRinging, ext: "id:400144455101", call: "body.telephonySessionId", person: "body.party.extensionId", phone: "body.party.from.phoneNumber", when: "body.eventTime",
		other: map[string]any{"uuid": "837270960869181945", "body.party.id": "cs171841903434018384-3"},
		need:  []string{"body.telephonySessionId"}, texts: []string{"body.party.extensionId"}, hidden: []any{"anonymous", "", nil},
		times: map[any]string{"2026-11-23T10:42:00.125Z": "2026-11-23T10:42:00.125Z", "2026-11-23T13:42:00+03:00": "2026-11-23T10:42:00Z"},
	}
}

func FuzzParseRingcentral(f *testing.F) { fuzzParse(f, "ringcentral") }

func TestRingcentralToken(t *testing.T) {
	a, _ := pbx.Lookup("ringcentral")
	for name, tc := range map[string]struct{ header, token, secret, code string }{
		"as documented":  {"verification-token", "hello-world", "hello-world", ""},
		"the other name": {"Validation-Token", "hello-world", "hello-world", ""},
		"another token":  {"Verification-Token", changed("hello-world"), "hello-world", "signature_wrong"},
		"another secret": {"Verification-Token", "hello-world", changed("hello-world"), "signature_wrong"},
		"a shorter one":  {"Verification-Token", "hello-worl", "hello-world", "signature_wrong"},
		"none":           {"X-Other", "hello-world", "hello-world", "signature_missing"},
		"no secret":      {"Verification-Token", "hello-world", "", "signature_secret"},
	} {
		req := ringcentralRequest(ringcentralSample().fields)
		req.Header.Set(tc.header, tc.token)
		if err := a.Verify(req, pbx.Config{Secret: tc.secret}); codeOf(err) != tc.code {
			t.Errorf("%s: Verify = %v, want code %q", name, err, tc.code)
		}
	}
}

func TestRingcentralGreet(t *testing.T) {
	a, _ := pbx.Lookup("ringcentral")
	for name, tc := range map[string]struct {
		token, body string
		greeted     bool
	}{
		"the question":           {"cfe2-11aa", "", true},
		"with an empty object":   {"cfe2-11aa", " {} \n", true},
		"no token":               {"", "", false},
		"a notification with it": {"cfe2-11aa", `{"uuid":"1","body":{}}`, false},
		"too long to answer":     {strings.Repeat("x", 701), "", false},
		"control characters":     {"a\tb", "", false},
	} {
		req := body(tc.body)
		if tc.token != "" {
			req.Header.Set("Validation-Token", tc.token)
		}
		r := a.(pbx.Greeter).Greet(req, pbx.Config{})
		switch {
		case (r != nil) != tc.greeted:
			t.Errorf("%s: Greet = %+v", name, r)
		case r != nil && (r.Status != http.StatusOK || r.Header["Validation-Token"] != tc.token || r.ContentType != "application/json" || len(r.Body) > 100):
			t.Errorf("%s: Greet = %+v, want the token back", name, r)
		}
	}
}

func TestRingcentralSettings(t *testing.T) {
	a, _ := pbx.Lookup("ringcentral")
	if err := a.CheckSettings(map[string]any{"queues": "900, 901"}, "x"); err != nil {
		t.Errorf("CheckSettings = %v", err)
	}
	checkField(t, a.CheckSettings(nil, ""), "secret")
	checkField(t, a.CheckSettings(map[string]any{"queues": 7.0}, "x"), "settings.queues")
	_, err := a.Parse(ringcentralRequest(ringcentralSample().fields), pbx.Config{Settings: map[string]any{"queues": []any{1.0}}})
	checkField(t, err, "settings.queues")
}

// TestRingcentralParties: what the status of one party says of the call.
func TestRingcentralParties(t *testing.T) {
	a, _ := pbx.Lookup("ringcentral")
	base := models.Event{Call: "Y3MxNzE4", Leg: "cs171841903434018384-2", Seq: 5, Direction: models.In, Phone: "+79031234567"}
	leg := func(typ models.EventType, reason string) models.Event {
		e := base
		e.Type, e.Reason, e.Extension, e.Addresses = typ, reason, "id:400144455101", []string{"101"}
		return e
	}
	whole := func(typ models.EventType, reason string) models.Event {
		e := base
		e.Type, e.Reason, e.Leg = typ, reason, ""
		return e
	}
	way := func(e models.Event, d models.Direction, phone string) models.Event {
		e.Direction, e.Phone = d, phone
		return e
	}
	did := func(e models.Event) models.Event { e.DID = "+74951111111"; return e }
	queue := func(e models.Event) models.Event { e.DID = "+74950000000"; return e }
	moved := leg("transferred", "")
	moved.SameAs, moved.Seq = "OTHER", 0
	movedAway := whole("started", "")
	movedAway.SameAs, movedAway.Seq = "OTHER", 0
	named := leg("ringing", "")
	named.Name = "Ivan"
	hidden := way(leg("ringing", ""), models.In, "anonymous")
	st := func(code, reason string, more ...any) map[string]any {
		m := map[string]any{"status.code": code, "status.reason": reason}
		for i := 0; i+1 < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	const direction, queued, missed = "direction", "queueCall", "missedCall"
	out := []any{direction, "Outbound", "from.phoneNumber", "101", "from.extensionId", "400144455101", "to.phoneNumber", "+79031234567", "to.extensionId", nil}
	internal := []any{"from.phoneNumber", "102", "from.extensionId", "400144455102"}
	pilot := []any{"extensionId", "900", "to.phoneNumber", "+74950000000", "to.extensionId", "900"}
	nobody := []any{"extensionId", nil, "to.phoneNumber", "+74951111111", "to.extensionId", nil}
	for name, tc := range map[string]struct {
		set  map[string]any
		want []models.Event
	}{
		"setup":                     {st("Setup", ""), []models.Event{whole("started", "")}},
		"ringing":                   {st("Proceeding", "", "from.name", "Ivan"), []models.Event{named}},
		"hidden":                    {st("Proceeding", "", "from.phoneNumber", nil, "from.name", "Anonymous"), []models.Event{hidden}},
		"answered":                  {st("Answered", ""), []models.Event{leg("answered", "")}},
		"hold":                      {st("Hold", ""), nil},
		"no status":                 {st("", ""), nil},
		"voicemail":                 {st("VoiceMail", ""), []models.Event{leg("ring_ended", "no_answer")}},
		"voicemail of nobody":       {st("VoiceMail", "", nobody...), nil},
		"talked":                    {st("Disconnected", "CallFinished"), []models.Event{whole("ended", "")}},
		"talked, no reason":         {st("Disconnected", ""), []models.Event{whole("ended", "")}},
		"another agent":             {st("Disconnected", "AgentAnswered"), []models.Event{leg("ring_ended", "answered_elsewhere")}},
		"picked up, not queued":     {st("Disconnected", "Pickup", queued, false, missed, true), []models.Event{leg("ring_ended", "answered_elsewhere")}},
		"agent did not answer":      {st("Disconnected", "NoAnswer", missed, true), []models.Event{leg("ring_ended", "no_answer")}},
		"agent dropped":             {st("Disconnected", "AgentDropped"), []models.Event{leg("ring_ended", "unavailable")}},
		"agent missed, no reason":   {st("Disconnected", "", missed, "true"), []models.Event{leg("ring_ended", "no_answer")}},
		"missed":                    {st("Disconnected", "", queued, false, missed, true), []models.Event{leg("ring_ended", "no_answer"), whole("ended", "no_answer")}},
		"gave up":                   {st("Disconnected", "Cancelled", queued, false, missed, true), []models.Event{leg("ring_ended", "caller_gave_up"), whole("ended", "caller_gave_up")}},
		"declined":                  {st("Disconnected", "Rejected"), []models.Event{leg("ring_ended", "declined")}},
		"forwarded":                 {st("Disconnected", "CallRedirected", queued, false, missed, true), []models.Event{leg("ring_ended", "forwarded")}},
		"flipped":                   {st("Disconnected", "CallFlip"), nil},
		"transferred blindly":       {st("Disconnected", "BlindTransfer"), []models.Event{leg("transferred", "")}},
		"gone to another session":   {st("Gone", "AttendedTransfer", "status.peerId.telephonySessionId", "OTHER"), []models.Event{moved}},
		"customer gone":             {st("Gone", "", append(nobody, "status.peerId.telephonySessionId", "OTHER")...), []models.Event{did(movedAway)}},
		"gone to itself":            {st("Gone", "", append(nobody, "status.peerId.telephonySessionId", "Y3MxNzE4")...), nil},
		"queue rings":               {st("Proceeding", "", pilot...), []models.Event{queue(whole("started", ""))}},
		"queue answers":             {st("Answered", "", pilot...), []models.Event{queue(whole("started", ""))}},
		"queue found an agent":      {st("Disconnected", "AgentAnswered", pilot...), nil},
		"queue gave up":             {st("Disconnected", "NoAnswer", pilot...), []models.Event{queue(whole("ended", "no_answer"))}},
		"menu went on":              {st("Disconnected", "CallerInputRedirect", nobody...), nil},
		"customer hung up":          {st("Disconnected", "CallFinished", nobody...), []models.Event{did(whole("ended", ""))}},
		"customer answers":          {st("Answered", "", nobody...), nil},
		"out, dialling":             {st("Setup", "", out...), []models.Event{way(leg("started", ""), models.Out, "+79031234567")}},
		"out, answered":             {st("Answered", "", out...), []models.Event{way(leg("answered", ""), models.Out, "+79031234567")}},
		"out, hung up":              {st("Disconnected", "Cancelled", out...), []models.Event{way(whole("ended", ""), models.Out, "+79031234567")}},
		"out, busy":                 {st("Disconnected", "TargetBusy", out...), []models.Event{way(whole("ended", "busy"), models.Out, "+79031234567")}},
		"out, the far end":          {st("Proceeding", "", append(out, "extensionId", nil)...), nil},
		"ordered, own phone rings":  {st("Proceeding", "", "ringout", true), []models.Event{way(leg("started", ""), models.Out, "+79031234567")}},
		"ordered, number not known": {st("Proceeding", "", "ringout", true, "from.extensionId", "400144455101", "from.phoneNumber", "101"), []models.Event{way(leg("started", ""), models.Out, "")}},
		"ordered, answered":         {st("Answered", "", "ringout", true), []models.Event{way(leg("answered", ""), models.Out, "+79031234567")}},
		"internal":                  {st("Proceeding", "", internal...), []models.Event{way(leg("ringing", ""), models.InternalCall, "102")}},
		"internal, no answer":       {st("Disconnected", "NoAnswer", append(internal, queued, false, missed, true)...), []models.Event{way(leg("ring_ended", "no_answer"), models.InternalCall, "102")}},
		"internal, dialler talks":   {st("Answered", "", append(internal, direction, "Outbound")...), nil},
	} {
		m := maps.Clone(ringcentralSample().fields)
		for k, v := range tc.set {
			if k == "ringout" {
				m["body.origin.type"] = "RingOut"
				continue
			}
			if m["body.party."+k] = v; v == nil {
				delete(m, "body.party."+k)
			}
		}
		checkRingcentral(t, a, name, ringcentralRequest(m), tc.want)
	}
}

func checkRingcentral(t *testing.T, a pbx.Adapter, name string, req pbx.Request, want []models.Event) {
	t.Helper()
	res, err := a.Parse(req, ringcentralSample().config)
	if err != nil {
		t.Errorf("%s: Parse: %v", name, err)
		return
	}
	var got []models.Event
	ids := map[string]bool{}
	for _, e := range res.Events {
		if e.ID == "" || ids[e.ID] || e.At.IsZero() {
			t.Errorf("%s: the id %q is none or not the only one, or no time: %+v", name, e.ID, e)
		}
		ids[e.ID] = true
		e.ID, e.At = "", time.Time{}
		got = append(got, e)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n%+v, want\n%+v", name, got, want)
	}
}

func TestRingcentralShapes(t *testing.T) {
	a, _ := pbx.Lookup("ringcentral")
	m := ringcentralSample().fields
	without := func(names ...string) map[string]any {
		out := maps.Clone(m)
		for _, name := range names {
			delete(out, name)
		}
		return out
	}
	parse := func(m map[string]any) (pbx.Result, error) {
		return a.Parse(ringcentralRequest(m), ringcentralSample().config)
	}
	res, err := parse(without("body.eventTime"))
	if err != nil || res.Events[0].At.Format(time.RFC3339Nano) != "2026-11-23T10:42:00.181Z" {
		t.Errorf("without eventTime: %+v, %v, want the time of the notification", res.Events, err)
	}
	bare := without("uuid")
	one, err1 := parse(bare)
	two, err2 := parse(bare)
	if err1 != nil || err2 != nil || one.Events[0].ID == "" || one.Events[0].ID != two.Events[0].ID {
		t.Errorf("without uuid: ids %+v and %+v, %v, %v", one.Events, two.Events, err1, err2)
	}
	if res, err := parse(without("uuid", "body.eventTime", "timestamp", "body.sequence")); err != nil || res.Events[0].ID != "" {
		t.Errorf("nothing that names it: %+v, %v", res.Events, err)
	}
	wrapped := map[string]any{"uuid": "1", "pn_apns": nested(without("event"))}
	wrapped["pn_apns"].(map[string]any)["body"].(map[string]any)["parties"] = []any{wrapped["pn_apns"].(map[string]any)["body"].(map[string]any)["party"]}
	if res, err := a.Parse(jsonRequest(wrapped), pbx.Config{}); err != nil || len(res.Events) != 1 || res.Events[0].Type != models.EventRinging {
		t.Errorf("the sample for push services: %+v, %v", res.Events, err)
	}
	for _, event := range []string{"/restapi/v1.0/subscription/~?threshold=60&interval=15", "/restapi/v1.0/account/~/extension/~/presence"} {
		reminder := map[string]any{"uuid": "1", "event": event, "body": map[string]any{"expiresIn": 60}}
		if res, err := a.Parse(jsonRequest(reminder), pbx.Config{}); err != nil || len(res.Events) > 0 {
			t.Errorf("%s: %+v, %v, want nothing", event, res.Events, err)
		}
	}
	for field, set := range map[string]map[string]any{
		"timestamp":     {"timestamp": "soon", "body.eventTime": ""},
		"body.sequence": {"body.sequence": "many"},
		"body.parties":  {"body.parties": make([]map[string]any, 101), "body.party.id": nil},
		"id":            {"body.party.id": strings.Repeat("x", 300)},
		"seq":           {"body.sequence": -1},
	} {
		wrong := maps.Clone(m)
		maps.Copy(wrong, set)
		if field == "body.parties" {
			maps.DeleteFunc(wrong, func(k string, _ any) bool { return strings.HasPrefix(k, "body.party.") })
			for i := range wrong["body.parties"].([]map[string]any) {
				wrong["body.parties"].([]map[string]any)[i] = map[string]any{}
			}
		}
		_, err := parse(wrong)
		checkField(t, err, field)
	}
}
