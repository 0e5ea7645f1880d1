package simulate

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// uisTongue speaks as UIS does with our templates in its cabinet.
func uisTongue() tongue {
	return tongue{
		kind: "uis", secret: "uis-example-0123456789abcdef",
		voice:  uisVoice,
		cannot: uisCannot(),
		loses:  uisLoses(),
	}
}

func uisCannot() map[string]string {
	return map[string]string{
		"consult":  "what it sends of an attended transfer is documented nowhere",
		"internal": "its notifications are of calls with clients",
	}
}

func uisLoses() map[string]string {
	return map[string]string{
		"abandoned": "it does not say who gave up a lost call",
		"back":      "the end of one phone's ring is not told, so the colleague's ends with the next answer",
		"queue":     "the end of one phone's ring is not told, so the first round's end with the answer",
	}
}

// uisVoice tells one call; a lost one needs to know whom it rang.
func uisVoice(to Target) voice {
	u := &uisCall{to: to, legs: map[string]int{}}
	return u.say
}

type uisCall struct {
	to    Target
	begun time.Time
	legs  map[string]int // by the story's key
	rung  []int
	last  any // the employee of the last event
}

func (u *uisCall) say(step Step) ([]draft, error) {
	e := step.Event
	if u.begun.IsZero() {
		u.begun = e.At
	}
	vars := map[string]any{"call_session_id": uisNumber(e.Call), "direction": string(e.Direction), "contact_full_name": e.Name,
		"contact_phone_number": uisDigits(e.Phone), "virtual_phone_number": uisDigits(e.DID),
		"notification_time": e.At.In(u.to.Zone).Format("2006-01-02 15:04:05"), "employee_full_name": "", "employee_phone_number": ""}
	if id, err := strconv.Atoi(who(&e).id); err == nil {
		u.last, vars["employee_full_name"] = id, fmt.Sprint("Employee ", id)
	}
	vars["employee_id"] = u.last
	switch e.Type {
	case models.EventStarted:
		if e.Direction == models.Out {
			vars["employee_phone_number"] = who(&e).ext
			return u.fill("outgoing", vars), nil
		}
		return u.fill("incoming", vars), nil
	case models.EventRinging:
		if u.legs[e.Leg] == 0 {
			u.legs[e.Leg] = 700 + len(u.legs)
		}
		vars["leg_id"] = u.legs[e.Leg]
		if id, ok := u.last.(int); ok && !slices.Contains(u.rung, id) {
			u.rung = append(u.rung, id)
		}
		return u.fill("ringing", vars), nil
	case models.EventAnswered:
		return u.fill("answered", vars), nil
	case models.EventEnded:
		total, talk := int(e.At.Sub(u.begun)/time.Second), 0
		if e.TalkS != nil {
			talk = *e.TalkS
		}
		vars["talk_time_duration"], vars["total_time_duration"], vars["wait_time_duration"] = talk, total, max(0, total-talk)
		out := u.fill("ended", vars)
		if e.TalkS == nil && e.Direction == models.In {
			vars["employee_ids"] = u.rung
			out = append(out, u.fill("missed", vars)...)
		}
		return out, nil
	case models.EventRecording:
		vars["file_link"], vars["file_duration"] = e.Recording, 9
		return u.fill("record", vars), nil
	}
	return nil, nil // a transfer, the end of one phone's ring: no such notification
}

var uisVariable = regexp.MustCompile(`\{\{([a-z_]+)\}\}`)

// fill puts JSON values into our template of an event; what is empty is null.
func (u *uisCall) fill(event string, vars map[string]any) []draft {
	for _, t := range pbx.UISTemplates() {
		if t.Event != event {
			continue
		}
		body := uisVariable.ReplaceAllStringFunc(t.Body, func(v string) string {
			value := vars[strings.Trim(v, "{}")]
			if value == "" {
				value = nil
			}
			b, err := json.Marshal(value)
			if err != nil { // texts and numbers only
				return "null"
			}
			return string(b)
		})
		return []draft{{contentType: "application/json", body: []byte(strings.Replace(body, pbx.UISSecret, u.to.Secret, 1))}}
	}
	return nil
}

// uisDigits is a number as the platform writes it: without a plus; a withheld
// one is taken to be absent.
func uisDigits(number string) string {
	if number == "anonymous" {
		return ""
	}
	return strings.TrimPrefix(number, "+")
}

// uisNumber makes a session's number of the story's key for the call.
func uisNumber(call string) int {
	n := 0
	for _, c := range []byte(call) {
		n = (n*31 + int(c)) % 900_000_007
	}
	return 100_000_000 + n
}
