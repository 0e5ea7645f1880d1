package simulate

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // as the system signs
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"zummer/models"
)

// zadarmaTongue speaks as Zadarma's PBX does.
func zadarmaTongue() tongue {
	return tongue{
		kind: "zadarma", undated: true, secret: "0123456789abcdef0123",
		voice:  zadarmaVoice,
		cannot: zadarmaCannot(),
		loses:  zadarmaLoses(),
	}
}

func zadarmaCannot() map[string]string {
	return map[string]string{
		"consult":  "what it sends of an attended transfer is documented nowhere",
		"internal": "whether calls between colleagues are told is documented nowhere",
	}
}

func zadarmaLoses() map[string]string {
	const late = "that the far end answered is only told when the call has ended"
	return map[string]string{
		"early-end": "nothing is lost: the end names who answered",
		"outgoing":  late, "click": late, "callback": late,
		"back":     "neither a transfer nor the end of one phone's ring is told, so the returned call is the first talk going on",
		"nameless": "the end of a call that was answered outside names nobody, so its duration may be that of a menu and is not taken for the talk",
		"queue":    "the end of one phone's ring is not told, so two rounds look like one",
	}
}

// zadarmaVoice tells one call; what it said before it needs for the end.
func zadarmaVoice(to Target) voice {
	z := &zadarmaCall{to: to}
	return z.say
}

type zadarmaCall struct {
	to      Target
	start   time.Time // of the call: every event bears it
	talker  string    // who answered last
	rung    string    // who rang last
	taped   bool
	tapeID  string
	callKey string
}

func (z *zadarmaCall) say(step Step) ([]draft, error) {
	e := step.Event
	if z.callKey == "" {
		sum := sha1.Sum([]byte(e.Call)) //nolint:gosec // only to look like theirs
		z.start, z.callKey, z.tapeID = e.At, "in_"+hex.EncodeToString(sum[:]), fmt.Sprintf("%d.%d", e.At.Unix(), 1000+int(sum[0]))
		if e.Direction == models.Out {
			z.callKey = "out_" + hex.EncodeToString(sum[:])
		}
	}
	z.taped = z.taped || step.Note == Taped
	f := map[string]string{"pbx_call_id": z.callKey, "call_start": z.start.In(z.to.Zone).Format("2006-01-02 15:04:05")}
	signed := []string{"caller_id", "called_did", "call_start"}
	p := who(&e)
	if e.Direction == models.Out {
		signed = []string{"internal", "destination", "call_start"}
		f["destination"] = e.Phone
	} else {
		f["caller_id"], f["called_did"] = e.Phone, e.DID
	}
	switch {
	case e.Type == models.EventStarted && e.Direction == models.Out:
		f["event"], f["internal"] = "NOTIFY_OUT_START", p.ext
		z.talker = p.ext
	case e.Type == models.EventStarted:
		f["event"] = "NOTIFY_START"
	case e.Type == models.EventRinging:
		f["event"], z.rung = "NOTIFY_INTERNAL", p.ext
		zadarmaPut(f, "internal", p.ext)
	case e.Type == models.EventAnswered && e.Direction != models.Out:
		signed = []string{"caller_id", "destination", "call_start"}
		delete(f, "called_did")
		f["event"], f["destination"], z.talker = "NOTIFY_ANSWER", p.ext, p.ext
		zadarmaPut(f, "internal", p.ext)
		if p.ext == "" { // forwarded to a phone outside
			f["destination"] = p.tel
		}
	case e.Type == models.EventEnded:
		z.end(&e, f)
	case e.Type == models.EventRecording:
		signed = []string{"pbx_call_id", "call_id_with_rec"}
		f = map[string]string{"event": "NOTIFY_RECORD", "pbx_call_id": z.callKey, "call_id_with_rec": z.tapeID}
	default: // a phone's end, a transfer, the far end's answer: nothing is told
		return nil, nil
	}
	return []draft{zadarmaDraft(z.to.Secret, f, signed)}, nil
}

func (z *zadarmaCall) end(e *models.Event, f map[string]string) {
	f["event"] = "NOTIFY_END"
	if e.Direction == models.Out {
		f["event"], f["caller_id"] = "NOTIFY_OUT_END", "+74951234567"
	}
	f["duration"], f["disposition"], f["status_code"], f["is_recorded"], f["call_id_with_rec"] = "0", "no answer", "19", "0", ""
	switch {
	case e.TalkS != nil:
		f["duration"], f["disposition"], f["status_code"] = fmt.Sprint(*e.TalkS), "answered", "16"
		if z.talker == "" {
			z.talker = z.rung // the answer itself is told later
		}
		zadarmaPut(f, "internal", z.talker)
		if z.taped {
			f["is_recorded"], f["call_id_with_rec"] = "1", z.tapeID
		}
		return
	case e.Reason == models.ReasonGaveUp:
		f["disposition"], f["status_code"] = "cancel", "16"
	case e.Reason == models.ReasonBusy || e.Reason == models.ReasonDeclined:
		f["disposition"], f["status_code"] = "busy", "17"
	case e.Reason == models.ReasonUnavailable:
		f["disposition"], f["status_code"] = "failed", "38"
	}
	zadarmaPut(f, "internal", z.rung)
}

// zadarmaPut sets a field that is left out when it is empty.
func zadarmaPut(f map[string]string, name, value string) {
	if value != "" {
		f[name] = value
	}
}

// zadarmaDraft writes the form and signs the values of the fields named.
func zadarmaDraft(secret string, f map[string]string, signed []string) draft {
	form := url.Values{}
	for name, value := range f {
		form.Set(name, value)
	}
	return draft{contentType: "application/x-www-form-urlencoded", body: []byte(form.Encode()), sign: func(req *http.Request, _ []byte, _ time.Time) error {
		mac := hmac.New(sha1.New, []byte(secret))
		for _, name := range signed {
			mac.Write([]byte(f[name]))
		}
		req.Header.Set("Signature", base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(mac.Sum(nil)))))
		return nil
	}}
}
