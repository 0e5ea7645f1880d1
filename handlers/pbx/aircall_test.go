package pbx_test

import (
	"maps"
	"net/http"
	"reflect"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

const aircallToken = "45XXYYZZa08"

func aircallSample() sample {
	return sample{
		kind: "aircall", config: pbx.Config{Secret: aircallToken, Settings: map[string]any{"api_id": "id1", "api_token": "topsecret", "number_id": "77"}},
		fields: map[string]any{"resource": "call", "event": "call.ringing_on_agent", "timestamp": "1795430520", "data.id": "1234567", "data.direction": "inbound",
			"data.raw_digits": "+7 903 123-45-67", "data.started_at": 1795430519, "data.user.id": "101", "data.number.digits": "+7 495 123 45 67"},
		write: jsonRequest,
		sign: func(req *pbx.Request, cfg pbx.Config) {
			req.Body = append([]byte(`{"token":"`+cfg.Secret+`",`), req.Body[1:]...)
		},
		want: models.EventRinging, ext: "id:101", call: "data.id", person: "data.user.id", phone: "data.raw_digits", when: "timestamp",
		need: []string{"event", "data.id"}, texts: []string{"timestamp", "data.id", "data.user.id"}, hidden: []any{"anonymous", "", nil},
		times: map[any]string{"1795430520": "2026-11-23T10:42:00Z", "1795430520250": "2026-11-23T10:42:00.25Z"},
	}
}

func FuzzParseAircall(f *testing.F) { fuzzParse(f, "aircall") }

func TestAircallToken(t *testing.T) {
	a, _ := pbx.Lookup("aircall")
	for name, tc := range map[string]struct{ body, secret, code string }{
		"right":          {`{"token":"` + aircallToken + `"}`, aircallToken, ""},
		"another token":  {`{"token":"` + changed(aircallToken) + `"}`, aircallToken, "signature_wrong"},
		"another secret": {`{"token":"` + aircallToken + `"}`, changed(aircallToken), "signature_wrong"},
		"a shorter one":  {`{"token":"45"}`, aircallToken, "signature_wrong"},
		"none":           {`{"event":"call.created"}`, aircallToken, "signature_missing"},
		"a list":         {`[{"token":"` + aircallToken + `"}]`, aircallToken, "signature_missing"},
		"no JSON":        {`{"token":`, aircallToken, "signature_missing"},
		"no secret":      {`{"token":"` + aircallToken + `"}`, "", "signature_secret"},
	} {
		if err := a.Verify(body(tc.body), pbx.Config{Secret: tc.secret}); codeOf(err) != tc.code {
			t.Errorf("%s: Verify = %v, want code %q", name, err, tc.code)
		}
	}
}

func TestAircallSettings(t *testing.T) {
	a, _ := pbx.Lookup("aircall")
	if err := a.CheckSettings(nil, "x"); err != nil {
		t.Errorf("CheckSettings = %v", err)
	}
	checkField(t, a.CheckSettings(nil, ""), "secret")
	checkField(t, a.CheckSettings(map[string]any{"api_token": "x"}, "x"), "settings.api_id")
	checkField(t, a.CheckSettings(map[string]any{"api_id": 1.0}, "x"), "settings.api_id")
	checkField(t, a.CheckSettings(map[string]any{"number_id": "main"}, "x"), "settings.number_id")
}

// TestAircallEvents: what each event says of the call.
func TestAircallEvents(t *testing.T) {
	a, _ := pbx.Lookup("aircall")
	at := func(s int64) time.Time { return time.Unix(1795430500+s, 0).UTC() }
	in := models.Event{Call: "1234567", Direction: models.In, Phone: "+7 903 123-45-67", DID: "+7 495 123 45 67", At: at(20)}
	ev := func(typ models.EventType, reason string, change ...func(*models.Event)) models.Event {
		e := in
		e.Type, e.Reason = typ, reason
		if typ.HasExtension() {
			e.Extension = "id:101"
		}
		for _, c := range change {
			c(&e)
		}
		return e
	}
	num := func(n int) *int { return &n }
	when := func(s int64) func(*models.Event) { return func(e *models.Event) { e.At = at(s) } }
	out := func(e *models.Event) { e.Direction, e.DID = models.Out, "" }
	answered, ended := 1795430505, 1795430514
	set := func(event string, more ...any) map[string]any {
		m := map[string]any{"event": event}
		for i := 0; i+1 < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	for name, tc := range map[string]struct {
		set  map[string]any
		want models.Event
	}{
		"created":               {set("call.created", "data.user.id", nil), ev("started", "", when(19))},
		"ringing":               {set("call.ringing_on_agent"), ev("ringing", "")},
		"more names":            {set("call.ringing_on_agent", "data.user.email", "Ann@X.example", "data.user.extension", "204"), ev("ringing", "", func(e *models.Event) { e.Addresses = []string{"204", "login:ann@x.example"} })},
		"nobody rings":          {set("call.ringing_on_agent", "data.user.id", nil), models.Event{}},
		"the far end rings":     {set("call.ringing_on_agent", "data.direction", "outbound"), models.Event{}},
		"declined":              {set("call.agent_declined"), ev("ring_ended", "declined")},
		"answered":              {set("call.answered", "data.answered_at", answered), ev("answered", "", when(5))},
		"answered, null":        {set("call.answered", "data.answered_at", nil), ev("answered", "")},
		"answered by nobody":    {set("call.answered", "data.user.id", nil), models.Event{}},
		"hung up":               {set("call.hungup", "data.answered_at", answered, "data.ended_at", ended, "data.duration", 14), ev("ended", "", when(14), func(e *models.Event) { e.TalkS, e.DurationS = num(9), num(14) })},
		"with recording":        {set("call.ended", "data.answered_at", answered, "data.ended_at", ended, "data.recording", "https://x"), ev("ended", "", when(14), func(e *models.Event) { e.TalkS, e.Recording = num(9), "aircall:1234567" })},
		"nobody answered":       {set("call.hungup", "data.ended_at", ended, "data.missed_call_reason", "agents_did_not_answer"), ev("ended", "no_answer", when(14), func(e *models.Event) { e.Disposition = "agents_did_not_answer" })},
		"gave up":               {set("call.hungup", "data.missed_call_reason", "abandoned_in_ivr"), ev("ended", "caller_gave_up", func(e *models.Event) { e.Disposition = "abandoned_in_ivr" })},
		"closed":                {set("call.ended", "data.missed_call_reason", "out_of_opening_hours"), ev("ended", "unavailable", func(e *models.Event) { e.Disposition = "out_of_opening_hours" })},
		"voicemail":             {set("call.voicemail_left"), ev("recording", "", func(e *models.Event) { e.Recording = "aircall:1234567" })},
		"transferred":           {set("call.transferred", "data.transferred_by.id", 101, "data.transferred_to.id", 102, "data.user.id", "102"), ev("transferred", "", func(e *models.Event) { e.ToExtension = "id:102" })},
		"transferred by user":   {set("call.transferred", "data.transferred_to.id", 102), ev("transferred", "", func(e *models.Event) { e.ToExtension = "id:102" })},
		"transferred outside":   {set("call.external_transferred", "data.transferred_to", "+7 903 000 00 00"), ev("transferred", "", func(e *models.Event) { e.ToExtension = "tel:+79030000000" })},
		"transferred by nobody": {set("call.transferred", "data.user.id", nil), models.Event{}},
		"dialling":              {set("call.created", "data.direction", "outbound"), ev("started", "", out, when(19), func(e *models.Event) { e.Extension = "id:101" })},
		"far end answered":      {set("call.answered", "data.direction", "outbound"), ev("answered", "", out)},
		"outgoing ended":        {set("call.hungup", "data.direction", "outbound", "data.missed_call_reason", "no_available_agent"), ev("ended", "", out)},
		"named":                 {set("call.ringing_on_agent", "data.contact.first_name", "Ivan", "data.contact.last_name", "P."), ev("ringing", "", func(e *models.Event) { e.Name = "Ivan P." })},
		"a company":             {set("call.ringing_on_agent", "data.contact.company_name", "Romashka"), ev("ringing", "", func(e *models.Event) { e.Name = "Romashka" })},
		"commented":             {set("call.commented"), models.Event{}},
		"a user's event":        {set("user.opened", "resource", "user"), models.Event{}},
	} {
		m := maps.Clone(aircallSample().fields)
		for k, v := range tc.set {
			if m[k] = v; v == nil {
				delete(m, k)
			}
		}
		res, err := a.Parse(jsonRequest(m), pbx.Config{})
		if err != nil {
			t.Errorf("%s: Parse: %v", name, err)
			continue
		}
		var got models.Event
		if len(res.Events) == 1 {
			got = res.Events[0]
		}
		if got.Type != "" && got.ID == "" {
			t.Errorf("%s: no ID: %+v", name, got)
		}
		got.ID = ""
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s:\n%+v, want\n%+v", name, got, tc.want)
		}
	}
	for field, more := range map[string]map[string]any{
		"data.answered_at": set("call.hungup", "data.answered_at", "soon"), "data.ended_at": set("call.ended", "data.ended_at", "soon"),
		"data.started_at": set("call.created", "data.started_at", "soon"),
	} {
		m := maps.Clone(aircallSample().fields)
		maps.Copy(m, more)
		_, err := a.Parse(jsonRequest(m), pbx.Config{})
		checkField(t, err, field)
	}
	res, err := a.Parse(jsonRequest(aircallSample().with("timestamp", nil)), pbx.Config{})
	if err != nil || len(res.Events) != 1 || res.Events[0].ID != "" {
		t.Errorf("undated: %+v, %v, want an event without an id", res.Events, err)
	}
}

func TestAircallAPI(t *testing.T) {
	a, _ := pbx.Lookup("aircall")
	cfg := aircallSample().config
	const api = "https://api.aircall.io/v1"
	const page1, page2 = "GET " + api + "/users?per_page=50&page=1", "GET " + api + "/users?per_page=50&page=2"
	list := func(do pbx.Doer) ([]pbx.Employee, error) {
		return a.(pbx.EmployeeLister).Employees(t.Context(), do, cfg)
	}
	cloud := &fakeCloud{answers: map[string]string{
		page1: `{"users":[{"id":456,"name":"Ann","email":"Ann@X.example"},{"name":"nobody"}],"meta":{"next_page_link":"https://elsewhere.example/"}}`,
		page2: `{"users":[{"id":"457","name":"Bob","email":null}],"meta":{"next_page_link":null}}`,
	}}
	got, err := list(cloud)
	want := []pbx.Employee{{Name: "Ann", Email: "Ann@X.example", Addresses: []string{"id:456", "login:ann@x.example"}}, {Name: "Bob", Addresses: []string{"id:457"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Employees = %+v, %v, want %+v", got, err, want)
	}
	for _, req := range cloud.asked {
		if id, token, ok := req.BasicAuth(); !ok || id != "id1" || token != "topsecret" || req.URL.Host != "api.aircall.io" {
			t.Errorf("asked %s with %v", req.URL, req.Header)
		}
	}
	if _, err := list(&fakeCloud{answers: map[string]string{page1: `{}`}}); models.KindOf(err) != models.Unavailable {
		t.Errorf("Employees of no list: %v", err)
	}
	askEverything(t, page1, func(do pbx.Doer) error { _, err := list(do); return err })
	for field, cfg := range map[string]pbx.Config{"settings.api_id": {}, "settings.api_token": {Settings: map[string]any{"api_id": "1"}}} {
		_, err := a.(pbx.EmployeeLister).Employees(t.Context(), cloud, cfg)
		checkField(t, err, field)
	}

	const call = "GET " + api + "/calls/1234567"
	fetch := func(do pbx.Doer, ref string) (*http.Request, error) {
		return a.(pbx.RecordingFetcher).Recording(t.Context(), do, cfg, ref, "1234567")
	}
	for answer, link := range map[string]string{
		`{"call":{"recording":"https://s3.example/r.mp3?sig=1","voicemail":"https://s3.example/v.mp3"}}`: "https://s3.example/r.mp3?sig=1",
		`{"call":{"recording":null,"voicemail":"https://s3.example/v.mp3"}}`:                             "https://s3.example/v.mp3",
	} {
		req, err := fetch(&fakeCloud{answers: map[string]string{call: answer}}, "aircall:1234567")
		if err != nil || req.URL.String() != link || req.Header.Get("Authorization") != "" {
			t.Errorf("Recording with the answer %s = %v, %v, want %s without credentials", answer, req, err, link)
		}
	}
	if _, err := fetch(&fakeCloud{answers: map[string]string{call: `{"call":{}}`}}, "aircall:1234567"); !models.IsNotFound(err) {
		t.Errorf("Recording that is not there: %v", err)
	}
	if _, err := fetch(&fakeCloud{answers: map[string]string{call: `{"call":{"recording":"ftp://s3.example/v.mp3"}}`}}, "aircall:1234567"); models.KindOf(err) != models.Unavailable {
		t.Errorf("Recording at no https address: %v", err)
	}
	if _, err := fetch(cloud, "rostelecom:1"); !models.IsNotFound(err) {
		t.Errorf("Recording of another kind's reference: %v", err)
	}
	askEverything(t, call, func(do pbx.Doer) error { _, err := fetch(do, "aircall:1234567"); return err })

	const place = "POST " + api + "/users/456/calls"
	dial := func(do pbx.Doer, cfg pbx.Config, from string) (string, error) {
		return a.(pbx.Dialer).Dial(t.Context(), do, cfg, pbx.Order{From: from, Phone: "+79031234567", ID: "1"})
	}
	cloud = &fakeCloud{answers: map[string]string{place: "204 "}}
	if key, err := dial(cloud, cfg, "id:456"); err != nil || key != "" || cloud.bodies[0] != `{"number_id":77,"to":"+79031234567"}` {
		t.Errorf("Dial = %q, %v, sent %v", key, err, cloud.bodies)
	}
	for _, from := range []string{"101", "id:", "id:4/5"} {
		_, err = dial(cloud, cfg, from)
		checkField(t, err, "from")
	}
	_, err = dial(cloud, pbx.Config{}, "id:456")
	checkField(t, err, "settings.number_id")
	askEverything(t, place, func(do pbx.Doer) error { _, err := dial(do, cfg, "id:456"); return err })
}
