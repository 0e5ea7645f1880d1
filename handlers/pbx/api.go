package pbx

import (
	"context"
	"net/http"
	"time"

	"zummer/models"
)

// Doer sends our own requests to a system. The caller's implementation bounds
// their time and refuses addresses that a source may not reach; adapters may
// send their credentials only to the system's own address.
type Doer interface {
	Do(req *http.Request) (*http.Response, error)
}

// MaxAnswer bounds what is read of a system's answer, in bytes.
const MaxAnswer = 4 << 20

// Employee is a person as a system lists them.
type Employee struct {
	Name      string   `json:"name"`
	Email     string   `json:"email"`
	Addresses []string `json:"addresses"` // in the form of Event.Extension, the one that its events carry first
}

// EmployeeLister is an adapter whose system can list its people.
type EmployeeLister interface {
	// Employees asks for all of them. Errors: Invalid names the setting that is
	// missing; Unavailable when the system does not answer as it should.
	Employees(ctx context.Context, do Doer, cfg Config) ([]Employee, error)
}

// RecordingFetcher is an adapter whose recordings need more than a GET of
// Event.Recording: credentials, or a link that must be asked for first.
type RecordingFetcher interface {
	// Recording makes the request that gets the sound. ref is Event.Recording
	// as Parse made it; call is Event.Call. Errors: as Employees; NotFound when
	// there is none (yet).
	Recording(ctx context.Context, do Doer, cfg Config, ref, call string) (*http.Request, error)
}

// Order is a call to place.
type Order struct {
	From  string // address of the person who calls, in the form of Event.Extension
	Phone string // E.164
	ID    string // ours, for systems that give it back; [A-Za-z0-9-], at most 32
}

// Dialer is an adapter whose system places calls on command.
type Dialer interface {
	// Dial rings the person first, then the number. call is the key that the
	// system's events of this call will carry, "" when it is not told. Errors:
	// as Employees.
	Dial(ctx context.Context, do Doer, cfg Config, o Order) (call string, err error)
}

// unavailableRetry is when to ask again a system that did not answer.
const unavailableRetry = 5 * time.Second

// unavailable is the error of a system that does not answer as it should. The
// text must not quote the answer.
func unavailable(format string, args ...any) error {
	e := models.Coded(models.Unavailable, "pbx_unavailable", format, args...)
	e.Retry = unavailableRetry
	return e
}
