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

// threeCXTongue speaks as a 3CX with our template: a question at the start, a
// report at the end.
func threeCXTongue() tongue {
	const ends = "only the end of a call is told: nobody is shown that it rings, no form opens on the answer"
	t := tongue{kind: "3cx", secret: "0123456789abcdefghij", voice: threeCXVoice,
		cannot: map[string]string{
			"internal":  "calls between colleagues are not reported",
			"nameless":  "its agents are extensions",
			"early-end": "a call is reported once, after its end",
		},
		loses: map[string]string{},
	}
	for _, s := range Scenarios() {
		if t.cannot[s.Name] == "" && s.Name != Mixed {
			t.loses[s.Name] = ends
		}
	}
	t.loses["group"] = ends + ", and only the one who answered is named"
	t.loses["transfer"] = ends + ", and only the last to talk is named"
	t.loses["consult"], t.loses["back"] = t.loses["transfer"], t.loses["transfer"]
	return t
}

func threeCXVoice(to Target) voice {
	var began, answered time.Time
	var rang, talked string
	sign := func(req *http.Request, _ []byte, _ time.Time) error {
		req.Header.Set("Authorization", "Bearer "+to.Secret)
		return nil
	}
	return func(step Step) ([]draft, error) {
		e := step.Event
		number := strings.Replace(e.Phone, "+", "00", 1)
		if began.IsZero() {
			began = e.At
		}
		switch e.Type {
		case models.EventStarted:
			if e.Direction == models.Out {
				rang = e.Extension
				return nil, nil
			}
			return []draft{{method: http.MethodGet, path: "/lookup", query: url.Values{"number": {number}}.Encode(), sign: sign}}, nil
		case models.EventRinging:
			if rang == "" {
				rang = e.Extension
			}
		case models.EventAnswered:
			talked, answered = e.Extension, e.At
		case models.EventEnded:
			body, err := json.Marshal(threeCXReport(&e, number, began, answered, rang, talked))
			if err != nil {
				return nil, err
			}
			return []draft{{path: "/report-call", contentType: "application/json", body: body, sign: sign}}, nil
		case models.EventRecording: // the link came with the report, or not at all
		}
		return nil, nil
	}
}

func threeCXReport(e *models.Event, number string, began, answered time.Time, rang, talked string) map[string]string {
	utc := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	out := map[string]string{"callType": "Inbound", "number": number, "name": e.Name, "agentExtension": talked, "agentEmail": "", "queueExtension": "",
		"durationSeconds": "0", "startTimeUtc": utc(began), "endTimeUtc": utc(e.At), "entityId": "[EntityId]", "recordingUrl": ""}
	switch {
	case talked == "" && e.Direction == models.Out:
		out["callType"], out["agentExtension"] = "Notanswered", rang
	case talked == "":
		out["callType"], out["agentExtension"] = "Missed", rang
	case e.Direction == models.Out:
		out["callType"] = "Outbound"
	}
	if talked != "" {
		out["durationSeconds"] = fmt.Sprint(int(e.At.Sub(answered) / time.Second))
	}
	return out
}
