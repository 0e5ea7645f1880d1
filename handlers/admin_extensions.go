package handlers

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// extensionBody says who has an extension, or who shares it.
type extensionBody struct {
	Source    string   `json:"source"`
	Extension string   `json:"extension"`
	User      *string  `json:"user"`  // null of a shared phone
	Users     []string `json:"users"` // who share it, by login; none of one person's own
	Mode      *string  `json:"mode"`  // check_in or all of a shared phone; null: one person's own
	Today     *string  `json:"today"` // who said last that it is his; null: nobody
}

// extension says whose k is; ok is false when nobody has it.
func (n names) extension(k models.ExtKey) (body extensionBody, ok bool) {
	body = extensionBody{Source: n.slug(k.SourceID), Extension: k.Extension, Users: []string{}}
	if e := n.d.Shared[k]; e != nil {
		for _, o := range e.Owners {
			body.Users = append(body.Users, n.login(o.UserID))
		}
		slices.Sort(body.Users)
		body.Mode, body.Today = &e.Mode, orNull(n.login(e.Today()))
		return body, true
	}
	login := n.login(n.d.Extensions[k])
	if login == "" {
		return body, false
	}
	body.User = &login
	return body, true
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
	add := func(k models.ExtKey, its bool) {
		if body, ok := n.extension(k); ok && its && (source == 0 || k.SourceID == source) {
			items = append(items, body)
		}
	}
	for k, owner := range d.Extensions {
		add(k, user == 0 || owner == user)
	}
	for k, e := range d.Shared {
		add(k, user == 0 || e.OwnerOf(user) != nil)
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
	ext := models.NormalizeExtension(pathParam(c, "extension"))
	body, ok := names{a.d.Setup.Directory()}.extension(models.ExtKey{SourceID: src.ID, Extension: ext})
	if !ok {
		return extensionBody{}, models.Errorf(models.NotFound, "nobody has the extension %q of %s", models.CutText(ext, 80), src.Slug)
	}
	return body, nil
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
	f.only("user", "users", "mode", "source", "extension", "today") // the last ones as GET shows them
	f.same("source", src.Slug)
	f.same("extension", models.NormalizeExtension(pathParam(c, "extension")))
	mode, several := f.str("mode"), f.has("users")
	var user int64
	var users []int64
	switch {
	case f.str("user") != "" && len(f.list("users")) == 0 && mode == "":
		user = a.userParam(f, "user")
	case f.str("user") != "":
		f.fail("users", "either user or users")
	case several || mode != "":
		users = a.usersParam(f, "users")
		if mode = cmp.Or(mode, models.SharedCheckIn); mode != models.SharedCheckIn && mode != models.SharedAll {
			f.fail("mode", "must be check_in or all")
		}
	default:
		f.required("user", models.MaxName)
	}
	if err := f.err(); err != nil {
		return err
	}
	ext := pathParam(c, "extension")
	if users != nil {
		err = a.d.Setup.ShareExtension(c.Request().Context(), actorOf(c), src.Slug, ext, mode, users)
	} else {
		err = a.d.Setup.MapExtension(c.Request().Context(), actorOf(c), src.Slug, ext, user)
	}
	if err != nil {
		return err
	}
	n := names{a.d.Setup.Directory()}
	body, ok := n.extension(models.ExtKey{SourceID: src.ID, Extension: models.NormalizeExtension(ext)})
	if !ok {
		body = extensionBody{Source: src.Slug, Extension: models.NormalizeExtension(ext), User: orNull(n.login(user)), Users: []string{}}
	}
	return writeJSON(c, http.StatusOK, body)
}

// usersParam finds the users that a list of the request names; at least one.
func (a *API) usersParam(f *fields, name string) []int64 {
	out := []int64{}
	logins := f.strs(name)
	if len(logins) == 0 {
		f.fail(name, "must name at least one user")
	}
	for i, login := range logins {
		if u := a.d.Setup.Directory().UserByName(login); u != nil {
			out = append(out, u.ID)
		} else {
			f.fail(fmt.Sprintf("%s[%d]", name, i), "no user %q", models.CutText(login, 80))
		}
	}
	return out
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
