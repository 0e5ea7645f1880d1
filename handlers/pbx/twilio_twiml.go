package pbx

import (
	"net/url"
	"strings"

	"zummer/models"
)

// twilioEvents subscribes a leg to everything that happens to it.
const twilioEvents = `statusCallbackEvent="initiated ringing answered completed"`

// voice answers a request for TwiML. hook is the source's own address, "" on
// replay. What a passive adapter may say is little, and never nothing: an empty
// <Response/> hangs up on the caller. In order: after a <Dial> of ours the end,
// or voice_url when nobody answered; for a call from outside the people in
// dial; for a person's call the number they dial; else a redirect to voice_url;
// else an error, so that Twilio asks the number's fallback address.
func (p twilioPost) voice(hook string, cfg Config) ([]models.Event, *Reply) {
	next := cpaasCannot()
	if link := cfg.setting("voice_url"); link != "" {
		next = twiML(`<Redirect method="POST">` + escapeXML(link) + `</Redirect>`)
	}
	if status := strings.ToLower(p.text("dialcallstatus")); status != "" {
		return p.afterDial(status, next)
	}
	if strings.HasPrefix(strings.ToLower(p.text("direction")), "outbound") {
		return nil, next // a call of the REST API that was answered: its callbacks tell
	}
	e := p.begun(models.Event{Type: models.EventStarted, Call: p.own, ID: eventID(p.kind, "voice", p.own)}, p.text("from"), p.text("to"), p.text("callername"))
	targets := cpaasTargets(cfg)
	switch {
	case e.Direction == models.In && len(targets) > 0:
		next = p.dial(hook, targets, "", "")
	case e.Direction == models.Out && e.Phone != "" && cfg.setting("caller_id") != "":
		next = p.dial(hook, []cpaasTarget{{name: e.Extension, address: p.text("to")}}, "out", cfg.setting("caller_id"))
	case e.Direction == models.InternalCall && p.text("to") != "" && (len(targets) > 0 || cfg.setting("caller_id") != ""):
		next = p.dial(hook, []cpaasTarget{cpaasTargetOf(targets, p.text("to"))}, "internal", "")
	}
	return []models.Event{e}, next
}

// afterDial is the action of a <Dial>: its legs are over, the caller is not.
func (p twilioPost) afterDial(status string, next *Reply) ([]models.Event, *Reply) {
	answered := status == "completed" || status == "answered" && !strings.EqualFold(p.text("dialbridged"), "false")
	if !answered && next.Status == 200 {
		return nil, next
	}
	p.status = status
	e := p.event(models.EventEnded, "")
	e.Disposition = status
	if answered {
		e.TalkS, _ = p.seconds("dialcallduration")
	} else {
		e.Reason = p.reason()
	}
	return []models.Event{e}, twiML("<Hangup/>")
}

// dial makes a <Dial> whose legs report to hook with the name of their person.
func (p twilioPost) dial(hook string, targets []cpaasTarget, dir, callerID string) *Reply {
	var b strings.Builder
	b.WriteString(`<Dial answerOnBridge="true" timeout="25"`)
	if callerID != "" {
		b.WriteString(` callerId="` + escapeXML(callerID) + `"`)
	}
	if hook != "" {
		b.WriteString(` action="` + escapeXML(hook+"/dial-done") + `"`)
	}
	b.WriteString(">")
	for _, t := range targets {
		noun, text := "Number", t.address
		switch {
		case strings.HasPrefix(text, "client:"):
			noun, text = "Client", strings.TrimPrefix(text, "client:")
		case strings.HasPrefix(text, "sip:"), strings.HasPrefix(text, "sips:"):
			noun = "Sip"
		}
		b.WriteString("<" + noun)
		if hook != "" {
			hints := url.Values{"ext": {t.name}}
			if dir != "" {
				hints.Set("dir", dir)
			}
			b.WriteString(" " + twilioEvents + ` statusCallback="` + escapeXML(hook+"/status?"+hints.Encode()) + `"`)
		}
		b.WriteString(">" + escapeXML(text) + "</" + noun + ">")
	}
	b.WriteString("</Dial>")
	return twiML(b.String())
}

func twiML(verbs string) *Reply {
	return xmlReply(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Response>" + verbs + "</Response>\n")
}
