package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// route is one line of the table. scope "" is open to everybody.
type route struct {
	method, path string
	handler      echo.HandlerFunc
	scope        string
}

// Handler is the whole surface on a router of its own, for programs that run no
// Echo.
func (a *API) Handler() http.Handler {
	e := echo.New()
	a.Register(e)
	return e
}

// Register puts every address on e and makes e answer errors our way. Call it
// once, before e serves.
func (a *API) Register(e *echo.Echo) {
	a.prepare(e)
	a.serve = e

	// A waiting client pays for every function between the socket and the
	// register: these have no other middleware.
	e.GET("/v1/notifications", a.pollRoute(a.pollGet))
	e.POST("/v1/notifications/poll", a.pollRoute(a.pollPost))
	e.GET("/v1/relay/notifications", a.relayRoute)

	a.add(e, []route{
		{http.MethodPut, "/v1/notifications/:id/processed", a.processed, models.ScopePoll},
		{http.MethodPost, "/v1/notifications/:id/processed", a.processed, models.ScopePoll},
		{http.MethodPost, "/v1/notifications/:id/claim", a.claim, models.ScopePoll},
		{http.MethodPost, "/v1/notifications/:id/release", a.release, models.ScopePoll},
		{http.MethodPost, "/v1/notifications/ack-all", a.ackAll, models.ScopePoll},
		{http.MethodGet, "/v1/notifications/history", a.history, models.ScopePoll},
		{http.MethodGet, "/v1/me", a.getMe, models.ScopePoll},
		{http.MethodPatch, "/v1/me", a.patchMe, models.ScopePoll},
		{http.MethodPost, "/v1/me", a.patchMe, models.ScopePoll},
		{http.MethodPut, "/v1/me/extension", a.putMyExtension, models.ScopePoll},
		{http.MethodPost, "/v1/me/extension", a.putMyExtension, models.ScopePoll},
		{http.MethodDelete, "/v1/me/extension", a.deleteMyExtension, models.ScopePoll},
		{http.MethodGet, "/v1/calls", a.calls, models.ScopePoll},
		{http.MethodPost, "/v1/calls", a.dial, models.ScopeDial},
		{http.MethodGet, "/v1/calls/:id", a.call, models.ScopePoll},
		{http.MethodGet, "/v1/calls/:id/recording", a.recording, models.ScopePoll},

		{http.MethodGet, "/readyz", a.readyz, ""},
		{http.MethodGet, "/metrics", a.metrics, models.ScopeAdmin},
		{http.MethodGet, "/openapi.yaml", a.openapi, ""},
		{http.MethodGet, "/docs", a.docs, ""},
	})
	a.addHooks(e)
	a.registerSetup(e) // publish, sync, admin and the pages: admin_routes.go
	a.addPreflights(e)
}

// addPreflights answers a browser's preflight at every address of /v1. A
// pattern for all of them would turn each unknown address into a 405.
func (a *API) addPreflights(e *echo.Echo) {
	if len(a.d.CORSOrigins) == 0 {
		return
	}
	paths := map[string]bool{}
	for _, r := range e.Routes() {
		if strings.HasPrefix(r.Path, "/v1/") {
			paths[r.Path] = true
		}
	}
	for path := range paths {
		e.OPTIONS(path, a.preflight, a.entry)
	}
}

// RegisterHooks puts only the hooks and /healthz on e, for the second, public
// address.
func (a *API) RegisterHooks(e *echo.Echo) {
	a.prepare(e)
	a.addHooks(e)
}

func (a *API) addHooks(e *echo.Echo) {
	a.add(e, []route{
		{http.MethodGet, "/healthz", a.healthz, ""},
		{http.MethodGet, "/hooks/:source/:token", a.hook, ""},
		{http.MethodPost, "/hooks/:source/:token", a.hook, ""},
		{http.MethodOptions, "/hooks/:source/:token", a.hook, ""},
		{http.MethodGet, "/hooks/:source/:token/*", a.hook, ""},
		{http.MethodPost, "/hooks/:source/:token/*", a.hook, ""},
	})
}

func (a *API) add(e *echo.Echo, table []route) {
	for _, r := range table {
		chain := []echo.MiddlewareFunc{a.entry}
		if r.scope != "" {
			chain = append(chain, a.auth(r.scope))
		}
		e.Add(r.method, r.path, r.handler, chain...)
	}
}
