package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// signIn is the page that asks for login and password. Who has signed in is
// sent on.
func (p *pages) signIn(c echo.Context) error {
	who, err := p.a.whoSignedIn(c)
	if err != nil {
		return err
	}
	next := afterSignIn(c.QueryParam("next"))
	if who != nil {
		return c.Redirect(http.StatusSeeOther, next)
	}
	return p.show(c, "sign_in", web.SignInPage{Frame: p.frame(c, "", "Вход", "Sign in"), Next: next})
}

// afterSignIn is where a sign-in leads: not to itself.
func afterSignIn(next string) string {
	if next = ourPath(next); strings.HasPrefix(next, signInPath) || strings.HasPrefix(next, "/admin/sign-out") || strings.HasPrefix(next, "/admin/pulse") {
		return "/admin/"
	}
	return next
}

// trySignIn checks what was typed. A new session is made, whatever cookie the
// browser came with.
func (p *pages) trySignIn(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	next := afterSignIn(form.Get("next"))
	admin, err := p.a.d.Administrators.SignIn(c.Request().Context(), models.CutText(form.Get("login"), 256), form.Get("password"), c.RealIP())
	if err != nil {
		own := publicError(err)
		if own == nil && models.KindOf(err) != models.Unauthorized {
			return err
		}
		d := web.SignInPage{Frame: p.frame(c, "", "Вход", "Sign in"), Next: next, Login: models.CutText(form.Get("login"), 64)}
		status := http.StatusUnauthorized
		d.Error = d.T("Логин или пароль неверны.", "The login or the password is wrong.")
		if own != nil {
			status, _ = statusOf(own.Kind)
			d.Error = web.ErrorIn(d.Lang, own.Message)
			if own.Retry > 0 {
				d.Wait = wholeSeconds(own.Retry)
				c.Response().Header().Set("Retry-After", strconv.Itoa(d.Wait))
			}
		}
		if own != nil && own.Kind == models.TooMany {
			d.Error = d.T("Слишком много неудачных попыток. Подождите ", "Too many failed attempts. Wait ") + strconv.Itoa(d.Wait) + d.T(" с и попробуйте снова.", " s and try again.")
		}
		return p.showAs(c, status, "sign_in", d)
	}
	if _, err := p.a.whoSignedIn(c); err != nil { // the browser's session before, to be ended
		return err
	}
	if err := p.a.beginSignIn(c, &admin); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, next)
}

// signOut ends this browser's session.
func (p *pages) signOut(c echo.Context) error {
	who, err := p.a.whoSignedIn(c)
	if err != nil {
		return err
	}
	if who != nil {
		setAdmin(c, who)
		if err := p.a.endSignIn(c); err != nil {
			return err
		}
		if err := p.a.d.Administrators.SignOut(c.Request().Context(), actorOf(c)); err != nil {
			return err
		}
	}
	return c.Redirect(http.StatusSeeOther, signInPath)
}
