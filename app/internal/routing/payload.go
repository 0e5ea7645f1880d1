package routing

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"zummer/models"
	"zummer/models/phone"
)

// draft is a row of user u about the call, told by leg l (nil: by none).
func (r *router) draft(u int64, l *models.Leg, kind string, action models.Action, rule, reason string, ttl time.Duration) models.Draft {
	d := models.Draft{UserID: u, CollapseKey: r.key(), Kind: kind, Action: action, CallID: r.call.ID, SourceID: r.call.Source,
		Follows: r.follows(u), Rule: rule, Reason: reason, Payload: r.payload(l), TTL: ttl}
	if l != nil {
		d.LegKey, d.LegN = l.Key, l.N
	}
	if action == models.ActionNone {
		d.Payload.Candidates = nil
	}
	offered(&d, l)
	return d
}

func (r *router) follows(u int64) int64 {
	var row int64
	for i := range r.call.Legs {
		if l := &r.call.Legs[i]; l.User == u {
			row = max(row, l.Row)
		}
	}
	return row
}

func (r *router) payload(l *models.Leg) models.Payload {
	o := r.open()
	p := models.Payload{
		Title:      models.CutText(cmp.Or(o.title, r.callerName(), r.number(), r.noNumber()), models.MaxTitle),
		Text:       models.CutText(r.line(r.word()), models.MaxText),
		Phone:      r.call.Phone,
		Name:       models.CutText(r.callerName(), models.MaxName),
		Object:     o.object,
		Client:     o.client,
		Candidates: o.candidates,
		Call:       r.callInfo(l),
	}
	switch {
	case o.object != nil:
		p.App = o.object.App
	case o.client != nil:
		p.App = o.client.App
	}
	for i := range o.candidates { // one infobase for all, or none
		switch {
		case o.object != nil:
		case i == 0:
			p.App = o.candidates[0].App
		case p.App != o.candidates[i].App:
			p.App = ""
			return p
		}
	}
	return p
}

// say is the one of two texts that the company reads.
func (r *router) say(russian, english string) string { return r.Language.T(russian, english) }

// over is what a card says of a ring that nobody answered here.
func (r *router) over() string {
	return r.say("Вызов прекращён", "The ringing has stopped")
}

// word says which way the call goes.
func (r *router) word() string {
	if r.call.Direction == models.Out {
		return r.say("Исходящий", "Outgoing")
	}
	return r.say("Входящий", "Incoming")
}

func (r *router) callInfo(l *models.Leg) *models.CallInfo {
	c := r.call
	info := &models.CallInfo{ID: c.ID, State: c.State, Direction: c.Direction, DID: c.DID, StartedAt: c.StartedAt, AnsweredAt: c.AnsweredAt, EndedAt: c.EndedAt}
	switch {
	case l != nil:
		info.Extension = l.Extension
	case len(c.Legs) > 0:
		info.Extension = c.Legs[0].Extension
	}
	if u := r.Dir.Users[c.AnsweredBy]; u != nil {
		info.AnsweredBy, info.AnsweredByName = u.Login, u.DisplayName()
	}
	if c.State == models.Ended && !c.AnsweredAt.IsZero() {
		s := c.TalkS
		info.TalkS = &s
	}
	return info
}

// number is the customer's number for people; "" when there is none.
func (r *router) number() string { return phone.Pretty(r.call.Phone, r.Source.Region) }

// callerName is the name that the PBX has, unless it only repeats the number or
// says in words that there is none ("Anonymous").
func (r *router) callerName() string {
	n := phone.Parse(r.call.Name, r.Source.Region)
	if n.Hidden || r.call.Phone != "" && (n.E164 == r.call.Phone || n.Digits == r.call.Phone) {
		return ""
	}
	return r.call.Name
}

func (r *router) noNumber() string {
	if r.call.Hidden {
		return r.say("Номер скрыт", "Number withheld")
	}
	return r.say("Номер не определён", "Number unknown")
}

// line is a word with the number: «Входящий +7 903 123-45-67».
func (r *router) line(word string) string {
	if n := r.number(); n != "" {
		return word + " " + n
	}
	return word + ", " + strings.ToLower(r.noNumber())
}

// nameOf is the colleague on a leg: his name, else what the PBX calls him.
func (r *router) nameOf(l *models.Leg) string {
	if u := r.Dir.Users[l.User]; u != nil {
		return u.DisplayName()
	}
	return bareExtension(l.Extension)
}

func (r *router) transferText(l *models.Leg) string {
	to, who := bareExtension(l.ToExt), ""
	if t := talker(r.call, l.User); t != nil && !t.AnsweredAt.Before(l.EndedAt) {
		if u := r.Dir.Users[t.User]; u != nil {
			who = u.DisplayName()
		}
		to = cmp.Or(to, bareExtension(t.Extension))
	} else if u := r.Dir.Users[r.Dir.Owner(r.call.Source, []string{l.ToExt})]; u != nil {
		who = u.DisplayName()
	}
	switch {
	case to == "":
		return r.say("Переведён", "Transferred")
	case who == "":
		return r.say("Переведён на ", "Transferred to ") + to
	}
	return r.say("Переведён на ", "Transferred to ") + to + ", " + who
}

// bareExtension drops the prefix that says what kind of name it is.
func bareExtension(s string) string {
	for _, p := range []string{"login:", "id:", "tel:", "sip:"} {
		s = strings.TrimPrefix(s, p)
	}
	return s
}

// endedText is what the card says: how long this user talked, with whom.
func (r *router) endedText(l *models.Leg) string {
	talkers := 0
	for i := range r.call.Legs {
		if !r.call.Legs[i].AnsweredAt.IsZero() {
			talkers++
		}
	}
	seconds := r.call.TalkS // as the PBX counts, while there is one talker
	if talkers > 1 && !l.AnsweredAt.IsZero() {
		seconds = int(l.EndedAt.Sub(l.AnsweredAt) / time.Second)
	}
	text := r.say("Разговор завершён", "Call ended")
	if seconds > 0 {
		text = fmt.Sprintf(r.say("Разговор", "Talked")+" %d:%02d", seconds/60, seconds%60)
	}
	if n := r.number(); n != "" {
		text += ", " + n
	}
	return text
}
