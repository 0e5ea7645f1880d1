// Package pbx understands what telephone systems send: for each kind of source
// one adapter that checks a request's signature, turns it into canonical events
// and says what that system wants to hear back. All of that is pure: no clock,
// no network, no database. What some systems also let us ask (employees,
// recordings, calls to place) is in api.go and goes through a Doer of the
// caller's. An adapter is a file; Kinds lists them all.
package pbx

import (
	"net/http"
	"net/url"
	"time"

	"zummer/models"
)

// Request is one HTTP request of a source, read completely.
type Request struct {
	Method string
	URL    string // the whole address as the system called it, with the query; for signatures that cover it. "" on replay
	Path   string // after the token, "" or beginning with "/"
	Query  url.Values
	Header http.Header
	Body   []byte // at most 1 MiB; the caller sees to that
}

// Config is what an adapter may know of its source.
type Config struct {
	Secret   string         // "": nothing to verify
	Settings map[string]any // as CheckSettings accepted them
	Region   string         // ISO 3166 alpha-2, for numbers that need it
	Timezone string         // IANA, for times without a zone; "" is UTC
	Now      time.Time      // receipt, for signatures that carry a time
}

// Result is what a request says.
type Result struct {
	Events []models.Event // valid; empty: understood, and nothing to do
	Reply  *Reply         // nil: 200 {"ok":true}
	Lookup *ContactLookup // the system asks who calls; its answer takes the place of Reply
}

// Reply is the answer a system insists on.
type Reply struct {
	Status      int
	ContentType string
	Header      map[string]string // more headers; may be nil
	Body        []byte
}

// Adapter speaks for one kind of source. Implementations are stateless and
// may be used by many goroutines.
type Adapter interface {
	// Kind is the name sources carry, e.g. "generic".
	Kind() string
	// Info describes the kind for GET /v1/admin/source-kinds.
	Info() Info
	// CheckSettings refuses settings or a secret that could not work, with an
	// Invalid error that names the field. Both may be empty.
	CheckSettings(settings map[string]any, secret string) error
	// Verify refuses a request that is not signed as cfg.Secret demands, with
	// an Unauthorized error. Without a secret there is nothing to verify, but a
	// kind whose system always signs refuses then too. Not called on replay.
	Verify(req Request, cfg Config) error
	// Parse makes the events. Numbers stay as the system wrote them. An event
	// without an id of the system's own gets one when the request identifies
	// it, the same in every repeat. The error is Malformed (unreadable) or
	// Invalid (a field is missing or wrong), written for the administrator;
	// there are no events beside an error. A Reply may stand beside it, for a
	// system that would take another answer for a refusal, and a Lookup where
	// it is clear that the system asks who calls.
	Parse(req Request, cfg Config) (Result, error)
}

// Greeter is an adapter whose system first asks whether the address is ours: a
// handshake without an event and often without a signature.
type Greeter interface {
	// Greet answers a handshake; nil: the request is none. It is asked before
	// Verify, and a greeted request is not kept.
	Greet(req Request, cfg Config) *Reply
}

// Kinds lists all adapters, in the order an administrator sees them.
func Kinds() []Adapter {
	return []Adapter{
		mango{},
		megafon{},
		zadarma{},
		novofon{},
		uis{},
		sipuni{},
		onlinePBX{},
		telphin{},
		rostelecom{},
		beeline{},
		mikoPBX{},
		asteriskHTTP{},
		freeswitch{},
		threeCX{},
		twilio{},
		telnyx{},
		vonage{},
		plivo{},
		aircall{},
		ringcentral{},
		generic{},
		cloudEvents{},
	}
}

// Lookup finds the adapter of a kind.
func Lookup(kind string) (Adapter, bool) {
	for _, a := range Kinds() {
		if a.Kind() == kind {
			return a, true
		}
	}
	return nil, false
}

// SilentEnd reports that the system behind a source may keep the end of a call
// that nobody answered to itself, as the source is set up.
func SilentEnd(kind string, settings map[string]any) bool {
	a, ok := Lookup(kind)
	if !ok {
		return false
	}
	info := a.Info()
	if !info.SilentEnd || info.SilentUnless == "" {
		return info.SilentEnd
	}
	told, err := textList(settings, info.SilentUnless)
	return err != nil || len(told) == 0
}
