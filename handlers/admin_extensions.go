package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// extensionBody says who has an extension.
type extensionBody struct {
	Source    string `json:"source"`
	Extension string `json:"extension"`
	User      string `json:"user"`
}

func (a *API) listExtensions(c echo.Context) error {
	f := queryFields(c)
	source, user := a.sourceParam(f, "source"), a.userParam(f, "user")
	if err := f.err(); err != nil {
		return err
	}
	d := a.d.Setup.Directory()
	n := names{d}
	var items []extensionBody
	for k, owner := range d.Extensions {
		if (source == 0 || k.SourceID == source) && (user == 0 || owner == user) {
			items = append(items, extensionBody{Source: n.slug(k.SourceID), Extension: k.Extension, User: n.login(owner)})
		}
	}
	slices.SortFunc(items, func(x, y extensionBody) int {
		return cmp.Or(strings.Compare(x.Source, y.Source), strings.Compare(x.Extension, y.Extension))
	})
	return writePage(c, items, "")
}

// extensionOf reads who has the path's extension. Errors: NotFound.
func (a *API) extensionOf(c echo.Context) (extensionBody, error) {
	src, err := a.sourceOf(c, "source")
	if err != nil {
		return extensionBody{}, err
	}
	d := a.d.Setup.Directory()
	ext := models.NormalizeExtension(pathParam(c, "extension"))
	owner := d.Users[d.Extensions[models.ExtKey{SourceID: src.ID, Extension: ext}]]
	if owner == nil {
		return extensionBody{}, models.Errorf(models.NotFound, "nobody has the extension %q of %s", models.CutText(ext, 80), src.Slug)
	}
	return extensionBody{Source: src.Slug, Extension: ext, User: owner.Login}, nil
}

func (a *API) getExtension(c echo.Context) error {
	body, err := a.extensionOf(c)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, body)
}

func (a *API) putExtension(c echo.Context) error {
	src, err := a.sourceOf(c, "source")
	if err != nil {
		return err
	}
	f, err := readFields(c)
	if err != nil {
		return err
	}
	ext := pathParam(c, "extension")
	f.only("user", "source", "extension") // the last ones as GET shows them
	f.same("source", src.Slug)
	f.same("extension", models.NormalizeExtension(ext))
	f.required("user", models.MaxName)
	user := a.userParam(f, "user")
	if err := f.err(); err != nil {
		return err
	}
	if err := a.d.Setup.MapExtension(c.Request().Context(), actorOf(c), src.Slug, ext, user); err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, extensionBody{Source: src.Slug, Extension: models.NormalizeExtension(ext), User: names{a.d.Setup.Directory()}.login(user)})
}

func (a *API) deleteExtension(c echo.Context) error {
	body, err := a.extensionOf(c)
	if err != nil {
		return err
	}
	if err := a.d.Setup.MapExtension(c.Request().Context(), actorOf(c), body.Source, body.Extension, 0); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// groupBody is a group with its members' logins.
type groupBody struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

func (n names) groupBody(g *models.Group) groupBody {
	out := groupBody{Name: g.Name, Members: []string{}}
	for _, m := range g.Members {
		if login := n.login(m); login != "" {
			out.Members = append(out.Members, login)
		}
	}
	slices.Sort(out.Members)
	return out
}

func (a *API) listGroups(c echo.Context) error {
	d := a.d.Setup.Directory()
	var items []groupBody
	for _, g := range d.Groups {
		items = append(items, names{d}.groupBody(g))
	}
	slices.SortFunc(items, func(x, y groupBody) int { return strings.Compare(x.Name, y.Name) })
	return writePage(c, items, "")
}

func (a *API) getGroup(c echo.Context) error {
	name := pathParam(c, "name")
	d := a.d.Setup.Directory()
	g := d.GroupByName(name)
	if g == nil {
		return models.Errorf(models.NotFound, "no group %q", models.CutText(name, 80))
	}
	return writeJSON(c, http.StatusOK, names{d}.groupBody(g))
}

func (a *API) putGroup(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	f.only("members", "name")
	f.same("name", pathParam(c, "name"))
	if _, named := f.get("members"); !named {
		f.fail("members", "is required")
	}
	members := f.strs("members")
	if err := f.err(); err != nil {
		return err
	}
	g, err := a.d.Setup.PutGroup(c.Request().Context(), actorOf(c), pathParam(c, "name"), members)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, names{a.d.Setup.Directory()}.groupBody(&g))
}

func (a *API) deleteGroup(c echo.Context) error {
	if err := a.d.Setup.DeleteGroup(c.Request().Context(), actorOf(c), pathParam(c, "name")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
