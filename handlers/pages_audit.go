package handlers

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// Rows of the audit: on a page, and in a file at most.
const (
	pageAudit = 50
	fileAudit = 100_000
)

// auditQuery reads the filter.
func auditQuery(c echo.Context) models.AuditQuery {
	return models.AuditQuery{Who: models.CutText(c.QueryParam("who"), 128), What: models.CutText(c.QueryParam("what"), 64),
		Text: models.CutText(strings.TrimSpace(c.QueryParam("text")), 100), After: c.QueryParam("after"), Limit: pageAudit}
}

// auditURL is a page of the audit with the filter of q.
func auditURL(path string, q models.AuditQuery, after string) string {
	v := url.Values{}
	for name, s := range map[string]string{"who": q.Who, "what": q.What, "text": q.Text, "after": after} {
		if s != "" {
			v.Set(name, s)
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// audit tells who did what, the latest first.
func (p *pages) audit(c echo.Context) error {
	ctx, q := c.Request().Context(), auditQuery(c)
	d := web.AuditPage{Frame: p.frame(c, "audit", "Кто что менял", "Audit"), Text: q.Text, Narrowed: q.Who+q.What+q.Text != "", Later: q.After != "", CSV: auditURL("/admin/audit.csv", q, "")}
	who, err := p.a.d.Journal.AuditWho(ctx)
	if err != nil {
		return err
	}
	for _, w := range who {
		d.People = append(d.People, web.Option{Value: w, Text: w, Chosen: w == q.Who})
	}
	for _, w := range web.AuditKinds() {
		d.What = append(d.What, web.Option{Value: w, Text: web.AuditIn(d.Lang, w), Chosen: w == q.What})
	}
	rows, next, err := p.a.d.Journal.AuditList(ctx, q)
	if err != nil {
		return err
	}
	for _, e := range rows {
		d.Rows = append(d.Rows, web.AuditRow{At: e.At, Who: e.Who, From: e.From, What: e.What, Object: e.Object, Detail: e.Detail})
	}
	if next != "" {
		d.More = auditURL("/admin/audit", q, next)
	}
	return p.show(c, "audit", d)
}

// auditCSV is the audit as a file, as narrowed on the page.
func (p *pages) auditCSV(c echo.Context) error {
	ctx, q, f := c.Request().Context(), auditQuery(c), p.frame(c, "", "", "")
	q.After, q.Limit = "", 1000
	rows, next, err := p.a.d.Journal.AuditList(ctx, q) // what fails at once is still a page
	if err != nil {
		return err
	}
	row, done := csvFile(c, "zummer-audit.csv", f.T("время", "time"), f.T("кто", "who"), f.T("откуда", "from"), f.T("что", "what"), f.T("объект", "object"), f.T("подробности", "detail"))
	for n := 0; ; {
		for _, e := range rows {
			if err := row(e.At.In(p.zone()).Format("2006-01-02 15:04:05"), f.Text(e.Who), e.From, e.What, f.Text(e.Object), f.Text(e.Detail)); err != nil {
				return err
			}
		}
		if n += len(rows); next == "" || n >= fileAudit {
			return done()
		}
		q.After = next
		if rows, next, err = p.a.d.Journal.AuditList(ctx, q); err != nil {
			return err
		}
	}
}
