package models

import (
	"strings"
	"time"
)

// EventType is what happened, in canonical form (contract §5).
type EventType string

// The canonical events. Incoming call events that concern nobody's phone yet
// (a menu, a queue without rings) are EventStarted; outgoing dialling likewise.
const (
	EventStarted     EventType = "started"     // the call exists; nobody rings yet
	EventRinging     EventType = "ringing"     // an extension rings (needs Extension)
	EventRingEnded   EventType = "ring_ended"  // it stopped ringing unanswered (needs Extension)
	EventAnswered    EventType = "answered"    // an extension talks with the customer (needs Extension)
	EventTransferred EventType = "transferred" // Extension hands the customer to ToExtension
	EventEnded       EventType = "ended"       // the whole call is over
	EventMissed      EventType = "missed"      // over, and the PBX says nobody answered
	EventRecording   EventType = "recording"   // a recording is ready
)

// Direction of a call, seen from the company.
type Direction string

// Directions. The zero value means the event does not say; a call without any
// direction is treated as In.
const (
	In           Direction = "in"
	Out          Direction = "out"
	InternalCall Direction = "internal"
)

// Event is one canonical event: what kind generic takes and what every adapter
// makes. Only Type and Call are required, Extension for the leg events.
type Event struct {
	Type        EventType      `json:"event"`
	ID          string         `json:"id,omitempty"`        // the PBX's event id; the repeat key when present
	Call        string         `json:"call"`                // the PBX's call key, unique per source
	Leg         string         `json:"leg,omitempty"`       // the PBX's leg id; "" makes the attempt (call, extension, n)
	Seq         int64          `json:"seq,omitempty"`       // order inside the call; 0: none
	Direction   Direction      `json:"direction,omitempty"` // "": not said
	Phone       string         `json:"phone,omitempty"`     // the customer's number as the PBX wrote it
	Name        string         `json:"name,omitempty"`      // caller's name as the PBX has it
	DID         string         `json:"did,omitempty"`       // the company's number that was dialled
	Extension   string         `json:"extension,omitempty"` // 101, login:ivanov, id:8412, tel:+7…, sip:user@host
	Addresses   []string       `json:"addresses,omitempty"` // other names of the same person; first mapped one decides
	ToExtension string         `json:"to_extension,omitempty"`
	At          time.Time      `json:"at,omitzero"` // when it happened; zero: not said
	Reason      string         `json:"reason,omitempty"`
	DurationS   *int           `json:"duration_s,omitempty"`
	TalkS       *int           `json:"talk_s,omitempty"`
	Disposition string         `json:"disposition,omitempty"`
	Recording   string         `json:"recording,omitempty"` // where the recording is
	SameAs      string         `json:"same_as,omitempty"`   // another key of the same call
	Data        map[string]any `json:"data,omitempty"`
}

// Reasons of ring_ended.
const (
	ReasonElsewhere   = "answered_elsewhere"
	ReasonNoAnswer    = "no_answer"
	ReasonBusy        = "busy"
	ReasonDeclined    = "declined"
	ReasonGaveUp      = "caller_gave_up"
	ReasonUnavailable = "unavailable"
	ReasonForwarded   = "forwarded"
	ReasonTransferred = "transferred" // our own: ends a talking leg
	ReasonHangup      = "hangup"      // our own: the call ended
)

// Limits of an event's fields, in bytes. What is longer is refused by
// Validate; adapters cut free text (Name) before.
const (
	MaxKeyLen    = 256
	MaxTextLen   = 512
	MaxRecording = 4096 // links that a storage has signed are long
	MaxEvents    = 500  // events in one webhook
)

// HasExtension reports whether events of this type concern one extension.
func (t EventType) HasExtension() bool {
	switch t {
	case EventRinging, EventRingEnded, EventAnswered, EventTransferred:
		return true
	}
	return false
}

// Valid reports whether t is one of the canonical events.
func (t EventType) Valid() bool {
	switch t {
	case EventStarted, EventEnded, EventMissed, EventRecording:
		return true
	}
	return t.HasExtension()
}

// Validate checks what contract §5 requires and returns an Invalid error that
// names the field. It does not touch the event.
func (e *Event) Validate() error {
	switch {
	case e.Type == "":
		return InvalidField("event", "is required")
	case !e.Type.Valid():
		return InvalidField("event", "unknown event %q", CutText(string(e.Type), 40))
	case strings.TrimSpace(e.Call) == "":
		return InvalidField("call", "is required")
	case e.Type.HasExtension() && e.Extension == "" && len(e.Addresses) == 0:
		return InvalidField("extension", "is required for %s", e.Type)
	case e.Direction != "" && e.Direction != In && e.Direction != Out && e.Direction != InternalCall:
		return InvalidField("direction", "must be in, out or internal")
	case len(e.Addresses) > 20:
		return InvalidField("addresses", "at most 20")
	case e.Seq < 0:
		return InvalidField("seq", "must not be negative")
	case !e.At.IsZero() && (e.At.Year() < 2000 || e.At.Year() > 2100):
		return InvalidField("at", "must lie between 2000 and 2100")
	}
	for _, f := range []struct{ name, v string }{
		{"id", e.ID}, {"call", e.Call}, {"leg", e.Leg}, {"extension", e.Extension}, {"to_extension", e.ToExtension},
		{"phone", e.Phone}, {"did", e.DID}, {"same_as", e.SameAs}, {"reason", e.Reason}, {"disposition", e.Disposition},
	} {
		if len(f.v) > MaxKeyLen {
			return InvalidField(f.name, "longer than %d bytes", MaxKeyLen)
		}
	}
	for _, a := range e.Addresses {
		if len(a) > MaxKeyLen {
			return InvalidField("addresses", "an address is longer than %d bytes", MaxKeyLen)
		}
	}
	if len(e.Name) > MaxTextLen {
		return InvalidField("name", "longer than %d bytes", MaxTextLen)
	}
	if len(e.Recording) > MaxRecording {
		return InvalidField("recording", "longer than %d bytes", MaxRecording)
	}
	return nil
}

// AllAddresses returns the extension followed by the other addresses, without
// empty ones: the order in which a mapped user is looked for.
func (e *Event) AllAddresses() []string {
	out := make([]string, 0, 1+len(e.Addresses))
	if e.Extension != "" {
		out = append(out, e.Extension)
	}
	for _, a := range e.Addresses {
		if a != "" && a != e.Extension {
			out = append(out, a)
		}
	}
	return out
}
