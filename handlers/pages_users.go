package handlers

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
	"zummer/web"
)

// pageUsers is how many users a page of the list has.
const pageUsers = 50

// users lists the users of the CRM, and who waits to be one.
func (p *pages) users(c echo.Context) error {
	return p.showUsers(c, http.StatusOK, web.Form{})
}

func (p *pages) showUsers(c echo.Context, status int, form web.Form) error {
	dir := p.a.d.Setup.Directory()
	n := names{dir}
	d := web.UsersPage{Frame: p.frame(c, "users", "Пользователи", "Users"), Form: form, Text: models.CutText(strings.TrimSpace(c.QueryParam("text")), 100), Group: c.QueryParam("group")}
	if s := c.QueryParam("state"); s == "active" || s == "off" || s == "pending" || s == "away" || s == "bare" {
		d.State = s
	}
	at, _ := strconv.Atoi(c.QueryParam("from")) // anything else is the beginning
	owned := n.phones()
	var found []web.UserRow
	for _, u := range dir.SortedUsers() {
		row := n.userRow(u, owned[u.ID])
		if u.Pending {
			d.Announced = append(d.Announced, row)
		}
		d.Total++
		if !usersFit(&d, row) {
			continue
		}
		if d.State == "away" {
			p.present(&row, u.ID, d.Now)
			if row.Online || !row.Active {
				continue
			}
		}
		found = append(found, row)
	}
	d.Found = len(found)
	at = max(0, min(at, len(found)))
	d.Rows, d.Later = found[at:min(at+pageUsers, len(found))], at > 0
	if at+pageUsers < len(found) {
		d.More = usersURL(&d, at+pageUsers)
	}
	for i := range d.Rows {
		p.present(&d.Rows[i], dir.UserByLogin(d.Rows[i].Login).ID, d.Now)
	}
	d.Asked = n.asked(0)
	d.Groups = n.groupOptions(d.Group)
	d.Sources = n.listingSources("")
	return p.showAs(c, status, "users", d)
}

// usersFit reports whether a row is what the page is narrowed to; who is away
// is looked at elsewhere.
func usersFit(d *web.UsersPage, row web.UserRow) bool {
	switch d.State {
	case "active":
		if !row.Active {
			return false
		}
	case "off":
		if row.Active || row.Pending {
			return false
		}
	case "pending":
		if !row.Pending {
			return false
		}
	case "bare":
		if len(row.Extensions) > 0 || !row.Active {
			return false
		}
	}
	if d.Group != "" && !slices.Contains(row.Groups, d.Group) {
		return false
	}
	if d.Text == "" {
		return true
	}
	for _, s := range append([]string{row.Login, row.Name, row.External}, row.Extensions...) {
		if strings.Contains(strings.ToLower(s), strings.ToLower(d.Text)) {
			return true
		}
	}
	return false
}

func usersURL(d *web.UsersPage, from int) string {
	v := url.Values{}
	for name, s := range map[string]string{"text": d.Text, "group": d.Group, "state": d.State} {
		if s != "" {
			v.Set(name, s)
		}
	}
	v.Set("from", strconv.Itoa(from))
	return "/admin/users?" + v.Encode()
}

// phones lists who has which extensions, shared ones too, as "office 101";
// without the source while there is only one.
func (n names) phones() map[int64][]string {
	out := map[int64][]string{}
	add := func(user int64, k models.ExtKey) {
		text := k.Extension
		if len(n.d.Sources) > 1 {
			text = n.slug(k.SourceID) + " " + k.Extension
		}
		out[user] = append(out[user], text)
	}
	for k, user := range n.d.Extensions {
		add(user, k)
	}
	for k, e := range n.d.Shared {
		for _, o := range e.Owners {
			add(o.UserID, k)
		}
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
}

func (n names) userRow(u *models.User, phones []string) web.UserRow {
	row := web.UserRow{Login: u.Login, Href: pathOf("users", u.Login), Name: u.Name, External: u.ExternalID, Extensions: phones, Active: u.Active, Pending: u.Pending, Quiet: u.Quiet, Made: u.CreatedAt}
	for _, g := range n.d.Groups {
		if slices.Contains(g.Members, u.ID) {
			row.Groups = append(row.Groups, g.Name)
		}
	}
	slices.Sort(row.Groups)
	return row
}

// present fills in when a user's clients polled last.
func (p *pages) present(row *web.UserRow, user int64, now time.Time) {
	for _, s := range p.a.d.Register.Sessions(user) {
		if s.LastPoll.After(row.LastPoll) {
			row.LastPoll = s.LastPoll
		}
		row.Online = row.Online || s.Waiting || now.Sub(s.LastPoll) < time.Minute
	}
}

// asked lists what users ask the administrator for; user 0: all of them.
func (n names) asked(user int64) []web.AskedRow {
	var out []web.AskedRow
	for k, owners := range n.d.Asked {
		for _, o := range owners {
			if user == 0 || o.UserID == user {
				out = append(out, web.AskedRow{Login: n.login(o.UserID), Name: n.person(o.UserID), Href: pathOf("users", n.login(o.UserID)), Source: n.slug(k.SourceID), Number: k.Extension, At: o.AskedAt})
			}
		}
	}
	slices.SortFunc(out, func(a, b web.AskedRow) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Number, b.Number)) })
	return out
}

func (n names) groupOptions(chosen ...string) []web.Option {
	var out []web.Option
	for _, g := range n.d.Groups {
		out = append(out, web.Option{Value: g.Name, Text: g.Name, Chosen: slices.Contains(chosen, g.Name)})
	}
	slices.SortFunc(out, func(a, b web.Option) int { return strings.Compare(a.Text, b.Text) })
	return out
}

// listingSources are the sources whose PBX can list its people.
func (n names) listingSources(chosen string) []web.Option {
	var out []web.Option
	for _, s := range slices.SortedFunc(maps.Values(n.d.Sources), func(a, b *models.Source) int { return strings.Compare(a.Slug, b.Slug) }) {
		adapter, _ := pbx.Lookup(s.Kind)
		if _, ok := adapter.(pbx.EmployeeLister); ok && s.Active {
			out = append(out, web.Option{Value: s.Slug, Text: cmp.Or(s.Name, s.Slug), Chosen: s.Slug == chosen})
		}
	}
	return out
}

// newUser adds a user and leads to the user's page.
func (p *pages) newUser(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	login := *text(form, "login")
	if p.a.d.Setup.Directory().UserByLogin(login) != nil && login != "" {
		err = models.InvalidField("login", "is taken")
	} else {
		_, err = p.a.d.Setup.PutUser(c.Request().Context(), actorOf(c), login, models.UserInput{Name: text(form, "name"), ExternalID: text(form, "external_id")})
	}
	if err != nil {
		f, err := p.wrong(c, form, err)
		if err != nil {
			return err
		}
		return p.showUsers(c, http.StatusUnprocessableEntity, f)
	}
	return p.done(c, pathOf("users", login), "Пользователь добавлен. Теперь привяжите внутренний номер и выдайте токен.", "The user is added. Now map an extension and make a token.", nil)
}

// confirmAnnounced takes the chosen users, whom the CRM named, in or drops them.
func (p *pages) confirmAnnounced(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	ctx, dir := c.Request().Context(), p.a.d.Setup.Directory()
	did := 0
	for _, login := range form["user"] {
		u := dir.UserByLogin(login)
		if u == nil || !u.Pending {
			continue // somebody else was quicker
		}
		if form.Get("action") == "drop" {
			err = p.a.d.Setup.DeleteUser(ctx, actorOf(c), u.Login)
		} else {
			name := u.Name
			if typed := *text(form, "name-"+login); typed != "" {
				name = typed
			}
			_, err = p.a.d.Setup.PutUser(ctx, actorOf(c), u.Login, models.UserInput{Name: &name, PopOn: orNull(u.PopOn), Timezone: orNull(u.Timezone), Quiet: &u.Quiet})
		}
		if err != nil {
			return p.done(c, "/admin/users", "", "", err)
		}
		did++
	}
	if len(form["user"]) == 0 {
		return p.done(c, "/admin/users", "Никто не выбран.", "Nobody is chosen.", nil)
	}
	if form.Get("action") == "drop" {
		return p.done(c, "/admin/users", "Отклонено: "+strconv.Itoa(did)+".", "Turned down: "+strconv.Itoa(did)+".", nil)
	}
	return p.done(c, "/admin/users", "Приняты: "+strconv.Itoa(did)+".", "Taken in: "+strconv.Itoa(did)+".", nil)
}

// answerAsked allows or refuses what a user asks for: the number becomes the
// user's own, or is shared where several share it already.
func (p *pages) answerAsked(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	back := ourPath(form.Get("back"))
	dir := p.a.d.Setup.Directory()
	src, u := dir.SourceBySlug(form.Get("source")), dir.UserByLogin(form.Get("user"))
	if src == nil {
		return p.done(c, back, "", "", models.Errorf(models.NotFound, "no source %q", models.CutText(form.Get("source"), 80)))
	}
	if form.Get("action") == "refuse" {
		err = p.a.d.Setup.RefuseExtension(c.Request().Context(), actorOf(c), src.Slug, form.Get("number"))
		return p.done(c, back, "Просьба отклонена.", "The request is refused.", err)
	}
	if u == nil {
		return p.done(c, back, "", "", models.Errorf(models.NotFound, "no user %q", models.CutText(form.Get("user"), 80)))
	}
	err = p.giveExtension(c, src, form.Get("number"), u)
	return p.done(c, back, "Номер разрешён.", "The extension is allowed.", err)
}

// giveExtension makes a number the user's, beside those who share it.
func (p *pages) giveExtension(c echo.Context, src *models.Source, number string, u *models.User) error {
	k := models.ExtKey{SourceID: src.ID, Extension: models.NormalizeExtension(number)}
	if e := p.a.d.Setup.Directory().Shared[k]; e != nil {
		users := []int64{u.ID}
		for _, o := range e.Owners {
			users = append(users, o.UserID)
		}
		return p.a.d.Setup.ShareExtension(c.Request().Context(), actorOf(c), src.Slug, number, e.Mode, users)
	}
	return p.a.d.Setup.MapExtension(c.Request().Context(), actorOf(c), src.Slug, number, u.ID)
}
