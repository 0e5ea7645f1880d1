package handlers

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
	"zummer/web"
)

// matchAtOnce bounds how many people of a PBX one press of a button maps.
const matchAtOnce = 1000

// people holds the people of a PBX against the users: whoever is known by
// e-mail or name is proposed, and confirmed not typed.
func (p *pages) people(c echo.Context) error {
	dir := p.a.d.Setup.Directory()
	n := names{dir}
	d := web.PeoplePage{Frame: p.frame(c, "users", "Сотрудники АТС", "People of the PBX"), Source: c.QueryParam("source")}
	d.Sources = n.listingSources(d.Source)
	if d.Source == "" && len(d.Sources) == 1 {
		d.Source, d.Sources[0].Chosen = d.Sources[0].Value, true
	}
	if d.Source == "" {
		return p.show(c, "people", d)
	}
	s := dir.SourceBySlug(d.Source)
	if s == nil {
		return models.Errorf(models.NotFound, "no source %q", models.CutText(d.Source, 80))
	}
	people, err := p.a.peopleOf(c.Request().Context(), s)
	if err != nil {
		own := publicError(err)
		if own == nil {
			return err
		}
		d.Error = web.ErrorIn(d.Lang, own.Message)
		return p.show(c, "people", d)
	}
	d.Users = n.userOptions("")
	most := rowsOfChoices(len(dir.Users))
	for i, person := range people[:min(len(people), matchAtOnce)] {
		row := web.PersonRow{N: i, Name: person.Name, Email: person.Email, Addresses: person.Addresses}
		if id := dir.Owner(s.ID, person.Addresses); id != 0 {
			row.Mapped = dir.Users[id].DisplayName()
		} else {
			if m := matchEmployee(dir, person); m != nil {
				row.Match = *m
				d.Ready++
			}
			if most--; most < 0 {
				row.Typed = true
			} else {
				row.Users = n.userOptions(row.Match)
			}
		}
		d.Rows = append(d.Rows, row)
	}
	return p.show(c, "people", d)
}

// peopleOf asks a source's PBX for its people. Errors: Conflict cannot_list,
// and those of pbx.EmployeeLister.
func (a *API) peopleOf(ctx context.Context, s *models.Source) ([]pbx.Employee, error) {
	adapter, _ := pbx.Lookup(s.Kind)
	lister, ok := adapter.(pbx.EmployeeLister)
	if !ok {
		return nil, models.Coded(models.Conflict, "cannot_list", "a PBX of kind %s cannot list its people", s.Kind)
	}
	ctx, cancel := context.WithTimeout(ctx, askBudget)
	defer cancel()
	people, err := lister.Employees(ctx, a.d.Outbound(s), SourceConfig(s, a.d.Timezone, a.d.Region, time.Now()))
	if err != nil {
		return nil, err
	}
	for i := range people {
		e := &people[i]
		e.Name, e.Email = clean(e.Name, models.MaxName), clean(e.Email, models.MaxName)
		if e.Addresses == nil {
			e.Addresses = []string{}
		}
	}
	return people, nil
}

// matchPeople gives the chosen people's phones to the users beside them.
// Addresses that somebody has stay where they are.
func (p *pages) matchPeople(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	dir := p.a.d.Setup.Directory()
	s := dir.SourceBySlug(form.Get("source"))
	if s == nil {
		return p.done(c, "/admin/people", "", "", models.Errorf(models.NotFound, "no source %q", models.CutText(form.Get("source"), 80)))
	}
	back, did := "/admin/people?source="+s.Slug, 0
	for _, pick := range form["pick"] {
		u := dir.UserByLogin(form.Get("user-" + pick))
		if u == nil {
			continue // nobody was chosen for that one
		}
		gave := false
		for _, address := range ownAddresses(form["address-"+pick]) {
			k := models.ExtKey{SourceID: s.ID, Extension: models.NormalizeExtension(address)}
			if dir.Extensions[k] != 0 || dir.Shared[k] != nil || k.Extension == "" {
				continue
			}
			if err := p.a.d.Setup.MapExtension(c.Request().Context(), actorOf(c), s.Slug, address, u.ID); err != nil {
				return p.done(c, back, "", "", err)
			}
			gave = true
		}
		if gave {
			did++
		}
	}
	return p.done(c, back, "Привязано: "+strconv.Itoa(did)+".", "Mapped: "+strconv.Itoa(did)+".", nil)
}

// ownAddresses are those by which only one person is called: a telephone number
// may be the company's, and counts only when there is nothing else.
func ownAddresses(all []string) []string {
	var own []string
	for _, a := range all {
		if !strings.HasPrefix(models.NormalizeExtension(a), "tel:") {
			own = append(own, a)
		}
	}
	if len(own) == 0 {
		return all
	}
	return own
}
