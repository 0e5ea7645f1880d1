package pbx

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"zummer/models"
	"zummer/models/phone"
)

// telnyxEvent is one webhook of the Voice API.
type telnyxEvent struct {
	fields // of the payload
	cpaas
	what, id, session, leg string
	at                     time.Time
}

func (p telnyxEvent) events() []models.Event {
	e := models.Event{Call: p.session, ID: p.id, At: p.at}
	if e.ID == "" {
		e.ID = eventID("telnyx", p.what, p.session, p.leg, p.at.Format(time.RFC3339Nano))
	}
	from, to := p.text("from"), p.text("to")
	name, person := cpaas{region: p.region}.caller(from)
	switch {
	case p.what == "call.recording.saved":
		return p.recorded(e)
	case p.dir == models.Out && p.phone != "": // the person's own phone rings first
		e.Direction, e.Extension, e.Phone = models.Out, p.ext, p.customer(to)
		return p.first(e)
	case p.callers(to, person):
		return p.first(p.begun(e, from, to, p.text("caller_id_name")))
	}
	ext, more, customer := p.callee(to)
	e.Leg, e.Extension = p.leg, ext
	switch {
	case customer:
		e.Direction, e.Phone = models.Out, p.far(to)
		if p.what != "call.answered" {
			e.Leg = ""
			return p.first(e)
		}
		if ext == "" {
			return nil
		}
		e.Type = models.EventAnswered
		return []models.Event{e}
	case p.dir == models.InternalCall || p.dir == "" && person:
		// Both legs show the same two addresses, so they count as one.
		e.Direction, e.Phone, e.Leg = models.InternalCall, cpaasColleague(name), ""
	default:
		e.Direction, e.Phone = p.dir, p.customer(from)
	}
	e.Addresses = more
	switch p.what {
	case "call.initiated": // there is no event of its own for the ring
		e.Type = models.EventRinging
	case "call.answered":
		e.Type = models.EventAnswered
	default:
		e.Type, e.Reason = models.EventRingEnded, telnyxReason(p.text("hangup_cause"))
		if e.Direction == models.InternalCall {
			e.Type, e.Extension, e.Addresses = models.EventEnded, "", nil
		}
	}
	return []models.Event{e}
}

// callers reports that this leg is the one that the call began with.
func (p telnyxEvent) callers(to string, person bool) bool {
	way := strings.ToLower(p.text("direction"))
	switch {
	case p.ext != "" || p.dir == models.Out || strings.HasPrefix(way, "out"):
		return false
	case strings.HasPrefix(way, "in"):
		return true
	}
	n := phone.Parse(to, p.region)
	return n.E164 != "" && (person || slices.Contains(p.numbers, n.E164))
}

// first is the beginning or the end of the call, of a leg that bears it. That
// it was answered says only that a machine took it.
func (p telnyxEvent) first(e models.Event) []models.Event {
	switch p.what {
	case "call.initiated":
		e.Type = models.EventStarted
	case "call.hangup":
		e.Type, e.Extension, e.Name, e.Reason = models.EventEnded, "", "", telnyxReason(p.text("hangup_cause"))
		e.Disposition = p.text("hangup_cause")
	default:
		return nil
	}
	return []models.Event{e}
}

func telnyxReason(cause string) string {
	switch strings.ToLower(cause) {
	case "call_rejected":
		return models.ReasonDeclined
	case "originator_cancel":
		return models.ReasonGaveUp
	case "timeout", "no_answer":
		return models.ReasonNoAnswer
	case "user_busy":
		return models.ReasonBusy
	case "not_found":
		return models.ReasonUnavailable
	}
	return "" // normal_clearing, time_limit, unspecified
}

// recorded: the link is kept while it fits; Recording asks for a fresh one.
func (p telnyxEvent) recorded(e models.Event) []models.Event {
	public, private := p.sub("public_recording_urls"), p.sub("recording_urls")
	e.Type, e.Recording = models.EventRecording, cmp.Or(public.text("mp3"), private.text("mp3"), public.text("wav"), private.text("wav"))
	if e.Recording == "" || len(e.Recording) > models.MaxRecording {
		e.Recording = "telnyx:" + p.session
	}
	return []models.Event{e}
}

// Recording asks for a fresh link (GET /v2/recordings by call_session_id, as
// telnyx-python has it), because the one of the webhook lives for 10 minutes.
// Without api_key it takes the webhook's.
func (telnyx) Recording(ctx context.Context, do Doer, cfg Config, ref, call string) (*http.Request, error) {
	key := cfg.setting("api_key")
	if key == "" {
		if strings.HasPrefix(ref, "telnyx:") {
			return nil, cpaasNeed(cfg, "api_key")
		}
		return cpaasGet(ctx, ref)
	}
	ask, err := cpaasGet(ctx, cpaasAPI(cfg, telnyxAPI)+"/v2/recordings?"+url.Values{"filter[call_session_id]": {call}}.Encode())
	if err != nil {
		return nil, models.InvalidField("settings.api_url", "is not an address")
	}
	ask.Header.Set("Authorization", "Bearer "+key)
	answer, err := cpaasAsk(do, ask)
	if err != nil {
		return nil, err
	}
	for _, r := range answer.subs("data") {
		if link := cmp.Or(r.sub("download_urls").text("mp3"), r.sub("download_urls").text("wav")); link != "" {
			return cpaasGet(ctx, link)
		}
	}
	return nil, models.Errorf(models.NotFound, "the platform has no recording of this call")
}
