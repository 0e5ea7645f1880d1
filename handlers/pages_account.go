package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// account is a person's own page.
func (p *pages) account(c echo.Context) error {
	return p.showAccount(c, http.StatusOK, web.Form{}, web.Form{})
}

func (p *pages) showAccount(c echo.Context, status int, form, password web.Form) error {
	who := adminOf(c)
	d := web.AccountPage{Frame: p.frame(c, "account", "Моя учётная запись", "My account"), Form: form, Password: password}
	if d.Form.Values == nil {
		d.Form.Values = url.Values{"name": {who.Name}, "lang": {who.Lang}}
	}
	var err error
	if d.SignIns, err = p.signInRows(c, who.ID); err != nil {
		return err
	}
	return p.showAs(c, status, "account", d)
}

func (p *pages) signInRows(c echo.Context, admin int64) ([]web.SignInRow, error) {
	all, err := p.a.d.Administrators.SignIns(c.Request().Context(), admin, p.a.d.Sessions.Token(c.Request().Context()))
	if err != nil {
		return nil, err
	}
	out := make([]web.SignInRow, len(all))
	for i, s := range all {
		out[i] = web.SignInRow{ID: idText(s.ID), From: s.From, Browser: browserOf(s.Agent), Made: s.MadeAt, Seen: s.SeenAt, Ends: s.ExpiresAt, Current: s.Current}
	}
	return out, nil
}

// browserOf names a browser and its system by what it says of itself; what is
// not known stays, cut.
func browserOf(agent string) string {
	find := func(names ...string) string {
		for i := 0; i+1 < len(names); i += 2 {
			if strings.Contains(agent, names[i]) {
				return names[i+1]
			}
		}
		return ""
	}
	program := find("YaBrowser/", "Yandex Browser", "Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari")
	system := find("Windows", "Windows", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Mac OS", "macOS", "Linux", "Linux")
	switch {
	case program == "":
		return models.CutText(agent, 60)
	case system == "":
		return program
	}
	return program + ", " + system
}

func (p *pages) putAccount(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	_, err = p.a.d.Administrators.PutAdmin(c.Request().Context(), actorOf(c), adminOf(c).Login, models.AdminInput{Name: text(form, "name"), Lang: text(form, "lang")})
	if err != nil {
		f, err := p.wrong(c, form, err)
		if err != nil {
			return err
		}
		return p.showAccount(c, http.StatusUnprocessableEntity, f, web.Form{})
	}
	p.setCookie(c, cookieLang, "", -time.Second) // the account's is the later choice
	return p.done(c, "/admin/account", "Сохранено.", "Saved.", nil)
}

// putMyPassword ends all sign-ins of the person and begins a new one here.
func (p *pages) putMyPassword(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	who := adminOf(c)
	if form.Get("new") != form.Get("again") {
		err = models.InvalidField("again", "the two differ")
	} else {
		err = p.a.d.Administrators.ChangePassword(c.Request().Context(), actorOf(c), who.ID, form.Get("old"), form.Get("new"))
	}
	if err != nil {
		f, err := p.wrong(c, form, err)
		if err != nil {
			return err
		}
		return p.showAccount(c, http.StatusUnprocessableEntity, web.Form{}, f)
	}
	if err := p.a.beginSignIn(c, who); err != nil {
		return err
	}
	return p.done(c, "/admin/account", "Пароль изменён. Остальные сеансы завершены.", "The password is changed. All other sign-ins are ended.", nil)
}

// endMySignIns ends one of the person's sign-ins, or all: then this one too.
func (p *pages) endMySignIns(c echo.Context) error {
	form, err := typed(c)
	if err != nil {
		return err
	}
	who, id := adminOf(c), models.ParseID(form.Get("id"))
	if form.Get("id") != "all" && id == 0 {
		return models.Errorf(models.NotFound, "there is nothing with this id")
	}
	if err := p.a.d.Administrators.EndSignIns(c.Request().Context(), actorOf(c), who.ID, id); err != nil {
		return err
	}
	if id == 0 {
		if err := p.a.endSignIn(c); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, signInPath)
	}
	return p.done(c, "/admin/account", "Сеанс завершён.", "The sign-in is ended.", nil)
}
