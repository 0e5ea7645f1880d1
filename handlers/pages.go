package handlers

import (
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// pages answers what people look at. A page is made of
//
//   - a line in registerPages: its address and the role that it takes;
//   - a function here, in pages_NAME.go: reads, fills the page's type of
//     package web, and calls show; a button's function calls one use case and
//     then done, which goes back with a word about it;
//   - a type in web, with its line in web.Types, and a template of the same
//     name, which says everything in both languages ({{.T "…" "…"}}) and shows
//     what came from outside through .Text and .Phone, which mask numbers for
//     whom they must be.
//
// A part of a page that renews itself is a template "part-ID" with an element
// of that id, hx-get of its own page, hx-trigger="pulse from:body",
// hx-target="#ID" and hx-swap="morph:outerHTML".
type pages struct {
	a     *API
	web   *web.Pages
	over  overviews
	known callers
	told  sayings
}

// registerPages puts the pages on e: the administrator's behind sign-in, each
// with the least role that may use it; and the demonstration's, where there is one.
func (a *API) registerPages(e *echo.Echo) {
	w := a.d.Pages
	if w == nil {
		var err error
		if w, err = web.New(); err != nil {
			panic(err) // the templates are part of the program and a test parses them
		}
	}
	p := &pages{a: a, web: w}
	sameSite := samePages(a.d.PublicURL)
	a.pageRoles = map[string]string{}
	add := func(role, method, path string, h echo.HandlerFunc) {
		a.pageRoles[method+" /admin"+path] = role
		e.Add(method, "/admin"+path, h, a.entry, p.head, sameSite, a.signedIn(role))
	}
	add(models.RoleViewer, "GET", "", p.pending)
	add(models.RoleViewer, "GET", "/", p.pending)
	add(models.RoleViewer, "GET", "/pulse", p.pulse)
	add(models.RoleViewer, "GET", "/notifications/:id", p.notification)
	add(models.RoleOperator, "POST", "/notifications/act", p.actMany)
	for _, action := range adminActions {
		add(models.RoleOperator, "POST", "/notifications/:id/"+action, p.act(action))
	}
	e.RouteNotFound("/admin/*", func(echo.Context) error { return models.Errorf(models.NotFound, "no such page") }, a.entry, p.head)
	e.GET("/", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/admin/") }, a.entry)
	e.GET("/admin/look", p.look, a.entry, p.head)
	e.GET(signInPath, p.signIn, a.entry, p.head)
	e.POST(signInPath, p.trySignIn, a.entry, p.head, sameSite)
	e.POST("/admin/sign-out", p.signOut, a.entry, p.head, sameSite)
	p.registerPeople(add)
	p.registerRules(add)
	p.registerPhones(add)
	for at := range maps.Clone(a.pageRoles) { // what answers to a button leads to the page that has it
		if path, ok := strings.CutPrefix(at, "POST "); ok && a.pageRoles["GET "+path] == "" {
			e.GET(path, func(c echo.Context) error { return c.Redirect(http.StatusSeeOther, p.readable(c)) }, a.entry, p.head, a.signedIn(models.RoleViewer))
		}
	}
	e.GET("/static/:file", p.static, a.entry)
	if a.d.Demo != nil {
		p.registerDemo(e, sameSite)
	}
}

const keyAdmin = "zummer.admin"

// adminOf is who has signed in, behind signedIn; nil on pages for everybody.
func adminOf(c echo.Context) *models.Admin {
	who, _ := c.Get(keyAdmin).(*models.Admin)
	return who
}

// head sets what the answers of all pages carry, and makes errors pages unless
// a script asks for JSON.
func (p *pages) head(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-store")
		h.Add("Vary", "Cookie, Accept, Accept-Language, HX-Target")
		if !wantsJSON(c) {
			c.Set(keyErrorPage, errorPage(p.errorPage))
		}
		boundForm(c)
		return next(c)
	}
}

// Bytes of a form: of one that a stranger may send, and of any other. A file of
// contacts has a bound of its own.
const (
	maxSignIn = 64 << 10
	maxForm   = 16 << 20
)

// boundForm ends the reading of a form that is too long: without it a form with
// a file in it is written to the disk, however long it is.
func boundForm(c echo.Context) {
	limit := int64(maxForm)
	switch c.Path() {
	case signInPath, "/admin/sign-out":
		limit = maxSignIn
	case importPath:
		return
	}
	req := c.Request()
	req.Body = http.MaxBytesReader(c.Response(), req.Body, limit)
}

func wantsJSON(c echo.Context) bool {
	return strings.HasPrefix(c.Request().Header.Get("Accept"), "application/json")
}

// Cookies of the pages, beside the one of the sign-in.
const (
	cookieLang  = "zummer_lang"
	cookieTheme = "zummer_theme"
	cookieFlash = "zummer_flash"
)

func cookieOf(c echo.Context, name string) string {
	if k, err := c.Cookie(name); err == nil {
		return k.Value
	}
	return ""
}

func (p *pages) setCookie(c echo.Context, name, value string, age time.Duration) {
	c.SetCookie(&http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(age.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(p.a.baseURL(c), "https:")}) //nolint:gosec // Secure wherever the pages are reached over TLS
}

// lang is the language of a page: what the address says, else what was chosen,
// in the account or by the switch, else what the browser asks for.
func (p *pages) lang(c echo.Context) web.Lang {
	chosen := c.QueryParam("lang")
	if chosen == "" {
		chosen = cookieOf(c, cookieLang)
	}
	if who := adminOf(c); chosen == "" && who != nil {
		chosen = who.Lang
	}
	return web.Choose(chosen, c.Request().Header.Get("Accept-Language"))
}

// zone is the one in which pages show times.
func (p *pages) zone() *time.Location { return models.ZoneOf(p.a.d.Timezone) }

// readable is the address of this page for who comes back to it: of one that only
// a button asks for, the page of the button, else the nearest above it that can
// be looked at.
func (p *pages) readable(c echo.Context) string {
	req := c.Request()
	if req.Method != http.MethodGet {
		if from, err := url.Parse(req.Referer()); err == nil && from.Host == req.Host && ourPath(from.RequestURI()) == from.RequestURI() {
			return from.RequestURI()
		}
	}
	pattern, path := c.Path(), req.URL.EscapedPath()
	if p.a.pageRoles["GET "+pattern] != "" || !strings.HasPrefix(pattern, "/admin/") || p.a.pageRoles["POST "+pattern] == "" {
		return c.Request().URL.RequestURI()
	}
	for pattern != "/admin" && p.a.pageRoles["GET "+pattern] == "" {
		pattern, path = pattern[:strings.LastIndex(pattern, "/")], path[:strings.LastIndex(path, "/")]
	}
	if pattern == "/admin" {
		return "/admin/"
	}
	return path
}

// frame fills what every page has. section is of web.Frame.Nav.
func (p *pages) frame(c echo.Context, section, ru, en string) web.Frame {
	f := web.Frame{Lang: p.lang(c), Version: p.a.d.Version, Section: section, Path: p.readable(c), Who: adminOf(c), Zone: p.zone(), Now: time.Now()}
	f.Title = f.T(ru, en)
	if t := cookieOf(c, cookieTheme); t == "light" || t == "dark" {
		f.Theme = t
	}
	if p.a.d.Register != nil {
		f.Pulse = p.a.d.Register.Changes(c.Request().Context(), 0, 0)
	}
	if text := cookieOf(c, cookieFlash); text != "" && c.Request().Header.Get("HX-Request") == "" {
		if raw, err := base64.RawURLEncoding.DecodeString(text); err == nil && len(raw) > 1 {
			f.Failed, f.Flash = raw[0] == '!', f.Text(models.CleanText(string(raw[1:])))
		}
		p.setCookie(c, cookieFlash, "", -time.Second)
	}
	return f
}

// show answers with a page, or with the part of it that htmx asks for.
func (p *pages) show(c echo.Context, name string, data any) error {
	return p.showAs(c, http.StatusOK, name, data)
}

// showAs is show with a status: 422 for a form with something wrong in it.
func (p *pages) showAs(c echo.Context, status int, name string, data any) error {
	part := c.Request().Header.Get("HX-Target")
	if !p.web.HasPart(name, part) {
		part = ""
	}
	body, err := p.web.Render(name, part, data)
	if err != nil {
		return err
	}
	return respond(c, status, typeHTML, body)
}

// done ends what a button did: back to an address of ours, with a word about
// it. err that a person can do something about is the word; any other is
// returned.
func (p *pages) done(c echo.Context, back, ru, en string, err error) error {
	l, mark := p.lang(c), "+"
	text := (&web.Frame{Lang: l}).T(ru, en)
	if err != nil {
		own := publicError(err)
		if own == nil {
			return err
		}
		mark, text = "!", web.ErrorIn(l, models.CutText(own.Message, 300))
		for i, f := range own.Fields { // the message is the field and what is wrong with it
			if i == 0 {
				text = ""
			} else {
				text += " · "
			}
			text += f.Field + ": " + web.ErrorIn(l, f.Message)
		}
	}
	if text != "" {
		p.setCookie(c, cookieFlash, base64.RawURLEncoding.EncodeToString([]byte(mark+models.CutText(text, 900))), time.Minute)
	}
	return c.Redirect(http.StatusSeeOther, ourPath(back))
}

// publicError is the error that a person can do something about; nil: none.
func publicError(err error) *models.Error {
	var own *models.Error
	if !errors.As(err, &own) {
		return nil
	}
	switch own.Kind {
	case models.Invalid, models.Malformed, models.NotFound, models.Conflict, models.TooLarge, models.TooMany, models.Unavailable:
		return own
	}
	return nil
}

// ourPath is back when it is an address of the administrator's pages, else
// the first of them.
func ourPath(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/admin") || strings.Contains(back, "\\") {
		return "/admin/"
	}
	return u.RequestURI()
}

// errorPage answers an error as a page. What cannot be rendered is plain text.
func (p *pages) errorPage(c echo.Context, status int, code, detail string) error {
	d := web.ErrorPage{Frame: p.frame(c, "", "Не получилось", "That did not work"), Status: status, RequestID: requestID(c), Back: "/admin/"}
	d.Detail = web.ErrorIn(d.Lang, detail)
	body, err := p.web.Render("error", "", d)
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

// look keeps the chosen language and theme in the browser and goes back.
func (p *pages) look(c echo.Context) error {
	if l := c.QueryParam("lang"); l == string(web.Russian) || l == string(web.English) {
		p.setCookie(c, cookieLang, l, 400*24*time.Hour)
	}
	if t := c.QueryParam("theme"); t == "light" || t == "dark" {
		p.setCookie(c, cookieTheme, t, 400*24*time.Hour)
	}
	back, err := url.Parse(ourPath(c.QueryParam("back")))
	if err != nil {
		return c.Redirect(http.StatusSeeOther, "/admin/")
	}
	q := back.Query()
	q.Del("lang") // the switch is stronger
	back.RawQuery = q.Encode()
	return c.Redirect(http.StatusSeeOther, back.RequestURI())
}

// pulseWait is how long a page's question waits for a change.
const pulseWait = 25 * time.Second

// pulse waits until something may have changed since the page was made.
func (p *pages) pulse(c echo.Context) error {
	since, _ := strconv.ParseUint(c.QueryParam("since"), 10, 64) // anything else asks for the present one
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Time{})
	now := p.a.d.Register.Changes(c.Request().Context(), since, pulseWait)
	return writeJSON(c, http.StatusOK, struct {
		Pulse uint64 `json:"pulse"`
	}{now})
}
