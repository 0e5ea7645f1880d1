package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// problem is the body of every error (RFC 9457) with our own members.
type problem struct {
	Type      string              `json:"type"`
	Title     string              `json:"title"`
	Status    int                 `json:"status"`
	Detail    string              `json:"detail"`
	Code      string              `json:"code"`
	Retryable bool                `json:"retryable"`
	RequestID string              `json:"request_id"`
	Errors    []models.FieldError `json:"errors,omitempty"`

	retry time.Duration
}

// errorPage answers an error as a page. A group of pages puts one into its
// context under keyErrorPage; without it the answer is a problem.
type errorPage func(c echo.Context, status int, code, detail string) error

// defaultRetry is told with 429 and 503 when the error names no pause.
const defaultRetry = 5 * time.Second

// statusOf gives the HTTP status and the kind's own code.
func statusOf(k models.Kind) (int, string) {
	switch k {
	case models.Invalid:
		return http.StatusUnprocessableEntity, "invalid"
	case models.Malformed:
		return http.StatusBadRequest, "malformed"
	case models.Unauthorized:
		return http.StatusUnauthorized, "unauthorized"
	case models.Forbidden:
		return http.StatusForbidden, "forbidden"
	case models.NotFound:
		return http.StatusNotFound, "not_found"
	case models.Conflict:
		return http.StatusConflict, "conflict"
	case models.TooLarge:
		return http.StatusRequestEntityTooLarge, "too_large"
	case models.Unsupported:
		return http.StatusUnsupportedMediaType, "unsupported_type"
	case models.TooMany:
		return http.StatusTooManyRequests, "too_many"
	case models.Unavailable:
		return http.StatusServiceUnavailable, "unavailable"
	}
	return http.StatusInternalServerError, "internal"
}

// HandleError is echo's error handler. It writes nothing when the answer has
// begun already. The cause of an error goes to the log only.
func (a *API) HandleError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	ctx := c.Request().Context()
	p := problemOf(err)
	p.RequestID = requestID(c)
	switch {
	case ctx.Err() != nil:
		a.log.DebugContext(ctx, "the client left", "route", c.Path(), "request_id", p.RequestID)
	case p.Status == http.StatusInternalServerError:
		a.log.ErrorContext(ctx, "request failed", "route", c.Path(), "method", c.Request().Method, "request_id", p.RequestID, "err", err)
	case p.Status == http.StatusServiceUnavailable:
		a.log.WarnContext(ctx, "request refused for now", "route", c.Path(), "request_id", p.RequestID, "err", err)
	}
	h := c.Response().Header()
	a.allowOrigin(c)
	h.Set("X-Request-ID", p.RequestID)
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized && c.Request().Header.Get("Origin") == "" && !strings.HasPrefix(c.Path(), "/admin") {
		h.Set("WWW-Authenticate", `Basic realm="Zummer"`)
	}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(wholeSeconds(p.retry)))
	}
	if werr := writeProblem(c, p); werr != nil {
		a.log.DebugContext(ctx, "the error could not be written", "request_id", p.RequestID, "err", werr)
	}
}

// problemOf finds the models.Error or echo error in err's chain; anything
// else is internal.
func problemOf(err error) problem {
	var (
		own     *models.Error
		he      *echo.HTTPError
		tooLong *http.MaxBytesError
	)
	switch {
	case errors.As(err, &own):
	case errors.As(err, &tooLong):
		own = models.Errorf(models.TooLarge, "the body is longer than %d bytes", tooLong.Limit)
	case errors.As(err, &he):
		return echoProblem(he)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		own = models.Errorf(models.Unavailable, "the request took too long; try again")
	default:
		own = &models.Error{Kind: models.Internal}
	}
	status, code := statusOf(own.Kind)
	p := problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: own.Message, Code: code, Errors: own.Fields, retry: own.Retry}
	if own.Kind == models.Internal {
		p.Detail = "something went wrong on the server; the log has it under this request_id"
	} else if own.Code != "" {
		p.Code = own.Code
	}
	if p.retry <= 0 && (own.Kind == models.TooMany || own.Kind == models.Unavailable) {
		p.retry = defaultRetry
	}
	p.Retryable = p.retry > 0 || status >= 500
	return p
}

// echoProblem maps the router's own refusals.
func echoProblem(he *echo.HTTPError) problem {
	p := problem{Type: "about:blank", Title: http.StatusText(he.Code), Status: he.Code}
	switch he.Code {
	case http.StatusNotFound:
		p.Code, p.Detail = "not_found", "nothing is at this address"
	case http.StatusMethodNotAllowed:
		p.Code, p.Detail = "method_not_allowed", "this address does not take this method"
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Detail = "too_large", "the body is too long"
	case http.StatusUnsupportedMediaType:
		p.Code, p.Detail = "unsupported_type", "send JSON or a form"
	case http.StatusBadRequest:
		p.Code, p.Detail = "malformed", "the request cannot be read"
	case http.StatusUnauthorized:
		p.Code, p.Detail = "unauthorized", "no valid token"
	case http.StatusForbidden:
		p.Code, p.Detail = "forbidden", "not allowed"
	case http.StatusTooManyRequests:
		p.Code, p.Detail, p.retry = "too_many", "too many requests", defaultRetry
	case http.StatusServiceUnavailable:
		p.Code, p.Detail, p.retry = "unavailable", "not now; try again", defaultRetry
	default:
		return problemOf(&models.Error{Kind: models.Internal})
	}
	p.Retryable = p.retry > 0
	return p
}

// writeProblem answers in the format of the request: problem+json, or one
// short line for clients that read xml or text.
func writeProblem(c echo.Context, p problem) error {
	if page, ok := c.Get(keyErrorPage).(errorPage); ok {
		return page(c, p.Status, p.Code, p.Detail)
	}
	if c.Request().Method == http.MethodHead {
		return c.NoContent(p.Status)
	}
	retry := 0
	if p.Retryable {
		retry = wholeSeconds(max(p.retry, time.Second))
	}
	switch formatOf(c) {
	case formatXML:
		return respond(c, p.Status, typeXML, []byte(`<e code="`+p.Code+`" retry_s="`+strconv.Itoa(retry)+`"/>`))
	case formatText:
		return respond(c, p.Status, typeText, []byte("E1\t"+p.Code+"\t"+strconv.Itoa(retry)+"\n"))
	}
	return writeJSONAs(c, p.Status, "application/problem+json; charset=utf-8", p)
}

// wholeSeconds rounds up; at least 1.
func wholeSeconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}

// The three formats of contract §4.1.
const (
	formatJSON = "json"
	formatXML  = "xml"
	formatText = "text"
)

const (
	typeJSON = "application/json; charset=utf-8"
	typeXML  = "application/xml; charset=utf-8"
	typeText = "text/plain; charset=utf-8"
	typeHTML = "text/html; charset=utf-8"
)

// formatOf says in which format c is answered: what a handler has decided,
// else the query, else Accept, else json. A format nobody knows is json here;
// handlers that offer formats refuse it first.
func formatOf(c echo.Context) string {
	if f, ok := c.Get(keyFormat).(string); ok {
		return f
	}
	switch f := queryFormat(c.Request().URL.RawQuery); f {
	case formatXML, formatText, formatJSON:
		return f
	}
	return acceptFormat(c.Request().Header.Values("Accept"))
}

// queryFormat reads format from a raw query without parsing all of it.
func queryFormat(raw string) string {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if v, ok := strings.CutPrefix(pair, "format="); ok {
			return v
		}
	}
	return ""
}

// acceptFormat takes the type with the highest q that we have, the first of
// equals. A browser, which asks for HTML first, gets json.
func acceptFormat(values []string) string {
	best, bestQ := formatJSON, 0.0
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			mt, params, _ := strings.Cut(part, ";")
			var f string
			switch strings.ToLower(strings.TrimSpace(mt)) {
			case "application/xml", "text/xml":
				f = formatXML
			case "text/plain":
				f = formatText
			case "application/json", "*/*", "application/*", "text/html":
				f = formatJSON
			default:
				continue
			}
			q := 1.0
			if s, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
				if n, err := strconv.ParseFloat(s, 64); err == nil {
					q = n
				}
			}
			if q > bestQ {
				best, bestQ = f, q
			}
		}
	}
	return best
}
