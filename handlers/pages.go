package handlers

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// pages answers what people look at.
type pages struct {
	a   *API
	web *web.Pages
}

// registerPages puts the pages on e: the administrator's behind the admin
// scope, asked for by the browser as user admin with a token as password; and
// the demonstration's, where there is one.
func (a *API) registerPages(e *echo.Echo) {
	w, err := web.New()
	if err != nil {
		panic(err) // the templates are part of the program and a test parses them
	}
	p := &pages{a: a, web: w}
	sameSite := samePages(a.d.PublicURL)
	admin := func(method, path string, h echo.HandlerFunc) {
		e.Add(method, path, h, a.entry, p.head, sameSite, a.auth(models.ScopeAdmin))
	}
	admin("GET", "/admin", p.admin)
	admin("GET", "/admin/", p.admin)
	admin("GET", "/admin/pending.json", p.adminData)
	admin("GET", "/admin/notifications/:id", p.timeline)
	for _, action := range []string{"process", "expire", "requeue"} {
		admin("POST", "/admin/notifications/:id/"+action, p.act(action))
	}
	e.GET("/static/:file", p.static, a.entry)
	if a.d.Demo != nil {
		p.registerDemo(e, sameSite)
	}
}

// head sets what the answers of all pages carry, and makes errors pages unless
// a script asks for JSON.
func (p *pages) head(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-store")
		h.Add("Vary", "Authorization, Accept, Accept-Language")
		if !wantsJSON(c) {
			c.Set(keyErrorPage, errorPage(p.errorPage))
		}
		return next(c)
	}
}

func wantsJSON(c echo.Context) bool {
	return strings.HasSuffix(c.Path(), ".json") || strings.HasPrefix(c.Request().Header.Get("Accept"), "application/json")
}

func (p *pages) lang(c echo.Context) web.Lang {
	return web.Choose(c.QueryParam("lang"), c.Request().Header.Get("Accept-Language"))
}

// frame fills what every page has; title picks its title from the words.
func (p *pages) frame(c echo.Context, script string, title func(web.Words) string) web.Frame {
	l := p.lang(c)
	other := web.English
	if l == web.English {
		other = web.Russian
	}
	w := web.WordsOf(l)
	return web.Frame{Lang: l, W: w, Version: p.a.d.Version, Title: title(w), Other: c.Request().URL.EscapedPath() + "?lang=" + string(other), Script: script}
}

// write answers with a rendered page.
func write(c echo.Context, status int, body []byte, err error) error {
	if err != nil {
		return err
	}
	return respond(c, status, typeHTML, body)
}

// errorPage answers an error as a page. What cannot be rendered is plain text.
func (p *pages) errorPage(c echo.Context, status int, code, detail string) error {
	d := web.ErrorPage{Frame: p.frame(c, "", func(w web.Words) string { return w.Failed }), Status: status, Detail: detail, RequestID: requestID(c), Back: "/admin/"}
	d.Other = ""
	if status == http.StatusUnauthorized {
		d.Detail = d.W.SignIn
	}
	body, err := p.web.Error(d)
	if err != nil {
		return respond(c, status, typeText, []byte(code+"\n"))
	}
	return respond(c, status, typeHTML, body)
}

// static serves a file under its hashed name, which never changes.
func (p *pages) static(c echo.Context) error {
	f, ok := p.web.Asset(pathParam(c, "file"))
	if !ok {
		return models.Errorf(models.NotFound, "no such file")
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	return respond(c, http.StatusOK, f.Type, f.Body)
}

// act is a button of the administrator's page.
func (p *pages) act(action string) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, err := p.a.act(c, action); err != nil {
			return fmt.Errorf("%s a notification: %w", action, err)
		}
		if wantsJSON(c) {
			return c.NoContent(http.StatusNoContent)
		}
		return c.Redirect(http.StatusSeeOther, "/admin/?lang="+string(p.lang(c)))
	}
}
