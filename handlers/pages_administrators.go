package handlers

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// administrators lists who may sign in.
func (p *pages) administrators(c echo.Context) error {
	return p.showAdministrators(c, http.StatusOK, web.Form{}, web.Secret{})
}

func (p *pages) showAdministrators(c echo.Context, status int, form web.Form, fresh web.Secret) error {
	all, err := p.a.d.Administrators.Admins(c.Request().Context())
	if err != nil {
		return err
	}
	d := web.AdministratorsPage{Frame: p.frame(c, "administrators", "Администраторы", "Administrators"), Form: form, New: fresh}
	if d.Form.Values == nil {
		d.Form.Values = url.Values{"role": {models.RoleViewer}, "masked": {"on"}}
	}
	for i := range all {
		d.Rows = append(d.Rows, administratorRow(c, &all[i]))
	}
	return p.showAs(c, status, "administrators", d)
}

func administratorRow(c echo.Context, a *models.Admin) web.AdministratorRow {
	return web.AdministratorRow{Login: a.Login, Href: pathOf("administrators", a.Login), Name: a.Name, Role: a.Role, Masked: a.Masked, Active: a.Active,
		Self: a.ID == adminOf(c).ID, Made: a.CreatedAt, SignedIn: a.SignedInAt}
}

// newAdministrator adds somebody. Without a password one is made up and shown once.
func (p *pages) newAdministrator(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	login := *text(form, "login")
	all, err := p.a.d.Administrators.Admins(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if models.FoldLogin(a.Login) == models.FoldLogin(login) {
			err = models.InvalidField("login", "is taken")
		}
	}
	password, made := form.Get("password"), false
	if password == "" {
		password, made = newPassword(), true
	}
	if err == nil {
		_, err = p.a.d.Administrators.PutAdmin(ctx, actorOf(c), login, models.AdminInput{Name: text(form, "name"), Role: text(form, "role"), Masked: ticked(form, "masked"), Password: &password})
	}
	if err != nil {
		f, err := p.wrong(c, form, err)
		if err != nil {
			return err
		}
		return p.showAdministrators(c, http.StatusUnprocessableEntity, f, web.Secret{})
	}
	if made {
		return p.showAdministrators(c, http.StatusOK, web.Form{}, web.Secret{Of: login, Text: password})
	}
	return p.done(c, "/admin/administrators", "Администратор добавлен.", "The administrator is added.", nil)
}

// adminOfPath finds the administrator of the path. Errors: NotFound.
func (p *pages) adminOfPath(c echo.Context) (models.Admin, error) {
	login := pathParam(c, "login")
	all, err := p.a.d.Administrators.Admins(c.Request().Context())
	if err != nil {
		return models.Admin{}, err
	}
	for _, a := range all {
		if models.FoldLogin(a.Login) == models.FoldLogin(login) {
			return a, nil
		}
	}
	return models.Admin{}, models.Errorf(models.NotFound, "no administrator %q", models.CutText(login, 80))
}

func (p *pages) administrator(c echo.Context) error {
	a, err := p.adminOfPath(c)
	if err != nil {
		return err
	}
	return p.showAdministrator(c, http.StatusOK, &a, web.Form{}, web.Secret{})
}

func (p *pages) showAdministrator(c echo.Context, status int, a *models.Admin, form web.Form, fresh web.Secret) error {
	d := web.AdministratorPage{Frame: p.frame(c, "administrators", a.DisplayName(), a.DisplayName()), Row: administratorRow(c, a), Form: form, New: fresh}
	if d.Form.Values == nil {
		d.Form.Values = filled(adminValues(a))
	}
	var err error
	if d.SignIns, err = p.signInRows(c, a.ID); err != nil {
		return err
	}
	return p.showAs(c, status, "administrator", d)
}

// adminValues are what the form shows of a stored administrator.
func adminValues(a *models.Admin) url.Values {
	v := url.Values{"name": {a.Name}, "role": {a.Role}}
	if a.Masked {
		v.Set("masked", "on")
	}
	if a.Active {
		v.Set("active", "on")
	}
	return v
}

func (p *pages) putAdministrator(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	a, err := p.adminOfPath(c)
	if err != nil {
		return err
	}
	if err = movedOn(form, adminValues(&a)); err == nil {
		_, err = p.a.d.Administrators.PutAdmin(c.Request().Context(), actorOf(c), a.Login,
			models.AdminInput{Name: text(form, "name"), Role: text(form, "role"), Masked: ticked(form, "masked"), Active: ticked(form, "active")})
	}
	if err != nil {
		f, err := p.wrong(c, form, err)
		if err != nil {
			return err
		}
		return p.showAdministrator(c, http.StatusUnprocessableEntity, &a, f, web.Secret{})
	}
	return p.done(c, pathOf("administrators", a.Login), "Сохранено.", "Saved.", nil)
}

// resetPassword makes up a new password, shows it once and ends the sign-ins.
func (p *pages) resetPassword(c echo.Context) error {
	a, err := p.adminOfPath(c)
	if err != nil {
		return err
	}
	password := newPassword()
	if _, err := p.a.d.Administrators.PutAdmin(c.Request().Context(), actorOf(c), a.Login, models.AdminInput{Password: &password}); err != nil {
		return p.done(c, pathOf("administrators", a.Login), "", "", err)
	}
	if a.ID == adminOf(c).ID { // whoever resets the own one stays here
		if err := p.a.beginSignIn(c, &a); err != nil {
			return err
		}
	}
	return p.showAdministrator(c, http.StatusOK, &a, web.Form{}, web.Secret{Of: a.Login, Text: password})
}

func (p *pages) endSignInsOf(c echo.Context) error {
	a, err := p.adminOfPath(c)
	if err != nil {
		return err
	}
	err = p.a.d.Administrators.EndSignIns(c.Request().Context(), actorOf(c), a.ID, 0)
	return p.done(c, pathOf("administrators", a.Login), "Сеансы завершены.", "The sign-ins are ended.", err)
}
