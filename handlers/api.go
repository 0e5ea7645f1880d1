package handlers

import (
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
	"zummer/web"
)

// Deps is all that the HTTP surface needs. The interfaces are required.
type Deps struct {
	Register Register
	Setup    Setup
	Journal  Journal
	Auth     Auth

	// Administrators sign in to the pages; Sessions keeps their sign-ins. Required.
	Administrators Administrators
	Sessions       *scs.SessionManager
	// AdminIdle is after what time without a request a sign-in ends, as the
	// store of Sessions has it; 0: never. It says how often one is touched.
	AdminIdle time.Duration

	// Outbound sends our own requests for a source to its PBX, and only to
	// addresses that the source may reach. Required.
	Outbound func(*models.Source) pbx.Doer

	// PublicURL is what PBXs see, e.g. https://crm.example/zummer; signatures
	// that cover the URL use it. "": taken from each request.
	PublicURL string
	// LongPoll is the wait of a POST poll that names none; 0: 25 s.
	LongPoll time.Duration
	// LongPollMax is the longest wait; 0: 50 s.
	LongPollMax time.Duration
	// Language is of the texts that users read.
	Language models.Language
	// PollInterval is the pace told to clients that do not wait; 0: 5 s.
	PollInterval time.Duration
	// Retention is how far back history and calls reach; 0: 30 days.
	Retention time.Duration
	// MaxBody bounds a webhook's body in bytes; 0: 1 MiB. Bodies of /v1 may
	// have 64 KiB whatever it says.
	MaxBody int64
	// QueryToken accepts ?token= beside the headers.
	QueryToken bool
	// CORSOrigins are the exact origins of browser clients.
	CORSOrigins []string
	// TrustedProxies are the networks whose X-Forwarded-For, -Proto and -Host
	// are believed.
	TrustedProxies []netip.Prefix
	// Timezone and Region stand in where a source or user has none;
	// "": Europe/Moscow and RU.
	Timezone, Region string
	// AreaCode is of local numbers of that region; "": none is known.
	AreaCode string
	// Version of the program, shown in answers and pages.
	Version string

	// Resume serves further requests of a connection whose waiting poll was
	// answered outside of net/http; false: it cannot any more, and the caller
	// closes it. nil: polls wait in net/http.
	Resume func(net.Conn) bool
	// Draining reports that the process is about to stop: /readyz is 503 then.
	// nil: never.
	Draining func() bool
	// Log gets one line for what went wrong; nil: slog.Default().
	Log *slog.Logger

	// Observe is told of every finished request but those of Metrics; route is
	// the pattern, never a path. nil: nobody. It must be quick.
	Observe func(route, method string, status int, took time.Duration)
	// ObserveHook is told what became of a webhook: kind of the source (""
	// when there is none) and an outcome of models.Webhook or a reason of
	// Refusal. nil: nobody.
	ObserveHook func(kind, outcome string)
	// Simulator places test calls from the administrator's pages; nil: none can be.
	Simulator Simulator
	// Guides holds what to enter where, one document a kind; nil: none is shown.
	Guides fs.FS
	// Demo is the page that plays one user's client; nil: 404.
	Demo *Demo
	// JobRuns tells the last run of each job in this process, by name. nil: it is
	// not known.
	JobRuns func() []models.JobRun
	// Followed is when this process last looked for what others changed; zero: it
	// has not yet. nil: it is not known.
	Followed func() time.Time
	// Pages renders the pages; nil: web.New.
	Pages *web.Pages
	// Metrics is served at /metrics to admin tokens; nil: 404.
	Metrics http.Handler
}

// API is the HTTP surface. Make it with New; its handlers may be used by any
// number of goroutines.
type API struct {
	d       Deps
	log     *slog.Logger
	refused refusals
	tests   testCalls
	serve   http.Handler // what Register was given
	polls   atomic.Int64
	parked  atomic.Int64 // polls that wait outside of the server
	buffers sync.Pool    // of *answer: only its buffers
	zones   sync.Map     // name → *time.Location

	otherSite func(*http.Request) error // see sameSite
	pageRoles map[string]string         // the least role of "METHOD /admin/…"
	relays    relays
}

// New makes the surface over d.
func New(d Deps) *API {
	for p, v := range map[*time.Duration]time.Duration{
		&d.LongPoll: 25 * time.Second, &d.LongPollMax: 50 * time.Second, &d.PollInterval: 5 * time.Second, &d.Retention: 30 * 24 * time.Hour,
	} {
		if *p == 0 {
			*p = v
		}
	}
	if d.MaxBody == 0 {
		d.MaxBody = 1 << 20
	}
	if d.Timezone == "" {
		d.Timezone = "Europe/Moscow"
	}
	if d.Region == "" {
		d.Region = "RU"
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	return &API{d: d, log: d.Log, otherSite: otherSite(append([]string{d.PublicURL}, d.CORSOrigins...)...)}
}

// Waiting is how many polls this process holds right now.
func (a *API) Waiting() int { return int(a.polls.Load()) }

// prepare sets what every request of e depends on.
func (a *API) prepare(e *echo.Echo) {
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = a.HandleError
	e.IPExtractor = ipExtractor(a.d.TrustedProxies)
}
