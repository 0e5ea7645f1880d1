package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// groups lists the groups.
func (p *pages) groups(c echo.Context) error { return p.showGroups(c, http.StatusOK, web.Form{}) }

func (p *pages) showGroups(c echo.Context, status int, form web.Form) error {
	dir := p.a.d.Setup.Directory()
	n := names{dir}
	d := web.GroupsPage{Frame: p.frame(c, "groups", "Группы", "Groups"), Users: n.userOptions(""), Form: form}
	if d.Form.Values == nil {
		d.Form.Values = url.Values{}
	}
	for _, g := range dir.Groups {
		row := web.GroupRow{Name: g.Name, Href: pathOf("groups", g.Name), Sources: n.sourcesOf(g.ID)}
		for _, m := range g.Members {
			row.Members = append(row.Members, n.person(m))
		}
		d.Rows = append(d.Rows, row)
	}
	slices.SortFunc(d.Rows, func(a, b web.GroupRow) int { return strings.Compare(a.Name, b.Name) })
	return p.showAs(c, status, "groups", d)
}

// sourcesOf are the sources that send a group their missed calls.
func (n names) sourcesOf(group int64) []string {
	var out []string
	for _, s := range n.d.Sources {
		if s.GroupID == group {
			out = append(out, s.Slug)
		}
	}
	slices.Sort(out)
	return out
}

func (p *pages) newGroup(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	name := *text(form, "name")
	if p.a.d.Setup.Directory().GroupByName(name) != nil {
		err = models.InvalidField("name", "there is such a group already")
	} else {
		_, err = p.a.d.Setup.PutGroup(c.Request().Context(), actorOf(c), name, form["member"])
	}
	if err != nil {
		f, err := p.wrong(c, form, err)
		if err != nil {
			return err
		}
		return p.showGroups(c, http.StatusUnprocessableEntity, f)
	}
	return p.done(c, pathOf("groups", name), "Группа создана.", "The group is made.", nil)
}

// groupOfPath finds the group of the path. Errors: NotFound.
func (p *pages) groupOfPath(c echo.Context) (*models.Group, error) {
	name := pathParam(c, "name")
	g := p.a.d.Setup.Directory().GroupByName(name)
	if g == nil {
		return nil, models.Errorf(models.NotFound, "no group %q", models.CutText(name, 80))
	}
	return g, nil
}

// group is one group with its members in their order.
func (p *pages) group(c echo.Context) error {
	g, err := p.groupOfPath(c)
	if err != nil {
		return err
	}
	dir := p.a.d.Setup.Directory()
	n := names{dir}
	d := web.GroupPage{Frame: p.frame(c, "groups", g.Name, g.Name), Name: g.Name, Href: pathOf("groups", g.Name), Sources: n.sourcesOf(g.ID)}
	for i, m := range g.Members {
		row := web.MemberRow{N: i + 1, Login: n.login(m), Name: n.person(m), Href: pathOf("users", n.login(m)), First: i == 0, Last: i == len(g.Members)-1}
		if u := dir.Users[m]; u != nil {
			row.Active = u.Active
		}
		var seen web.UserRow
		p.present(&seen, m, d.Now)
		row.Online = seen.Online
		d.Members = append(d.Members, row)
	}
	for _, o := range n.userOptions("") {
		if u := dir.UserByLogin(o.Value); u != nil && !slices.Contains(g.Members, u.ID) {
			d.Others = append(d.Others, o)
		}
	}
	return p.show(c, "group", d)
}

// putGroup adds a member, takes one out, or moves one up or down.
func (p *pages) putGroup(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	g, err := p.groupOfPath(c)
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	var logins []string
	for _, m := range g.Members {
		logins = append(logins, n.login(m))
	}
	who := form.Get("user")
	at := slices.Index(logins, who)
	switch form.Get("action") {
	case "add":
		if at < 0 {
			logins = append(logins, who)
		}
	case "remove":
		if at >= 0 {
			logins = slices.Delete(logins, at, at+1)
		}
	case "up":
		if at > 0 {
			logins[at-1], logins[at] = logins[at], logins[at-1]
		}
	case "down":
		if at >= 0 && at < len(logins)-1 {
			logins[at], logins[at+1] = logins[at+1], logins[at]
		}
	default:
		return models.InvalidField("action", "is none of add, remove, up, down")
	}
	_, err = p.a.d.Setup.PutGroup(c.Request().Context(), actorOf(c), g.Name, logins)
	return p.done(c, pathOf("groups", g.Name), "Сохранено.", "Saved.", err)
}

func (p *pages) deleteGroup(c echo.Context) error {
	g, err := p.groupOfPath(c)
	if err != nil {
		return err
	}
	if err := p.a.d.Setup.DeleteGroup(c.Request().Context(), actorOf(c), g.Name); err != nil {
		return p.done(c, pathOf("groups", g.Name), "", "", err)
	}
	return p.done(c, "/admin/groups", "Группа удалена.", "The group is deleted.", nil)
}
