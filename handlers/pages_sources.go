package handlers

import (
	"cmp"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
	"zummer/web"
)

// sources lists the connections with how they fare.
func (p *pages) sources(c echo.Context) error {
	d := web.SourcesPage{Frame: p.frame(c, "sources", "Источники", "Sources")}
	health, err := p.a.d.Journal.SourceHealth(c.Request().Context(), d.Now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	last, _ := p.a.Refused()
	for _, o := range n.sourceOptions("") {
		s := n.d.SourceBySlug(o.Value)
		d.Rows = append(d.Rows, n.sourceRow(s, health[s.ID], last))
	}
	return p.show(c, "sources", d)
}

func (n names) sourceRow(s *models.Source, h models.SourceHealth, refused []Refusal) web.SourceRow {
	row := web.SourceRow{Slug: s.Slug, Name: cmp.Or(s.Name, s.Slug), Kind: s.Kind, KindName: s.Kind, Active: s.Active, Rotating: s.OldTokenHash != "", Last: h.Last, Webhooks: h.Webhooks, Failed: h.Failed, Group: n.group(s.GroupID)}
	if a, ok := pbx.Lookup(s.Kind); ok {
		row.KindName = a.Info().Name
	}
	for _, r := range refused {
		if r.Source == s.Slug {
			row.Refused++
		}
	}
	return row
}

// textIn is a text of a kind in the page's language.
func textIn(l web.Lang, t pbx.Text) string {
	if l == web.English {
		return t.EN
	}
	return t.RU
}

// newSource is the choice of a kind, and the form for it.
func (p *pages) newSource(c echo.Context) error {
	kind := c.QueryParam("kind")
	if kind == "" {
		return p.kinds(c)
	}
	a, ok := pbx.Lookup(kind)
	if !ok {
		return models.Errorf(models.NotFound, "no kind %q", models.CutText(kind, 80))
	}
	return p.showNewSource(c, http.StatusOK, a.Info(), url.Values{"slug": {p.freeSlug(kind)}, "active": {"on"}}, nil)
}

// freeSlug is a name for a new source that no other has.
func (p *pages) freeSlug(kind string) string {
	slug, dir := kind, p.a.d.Setup.Directory()
	for i := 2; dir.SourceBySlug(slug) != nil; i++ {
		slug = kind + "-" + idText(int64(i))
	}
	return slug
}

func (p *pages) kinds(c echo.Context) error {
	d := web.KindsPage{Frame: p.frame(c, "sources", "Подключить АТС", "Connect a PBX"), Search: models.CutText(strings.TrimSpace(c.QueryParam("q")), 60)}
	for _, k := range pbx.Kinds() {
		i := k.Info()
		row := web.KindRow{Kind: i.Kind, Name: i.Name, Text: textIn(d.Lang, i.Description)}
		if d.Search == "" || strings.Contains(strings.ToLower(row.Kind+" "+row.Name+" "+row.Text), strings.ToLower(d.Search)) {
			d.Kinds = append(d.Kinds, row)
		}
	}
	return p.show(c, "kinds", d)
}

func (p *pages) showNewSource(c echo.Context, status int, info pbx.Info, values url.Values, wrong *models.Error) error {
	d := web.NewSourcePage{Frame: p.frame(c, "sources", "Подключить: "+info.Name, "Connect: "+info.Name)}
	d.About, d.Guide = textIn(d.Lang, info.Description), p.guide(d.Lang, info, "")
	d.Form = p.sourceForm(d.Frame, info, nil, values, wrong)
	return p.showAs(c, status, "source_new", d)
}

// makeSource makes a source of the form. One that exists is not replaced.
func (p *pages) makeSource(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	a, ok := pbx.Lookup(form.Get("kind"))
	if !ok {
		return models.Errorf(models.NotFound, "no kind %q", models.CutText(form.Get("kind"), 80))
	}
	info, slug := a.Info(), strings.TrimSpace(form.Get("slug"))
	if p.a.d.Setup.Directory().SourceBySlug(slug) != nil {
		return p.showNewSource(c, http.StatusUnprocessableEntity, info, form, models.InvalidField("slug", "is taken by another source"))
	}
	if own := missingAgain(form); own != nil {
		return p.showNewSource(c, http.StatusUnprocessableEntity, info, form, own)
	}
	in := sourceInput(info, nil, form)
	in.Kind = &info.Kind
	s, err := p.a.d.Setup.PutSource(c.Request().Context(), actorOf(c), slug, in)
	if own := publicError(err); own != nil {
		return p.showNewSource(c, http.StatusUnprocessableEntity, info, form, own)
	}
	return p.done(c, "/admin/sources/"+url.PathEscape(s.Slug), "Источник создан. Осталось вставить его адрес в настройки АТС.", "The source is made. What is left is to paste its address into the PBX.", err)
}

// source is one source with all that can be done to it.
func (p *pages) source(c echo.Context) error {
	s, err := p.a.sourceOf(c, "slug")
	if err != nil {
		return err
	}
	return p.showSource(c, http.StatusOK, s, nil, nil)
}

// showSource shows a source; values are what somebody typed, nil: what is stored.
func (p *pages) showSource(c echo.Context, status int, s *models.Source, values url.Values, wrong *models.Error) error {
	d := web.SourcePage{Frame: p.frame(c, "sources", "Источник ", "Source ")}
	d.Title += cmp.Or(s.Name, s.Slug)
	health, err := p.a.d.Journal.SourceHealth(c.Request().Context(), d.Now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	last, _ := p.a.Refused()
	d.Row, d.Refused = n.sourceRow(s, health[s.ID], last), refusedRows(last, s.Slug)
	info := pbx.Info{Kind: s.Kind, Name: s.Kind}
	if a, ok := pbx.Lookup(s.Kind); ok {
		info = a.Info()
	}
	d.About, d.Networks, d.Can = textIn(d.Lang, info.Description), info.Networks, abilities(d.Lang, info.Capabilities)
	if d.May(models.RoleAdmin) {
		d.URL = p.a.baseURL(c) + "/hooks/" + s.Slug + "/" + s.Token
		d.URLWarning = hookWarning(d.Frame, d.URL)
	}
	d.Guide = p.guide(d.Lang, info, d.URL)
	if values == nil {
		values = filled(n.sourceValues(info, s))
	}
	d.Form = p.sourceForm(d.Frame, info, s, values, wrong)
	if err := p.testPart(c, n, s, &d); err != nil {
		return err
	}
	return p.showAs(c, status, "source", d)
}

// editSource stores the form. Secrets that were left empty stay.
func (p *pages) editSource(c echo.Context) error {
	s, err := p.a.sourceOf(c, "slug")
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return models.Errorf(models.Malformed, "the form cannot be read")
	}
	info := pbx.Info{Kind: s.Kind}
	if a, ok := pbx.Lookup(s.Kind); ok {
		info = a.Info()
	}
	if own := missingAgain(form); own != nil {
		return p.showSource(c, http.StatusUnprocessableEntity, s, form, own)
	}
	if err = movedOn(form, names{p.a.d.Setup.Directory()}.sourceValues(info, s)); err == nil {
		_, err = p.a.d.Setup.PutSource(c.Request().Context(), actorOf(c), s.Slug, sourceInput(info, s, form))
	}
	if own := publicError(err); own != nil {
		return p.showSource(c, http.StatusUnprocessableEntity, s, form, own)
	}
	return p.done(c, sourcePath(s), "Сохранено.", "Saved.", err)
}

func sourcePath(s *models.Source) string { return "/admin/sources/" + url.PathEscape(s.Slug) }

// switchSource turns a source on or off; all else stays.
func (p *pages) switchSource(c echo.Context) error {
	s, err := p.a.sourceOf(c, "slug")
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	group, on := n.group(s.GroupID), c.FormValue("active") == "on"
	_, err = p.a.d.Setup.PutSource(c.Request().Context(), actorOf(c), s.Slug, models.SourceInput{Name: &s.Name, Timezone: &s.Timezone, Region: &s.Region, Group: &group, LineGroup: &s.LineGroup, LineRank: s.LineRank,
		Outgoing: &s.Outgoing, Active: &on})
	if on {
		return p.done(c, sourcePath(s), "Источник включён.", "The source is switched on.", err)
	}
	return p.done(c, sourcePath(s), "Источник выключен: его запросы отклоняются.", "The source is switched off: its requests are refused.", err)
}

// turnSource gives a source a new address beside the present one.
func (p *pages) turnSource(c echo.Context) error {
	s, err := p.a.sourceOf(c, "slug")
	if err != nil {
		return err
	}
	_, err = p.a.d.Setup.RotateSource(c.Request().Context(), actorOf(c), s.Slug)
	return p.done(c, sourcePath(s), "Новый адрес готов. Прежний работает до следующей смены.", "The new address is ready. The one before works until the next change.", err)
}

// dropSource deletes a source, once its name was typed.
func (p *pages) dropSource(c echo.Context) error {
	s, err := p.a.sourceOf(c, "slug")
	if err != nil {
		return err
	}
	if strings.TrimSpace(c.FormValue("confirm")) != s.Slug {
		return p.done(c, sourcePath(s), "", "", models.InvalidField("confirm", "type the short name of the source: %s", s.Slug))
	}
	err = p.a.d.Setup.DeleteSource(c.Request().Context(), actorOf(c), s.Slug)
	if err != nil {
		return p.done(c, sourcePath(s), "", "", err)
	}
	return p.done(c, "/admin/sources", "Источник «"+s.Slug+"» удалён.", "The source “"+s.Slug+"” is deleted.", nil)
}

// guide reads what to enter where for a kind.
func (p *pages) guide(l web.Lang, info pbx.Info, hook string) web.Guide {
	if p.a.d.Guides == nil {
		return web.Guide{}
	}
	text, err := fs.ReadFile(p.a.d.Guides, "pbx/"+info.Kind+".md")
	if err != nil {
		return web.Guide{} // a kind without a document has none to show
	}
	return web.GuideOf(l, string(text), info.Kind, hook)
}

// guideFile gives out a file that a guide refers to.
func (p *pages) guideFile(c echo.Context) error {
	kind, file := pathParam(c, "kind"), pathParam(c, "file")
	name := "pbx/" + kind + "/" + file
	if p.a.d.Guides == nil || !fs.ValidPath(name) || strings.Count(name, "/") != 2 {
		return models.Errorf(models.NotFound, "no such file")
	}
	body, err := fs.ReadFile(p.a.d.Guides, name)
	if err != nil {
		return models.Errorf(models.NotFound, "no such file")
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' {
			return '_'
		}
		return r
	}, file)+`"`)
	return respond(c, http.StatusOK, "application/octet-stream", body)
}

// abilities are what a kind can tell, in words.
func abilities(l web.Lang, k pbx.Capabilities) []web.Ability {
	f := web.Frame{Lang: l}
	all := []struct {
		text string
		has  pbx.Capability
	}{
		{f.T("кто звонит", "who rings"), k.Ringing}, {f.T("кто ответил", "who answered"), k.Answered}, {f.T("пропущенные", "missed calls"), k.Missed},
		{f.T("конец звонка", "the end of a call"), k.Ended}, {f.T("переводы", "transfers"), k.Transfer}, {f.T("исходящие", "outgoing calls"), k.Outgoing},
		{f.T("записи", "recordings"), k.Recording}, {f.T("имя звонящего на телефоне", "the caller's name on the phone"), k.Lookup}, {f.T("подписанные запросы", "signed requests"), k.Signed},
		{f.T("список сотрудников", "a list of people"), k.Employees}, {f.T("звонок из CRM", "calls placed from the CRM"), k.Dial},
	}
	var out []web.Ability
	for _, a := range all {
		if a.has != "" {
			out = append(out, web.Ability{Text: a.text, Answer: string(a.has)})
		}
	}
	return slices.Clip(out)
}

// hookWarning says why a PBX may not come to an address; "": nothing is wrong.
func hookWarning(f web.Frame, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	ip, err := netip.ParseAddr(u.Hostname())
	switch {
	case u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || err == nil && (ip.IsLoopback() || ip.IsUnspecified()):
		return f.T("По этому адресу службу видит только этот компьютер. Если АТС не на нём, задайте в ZUMMER_PUBLIC_URL адрес, по которому она доступна АТС.", "At this address only this computer sees the service. Unless the PBX runs on it, set ZUMMER_PUBLIC_URL to the address at which the PBX reaches it.")
	case u.Scheme == "http":
		return f.T("Адрес без TLS (http): секрет и номера идут открыто, а облачные АТС его могут не принять. Задайте в ZUMMER_PUBLIC_URL адрес с https.", "The address is without TLS (http): the secret and the numbers travel in the open, and cloud PBXs may refuse it. Set ZUMMER_PUBLIC_URL to an https address.")
	}
	return ""
}
