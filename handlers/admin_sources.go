package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
)

// sourceBody is a source as an administrator reads it. The secret stays in.
type sourceBody struct {
	Slug      string         `json:"slug"`
	Kind      string         `json:"kind"`
	Name      string         `json:"name"`
	HookURL   string         `json:"hook_url"`
	HasSecret bool           `json:"has_secret"`
	Timezone  *string        `json:"timezone"`
	Region    *string        `json:"region"`
	Group     *string        `json:"group"`
	LineGroup *string        `json:"line_group"`
	LineRank  int            `json:"line_rank"`
	Outgoing  bool           `json:"outgoing"`
	Active    bool           `json:"active"`
	Settings  map[string]any `json:"settings"`
	Rotating  bool           `json:"rotating"`
	CreatedAt string         `json:"created_at"`
}

func (a *API) sourceBody(c echo.Context, s *models.Source) sourceBody {
	return sourceBody{
		Slug: s.Slug, Kind: s.Kind, Name: s.Name, HookURL: a.baseURL(c) + "/hooks/" + s.Slug + "/" + s.Token, HasSecret: s.Secret != "",
		Timezone: orNull(s.Timezone), Region: orNull(s.Region), Group: orNull(names{a.d.Setup.Directory()}.group(s.GroupID)), LineGroup: orNull(s.LineGroup), LineRank: s.LineRank,
		Outgoing: s.Outgoing, Active: s.Active, Settings: openSettings(s), Rotating: s.OldTokenHash != "", CreatedAt: timeText(s.CreatedAt),
	}
}

// openSettings is what the kind lists as readable. Whatever is not listed, or
// is listed as a secret, stays in.
func openSettings(s *models.Source) map[string]any {
	out := map[string]any{}
	adapter, ok := pbx.Lookup(s.Kind)
	if !ok {
		return out
	}
	for _, f := range slices.Concat(adapter.Info().Settings, pbx.CommonSettings()) {
		if v, set := s.Settings[f.Name]; set && f.Type != "secret" {
			out[f.Name] = v
		}
	}
	return out
}

func (a *API) listSourceKinds(c echo.Context) error {
	var items []pbx.Info
	for _, k := range pbx.Kinds() {
		info := k.Info()
		info.Settings = slices.Concat(info.Settings, pbx.CommonSettings())
		items = append(items, info)
	}
	return writePage(c, items, "")
}

func (a *API) listSources(c echo.Context) error {
	var items []sourceBody
	for _, s := range a.d.Setup.Directory().Sources {
		items = append(items, a.sourceBody(c, s))
	}
	slices.SortFunc(items, func(x, y sourceBody) int { return strings.Compare(x.Slug, y.Slug) })
	return writePage(c, items, "")
}

// sourceOf finds the source of the path. Errors: NotFound.
func (a *API) sourceOf(c echo.Context, param string) (*models.Source, error) {
	slug := pathParam(c, param)
	s := a.d.Setup.Directory().SourceBySlug(slug)
	if s == nil {
		return nil, models.Errorf(models.NotFound, "no source %q", models.CutText(slug, 80))
	}
	return s, nil
}

func (a *API) getSource(c echo.Context) error {
	s, err := a.sourceOf(c, "slug")
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, a.sourceBody(c, s))
}

func (a *API) putSource(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	f.only("kind", "name", "secret", "timezone", "region", "group", "line_group", "line_rank", "outgoing", "active", "settings",
		"slug", "hook_url", "has_secret", "rotating", "created_at") // the last ones as GET shows them
	f.same("slug", pathParam(c, "slug"))
	in := models.SourceInput{
		Kind: f.optStr("kind"), Name: f.optStr("name"), Secret: f.optStr("secret"), Timezone: optClear(f, "timezone"), Region: optClear(f, "region"),
		Group: optClear(f, "group"), LineGroup: optClear(f, "line_group"), LineRank: f.intIn("line_rank", 0, 0, models.MaxLineRank), Outgoing: f.optBool("outgoing"), Active: f.optBool("active"),
	}
	if inner := f.object("settings"); inner != nil {
		in.Settings = plainValues(inner.m)
	}
	if err := f.err(); err != nil {
		return err
	}
	s, err := a.d.Setup.PutSource(c.Request().Context(), actorOf(c), pathParam(c, "slug"), in)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, a.sourceBody(c, &s))
}

func (a *API) deleteSource(c echo.Context) error {
	if err := a.d.Setup.DeleteSource(c.Request().Context(), actorOf(c), pathParam(c, "slug")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (a *API) rotateSource(c echo.Context) error {
	s, err := a.d.Setup.RotateSource(c.Request().Context(), actorOf(c), pathParam(c, "slug"))
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, a.sourceBody(c, &s))
}
