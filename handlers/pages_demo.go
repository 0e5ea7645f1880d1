package handlers

import (
	"github.com/labstack/echo/v4"

	"zummer/web"
)

// Demo is what the demonstration's page needs. It shows tokens to whoever can
// reach it: set it only for `zummer demo`, whose database is thrown away.
type Demo struct {
	Users []DemoUser
	Ring  string // a curl line that rings somebody; "": none
	Hook  string // path of the generic hook that the page's own call goes to; "": no such button
}

// DemoUser is somebody the page can play.
type DemoUser struct {
	Login     string
	Name      string // shown; may be Login
	Token     string // of scope poll
	Extension string // that rings at the user; "": none
}

// demo is the page that plays one user's client.
func (p *pages) demo(c echo.Context) error {
	l := p.lang(c)
	w := web.WordsOf(l)
	d := web.DemoPage{
		OldFrame: web.OldFrame{Lang: l, W: w, Version: p.a.d.Version, Title: w.Demo, Other: "/demo?lang=" + string(web.Frame{Lang: l}.Other()), Script: "demo.js"}, PollURL: "/v1/notifications/poll", Ring: p.a.d.Demo.Ring, Hook: p.a.d.Demo.Hook,
	}
	for _, u := range p.a.d.Demo.Users {
		d.Users = append(d.Users, web.DemoUser(u))
	}
	return p.show(c, "demo", d)
}
