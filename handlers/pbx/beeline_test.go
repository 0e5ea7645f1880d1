package pbx_test

import (
	"html"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// beelineDoc writes an event: fields of the document, of the call and, with a
// dot, of an element in it; "type" is the event's.
func beelineDoc(m map[string]any) pbx.Request {
	inner := map[string]string{}
	top, call := "", ""
	what := "xsi:CallReceivedEvent"
	for _, name := range slices.Sorted(maps.Keys(m)) {
		value := html.EscapeString(text(m[name]))
		first, rest, deeper := strings.Cut(name, ".")
		element := func(n string) string { return "<xsi:" + n + ">" + value + "</xsi:" + n + ">" }
		switch {
		case name == "type":
			what = value
		case deeper:
			inner[first] += element(rest)
		case name == "targetId" || name == "eventID" || name == "sequenceNumber" || name == "extension":
			top += element(name)
		default:
			call += element(name)
		}
	}
	for _, name := range []string{"remoteParty", "endpoint"} {
		if inner[name] != "" {
			call += "<xsi:" + name + ">" + inner[name] + "</xsi:" + name + ">"
		}
	}
	req := body(`<?xml version="1.0" encoding="UTF-8"?><xsi:Event xmlns:xsi="http://schema.broadsoft.com/xsi" xmlns:xsi1="http://www.w3.org/2001/XMLSchema-instance">` +
		top + `<xsi:eventData xsi1:type="` + what + `"><xsi:call>` + call + `</xsi:call></xsi:eventData></xsi:Event>`)
	req.Header.Set("Content-Type", "application/xml; charset=UTF-8")
	return req
}

func beelineSample() sample {
	return sample{
		kind: "beeline", config: pbx.Config{Settings: map[string]any{"api_token": "token-1"}},
		fields: map[string]any{"eventID": "e1", "sequenceNumber": "12", "targetId": "9215450101@ip.beeline.ru", "callId": "callhalf-1:0", "extTrackingId": "123:1",
			"personality": "Terminator", "state": "Alerting", "remoteParty.address": "tel:+79031234567", "startTime": "1795430520000"},
		write: beelineDoc,
		want:  models.EventRinging, ext: "id:9215450101@ip.beeline.ru", call: "extTrackingId", person: "targetId", phone: "remoteParty.address", when: "startTime",
		other: map[string]any{"eventID": "e2"}, need: []string{"targetId"}, hidden: []any{"anonymous", "sip:Anonymous@anonymous.invalid", "", nil},
		times: map[any]string{"1795430520250": "2026-11-23T10:42:00.25Z", "2026-11-23T13:42:00+03:00": "2026-11-23T10:42:00Z"},
	}
}

func FuzzParseBeeline(f *testing.F) { fuzzParse(f, "beeline") }

func TestBeelineSettings(t *testing.T) {
	a, _ := pbx.Lookup("beeline")
	if err := a.CheckSettings(nil, ""); err != nil {
		t.Errorf("CheckSettings = %v", err)
	}
	checkField(t, a.CheckSettings(nil, "s3cret"), "secret")
	checkField(t, a.CheckSettings(map[string]any{"api_token": 5.0}, ""), "settings.api_token")
}

// TestBeelineEvents: what each event of one subscriber says of the call.
func TestBeelineEvents(t *testing.T) {
	a, _ := pbx.Lookup("beeline")
	talk := 8
	const who = "id:9215450101@ip.beeline.ru"
	other := []string{"sip:9215450101@ip.beeline.ru", "tel:+79215450101"}
	in := models.Event{Call: "123:1", Leg: "callhalf-1:0", Direction: models.In, Phone: "tel:+79031234567", Extension: who, Addresses: other}
	ev := func(e models.Event, typ models.EventType, reason string) models.Event {
		e.Type, e.Reason = typ, reason
		return e
	}
	end := func(e models.Event, reason, disposition string, talk *int) models.Event {
		e.Type, e.Reason, e.Disposition, e.TalkS, e.Leg, e.Extension, e.Addresses = models.EventEnded, reason, disposition, talk, "", "", nil
		return e
	}
	out, internal, forwarded, recorded, did := in, in, in, in, in
	out.Direction, internal.Direction = models.Out, models.InternalCall
	internal.Phone = "102"
	forwarded.Call = "123:1/1"
	recorded.Recording = "beeline:123:1/9215450101@ip.beeline.ru"
	did.DID = "tel:+74951234567"
	started, silent := out, internal
	silent.Phone = ""
	released := map[string]any{"type": "xsi:CallReleasedEvent", "state": "Released", "releaseTime": "1795430533300"}
	group := map[string]any{"remoteParty.callType": "Group", "remoteParty.address": "tel:102"}
	for name, tc := range map[string]struct {
		set  []map[string]any
		want []models.Event
	}{
		"ringing":                 {nil, []models.Event{ev(in, "ringing", "")}},
		"extension beside":        {[]map[string]any{{"extension": "101"}}, []models.Event{ev(models.Event{Call: in.Call, Leg: in.Leg, Direction: in.Direction, Phone: in.Phone, Extension: who, Addresses: append(append([]string{}, other...), "101")}, "ringing", "")}},
		"no subscriber's address": {[]map[string]any{{"targetId": "", "endpoint.addressOfRecord": "sip:9215450101@ip.beeline.ru"}}, []models.Event{ev(in, "ringing", "")}},
		"answered":                {[]map[string]any{{"type": "xsi:CallAnsweredEvent", "answerTime": "1795430525000"}}, []models.Event{ev(in, "answered", "")}},
		"talked": {[]map[string]any{released, {"answerTime": "1795430525000", "recorded": "true"}},
			[]models.Event{end(recorded, "", "", &talk)}},
		"gave up":              {[]map[string]any{released, {"releasingParty": "remoteRelease"}}, []models.Event{ev(in, "ring_ended", "caller_gave_up"), end(in, "caller_gave_up", "", nil)}},
		"not answered":         {[]map[string]any{released, {"releasingParty": "localRelease"}}, []models.Event{ev(in, "ring_ended", ""), end(in, "", "", nil)}},
		"busy":                 {[]map[string]any{released, {"internalReleaseCause": "Busy"}}, []models.Event{ev(in, "ring_ended", "busy"), end(in, "busy", "Busy", nil)}},
		"away":                 {[]map[string]any{released, {"internalReleaseCause": "Temporarily Unavailable"}}, []models.Event{ev(in, "ring_ended", "unavailable"), end(in, "unavailable", "Temporarily Unavailable", nil)}},
		"refused":              {[]map[string]any{released, {"internalReleaseCause": "Forbidden"}}, []models.Event{ev(in, "ring_ended", "declined"), end(in, "declined", "Forbidden", nil)}},
		"timed out":            {[]map[string]any{released, {"internalReleaseCause": "Request Timeout"}}, []models.Event{ev(in, "ring_ended", "no_answer"), end(in, "no_answer", "Request Timeout", nil)}},
		"loser of a group":     {[]map[string]any{released, {"huntGroupUserId": "sales@ip.beeline.ru", "releasingParty": "remoteRelease"}}, []models.Event{ev(in, "ring_ended", "")}},
		"transferred":          {[]map[string]any{{"type": "xsi:CallTransferredEvent"}}, []models.Event{ev(in, "transferred", "")}},
		"forwarded":            {[]map[string]any{{"type": "xsi:CallForwardedEvent"}}, []models.Event{ev(in, "ring_ended", "forwarded")}},
		"out forwarded":        {[]map[string]any{{"type": "xsi:CallForwardedEvent", "personality": "Originator"}}, nil},
		"out":                  {[]map[string]any{{"type": "xsi:CallOriginatedEvent", "personality": "Originator"}}, []models.Event{ev(started, "started", "")}},
		"out, no personality":  {[]map[string]any{{"type": "xsi:CallOriginatedEvent", "personality": ""}}, []models.Event{ev(started, "started", "")}},
		"ordered by the CRM":   {[]map[string]any{{"type": "xsi:CallOriginatingEvent", "personality": "Click-to-Dial"}}, []models.Event{ev(started, "started", "")}},
		"out answered":         {[]map[string]any{{"type": "xsi:CallAnsweredEvent", "personality": "Originator", "answerTime": "1795430525000"}}, []models.Event{ev(out, "answered", "")}},
		"out not answered":     {[]map[string]any{released, {"personality": "Originator", "releasingParty": "remoteRelease"}}, []models.Event{end(out, "", "", nil)}},
		"internal":             {[]map[string]any{group}, []models.Event{ev(internal, "ringing", "")}},
		"internal, dialling":   {[]map[string]any{group, {"type": "xsi:CallOriginatedEvent", "personality": "Originator"}}, []models.Event{ev(silent, "started", "")}},
		"internal, talking":    {[]map[string]any{group, {"type": "xsi:CallAnsweredEvent", "personality": "Originator"}}, nil},
		"internal, no answer":  {[]map[string]any{group, released}, []models.Event{ev(internal, "ring_ended", "")}},
		"hook":                 {[]map[string]any{{"type": "xsi:HookStatusEvent"}}, nil},
		"held":                 {[]map[string]any{{"type": "xsi:CallHeldEvent"}}, nil},
		"subscription is over": {[]map[string]any{{"type": "xsi:SubscriptionTerminatedEvent"}}, nil},
	} {
		m := map[string]any{}
		for _, from := range append([]map[string]any{beelineSample().fields}, tc.set...) {
			for k, v := range from {
				m[k] = v
			}
		}
		checkBeeline(t, a, name, beelineDoc(m), tc.want)
	}
	redirected := func(reason string) pbx.Request {
		req := beelineDoc(beelineSample().fields)
		req.Body = []byte(strings.Replace(string(req.Body), "<xsi:remoteParty>", `<xsi:redirections><xsi:redirection><xsi:party><xsi:address>tel:111</xsi:address></xsi:party><xsi:reason>`+reason+
			`</xsi:reason></xsi:redirection><xsi:redirection><xsi:party><xsi:address>tel:+74951234567</xsi:address></xsi:party></xsi:redirection></xsi:redirections><xsi:remoteParty>`, 1))
		return req
	}
	forwarded.DID = did.DID
	checkBeeline(t, a, "transferred leg", redirected("transfer"), []models.Event{ev(forwarded, "ringing", "")})
	checkBeeline(t, a, "leg of a group", redirected("hunt-group"), []models.Event{ev(did, "ringing", "")})
	hidden := beelineSample().with("remoteParty.address", nil)
	hidden["remoteParty.privacy"] = "full"
	in.Phone = "anonymous"
	checkBeeline(t, a, "hidden", beelineDoc(hidden), []models.Event{ev(in, "ringing", "")})
}

// checkBeeline compares events without their ids and times, which must be there.
func checkBeeline(t *testing.T, a pbx.Adapter, name string, req pbx.Request, want []models.Event) {
	t.Helper()
	res, err := a.Parse(req, pbx.Config{})
	if err != nil {
		t.Errorf("%s: Parse(%s): %v", name, req.Body, err)
		return
	}
	var got []models.Event
	ids := map[string]bool{}
	for _, e := range res.Events {
		if e.ID == "" || ids[e.ID] {
			t.Errorf("%s: the id %q is none or not the only one", name, e.ID)
		}
		ids[e.ID] = true
		e.ID, e.At = "", time.Time{}
		got = append(got, e)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n%+v, want\n%+v", name, got, want)
	}
	if res.Reply == nil || res.Reply.Status != http.StatusOK || len(res.Reply.Body) > 0 {
		t.Errorf("%s: Reply = %+v, want an empty 200", name, res.Reply)
	}
}

// TestBeelineShapes: nesting and prefixes other than those of the samples, and
// what is refused.
func TestBeelineShapes(t *testing.T) {
	a, _ := pbx.Lookup("beeline")
	flat := "\xef\xbb\xbf" + `<Event xmlns="http://schema.broadsoft.com/xsi"><targetId>ivanov</targetId><eventData type="CallReceivedEvent"><callId>c1</callId><personality>Terminator</personality>` +
		`<startTime>1795430520000</startTime><remoteAddress>tel:+79031234567</remoteAddress></eventData></Event>`
	res, err := a.Parse(body(flat), pbx.Config{})
	if err != nil || len(res.Events) != 1 || res.Events[0].Call != "c1" || res.Events[0].Phone != "tel:+79031234567" || res.Events[0].Extension != "id:ivanov" || len(res.Events[0].ID) != 32 {
		t.Errorf("Parse(%s) = %+v, %v", flat, res.Events, err)
	}
	for text, field := range map[string]string{
		`<Event><targetId>1</targetId></Event>`:                                                                                               "eventData",
		`<Event><targetId>1</targetId><eventData type="CallReceivedEvent"/></Event>`:                                                          "extTrackingId",
		`<Event><eventData type="CallReleasedEvent"><callId>1</callId><answerTime>x</answerTime></eventData></Event>`:                         "targetId",
		`<Event><targetId>1</targetId><eventData type="CallReleasedEvent"><callId>1</callId><answerTime>x</answerTime></eventData></Event>`:   "answerTime",
		`<Event><targetId>1</targetId><eventData type="CallReleasedEvent"><callId>1</callId><releaseTime>x</releaseTime></eventData></Event>`: "releaseTime",
	} {
		_, err := a.Parse(body(text), pbx.Config{})
		checkField(t, err, field)
	}
	for name, text := range map[string]string{
		"a bomb of entities": `<!DOCTYPE a [<!ENTITY b "c">]><Event><targetId>&b;</targetId></Event>`,
		"an unknown entity":  `<Event>&b;</Event>`, "two documents": `<Event/><Event/>`, "another encoding": `<?xml version="1.0" encoding="windows-1251"?><Event/>`,
		"too many": `<Event>` + strings.Repeat("<a/>", 5000) + `</Event>`, "too deep": strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40),
	} {
		if res, err := a.Parse(body(text), pbx.Config{}); models.KindOf(err) != models.Malformed {
			t.Errorf("%s: Parse = %+v, %v, want Malformed", name, res, err)
		}
	}
}

// TestBeelineLongDocuments: what is long costs time in proportion to its length.
// A megabyte cut into pieces by comments once took seconds.
func TestBeelineLongDocuments(t *testing.T) {
	a, _ := pbx.Lookup("beeline")
	parse := func(pieces int) time.Duration {
		text := body("<Event><a>" + strings.Repeat("x<!---->", pieces) + "</a></Event>")
		begin := time.Now()
		_, err := a.Parse(text, pbx.Config{})
		took := time.Since(begin)
		checkField(t, err, "eventData")
		return took
	}
	// A quarter of it takes a quarter of the time, not a sixteenth; on a busy machine
	// neither is short.
	whole, quarter := time.Hour, time.Hour
	for try := 0; try < 5 && whole > 2*time.Second && whole > 8*quarter; try++ {
		whole, quarter = min(whole, parse(1<<17)), min(quarter, parse(1<<15))
	}
	if whole > 2*time.Second && whole > 8*quarter {
		t.Errorf("a megabyte in pieces takes %v, a quarter of it %v", whole, quarter)
	}
	res, err := a.Parse(body(strings.Replace(string(beelineDoc(beelineSample().fields).Body), "9215450101", "92154<!-- cut -->50101", 1)), pbx.Config{})
	if err != nil || len(res.Events) != 1 || res.Events[0].Extension != "id:9215450101@ip.beeline.ru" {
		t.Errorf("a text in two pieces: %+v, %v", res.Events, err)
	}
}

func TestBeelineAPI(t *testing.T) {
	a, _ := pbx.Lookup("beeline")
	cfg := beelineSample().config
	const portal = "https://cloudpbx.beeline.ru/apis/portal"
	const people, call = "GET " + portal + "/abonents", "POST " + portal + "/abonents/9215450101@ip.beeline.ru/call?phoneNumber=79031234567"
	list := func(do pbx.Doer) ([]pbx.Employee, error) {
		return a.(pbx.EmployeeLister).Employees(t.Context(), do, cfg)
	}
	cloud := &fakeCloud{answers: map[string]string{people: `[{"userId":"9379992@beeline.ru","phone":"9379992","firstName":"Anna","lastName":"Test","email":null,"department":"test","extension":"2310"},
		{"userId":"9215450101@ip.beeline.ru","firstName":"Ivan","lastName":"","email":"i@x.ru","extension":null}, {"userId":""}, 7]`}}
	got, err := list(cloud)
	want := []pbx.Employee{{Name: "Test Anna", Addresses: []string{"id:9379992@beeline.ru", "sip:9379992@beeline.ru", "2310"}},
		{Name: "Ivan", Email: "i@x.ru", Addresses: []string{"id:9215450101@ip.beeline.ru", "sip:9215450101@ip.beeline.ru", "tel:+79215450101"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Employees = %+v, %v, want %+v", got, err, want)
	}
	if h := cloud.asked[0].Header; h.Get("X-MPBX-API-AUTH-TOKEN") != "token-1" {
		t.Errorf("asked with %v", h)
	}
	if _, err := list(&fakeCloud{answers: map[string]string{people: `{"errorCode":"x"}`}}); models.KindOf(err) != models.Unavailable {
		t.Errorf("Employees of no list: %v", err)
	}
	askEverything(t, people, func(do pbx.Doer) error { _, err := list(do); return err })
	_, err = a.(pbx.EmployeeLister).Employees(t.Context(), cloud, pbx.Config{})
	checkField(t, err, "settings.api_token")

	fetch := func(cfg pbx.Config, ref string) (*http.Request, error) {
		return a.(pbx.RecordingFetcher).Recording(t.Context(), cloud, cfg, ref, "123:1")
	}
	req, err := fetch(cfg, "beeline:12/3:1/9215450101@ip.beeline.ru")
	if err != nil || req.URL.String() != portal+"/v2/records/12/3:1%2F9215450101@ip.beeline.ru/download" || req.Header.Get("X-MPBX-API-AUTH-TOKEN") != "token-1" {
		t.Errorf("Recording = %v, %v", req, err)
	}
	for _, ref := range []string{"beeline:", "beeline:1", "beeline:/x", "beeline:1/", "https://x.example/1"} {
		if _, err := fetch(cfg, ref); !models.IsNotFound(err) {
			t.Errorf("Recording(%q): %v, want not found", ref, err)
		}
	}
	_, err = fetch(pbx.Config{}, "beeline:1/2")
	checkField(t, err, "settings.api_token")

	dial := func(do pbx.Doer, from string) (string, error) {
		return a.(pbx.Dialer).Dial(t.Context(), do, cfg, pbx.Order{From: from, Phone: "+79031234567", ID: "1"})
	}
	for answer, want := range map[string]string{`"123:1"`: "123:1", ``: "", `{}`: "", `"` + strings.Repeat("x", 300) + `"`: ""} {
		if key, err := dial(&fakeCloud{answers: map[string]string{call: answer}}, "id:9215450101@ip.beeline.ru"); err != nil || key != want {
			t.Errorf("Dial with the answer %.20s = %q, %v, want %q", answer, key, err, want)
		}
	}
	for from, path := range map[string]string{"tel:+79215450101": "9215450101", "101": "101", "sip:a@b.ru": "a@b.ru"} {
		cloud := &fakeCloud{}
		_, _ = dial(cloud, from) // not found; what was asked counts
		if got := cloud.asked[0].URL.Path; got != "/apis/portal/abonents/"+path+"/call" {
			t.Errorf("Dial(%s) asks %s", from, got)
		}
	}
	_, err = dial(cloud, "login:ivanov")
	checkField(t, err, "from")
	if _, err := dial(&fakeCloud{answers: map[string]string{call: `{"errorCode":"busy"}`}}, "id:9215450101@ip.beeline.ru"); models.KindOf(err) != models.Unavailable {
		t.Errorf("Dial refused: %v", err)
	}
	askEverything(t, call, func(do pbx.Doer) error { _, err := dial(do, "sip:9215450101@ip.beeline.ru"); return err })
	_, err = a.(pbx.Dialer).Dial(t.Context(), cloud, pbx.Config{}, pbx.Order{From: "101"})
	checkField(t, err, "settings.api_token")
}
