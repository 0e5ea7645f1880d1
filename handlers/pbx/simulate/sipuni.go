package simulate

import (
	"fmt"
	"net/url"
	"strings"

	"zummer/models"
)

// sipuniTongue speaks «События на АТС» of Sipuni.
func sipuniTongue() tongue {
	return tongue{
		kind:  "sipuni",
		voice: func(Target) voice { return (&sipuniVoice{}).say },
		cannot: map[string]string{
			"nameless": "its people are extensions",
			"click":    "no public source shows which parties it names while the manager's phone rings",
			"callback": "no public source shows which parties it names while the manager's phone rings",
		},
		loses: map[string]string{
			"back": "it does not number the attempts, so the second talk of who is on the phone already is the first one",
		},
	}
}

// sipuniAccount is the prefix of its people's numbers.
const sipuniAccount = "015856"

// sipuniVoice remembers what the end of the call tells.
type sipuniVoice struct {
	began    int64
	last     string // extension that rang or talked last
	recorded bool
}

// request is event number n. from and to are extensions or numbers of outside.
func (v *sipuniVoice) request(n int, e *models.Event, from, to string) url.Values {
	f := url.Values{"event": {fmt.Sprint(n)}, "call_id": {e.Call}, "user_id": {sipuniAccount}, "treeName": {"Основная схема"}}
	if !e.At.IsZero() {
		f.Set("timestamp", fmt.Sprint(e.At.Unix()))
	}
	for side, number := range map[string]string{"src": from, "dst": to} {
		number = strings.TrimPrefix(number, "+")
		if number == "" || len(number) >= 7 { // of outside; anonymous too
			f.Set(side+"_num", number)
			f.Set(side+"_type", "1")
			continue
		}
		f.Set(side+"_num", sipuniAccount+number)
		f.Set("short_"+side+"_num", number)
		f.Set(side+"_type", "2")
	}
	return f
}

func (v *sipuniVoice) say(step Step) ([]draft, error) {
	e := &step.Event
	if v.began == 0 && !e.At.IsZero() {
		v.began = e.At.Unix()
	}
	v.recorded = v.recorded || step.Note == Taped
	from, to := e.Phone, e.Extension
	if e.Direction == models.Out {
		from, to = e.Extension, e.Phone
	}
	var f url.Values
	switch e.Type {
	case models.EventStarted:
		if e.Direction == models.In {
			to = e.DID
		}
		f = v.request(1, e, from, to)
	case models.EventRinging:
		f = v.request(1, e, from, to)
		f.Set("is_inner_call", "1")
	case models.EventAnswered:
		f = v.request(3, e, from, to)
	case models.EventRingEnded:
		f = v.request(4, e, from, to)
		f.Set("status", dialStatus(e.Reason))
	case models.EventTransferred:
		f = v.request(4, e, from, to)
		f.Set("status", "ANSWER")
		f.Set("transfer_from", sipuniAccount+e.Extension)
	case models.EventEnded:
		f = v.ended(e)
	default: // the recording's link is in the end
		return nil, nil
	}
	if e.Extension != "" {
		v.last = e.Extension
	}
	return []draft{{method: "GET", query: f.Encode()}}, nil
}

func (v *sipuniVoice) ended(e *models.Event) url.Values {
	from, to := e.Phone, v.last
	if e.Direction == models.Out {
		from, to = v.last, e.Phone
	}
	f := v.request(2, e, from, to)
	f.Set("status", dialStatus(e.Reason))
	f.Set("call_start_timestamp", fmt.Sprint(v.began))
	f.Set("call_answer_timestamp", "0")
	if e.TalkS != nil {
		f.Set("status", "ANSWER")
		f.Set("call_answer_timestamp", fmt.Sprint(max(0, e.At.Unix()-int64(*e.TalkS))))
		if v.recorded {
			f.Set("call_record_link", "https://sipuni.com/api/crm/record?id="+e.Call+"&hash=example&user="+sipuniAccount)
		}
	}
	return f
}
