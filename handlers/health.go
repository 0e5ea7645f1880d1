package handlers

import (
	_ "embed"
	"html"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

//go:embed openapi.yaml
var openapiYAML string

// healthz says that the process lives.
func (a *API) healthz(c echo.Context) error {
	return respond(c, http.StatusOK, typeText, []byte("ok\n"))
}

// readyz says that requests can be served: the database is reachable and
// migrated, and the process is not about to stop.
func (a *API) readyz(c echo.Context) error {
	if a.d.Draining != nil && a.d.Draining() {
		return models.Coded(models.Unavailable, "draining", "the service is stopping")
	}
	if err := a.d.Journal.Ready(c.Request().Context()); err != nil {
		return &models.Error{Kind: models.Unavailable, Code: "not_ready", Message: "the database is not ready", Cause: err}
	}
	return respond(c, http.StatusOK, typeText, []byte("ready\n"))
}

// metrics is /metrics on the main address.
func (a *API) metrics(c echo.Context) error {
	if a.d.Metrics == nil {
		return echo.ErrNotFound
	}
	a.d.Metrics.ServeHTTP(c.Response(), c.Request())
	return nil
}

// openapi is the contract in machine-readable form.
func (a *API) openapi(c echo.Context) error {
	return respond(c, http.StatusOK, "application/yaml; charset=utf-8", []byte(openapiYAML))
}

// docs is a plain page that lists the addresses of openapi.yaml.
func (a *API) docs(c echo.Context) error {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Zummer API</title>\n")
	b.WriteString("<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td{padding:.1rem .8rem .1rem 0;vertical-align:top}</style>\n")
	b.WriteString("<h1>Zummer " + html.EscapeString(a.d.Version) + "</h1>\n")
	b.WriteString("<p>Адреса для АТС, клиентов и администратора. Addresses for PBXs, clients and the administrator.\n")
	b.WriteString("Всё о полях: <a href=\"openapi.yaml\">openapi.yaml</a>.</p>\n<table>\n")
	for _, e := range endpoints(openapiYAML) {
		b.WriteString("<tr><td>" + e.method + "<td><code>" + html.EscapeString(e.path) + "</code><td>" + html.EscapeString(e.summary) + "\n")
	}
	b.WriteString("</table></html>\n")
	return respond(c, http.StatusOK, typeHTML, []byte(b.String()))
}

// endpoint is one line of the docs page.
type endpoint struct {
	method, path, summary string
}

// endpoints reads the paths, methods and summaries out of our own OpenAPI
// file, whose layout a test keeps: a path stands two spaces deep, a method
// four, a summary beneath it or on its line.
func endpoints(doc string) []endpoint {
	var out []endpoint
	path, inPaths := "", false
	for l := range strings.Lines(doc) {
		l = strings.TrimRight(l, "\r\n")
		text := strings.TrimSpace(l)
		depth := len(l) - len(strings.TrimLeft(l, " "))
		name, rest, _ := strings.Cut(text, ":")
		switch {
		case depth == 0 && text != "":
			inPaths = text == "paths:"
		case !inPaths || text == "":
		case depth == 2 && strings.HasPrefix(text, "/"):
			path = name
		case depth == 4 && (name == "get" || name == "put" || name == "post" || name == "patch" || name == "delete"):
			out = append(out, endpoint{method: strings.ToUpper(name), path: path, summary: summaryIn(rest)})
		case depth == 6 && name == "summary" && len(out) > 0 && out[len(out)-1].path == path:
			out[len(out)-1].summary = strings.Trim(strings.TrimSpace(strings.TrimPrefix(rest, " >-")), `"`)
		}
	}
	return out
}

// summaryIn finds a summary in a method that is written on one line.
func summaryIn(s string) string {
	_, s, ok := strings.Cut(s, "summary: ")
	if !ok {
		return ""
	}
	if rest, quoted := strings.CutPrefix(s, `"`); quoted {
		s, _, _ = strings.Cut(rest, `"`)
		return s
	}
	s, _, _ = strings.Cut(s, ",")
	return s
}
