// Package pbx understands what telephone systems send: for each kind of source
// one adapter that checks a request's signature, turns it into canonical events
// and says what that system wants to hear back. Everything here is pure: no
// clock, no network, no database. An adapter is a file; Kinds lists them all.
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
}

// Reply is the answer a system insists on.
type Reply struct {
	Status      int
	ContentType string
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
	// an Unauthorized error. Without a secret there is nothing to verify.
	Verify(req Request, cfg Config) error
	// Parse makes the events. Numbers stay as the system wrote them. An event
	// without an id of the system's own gets one when the request identifies
	// it, the same in every repeat. The error is Malformed (unreadable) or
	// Invalid (a field is missing or wrong), written for the administrator;
	// there are no events beside an error.
	Parse(req Request, cfg Config) (Result, error)
}

// Kinds lists all adapters, in the order an administrator sees them.
func Kinds() []Adapter {
	return []Adapter{generic{}, asteriskHTTP{}}
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
