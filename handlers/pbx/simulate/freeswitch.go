package simulate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zummer/models"
)

// freeswitchTongue speaks as a FreeSWITCH with all of docs/pbx/freeswitch.md:
// mod_httapi when a call comes in, the hooks of our dialplan while it lives,
// and mod_json_cdr for every leg after its end.
func freeswitchTongue() tongue {
	return tongue{
		kind: "freeswitch", secret: "fsuser:secret",
		voice: func(to Target) voice { return (&fsCall{to: to}).say },
		cannot: map[string]string{
			"consult": "no record says to which call the phone belongs that an attended transfer connects",
		},
	}
}

// fsCall is what a FreeSWITCH remembers of a call.
type fsCall struct {
	to      Target
	began   time.Time
	over    bool
	dialler string
	legs    []*fsLeg
}

type fsLeg struct {
	models.Event // of its first ring or its answer
	answered     time.Time
	end          time.Time
	cause        string
	told         bool
}

func (c *fsCall) say(step Step) ([]draft, error) {
	e := step.Event
	if c.began.IsZero() {
		c.began = e.At
	}
	switch e.Type {
	case models.EventStarted:
		if e.Direction == models.Out {
			c.dialler = e.Extension
			return []draft{c.hook("started", &e, "")}, nil
		}
		form := url.Values{"session_id": {e.Call}, "hostname": {"fs1"}, "url": {c.to.Hook}, "Caller-Direction": {"inbound"}, "Caller-Caller-ID-Number": {e.Phone},
			"Caller-Caller-ID-Name": {e.Name}, "Caller-Destination-Number": {e.DID}, "Caller-Unique-ID": {e.Call}, "Caller-Channel-Created-Time": {fsMicros(e.At)}}
		return []draft{{method: http.MethodGet, query: form.Encode(), sign: c.sign}}, nil
	case models.EventRinging:
		c.legs = append(c.legs, &fsLeg{Event: e})
		return []draft{c.hook("ringing", &e, "")}, nil
	case models.EventAnswered:
		return c.answer(&e)
	case models.EventTransferred: // the phone hangs up by sending REFER
		if l := c.leg(e.Leg); l != nil {
			l.cause, l.end = "BLIND_TRANSFER", e.At
			return c.records(l)
		}
	case models.EventRingEnded:
		l := c.leg(e.Leg)
		if l == nil || l.told {
			return nil, nil
		}
		l.cause, l.end = fsCause(e.Reason), e.At
		record, err := c.records(l)
		return append([]draft{c.hook("hangup", &e, l.cause)}, record...), err
	case models.EventEnded:
		return c.ended(&e, step.Note)
	}
	return nil, nil // a recording's place stands in the record
}

func (c *fsCall) leg(key string) *fsLeg {
	for _, l := range c.legs {
		if l.Leg == key {
			return l
		}
	}
	return nil
}

func (c *fsCall) answer(e *models.Event) ([]draft, error) {
	l := c.leg(e.Leg)
	if l == nil {
		l = &fsLeg{Event: *e}
		c.legs = append(c.legs, l)
	}
	l.answered = e.At
	out := []draft{c.hook("answered", e, "")}
	if c.over { // its record waited for this
		l.cause = "NORMAL_CLEARING"
		record, err := c.records(l)
		return append(out, record...), err
	}
	for _, o := range c.legs {
		if o.answered.IsZero() && o.cause == "" {
			o.cause, o.end = "LOSE_RACE", e.At
			lost := o.Event
			lost.At = o.end
			out = append(out, c.hook("hangup", &lost, o.cause))
		}
	}
	return out, nil
}

// ended: the hook, the record of the first leg, then those of all legs that
// have not been told.
func (c *fsCall) ended(e *models.Event, note Note) ([]draft, error) {
	c.over = true
	cause := "NORMAL_CLEARING"
	if e.TalkS == nil {
		cause = fsCause(e.Reason)
	}
	ends := *e
	ends.Leg = e.Call
	out := []draft{c.hook("hangup", &ends, cause)}
	vars := map[string]any{"uuid": e.Call, "call_uuid": e.Call, "direction": "inbound", "hangup_cause": cause, "duration": fmt.Sprint(int(e.At.Sub(c.began) / time.Second))}
	var flow []any
	talked := false
	for _, l := range c.legs {
		switch {
		case l.answered.IsZero() && e.TalkS == nil && l.cause == "":
			l.cause, l.end = cause, e.At
		case !l.answered.IsZero() && l.cause == "":
			l.cause, l.end = "NORMAL_CLEARING", e.At
		}
		if !l.answered.IsZero() {
			talked = true
			flow = append([]any{c.profile(e, l.answered, l)}, flow...)
		}
	}
	if !talked && e.TalkS != nil { // connected, and who it was is told later
		flow = []any{c.profile(e, e.At.Add(-time.Duration(*e.TalkS)*time.Second), nil)}
		talked = true
	}
	if !talked {
		flow = []any{c.profile(e, time.Time{}, nil)}
	}
	c.times(vars, c.began, time.Time{}, time.Time{}, e.At)
	if talked {
		vars["answer_uepoch"], vars["bridge_uuid"] = fsMicros(c.began.Add(time.Millisecond)), e.Call+"-b"
	}
	c.who(vars, e, note)
	if note == Taped {
		vars["zummer_recording"] = "https://pbx.example/recordings/" + e.Call + ".wav"
	}
	record, err := c.record(vars, flow)
	if err != nil {
		return nil, err
	}
	out = append(out, record)
	for _, l := range c.legs {
		if l.cause == "" || l.told {
			continue
		}
		more, err := c.records(l)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// who writes the parties of the first leg as its channel has them.
func (c *fsCall) who(vars map[string]any, e *models.Event, note Note) {
	switch {
	case e.Direction == models.Out && (note == Click || note == Callback): // originate user/101
		vars["direction"], vars["dialed_user"] = "outbound", c.dialler
	case e.Direction == models.Out:
		vars["user_name"], vars["caller_id_number"] = c.dialler, c.dialler
	case e.Direction == models.InternalCall:
		vars["user_name"], vars["caller_id_number"] = e.Phone, e.Phone
	default:
		vars["caller_id_number"] = e.Phone
	}
}

// profile is one entry of the callflow.
func (c *fsCall) profile(e *models.Event, bridged time.Time, l *fsLeg) map[string]any {
	caller := map[string]any{"caller_id_number": e.Phone, "caller_id_name": e.Name, "destination_number": e.DID}
	switch {
	case e.Direction == models.Out:
		caller = map[string]any{"caller_id_number": c.dialler, "destination_number": e.Phone}
	case e.Direction == models.InternalCall && len(c.legs) > 0:
		caller["destination_number"] = c.legs[0].Extension
	}
	if l != nil && e.Direction != models.Out {
		caller["originatee"] = map[string]any{"originatee_caller_profiles": []any{map[string]any{"uuid": l.Leg, "destination_number": fsCallee(&l.Event)}}}
	}
	return map[string]any{"caller_profile": caller, "times": map[string]any{"created_time": fsMicros(c.began), "bridged_time": fsMicros(bridged)}}
}

// records is the record of a further leg.
func (c *fsCall) records(l *fsLeg) ([]draft, error) {
	l.told = true
	if l.end.IsZero() {
		l.end = l.answered
	}
	vars := map[string]any{"uuid": l.Leg, "originator": l.Call, "call_uuid": l.Call, "zummer_direction": string(l.Direction), "direction": "outbound",
		"caller_id_number": l.Phone, "destination_number": fsCallee(&l.Event), "hangup_cause": l.cause}
	if user := fsUser(&l.Event); user != "" {
		vars["dialed_user"], vars["dialed_domain"] = user, "pbx.example"
	}
	rang := l.At
	if l.Direction == models.Out || l.Type == models.EventAnswered {
		rang = time.Time{}
	}
	c.times(vars, l.At, rang, l.answered, l.end)
	d, err := c.record(vars, nil)
	return []draft{d}, err
}

func (c *fsCall) times(vars map[string]any, start, progress, answer, end time.Time) {
	for name, t := range map[string]time.Time{"start": start, "progress": progress, "answer": answer, "end": end} {
		vars[name+"_uepoch"] = fsMicros(t)
	}
}

// record is a request of mod_json_cdr with encode-values, its default.
func (c *fsCall) record(vars map[string]any, flow []any) (draft, error) {
	for name, v := range vars {
		vars[name] = url.PathEscape(fmt.Sprint(v))
	}
	body, err := json.Marshal(map[string]any{"core-uuid": "4f0c", "switchname": "fs1", "channel_data": map[string]any{"state": "CS_REPORTING"},
		"variables": vars, "callflow": flow})
	return draft{contentType: "application/json", query: "uuid=" + url.QueryEscape(fmt.Sprint(vars["uuid"])), body: body, sign: c.sign}, err
}

// hook is a request of our dialplan's hooks: a query, as mod_curl sends it.
func (c *fsCall) hook(what string, e *models.Event, cause string) draft {
	f := url.Values{"event": {what}, "call": {e.Call}, "leg": {e.Leg}, "direction": {string(e.Direction)}, "phone": {e.Phone}, "did": {e.DID}}
	if what == "hangup" {
		f.Set("cause", cause)
		f.Set("time", fsMicros(e.At))
		if e.TalkS != nil { // the channel itself knows when it was connected
			began := fsMicros(e.At.Add(-time.Duration(*e.TalkS) * time.Second))
			f.Set("answered", began)
			f.Set("bridged", began)
		}
	} else if !e.At.IsZero() {
		f.Set("time", fmt.Sprint(e.At.Unix()))
	}
	switch {
	case e.Direction == models.Out:
		f.Set("extension", c.dialler)
	case what != "started":
		f.Set("user", fsUser(e))
		f.Set("number", fsCallee(e))
	}
	return draft{method: http.MethodGet, query: f.Encode(), sign: c.sign}
}

func (c *fsCall) sign(req *http.Request, _ []byte, _ time.Time) error {
	if c.to.Secret != "" {
		user, password, _ := strings.Cut(c.to.Secret, ":")
		req.SetBasicAuth(user, password)
	}
	return nil
}

// fsUser is who a leg rings in the directory; a mobile phone has none.
func fsUser(e *models.Event) string { return who(e).ext }

// fsCallee is the number that a leg dials.
func fsCallee(e *models.Event) string {
	p := who(e)
	if p.ext != "" {
		return p.ext
	}
	return p.tel
}

func fsMicros(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return fmt.Sprint(t.UnixMicro())
}

// fsCause is FreeSWITCH's cause for a reason.
func fsCause(reason string) string {
	switch reason {
	case models.ReasonElsewhere:
		return "LOSE_RACE"
	case models.ReasonBusy:
		return "USER_BUSY"
	case models.ReasonDeclined:
		return "CALL_REJECTED"
	case models.ReasonGaveUp:
		return "ORIGINATOR_CANCEL"
	case models.ReasonUnavailable:
		return "USER_NOT_REGISTERED"
	}
	return "NO_ANSWER"
}
