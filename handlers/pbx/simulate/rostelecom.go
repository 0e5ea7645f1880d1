package simulate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"zummer/models"
)

// rostelecomTongue speaks as call_events of Rostelecom's integration API do.
func rostelecomTongue() tongue {
	return tongue{
		kind:     "rostelecom",
		secret:   "A1B2C3D4E5F60718293A4B5C6D7E8F90",
		settings: map[string]any{"client_id": "5E61B2AB42BA100556C447F4BB8A572F"},
		voice: func(to Target) voice {
			return func(step Step) ([]draft, error) { return rostelecomSay(to, step) }
		},
		cannot: map[string]string{
			"consult":  "how a consultation is joined to the customer's call is not known",
			"callback": "how it reports a call that it places of itself is not known",
		},
		loses: map[string]string{
			"abandoned": "it does not say why nobody answered",
			"transfer":  "it does not say how long they talked, so the talk counts from the first answer",
			"back":      "it has no legs: the call that comes back to a phone looks like the talk that went on",
		},
	}
}

func rostelecomSay(to Target, step Step) ([]draft, error) {
	e := step.Event
	sip := func(number string) string { return "sip:" + number + "@pbx.example" }
	f := map[string]string{"session_id": e.Call, "is_record": "false", "from_number": sip(e.Phone), "request_number": sip(e.DID)}
	f["type"] = map[models.Direction]string{models.In: "incoming", models.Out: "outbound", models.InternalCall: "internal"}[e.Direction]
	if !e.At.IsZero() {
		f["timestamp"] = e.At.In(models.ZoneOf("Europe/Moscow")).Format("2006-01-02 15:04:05.000")
	}
	if e.Phone == "anonymous" {
		f["from_number"] = "sip:anonymous@anonymous.invalid"
	}
	switch p := who(&e); {
	case e.Direction == models.Out:
		f["from_number"], f["from_pin"], f["request_number"] = sip(e.DID), p.ext, sip(e.Phone)
	case e.Direction == models.InternalCall:
		f["from_pin"], f["request_number"], f["request_pin"] = e.Phone, sip(p.ext), p.ext
	case p.ext != "":
		f["request_pin"] = p.ext
	case p.tel != "": // a person without an extension, at a number outside
		f["request_number"] = p.tel
	}
	switch e.Type {
	case models.EventStarted:
		f["state"] = "new"
	case models.EventRinging:
		f["state"] = "calling"
	case models.EventAnswered:
		f["state"] = "connected"
	case models.EventRingEnded:
		f["state"] = "disconnected"
	case models.EventEnded:
		f["state"] = "end"
	case models.EventRecording:
		f["state"], f["is_record"] = "analytics", "true"
	default: // a transfer: the next one's calling and connected tell of it
		return nil, nil
	}
	body, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return []draft{{path: "/call_events", contentType: "application/json", body: body, sign: func(req *http.Request, body []byte, _ time.Time) error {
		id := to.setting("client_id", "")
		sum := sha256.Sum256([]byte(id + string(body) + to.Secret))
		req.Header.Set("X-Client-ID", id)
		req.Header.Set("X-Client-Sign", hex.EncodeToString(sum[:]))
		return nil
	}}}, nil
}
