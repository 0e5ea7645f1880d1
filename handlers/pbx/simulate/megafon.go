package simulate

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"zummer/models"
)

// megafonTongue speaks the CRM API of the MegaFon virtual PBX.
func megafonTongue() tongue {
	return tongue{
		kind: "megafon", secret: "a3f1c6e2-crm-token-of-an-example",
		settings: map[string]any{"api_url": "https://example.megapbx.ru", "api_key": "example-api-key"},
		voice: func(to Target) voice {
			m := &megafonVoice{token: to.Secret}
			return m.say
		},
		cannot: map[string]string{
			"internal": "no public source shows how it ends an internal call",
			"callback": "no public source shows what it tells of a call that it makes by itself",
		},
		loses: map[string]string{
			"consult":   "the second one's answer comes under an id of its own, so the form opens before the transfer is told",
			"early-end": "nothing is lost: its history at the end names who answered",
			"abandoned": "a phone that stops ringing is CANCELLED, whoever gave up",
			"queue":     "events bear no times, so the second ring of a phone looks like a repeat of the first",
		},
	}
}

// megafonVoice remembers what history tells at the end.
type megafonVoice struct {
	token    string
	call     string // the id that events bear now: a transfer makes another one
	second   int
	began    time.Time
	ringing  []person
	last     person // who rang or talked last
	transfer url.Values
	recorded string
}

// form is a request of the PBX about somebody; nil: about nobody.
func (m *megafonVoice) form(cmd string, e *models.Event, p *person) url.Values {
	f := url.Values{"cmd": {cmd}, "crm_token": {m.token}, "callid": {m.call}, "phone": {megafonNumber(e.Phone)}}
	if e.DID != "" {
		f.Set("diversion", megafonNumber(e.DID))
	}
	if p != nil {
		f.Set("user", p.login)
		if p.ext != "" {
			f.Set("ext", p.ext)
		}
		if p.tel != "" {
			f.Set("telnum", megafonNumber(p.tel))
		}
	}
	return f
}

func megafonNumber(s string) string { return strings.TrimPrefix(s, "+") }

func (m *megafonVoice) event(what string, e *models.Event, p person) url.Values {
	f := m.form("event", e, &p)
	f.Set("type", what)
	f.Set("direction", string(e.Direction))
	return f
}

func (m *megafonVoice) say(step Step) ([]draft, error) {
	e := &step.Event
	if m.call == "" {
		m.call, m.began = e.Call, e.At
	}
	if step.Note == Taped {
		m.recorded = "https://example.megapbx.ru/records/" + e.Call + ".mp3"
	}
	var out []url.Values
	switch e.Type {
	case models.EventStarted:
		if e.Direction == models.Out {
			m.last = who(e)
			out = append(out, m.event("OUTGOING", e, m.last))
			break
		}
		out = append(out, m.form("contact", e, nil))
	case models.EventRinging:
		m.last = who(e)
		m.ringing = append(m.ringing, m.last)
		out = append(out, m.event("INCOMING", e, m.last))
	case models.EventRingEnded:
		m.stops(who(e))
		out = append(out, m.event("CANCELLED", e, who(e)))
	case models.EventAnswered:
		m.last = who(e)
		m.stops(m.last)
		out = append(out, m.event("ACCEPTED", e, m.last))
		if m.transfer != nil { // the next one answers before the transfer is told
			out, m.transfer = append(out, m.transfer), nil
		}
		out = append(out, m.cancelled(e)...)
	case models.EventTransferred:
		out = m.transferred(step)
	case models.EventEnded:
		out = m.ended(e)
	default: // the link of a recording is in history
	}
	drafts := make([]draft, len(out))
	for i, f := range out {
		drafts[i] = draft{contentType: "application/x-www-form-urlencoded", body: []byte(f.Encode())}
	}
	return drafts, nil
}

func (m *megafonVoice) stops(p person) {
	m.ringing = slices.DeleteFunc(m.ringing, func(r person) bool { return r.login == p.login })
}

// cancelled tells the phones that still ring to stop.
func (m *megafonVoice) cancelled(e *models.Event) []url.Values {
	var out []url.Values
	for _, p := range m.ringing {
		f := m.event("CANCELLED", e, p)
		f.Del("ext") // as in the sample of the makers
		out = append(out, f)
	}
	m.ringing = nil
	return out
}

// transferred goes on under another id. Told of an attended transfer after the
// next one's answer, as the PBX may do.
func (m *megafonVoice) transferred(step Step) []url.Values {
	e := &step.Event
	f := m.event("TRANSFERRED", e, who(e))
	done := m.event("COMPLETED", e, who(e))
	m.second++
	m.call = fmt.Sprintf("%s-%d", e.Call, m.second)
	f.Set("second_callid", m.call)
	if step.Note == Attended {
		m.transfer = f
		return []url.Values{done}
	}
	return []url.Values{f, done}
}

func (m *megafonVoice) ended(e *models.Event) []url.Values {
	out := []url.Values{}
	if e.TalkS != nil {
		out = append(out, m.event("COMPLETED", e, m.last))
	} else {
		out = m.cancelled(e)
	}
	f := m.form("history", e, &m.last)
	f.Set("type", string(e.Direction))
	f.Set("status", "missed")
	f.Set("duration", "0")
	if e.Direction == models.Out {
		f.Set("status", map[string]string{models.ReasonBusy: "Busy", models.ReasonUnavailable: "NotAvailable"}[e.Reason])
		f.Set("status", cmp.Or(f.Get("status"), "Cancel"))
	}
	if e.TalkS != nil {
		f.Set("status", "Success")
		f.Set("duration", fmt.Sprint(*e.TalkS))
		if m.recorded != "" {
			f.Set("link", m.recorded)
		}
	}
	if !m.began.IsZero() {
		f.Set("start", m.began.UTC().Format("20060102T150405Z"))
	}
	return append(out, f)
}
