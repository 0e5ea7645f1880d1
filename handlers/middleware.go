package handlers

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// Keys of values in an echo.Context.
const (
	keyCaller    = "zummer.caller"
	keyRequestID = "zummer.request_id"
	keyFormat    = "zummer.format"
	keyErrorPage = "zummer.error_page"
)

// entry stands before every route but the poll's: it answers errors, turns a
// panic into a 500, lets the configured origins read the answer and reports
// the request to Deps.Observe.
func (a *API) entry(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		began := time.Now()
		defer func() {
			if r := recover(); r != nil {
				if r == http.ErrAbortHandler { //nolint:errorlint // net/http compares it this way too
					panic(r)
				}
				c.Error(fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
				err = nil
			}
			a.observe(c, began)
		}()
		c.Response().Header().Set("X-Request-ID", requestID(c))
		a.allowOrigin(c)
		if herr := next(c); herr != nil {
			c.Error(herr)
		}
		return nil
	}
}

// clientGone is how a request whose client went away is counted: it is no
// failure of ours, and nobody reads its answer.
const clientGone = 499

// observe reports one finished request. The route's pattern stands for the
// path, which may hold a hook's secret.
func (a *API) observe(c echo.Context, began time.Time) {
	took := time.Since(began)
	status := c.Response().Status
	if c.Request().Context().Err() != nil && status == http.StatusServiceUnavailable {
		status = clientGone
	}
	if a.d.Observe != nil {
		a.d.Observe(c.Path(), c.Request().Method, status, took)
	}
	ctx := c.Request().Context()
	if !a.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	a.log.DebugContext(ctx, "request", "route", c.Path(), "method", c.Request().Method, "status", status,
		"took", took, "request_id", requestID(c))
}

// requestID returns the caller's X-Request-ID (or 1C's X-1C-Request-UID) when
// it is plain, else one of our own; the same for the whole request.
func requestID(c echo.Context) string {
	if id, ok := c.Get(keyRequestID).(string); ok {
		return id
	}
	h := c.Request().Header
	id := h.Get("X-Request-ID")
	if id == "" {
		id = h.Get("X-1C-Request-UID")
	}
	if !plain(id, 64) {
		id = rand.Text()
	}
	c.Set(keyRequestID, id)
	return id
}

// plain reports whether s is [A-Za-z0-9._-]{1,max}.
func plain(s string, max int) bool {
	for i := 0; i < len(s); i++ {
		ch := s[i]
		if (ch < 'a' || ch > 'z') && (ch < 'A' || ch > 'Z') && (ch < '0' || ch > '9') && ch != '.' && ch != '_' && ch != '-' {
			return false
		}
	}
	return s != "" && len(s) <= max
}

// auth finds the caller and requires the scope. Client calls (scope poll) are
// open to a relay token too once it names a user, and need a user.
func (a *API) auth(scope string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			who, err := a.identify(c, scope)
			if err != nil {
				return err
			}
			c.Set(keyCaller, who)
			return next(c)
		}
	}
}

// identify finds the caller of a request, or says why nobody is let in. What a
// page of another site makes a browser change is refused here, for all of /v1.
func (a *API) identify(c echo.Context, scope string) (models.Caller, error) {
	var nobody models.Caller
	req := c.Request()
	if err := a.sameSite(req); err != nil {
		return nobody, err
	}
	token := a.tokenOf(req)
	if token == "" {
		return nobody, models.Errorf(models.Unauthorized, "send a token: Authorization: Bearer TOKEN, or as the password of HTTP Basic")
	}
	as := strings.TrimSpace(req.Header.Get("X-Zummer-User"))
	who, err := a.d.Auth.Authenticate(req.Context(), token, as)
	if models.IsNotFound(err) && strings.Contains(as, "%") { // a login that no header can carry as it is
		if plain, uerr := url.PathUnescape(as); uerr == nil && plain != as {
			who, err = a.d.Auth.Authenticate(req.Context(), token, plain)
		}
	}
	if err != nil {
		return nobody, err
	}
	if who.Token == nil {
		return nobody, models.Errorf(models.Unauthorized, "no valid token")
	}
	relayed := scope == models.ScopePoll && as != "" && who.Token.Has(models.ScopeRelay)
	if !relayed && !who.Token.Has(scope) {
		if scope == models.ScopePoll && who.Token.Has(models.ScopeRelay) {
			return nobody, models.Coded(models.Forbidden, "no_user", "a relay token names the user it speaks for: X-Zummer-User")
		}
		return nobody, models.Errorf(models.Forbidden, "this token lacks the scope %s", scope)
	}
	if scope == models.ScopePoll && who.User == nil {
		return nobody, models.Coded(models.Forbidden, "no_user", "this token belongs to no user")
	}
	who.Client = models.CutText(req.Header.Get("X-Client"), 200)
	return who, nil
}

// tokenOf reads the presented token: Bearer, the password of Basic, or
// ?token= where that is switched on.
func (a *API) tokenOf(req *http.Request) string {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(req.Header.Get("Authorization")), " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimSpace(rest)
	case strings.EqualFold(scheme, "Basic"):
		_, password, _ := req.BasicAuth()
		return strings.TrimSpace(password)
	case scheme == "" && a.d.QueryToken:
		return strings.TrimSpace(req.URL.Query().Get("token"))
	}
	return ""
}

// callerOf returns who calls; only behind auth.
func callerOf(c echo.Context) models.Caller {
	who, _ := c.Get(keyCaller).(models.Caller)
	return who
}

// userOf returns the user of a client call; only behind auth(ScopePoll),
// which lets nobody without a user in.
func userOf(c echo.Context) *models.User { return callerOf(c).User }

// actorOf names the caller for the audit.
func actorOf(c echo.Context) Actor {
	who := callerOf(c)
	act := Actor{From: c.RealIP()}
	if who.Token != nil {
		act.Who = who.Token.Name
	}
	if act.Who == "" && who.User != nil {
		act.Who = who.User.Login
	}
	return act
}

// allowOrigin lets a browser client of a configured origin read the answer.
func (a *API) allowOrigin(c echo.Context) {
	if len(a.d.CORSOrigins) == 0 {
		return
	}
	h := c.Response().Header()
	if !slices.Contains(h.Values("Vary"), "Origin") {
		h.Add("Vary", "Origin")
	}
	origin := c.Request().Header.Get("Origin")
	if origin == "" || !slices.Contains(a.d.CORSOrigins, origin) {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "ETag, Retry-After, X-Poll-Interval, X-Request-ID")
}

// preflight answers a browser's question before a request with a token. An
// origin that is not configured gets no permission.
func (a *API) preflight(c echo.Context) error {
	a.allowOrigin(c)
	h := c.Response().Header()
	if h.Get("Access-Control-Allow-Origin") != "" {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-None-Match, Prefer, X-Client, X-Request-ID, X-Zummer-User")
		h.Set("Access-Control-Max-Age", "600")
	}
	return c.NoContent(http.StatusNoContent)
}

// ipExtractor believes X-Forwarded-For only from the trusted proxies.
func ipExtractor(proxies []netip.Prefix) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	opts := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		opts = append(opts, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
	}
	return echo.ExtractIPFromXFFHeader(opts...)
}

// baseURL is the public address without a trailing slash: the configured one,
// else what this request was sent to.
func (a *API) baseURL(c echo.Context) string {
	if a.d.PublicURL != "" {
		return strings.TrimRight(a.d.PublicURL, "/")
	}
	req := c.Request()
	scheme, host := "http", req.Host
	if req.TLS != nil {
		scheme = "https"
	}
	if a.fromProxy(req) {
		if p := req.Header.Get("X-Forwarded-Proto"); p == "https" || p == "http" {
			scheme = p
		}
		if h := req.Header.Get("X-Forwarded-Host"); h != "" && !strings.ContainsAny(h, "/\\@ ,\"<>") {
			host = h
		}
	}
	return scheme + "://" + host
}

// fromProxy reports whether the peer itself is a trusted proxy.
func (a *API) fromProxy(req *http.Request) bool {
	peer, err := netip.ParseAddrPort(req.RemoteAddr)
	return err == nil && slices.ContainsFunc(a.d.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(peer.Addr().Unmap()) })
}
