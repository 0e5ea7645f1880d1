package handlers

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// signInPath is where people sign in.
const signInPath = "/admin/sign-in"

// touchEvery is how often the time of a sign-in's last request is written.
const touchEvery = time.Minute

// signedIn lets in who has signed in and has the role; behind it callerOf and
// actorOf tell who it is, as they do for a token, and adminOf gives the
// administrator. Whoever is switched off is out within two seconds. Others are
// asked to sign in: a page by 303, a request of a script by 401, with
// HX-Redirect for htmx. The answer to a role that is too low is 403.
func (a *API) signedIn(role string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			admin, err := a.whoSignedIn(c)
			if err != nil {
				return err
			}
			if admin == nil {
				return askToSignIn(c)
			}
			setAdmin(c, admin)
			if !admin.May(role) {
				return models.Coded(models.Forbidden, "role", "this needs the role %s; yours is %s", role, admin.Role)
			}
			return next(c)
		}
	}
}

func setAdmin(c echo.Context, admin *models.Admin) {
	c.Set(keyAdmin, admin)
	c.Set(keyCaller, models.Caller{Token: &models.Token{Name: admin.Login, Scopes: []string{models.ScopeAdmin}}})
}

// whoSignedIn finds the active administrator of the request's cookie; nil:
// nobody. The request's context carries the session afterwards.
func (a *API) whoSignedIn(c echo.Context) (*models.Admin, error) {
	s := a.d.Sessions
	cookie, err := c.Cookie(s.Cookie.Name)
	if err != nil || cookie.Value == "" {
		return nil, nil
	}
	ctx, err := s.Load(c.Request().Context(), cookie.Value)
	if err != nil {
		return nil, fmt.Errorf("read a sign-in: %w", err)
	}
	id := s.GetInt64(ctx, models.SignInAdmin)
	if id == 0 || !s.Deadline(ctx).After(time.Now()) {
		return nil, nil
	}
	c.SetRequest(c.Request().WithContext(ctx))
	admin, err := a.d.Administrators.Admin(ctx, id)
	if models.IsNotFound(err) || err == nil && !admin.Active {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if background(c) {
		return &admin, nil
	}
	every := touchEvery
	if idle := a.d.AdminIdle; idle > 0 {
		every = min(every, idle/4)
	}
	if now := time.Now(); now.Sub(time.UnixMilli(s.GetInt64(ctx, models.SignInSeen))) >= every {
		s.Put(ctx, models.SignInSeen, now.UnixMilli())
		if _, _, err := s.Commit(ctx); err != nil { // the next request tries again
			a.log.WarnContext(ctx, "a sign-in could not be touched", "err", err)
		}
	}
	return &admin, nil
}

// background reports whether the page asks by itself, which is no sign of
// somebody in front of it: else an open page would never be idle.
func background(c echo.Context) bool {
	return c.Path() == "/admin/pulse" || c.Request().Method == http.MethodGet && c.Request().Header.Get("HX-Request") == "true"
}

// askToSignIn sends somebody to the sign-in page, and from there back.
func askToSignIn(c echo.Context) error {
	req := c.Request()
	to := signInPath
	if req.Method == http.MethodGet {
		to += "?next=" + url.QueryEscape(req.URL.RequestURI())
	} else if from, err := url.Parse(req.Referer()); err == nil && from.Host == req.Host { // what was typed is lost; the page that it was typed on is not
		to += "?next=" + url.QueryEscape(from.RequestURI())
	}
	if req.Header.Get("HX-Request") == "true" {
		if from, err := url.Parse(req.Header.Get("HX-Current-URL")); err == nil && from.Path != "" {
			to = signInPath + "?next=" + url.QueryEscape(from.RequestURI())
		}
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusUnauthorized)
	}
	if wantsJSON(c) {
		return models.Coded(models.Unauthorized, "sign_in", "sign in at %s", signInPath)
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// beginSignIn makes a new session for admin, whatever cookie the browser had,
// and gives the browser its cookie.
func (a *API) beginSignIn(c echo.Context, admin *models.Admin) error {
	s := a.d.Sessions
	ctx, err := s.Load(c.Request().Context(), "")
	if err != nil {
		return fmt.Errorf("begin a sign-in: %w", err)
	}
	if s.Exists(ctx, models.SignInAdmin) { // the session of a request behind signedIn
		if err := s.Destroy(ctx); err != nil {
			return fmt.Errorf("end the sign-in before: %w", err)
		}
	}
	if err := s.RenewToken(ctx); err != nil {
		return fmt.Errorf("begin a sign-in: %w", err)
	}
	now := time.Now().UnixMilli()
	s.Put(ctx, models.SignInAdmin, admin.ID)
	s.Put(ctx, models.SignInMade, now)
	s.Put(ctx, models.SignInSeen, now)
	s.Put(ctx, models.SignInFrom, models.CutText(c.RealIP(), 64))
	s.Put(ctx, models.SignInAgent, models.CutText(c.Request().UserAgent(), 256))
	token, expiry, err := s.Commit(ctx)
	if err != nil {
		return fmt.Errorf("store a sign-in: %w", err)
	}
	c.SetRequest(c.Request().WithContext(ctx))
	a.signInCookie(c, token, expiry)
	return nil
}

// endSignIn destroys the session behind signedIn and takes the cookie away.
func (a *API) endSignIn(c echo.Context) error {
	if err := a.d.Sessions.Destroy(c.Request().Context()); err != nil {
		return fmt.Errorf("end a sign-in: %w", err)
	}
	a.signInCookie(c, "", time.Unix(1, 0))
	return nil
}

// signInCookie sets the cookie; token "" takes it away. It goes over TLS only
// where the pages are reached that way.
func (a *API) signInCookie(c echo.Context, token string, expiry time.Time) {
	o := a.d.Sessions.Cookie
	cookie := &http.Cookie{Name: o.Name, //nolint:gosec // Secure wherever the pages are reached over TLS
		Value: token, Path: cmp.Or(o.Path, "/"), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: c.Request().TLS != nil || strings.HasPrefix(a.baseURL(c), "https://"), Expires: expiry.Add(time.Second)}
	if token == "" {
		cookie.MaxAge = -1
	}
	c.SetCookie(cookie)
}
