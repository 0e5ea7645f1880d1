package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// otherSite makes a check that refuses a request which changes something and
// comes from a page of another site; pages of trusted are no other site.
func otherSite(trusted ...string) func(*http.Request) error {
	protection := http.NewCrossOriginProtection()
	for _, t := range trusted {
		if u, err := url.Parse(t); err == nil && u.Host != "" {
			_ = protection.AddTrustedOrigin(u.Scheme + "://" + u.Host) // not an origin: then it is not trusted
		}
	}
	return func(r *http.Request) error {
		if protection.Check(r) != nil {
			return models.Coded(models.Forbidden, "cross_origin", "this request came from a page of another site")
		}
		return nil
	}
}

// samePages is otherSite as middleware for pages: whoever sees them has a
// password in the browser.
func samePages(trusted ...string) echo.MiddlewareFunc {
	check := otherSite(trusted...)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := check(c.Request()); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// sameSite refuses what a page of another site makes a browser change in /v1.
// A browser that knows the password of HTTP Basic sends it by itself, also for
// a form on somebody else's page. A bearer token it never sends by itself.
func (a *API) sameSite(r *http.Request) error {
	if !byPassword(r) {
		return nil
	}
	if r.Method == http.MethodGet && acknowledges(r) {
		changing := *r // a poll by GET changes something when it acknowledges
		changing.Method = http.MethodPost
		r = &changing
	}
	return a.otherSite(r)
}

func byPassword(r *http.Request) bool {
	scheme, _, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	return strings.EqualFold(scheme, "Basic")
}

func acknowledges(r *http.Request) bool {
	q := r.URL.Query()
	return q.Has("ack") || q.Has("ack[]")
}
