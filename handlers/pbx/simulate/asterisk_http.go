package simulate

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"zummer/models"
)

// asteriskTongue speaks as the dialplan of docs/pbx/asterisk-http does.
func asteriskTongue() tongue {
	return tongue{
		kind:  "asterisk-http",
		voice: func(Target) voice { return asteriskSay },
		cannot: map[string]string{
			"nameless":  "its phones are extensions",
			"recording": "the dialplan posts no recordings",
			"consult":   "nothing is posted when an attended transfer is completed",
		},
	}
}

func asteriskSay(step Step) ([]draft, error) {
	const trunk, suffix = "PJSIP/trunk-00000001", "-00000002"
	e := step.Event
	way := map[models.Direction]string{models.In: "inbound", models.Out: "outgoing", models.InternalCall: "internal"}[e.Direction]
	f := map[string]string{"linkedid": e.Call, "uniqueid": e.Call, "direction": way, "channel": trunk, "exten": "s", "did": e.DID, "ext": e.Extension}
	if !e.At.IsZero() {
		f["time"] = fmt.Sprintf("%d.%03d", e.At.Unix(), e.At.Nanosecond()/int(time.Millisecond))
	}
	switch e.Type {
	case models.EventStarted:
		f["event"], f["callerid"], f["callername"] = "incoming", e.Phone, e.Name
		if e.Direction == models.Out {
			f["event"], f["channel"], f["callerid"], f["number"] = "outgoing", "PJSIP/"+e.Extension+suffix, e.Extension, e.Phone
		}
	case models.EventRinging, models.EventAnswered:
		f["event"], f["uniqueid"], f["channel"] = string(e.Type), e.Leg, "PJSIP/"+e.Extension+suffix
		f["callerid"], f["connected"], f["connectedname"] = e.Extension, e.Phone, e.Name
		if e.Direction == models.Out {
			f["channel"], f["callerid"], f["connected"] = trunk, e.Phone, e.DID
		}
	case models.EventRingEnded:
		f["event"], f["callerid"], f["callername"] = "dialstatus-"+dialStatus(e.Reason), e.Phone, e.Name
	case models.EventEnded:
		return asteriskHangup(&e, f)
	default: // a transfer: nothing is posted
		return nil, nil
	}
	form := url.Values{}
	for name, value := range f {
		form.Set(name, value)
	}
	return []draft{{contentType: "application/x-www-form-urlencoded", body: []byte(form.Encode())}}, nil
}

// asteriskHangup is the one request that the dialplan sends as JSON.
func asteriskHangup(e *models.Event, f map[string]string) ([]draft, error) {
	delete(f, "ext")
	delete(f, "exten")
	f["event"], f["callerid"], f["dialstatus"], f["answeredtime"] = "hangup", e.Phone, dialStatus(e.Reason), ""
	if e.TalkS != nil {
		f["dialstatus"], f["answeredtime"] = "ANSWER", fmt.Sprint(*e.TalkS)
	}
	body, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return []draft{{contentType: "application/json", body: body}}, nil
}

// dialStatus is Asterisk's DIALSTATUS for a reason.
func dialStatus(reason string) string {
	switch reason {
	case models.ReasonBusy, models.ReasonDeclined:
		return "BUSY"
	case models.ReasonGaveUp:
		return "CANCEL"
	case models.ReasonUnavailable:
		return "CHANUNAVAIL"
	}
	return "NOANSWER"
}
