package simulate

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// telphinTongue speaks the events of Telphin: those of all phones, and of the
// voice menu that calls come through.
func telphinTongue() tongue {
	return tongue{
		kind:     "telphin",
		settings: map[string]any{"lines": []any{"099"}, "app_id": "example", "app_secret": "example-secret"},
		voice: func(to Target) voice {
			v := &telphinVoice{}
			switch lines := to.Settings["lines"].(type) {
			case []any:
				if len(lines) > 0 {
					v.line = fmt.Sprint(lines[0])
				}
			case []string:
				if len(lines) > 0 {
					v.line = lines[0]
				}
			case string:
				v.line, _, _ = strings.Cut(lines, ",")
			}
			return v.say
		},
		cannot: map[string]string{
			"nameless": "its people are extensions",
			"consult":  "the consultation is a call of its own, and which of the two goes on is not told",
		},
	}
}

// telphinVoice remembers the parts of the call.
type telphinVoice struct {
	line    string // extension of the menu; "": calls reach the phones directly
	talking telphinPart
	ringing []telphinPart
	taped   bool
}

// telphinPart is one attempt to reach one extension.
type telphinPart struct{ ext, sub string }

func telphinFull(ext string) string { return "3515*" + ext + "@sipproxy.telphin.ru" }

// event is a request of an extension. from and to are extensions or numbers of
// outside, flow is as part sees it.
func (v *telphinVoice) event(what, status, flow string, e *models.Event, part telphinPart, from, to string) url.Values {
	f := url.Values{"EventType": {what}, "CallStatus": {status}, "CallFlow": {flow}, "CallID": {e.Call}, "CallAPIID": {"3584709733-" + e.Call},
		"SubCallID": {part.sub}, "CallerIDNum": {from}, "CallerIDName": {from}, "CalledNumber": {to}}
	if flow == "in" {
		f.Set("CalledExtension", telphinFull(part.ext))
		f.Set("CalledExtensionID", "124"+part.ext)
		f.Set("CalledNumber", "3515*"+part.ext)
		if what == "answer" {
			f.Set("CallerIDNum", part.ext) // as in the real ones
		}
		if v.line != "" && part.ext != v.line && e.Direction == models.In {
			f.Set("CallerExtension", telphinFull(v.line))
			f.Set("CallerExtensionID", "124"+v.line)
		}
	} else {
		f.Set("CallerExtension", telphinFull(part.ext))
		f.Set("CallerExtensionID", "124"+part.ext)
		f.Set("CallerIDNum", "3515*"+part.ext)
		f.Set("CallerIDName", "Иванов Иван Иванович")
	}
	if e.Direction == models.In {
		f.Set("CalledDID", strings.TrimPrefix(e.DID, "+"))
	}
	if !e.At.IsZero() {
		f.Set("EventTime", fmt.Sprint(e.At.UnixMicro()))
	}
	return f
}

func (v *telphinVoice) say(step Step) ([]draft, error) {
	v.taped = v.taped || step.Note == Taped
	var out []url.Values
	e := &step.Event
	switch e.Direction {
	case models.In:
		out = v.incoming(e)
	case models.Out:
		out = v.outgoing(step)
	default:
		out = v.internal(e)
	}
	drafts := make([]draft, len(out))
	for i, f := range out {
		drafts[i] = draft{contentType: "application/x-www-form-urlencoded", body: []byte(f.Encode())}
	}
	return drafts, nil
}

func telphinPartOf(e *models.Event) telphinPart {
	return telphinPart{e.Extension, "124" + e.Extension + "-" + strings.ReplaceAll(e.Leg, "/", "-")}
}

func (v *telphinVoice) entry(e *models.Event) telphinPart {
	return telphinPart{v.line, "124" + v.line + "-" + e.Call}
}

func (v *telphinVoice) incoming(e *models.Event) []url.Values {
	part := telphinPartOf(e)
	switch e.Type {
	case models.EventStarted:
		if v.line == "" {
			return nil
		}
		ask := v.event("call_interactive", "ANSWER", "IN", e, v.entry(e), e.Phone, "3515*"+v.line)
		ask.Del("EventTime")
		ask.Del("SubCallID")
		for _, name := range []string{"CallerExtension", "CallerExtensionID"} {
			ask.Del(name)
		}
		ask.Set("CalledExtension", telphinFull(v.line))
		ask.Set("CallerIDNum", e.Phone)
		ask.Set("CallerIDName", e.Phone)
		return []url.Values{v.event("dial-in", "CALLING", "in", e, v.entry(e), e.Phone, ""), ask}
	case models.EventRinging:
		v.ringing = append(v.ringing, part)
		return []url.Values{v.event("dial-in", "CALLING", "in", e, part, e.Phone, "")}
	case models.EventRingEnded:
		v.stops(part)
		return []url.Values{v.event("hangup", dialStatus(e.Reason), "in", e, part, e.Phone, "")}
	case models.EventAnswered:
		v.stops(part)
		v.talking = part
		out := []url.Values{v.event("answer", "ANSWER", "in", e, part, e.Phone, "")}
		return append(out, v.hangups(e, "CANCEL")...)
	case models.EventTransferred:
		// The first talker's phone calls on and hangs up.
		on := v.event("dial-out", "CALLING", "out", e, telphinPart{e.Extension, "124" + e.Extension + "-on-" + e.Call}, e.Phone, "3515*"+e.ToExtension)
		on.Set("Transfered", "yes")
		return []url.Values{on, v.talked(e, v.talking, 0)}
	case models.EventEnded:
		return v.ended(e)
	}
	return nil
}

func (v *telphinVoice) stops(part telphinPart) {
	v.ringing = slices.DeleteFunc(v.ringing, func(p telphinPart) bool { return p.ext == part.ext })
}

func (v *telphinVoice) hangups(e *models.Event, status string) []url.Values {
	var out []url.Values
	for _, p := range v.ringing {
		out = append(out, v.event("hangup", status, "in", e, p, e.Phone, ""))
	}
	v.ringing = nil
	return out
}

// talked is the end of one phone's talk.
func (v *telphinVoice) talked(e *models.Event, p telphinPart, seconds int) url.Values {
	f := v.event("hangup", "ANSWER", "in", e, p, e.Phone, "")
	f.Set("Duration", fmt.Sprint((time.Duration(seconds) * time.Second).Microseconds()))
	if v.taped {
		f.Set("RecID", p.sub)
	}
	return f
}

func (v *telphinVoice) ended(e *models.Event) []url.Values {
	var out []url.Values
	status, bridged, talk := dialStatus(e.Reason), "no", 0
	if e.TalkS != nil {
		status, bridged, talk = "ANSWER", "yes", *e.TalkS
		if v.talking.ext == "" && len(v.ringing) > 0 { // the answer is told later
			v.talking = v.ringing[0]
		}
		out = append(out, v.talked(e, v.talking, talk))
	} else {
		out = v.hangups(e, status)
	}
	if v.line == "" {
		return out
	}
	end := v.event("hangup", status, "in", e, v.entry(e), e.Phone, "")
	end.Set("Bridged", bridged)
	end.Set("Duration", fmt.Sprint((time.Duration(talk) * time.Second).Microseconds()))
	return append(out, end)
}

// outgoing is told by the phone that calls, the CRM's order included.
func (v *telphinVoice) outgoing(step Step) []url.Values {
	e := &step.Event
	if e.Extension != "" {
		v.talking = telphinPart{e.Extension, "124" + e.Extension + "-" + e.Call}
	}
	what, status := map[models.EventType]string{models.EventStarted: "dial-out", models.EventAnswered: "answer", models.EventEnded: "hangup"}[e.Type], "ANSWER"
	switch {
	case what == "":
		return nil
	case what == "dial-out":
		status = "CALLING"
	case what == "hangup" && e.TalkS == nil:
		status = dialStatus(e.Reason)
	}
	f := v.event(what, status, "out", e, v.talking, "", e.Phone)
	if step.Note == Click || step.Note == Callback {
		f.Set("CallBackID", e.Call)
		f.Set("CallAPIID", "cb-3584709740-"+e.Call)
	}
	if e.TalkS != nil {
		f.Set("Duration", fmt.Sprint((time.Duration(*e.TalkS) * time.Second).Microseconds()))
	}
	return []url.Values{f}
}

// internal is told by both phones.
func (v *telphinVoice) internal(e *models.Event) []url.Values {
	calls := telphinPart{e.Phone, "124" + e.Phone + "-" + e.Call}
	if e.Extension != "" {
		v.talking = telphinPartOf(e)
	}
	in := func(what, status string) url.Values {
		f := v.event(what, status, "in", e, v.talking, e.Phone, "")
		f.Set("CallerExtension", telphinFull(e.Phone))
		return f
	}
	to := "3515*" + v.talking.ext
	switch e.Type {
	case models.EventRinging:
		return []url.Values{v.event("dial-out", "CALLING", "out", e, calls, "", to), in("dial-in", "CALLING")}
	case models.EventAnswered:
		return []url.Values{in("answer", "ANSWER"), v.event("answer", "ANSWER", "out", e, calls, "", to)}
	case models.EventEnded:
		status := dialStatus(e.Reason)
		duration := "0"
		if e.TalkS != nil {
			status, duration = "ANSWER", fmt.Sprint((time.Duration(*e.TalkS) * time.Second).Microseconds())
		}
		a, b := v.event("hangup", status, "out", e, calls, "", to), in("hangup", status)
		a.Set("Duration", duration)
		b.Set("Duration", duration)
		return []url.Values{a, b}
	}
	return nil
}
