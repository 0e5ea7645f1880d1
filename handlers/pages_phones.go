package handlers

import (
	"github.com/labstack/echo/v4"

	"zummer/models"
)

// registerPhones puts the pages about the telephones on the surface: who is on
// the line, calls, what the PBXs sent, extensions without an owner, and the
// sources.
func (p *pages) registerPhones(add func(role, method, path string, h echo.HandlerFunc)) {
	const viewer, operator, admin = models.RoleViewer, models.RoleOperator, models.RoleAdmin
	add(viewer, "GET", "/live", p.live)
	add(viewer, "GET", "/calls", p.calls)
	add(viewer, "GET", "/calls.csv", p.callsCSV)
	add(viewer, "GET", "/calls/:id", p.call)
	add(operator, "GET", "/calls/:id/recording", p.callSound)
	add(viewer, "GET", "/webhooks", p.webhooks)
	add(viewer, "GET", "/webhooks/:id", p.webhook)
	add(operator, "POST", "/webhooks/:id/replay", p.replay)
	add(viewer, "GET", "/unrouted", p.unrouted)
	add(operator, "POST", "/unrouted/map", p.mapExtension)
	add(operator, "POST", "/unrouted/refuse", p.refuseRequest)
	add(viewer, "GET", "/sources", p.sources)
	add(admin, "POST", "/sources", p.makeSource)
	add(admin, "GET", "/new-source", p.newSource)
	add(viewer, "GET", "/sources/:slug", p.source)
	add(admin, "POST", "/sources/:slug", p.editSource)
	add(admin, "POST", "/sources/:slug/active", p.switchSource)
	add(admin, "POST", "/sources/:slug/rotate", p.turnSource)
	add(admin, "POST", "/sources/:slug/delete", p.dropSource)
	add(operator, "POST", "/sources/:slug/test", p.testSource)
	add(viewer, "GET", "/guides/:kind/:file", p.guideFile)
}
