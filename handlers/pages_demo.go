package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// Demo is what the demonstration's sample CRM needs. It shows tokens to whoever
// can reach it: set it only for `zummer demo`, whose database is thrown away.
type Demo struct {
	Users []DemoUser
	Ring  string // a curl line that rings somebody; "": none
	Hook  string // path of the generic hook that the page's own call goes to; "": no such button
	CRM   DemoCRM
}

// DemoUser is somebody the page can play.
type DemoUser struct {
	Login     string
	Name      string // shown; may be Login
	Token     string // of scope poll
	Extension string // that rings at the user; "": none
}

// DemoCRM holds the clients and interests of the sample CRM, and tells the
// register of each change as a CRM's server does. nil: the page has only what
// notifications say.
type DemoCRM interface {
	Contacts() []models.ContactInput
	// Begin opens an interest for the client, or for a new one of this phone
	// when id is "".
	Begin(ctx context.Context, id, name, phone, topic, responsible string) (models.ContactInput, models.Object, error)
	// Settle closes an interest. An unknown uid is NotFound.
	Settle(ctx context.Context, uid string) error
}

// registerDemo puts the sample CRM on e.
func (p *pages) registerDemo(e *echo.Echo, sameSite echo.MiddlewareFunc) {
	e.GET("/demo", p.demo, p.a.entry, p.head)
	e.GET("/demo/", p.demo, p.a.entry, p.head)
	e.GET("/demo/:file", p.demoFile, p.a.entry, p.head)
	e.GET("/demo/contacts.json", p.demoContacts, p.a.entry, p.head)
	e.POST("/demo/interests", p.demoBegin, p.a.entry, p.head, sameSite)
	e.POST("/demo/interests/:uid/settle", p.demoSettle, p.a.entry, p.head, sameSite)
}

// demo is the sample CRM's only page.
func (p *pages) demo(c echo.Context) error {
	l := p.lang(c)
	d := web.DemoPage{Lang: l, Version: p.a.d.Version, Other: "/demo?lang=" + string(web.Frame{Lang: l}.Other()), Ring: p.a.d.Demo.Ring, Hook: p.a.d.Demo.Hook}
	for _, u := range p.a.d.Demo.Users {
		d.Users = append(d.Users, web.DemoUser(u))
	}
	body, err := p.web.Demo(d)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, typeHTML, body)
}

// demoFile serves a file under the name that its modules import it by; the
// browser asks each time whether it is still the same.
func (p *pages) demoFile(c echo.Context) error {
	f, ok := p.web.DemoAsset(pathParam(c, "file"))
	if !ok {
		return models.Errorf(models.NotFound, "no such file")
	}
	sum := sha256.Sum256(f.Body)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h := c.Response().Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", tag)
	if strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return respond(c, http.StatusOK, f.Type, f.Body)
}

// demoContact is a client as the sample CRM's page has it.
type demoContact struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Phones      []string     `json:"phones"`
	Responsible string       `json:"responsible"`
	Client      *demoObject  `json:"client"`
	Interests   []demoObject `json:"interests"`
}

type demoObject struct {
	UID   string `json:"uid"`
	Title string `json:"title"`
}

func demoContactOf(in models.ContactInput) demoContact {
	out := demoContact{ID: in.ExternalID, Name: in.Name, Phones: in.Phones, Responsible: in.Responsible, Interests: []demoObject{}}
	if in.Client != nil {
		out.Client = &demoObject{UID: in.Client.UID, Title: in.Client.Title}
	}
	for _, o := range in.Interests {
		out.Interests = append(out.Interests, demoObject{UID: o.UID, Title: o.Title})
	}
	return out
}

func (p *pages) demoContacts(c echo.Context) error {
	list := []demoContact{}
	if p.a.d.Demo.CRM != nil {
		for _, in := range p.a.d.Demo.CRM.Contacts() {
			list = append(list, demoContactOf(in))
		}
	}
	return writeJSON(c, http.StatusOK, map[string]any{"items": list})
}

// demoBegin is the end of the wizard: a new interest, of a new client perhaps.
func (p *pages) demoBegin(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	id, name, phone, topic, who := f.str("client"), f.required("name", 128), f.str("phone"), f.required("topic", 128), f.str("responsible")
	if err := f.err(); err != nil {
		return err
	}
	if p.a.d.Demo.CRM == nil {
		return models.Errorf(models.NotFound, "this demonstration has no CRM of its own")
	}
	contact, interest, err := p.a.d.Demo.CRM.Begin(c.Request().Context(), id, name, phone, topic, who)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusCreated, map[string]any{"contact": demoContactOf(contact), "interest": demoObject{UID: interest.UID, Title: interest.Title}})
}

func (p *pages) demoSettle(c echo.Context) error {
	if p.a.d.Demo.CRM == nil {
		return models.Errorf(models.NotFound, "this demonstration has no CRM of its own")
	}
	if err := p.a.d.Demo.CRM.Settle(c.Request().Context(), pathParam(c, "uid")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
