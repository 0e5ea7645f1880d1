package handlers

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
)

// masked stands where a secret was in a stored header.
const masked = "[masked]"

// hook is GET and POST /hooks/{source}/{token} and any path beneath: one
// webhook of a PBX. A 2xx is given only after the commit; what cannot be
// parsed is stored with its error and is 2xx too, so that the PBX goes on
// sending.
func (a *API) hook(c echo.Context) error {
	req := c.Request()
	slug, token, rest := hookPath(req.URL.Path)
	source := a.d.Setup.Directory().SourceBySlug(slug)
	if reason := knock(source, token); reason != "" {
		a.refuse(c, slug, source, http.StatusNotFound, reason, "")
		return models.Errorf(models.NotFound, "nothing is at this address")
	}
	adapter, known := pbx.Lookup(source.Kind)
	test := testOf(req.Context())
	if known && test == nil && !pbx.Allowed(adapter, source.Settings, c.RealIP()) {
		a.refuse(c, slug, source, http.StatusForbidden, RefusedAddress, "")
		return models.Coded(models.Forbidden, "wrong_address", "requests from this address are not taken")
	}
	body, err := a.hookBody(c)
	if err != nil {
		if models.KindOf(err) == models.TooLarge {
			a.refuse(c, slug, source, http.StatusRequestEntityTooLarge, RefusedTooLarge, "")
		}
		return err
	}
	now := time.Now()
	in := models.Accepted{Source: source, Webhook: models.Webhook{
		SourceID: source.ID, Method: req.Method, Path: rest, Headers: storedHeaders(req.Header), Body: body, RemoteAddr: c.RealIP(), ReceivedAt: now,
	}}
	if req.URL.RawQuery != "" {
		in.Webhook.Path += "?" + req.URL.RawQuery
	}
	var res pbx.Result
	if known {
		r := pbx.Request{Method: req.Method, URL: a.baseURL(c) + req.URL.RequestURI(), Path: rest, Query: req.URL.Query(), Header: req.Header, Body: body}
		cfg := SourceConfig(source, a.d.Timezone, a.d.Region, now)
		if g, ok := adapter.(pbx.Greeter); ok {
			if reply := g.Greet(r, cfg); reply != nil {
				return writeReply(c, reply)
			}
		}
		if req.Method == http.MethodOptions { // only ever a handshake
			return echo.ErrMethodNotAllowed
		}
		if err := adapter.Verify(r, cfg); err != nil {
			a.refuse(c, slug, source, http.StatusUnauthorized, RefusedSignature, publicMessage(err))
			return models.Coded(models.Unauthorized, "wrong_signature", "the signature is wrong or missing")
		}
		res, in.Err = adapter.Parse(r, cfg)
		in.Events = res.Events
	} else {
		in.Err = models.Errorf(models.Invalid, "this version knows no kind %q", source.Kind)
	}
	if res.Lookup != nil {
		res.Reply = res.Lookup.Answer(a.card(c, source, res.Lookup.Phone))
	}
	got, err := a.d.Register.Accept(req.Context(), in)
	switch {
	case err != nil && res.Lookup != nil:
		return a.answerUnstored(c, err, res.Reply)
	case err != nil:
		return err
	}
	if test != nil {
		test.webhook, test.outcome = got.ID, got.Outcome
	}
	a.observeHook(source.Kind, got.Outcome)
	return answerHook(c, in.Err, got, res.Reply)
}

// answerHook says what that PBX wants to hear, also to what could not be read
// when the kind wishes it; without such a wish JSON.
func answerHook(c echo.Context, parseErr error, got models.AcceptResult, reply *pbx.Reply) error {
	switch {
	case reply != nil:
		return writeReply(c, reply)
	case parseErr != nil || got.Outcome == models.WebhookFailed:
		why := got.Error
		if why == "" {
			why = publicMessage(parseErr)
		}
		return writeJSON(c, http.StatusOK, struct {
			OK     bool   `json:"ok"`
			Stored bool   `json:"stored"`
			Parsed bool   `json:"parsed"`
			Error  string `json:"error"`
		}{true, true, false, why})
	}
	return respond(c, http.StatusOK, typeJSON, []byte(`{"ok":true}`))
}

// answerUnstored gives an error to a system that asked who calls. It may show
// any body to people as the caller's name, so the body is the card, and the
// status alone says that nothing was stored.
func (a *API) answerUnstored(c echo.Context, err error, card *pbx.Reply) error {
	p := problemOf(err)
	a.log.WarnContext(c.Request().Context(), "a contact lookup was answered and not stored", "route", c.Path(), "request_id", requestID(c), "err", err)
	if p.retry > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(wholeSeconds(p.retry)))
	}
	reply := *card
	reply.Status = p.Status
	return writeReply(c, &reply)
}

// writeReply answers what a system wants to hear.
func writeReply(c echo.Context, r *pbx.Reply) error {
	for name, value := range r.Header {
		c.Response().Header().Set(name, value)
	}
	if len(r.Body) == 0 {
		return c.NoContent(r.Status)
	}
	return respond(c, r.Status, r.ContentType, r.Body)
}

// SourceConfig is what an adapter may know of a source; timezone and region
// stand in where the source has none.
func SourceConfig(s *models.Source, timezone, region string, now time.Time) pbx.Config {
	cfg := pbx.Config{Secret: s.Secret, Settings: s.Settings, Region: s.Region, Timezone: s.Timezone, Now: now}
	if cfg.Region == "" {
		cfg.Region = region
	}
	if cfg.Timezone == "" {
		cfg.Timezone = timezone
	}
	return cfg
}

// hookPath splits /hooks/{source}/{token}/rest; rest is "" or begins with "/".
func hookPath(path string) (slug, token, rest string) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/hooks/"), "/", 3)
	slug = parts[0]
	if len(parts) > 1 {
		token = parts[1]
	}
	if len(parts) > 2 {
		rest = "/" + parts[2]
	}
	return slug, token, rest
}

// knock says why the door stays shut, "" when it opens. During a rotation both
// tokens open it. It takes the same time for a wrong token and no source.
func knock(s *models.Source, token string) string {
	sum := sha256.Sum256([]byte(token))
	given := make([]byte, hex.EncodedLen(len(sum)))
	hex.Encode(given, sum[:])
	var now, old string
	if s != nil {
		now, old = s.TokenHash, s.OldTokenHash
	}
	right := subtle.ConstantTimeCompare(given, []byte(now)) | subtle.ConstantTimeCompare(given, []byte(old))
	switch {
	case s == nil:
		return RefusedSource
	case right != 1:
		return RefusedToken
	case !s.Active:
		return RefusedInactive
	}
	return ""
}

// hookBody reads the body as it is, at most MaxBody bytes.
func (a *API) hookBody(c echo.Context) ([]byte, error) {
	req := c.Request()
	tooLarge := models.Errorf(models.TooLarge, "the body is longer than %d bytes", a.d.MaxBody)
	if req.ContentLength > a.d.MaxBody {
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), req.Body, a.d.MaxBody))
	if err != nil {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			return nil, tooLarge
		}
		return nil, &models.Error{Kind: models.Malformed, Message: "the body ended early", Cause: err}
	}
	return body, nil
}

// storedHeaders is what the journal keeps: all headers, with whatever lets
// somebody in masked.
func storedHeaders(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		v := strings.Join(values, ", ")
		if secretHeader(name) {
			v = masked
		}
		out[name] = v
	}
	return out
}

func secretHeader(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"authorization", "cookie", "signature", "token", "secret", "password", "api-key", "apikey"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// refuse counts a webhook that is turned away and keeps it in memory.
func (a *API) refuse(c echo.Context, slug string, s *models.Source, status int, reason, detail string) {
	kind := ""
	if s != nil {
		kind = s.Kind
	}
	a.refused.add(Refusal{
		At: time.Now(), Source: models.CutText(slug, 64), Method: models.CutText(c.Request().Method, 20), RemoteAddr: c.RealIP(),
		Status: status, Reason: reason, Detail: models.CutText(detail, 200),
	})
	a.observeHook(kind, reason)
}

func (a *API) observeHook(kind, outcome string) {
	if a.d.ObserveHook != nil {
		a.d.ObserveHook(kind, outcome)
	}
}

// publicMessage is the part of an error that people outside may read.
func publicMessage(err error) string {
	var own *models.Error
	if errors.As(err, &own) && own.Kind != models.Internal {
		return own.Message
	}
	return "the request could not be understood"
}
