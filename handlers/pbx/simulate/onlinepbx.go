package simulate

import (
	"encoding/json"
	"fmt"
	"time"

	"zummer/models"
)

// onlineTongue speaks as the web hooks of OnlinePBX do. One call_start a call
// is all that is known of the time before the answer, so a call that comes in
// over a trunk does not say who rings.
func onlineTongue() tongue {
	const noTransfer, onlyAnswer = "none of its hooks tells of a transfer", "who rings is not said of a call over a trunk, only who answers"
	t := tongue{
		kind: "onlinepbx",
		voice: func(Target) voice {
			o := onlineVoice{}
			return o.say
		},
		cannot: map[string]string{"transfer": noTransfer, "consult": noTransfer, "back": noTransfer},
		loses:  map[string]string{},
	}
	for _, name := range []string{"direct", "missed", "abandoned", "group", "queue", "hidden", "nameless", "repeat", "early-end", "late", "recording"} {
		t.loses[name] = onlyAnswer
	}
	return t
}

// onlineVoice tells one call.
type onlineVoice struct {
	begun    time.Time
	answered string // who did: the callee from then on, or the caller of an outgoing call
}

func (o *onlineVoice) say(step Step) ([]draft, error) {
	e := &step.Event
	f := map[string]any{"domain": "pbx12345.onpbx.ru", "uuid": e.Call, "direction": "inbound", "caller": withoutPlus(e.Phone), "callee": withoutPlus(e.DID),
		"from_domain": "", "to_domain": "pbx12345.onpbx.ru", "gateway": withoutPlus(e.DID)}
	if !e.At.IsZero() {
		f["date"] = fmt.Sprint(e.At.Unix())
	}
	w := who(e)
	name := w.ext
	if name == "" {
		name = withoutPlus(w.tel)
	}
	switch e.Direction {
	case models.Out:
		if o.answered == "" {
			o.answered = name
		}
		f["direction"], f["caller"], f["callee"], f["gateway"] = "outbound", o.answered, withoutPlus(e.Phone), "74951234567"
	case models.InternalCall:
		f["direction"], f["callee"], f["gateway"] = "local", name, ""
	}
	switch e.Type {
	case models.EventStarted:
		o.begun, f["event"] = e.At, "call_start"
	case models.EventRinging:
		if e.Direction != models.InternalCall {
			return nil, nil
		}
		o.begun, f["event"] = e.At, "call_start"
	case models.EventAnswered:
		if o.answered = name; e.Direction == models.In {
			f["callee"] = name
		}
		f["event"] = "call_answered"
		if e.Direction == models.Out {
			f["caller"] = name
		}
	case models.EventEnded:
		o.end(step, f)
	default:
		return nil, nil
	}
	body, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return []draft{{contentType: "application/json", body: body}}, nil
}

// end is call_end, or call_missed of a call that nobody answered.
func (o *onlineVoice) end(step Step, f map[string]any) {
	e := &step.Event
	if e.Direction != models.Out && o.answered != "" {
		f["callee"] = o.answered
	}
	if e.TalkS == nil {
		f["event"] = "call_missed"
		return
	}
	f["event"], f["call_duration"], f["dialog_duration"], f["hangup_cause"] = "call_end", fmt.Sprint(int(e.At.Sub(o.begun)/time.Second)), fmt.Sprint(*e.TalkS), "NORMAL_CLEARING"
	if step.Note == WithRecording {
		f["download_url"] = "https://records.example/" + e.Call + ".mp3"
	}
}
