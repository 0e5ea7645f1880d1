package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// crossSite makes middleware that refuses a request which changes something
// and comes from a page of another site, where when says so; pages of trusted
// are no other site.
func crossSite(when func(*http.Request) bool, trusted ...string) echo.MiddlewareFunc {
	protection := http.NewCrossOriginProtection()
	for _, t := range trusted {
		if u, err := url.Parse(t); err == nil && u.Host != "" {
			_ = protection.AddTrustedOrigin(u.Scheme + "://" + u.Host) // not an origin: then it is not trusted
		}
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if when(c.Request()) && protection.Check(c.Request()) != nil {
				return models.Coded(models.Forbidden, "cross_origin", "this request came from a page of another site")
			}
			return next(c)
		}
	}
}

// always is when for pages: whoever sees them has a password in the browser.
func always(*http.Request) bool { return true }

// byPassword is when for /v1: a browser that knows the password of HTTP Basic
// sends it by itself, also for a form on somebody else's page. A bearer token
// it never sends by itself.
func byPassword(r *http.Request) bool {
	scheme, _, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	return strings.EqualFold(scheme, "Basic")
}
