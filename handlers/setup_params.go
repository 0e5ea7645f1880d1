package handlers

import (
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// pathParam is a part of the path as the caller meant it: Echo leaves what the
// address writes with %XX alone when the path needs it.
func pathParam(c echo.Context, name string) string {
	v := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return v
	}
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

// idParam is the :id of the path. Errors: NotFound for what is no id of ours.
func idParam(c echo.Context) (int64, error) {
	id := models.ParseID(pathParam(c, "id"))
	if id == 0 {
		return 0, models.Errorf(models.NotFound, "there is nothing with this id")
	}
	return id, nil
}

// optClear is optStr where a JSON null takes the value away.
func optClear(f *fields, name string) *string {
	if f.isNull(name) {
		none := ""
		return &none
	}
	return f.optStr(name)
}

// timeText is a time as every JSON answer writes it.
func timeText(t time.Time) string { return t.UTC().Format(timeLayout) }

// names turns ids into the words that people gave; unknown ids give "".
type names struct{ d *models.Directory }

func (n names) login(id int64) string {
	if u := n.d.Users[id]; u != nil {
		return u.Login
	}
	return ""
}

func (n names) person(id int64) string {
	if u := n.d.Users[id]; u != nil {
		return u.DisplayName()
	}
	return ""
}

func (n names) slug(id int64) string {
	if s := n.d.Sources[id]; s != nil {
		return s.Slug
	}
	return ""
}

func (n names) group(id int64) string {
	if g := n.d.Groups[id]; g != nil {
		return g.Name
	}
	return ""
}

// userParam finds the user that a value of the request names; 0 when it is
// absent. Who is unknown is noted as wrong.
func (a *API) userParam(f *fields, name string) int64 {
	login := f.str(name)
	if login == "" {
		return 0
	}
	if u := a.d.Setup.Directory().UserByName(login); u != nil {
		return u.ID
	}
	f.fail(name, "no user %q", models.CutText(login, 80))
	return 0
}

// sourceParam is userParam for a source's slug.
func (a *API) sourceParam(f *fields, name string) int64 {
	slug := f.str(name)
	if slug == "" {
		return 0
	}
	if s := a.d.Setup.Directory().SourceBySlug(slug); s != nil {
		return s.ID
	}
	f.fail(name, "no source %q", models.CutText(slug, 80))
	return 0
}

// pageParams reads after and limit.
func pageParams(f *fields) (after string, limit int) {
	return f.strMax("after", 200), limitOf(f)
}

// oneOf is a value that must be one of the words; "" when absent.
func oneOf(f *fields, name string, words ...string) string {
	v := f.str(name)
	if v == "" {
		return ""
	}
	for _, w := range words {
		if v == w {
			return v
		}
	}
	f.fail(name, "%q is none of the words it can be", models.CutText(v, 40))
	return ""
}

// secondsIn is a time of whole seconds, from 1 to max; 0 when absent.
func secondsIn(f *fields, name string, max time.Duration) time.Duration {
	if f.str(name) == "" {
		return 0
	}
	return time.Duration(f.intIn(name, 1, 1, int(max/time.Second))) * time.Second
}
