package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// Kinds lists the kinds of sources whose requests can be made.
func Kinds() []string { return []string{"generic", "asterisk-http"} }

// Request makes the request that a source of kind would send to hook for one
// step. secret signs it where the kind can; now is the time of the signature.
// A kind that has no word for an event (a transfer in asterisk-http) sends one
// that is understood and changes nothing. The request has no context.
func Request(kind, hook, secret string, step Step, now time.Time) (*http.Request, error) {
	switch {
	case len(step.Events) == 0:
		return nil, fmt.Errorf("make a request of kind %s: the step has no event", kind)
	case kind == "generic":
		return genericRequest(hook, secret, step.Events, now)
	case kind == "asterisk-http" && len(step.Events) == 1:
		return asteriskRequest(hook, &step.Events[0])
	case kind == "asterisk-http":
		return nil, fmt.Errorf("make a request of kind %s: one event a step, not %d", kind, len(step.Events))
	}
	return nil, fmt.Errorf("make a request of kind %s: only %s can be simulated", kind, strings.Join(Kinds(), " and "))
}

func genericRequest(hook, secret string, events []models.Event, now time.Time) (*http.Request, error) {
	var v any = events
	if len(events) == 1 {
		v = events[0]
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode events: %w", err)
	}
	req, err := post(hook, "application/json", body)
	if err != nil || secret == "" {
		return req, err
	}
	id := strings.ReplaceAll(events[0].ID, ".", "-")
	signature, err := pbx.SignStandard(secret, id, now, body)
	if err != nil {
		return nil, fmt.Errorf("sign a request: %w", err)
	}
	req.Header.Set(pbx.HeaderID, id)
	req.Header.Set(pbx.HeaderTimestamp, fmt.Sprint(now.Unix()))
	req.Header.Set(pbx.HeaderSignature, signature)
	return req, nil
}

// asteriskRequest writes one event the way the dialplan of
// docs/pbx/asterisk-http does.
func asteriskRequest(hook string, e *models.Event) (*http.Request, error) {
	const trunk, suffix = "PJSIP/trunk-00000001", "-00000002"
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
		f["event"], f["callerid"], f["callername"] = "dialstatus-"+status(e.Reason), e.Phone, e.Name
	case models.EventTransferred:
		f["event"], f["callerid"] = "dialstatus-ANSWER", e.Phone
	case models.EventEnded, models.EventMissed:
		return asteriskHangup(hook, e, f)
	default:
		return nil, fmt.Errorf("make a request of kind asterisk-http: it has nothing for %s", e.Type)
	}
	form := url.Values{}
	for name, value := range f {
		form.Set(name, value)
	}
	return post(hook, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// asteriskHangup is the one request that the dialplan sends as JSON.
func asteriskHangup(hook string, e *models.Event, f map[string]string) (*http.Request, error) {
	delete(f, "ext")
	delete(f, "exten")
	f["event"], f["callerid"], f["dialstatus"], f["answeredtime"] = "hangup", e.Phone, status(e.Reason), ""
	if e.TalkS != nil {
		f["dialstatus"], f["answeredtime"] = "ANSWER", fmt.Sprint(*e.TalkS)
	}
	body, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode a hangup: %w", err)
	}
	return post(hook, "application/json", body)
}

// status is Asterisk's DIALSTATUS for a reason.
func status(reason string) string {
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

func post(hook, contentType string, body []byte) (*http.Request, error) {
	req, err := http.NewRequest(http.MethodPost, hook, bytes.NewReader(body)) //nolint:noctx // the caller adds one
	if err != nil {
		return nil, fmt.Errorf("address of the hook: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "zummer-simulate")
	return req, nil
}
