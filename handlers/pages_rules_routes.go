package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// registerRules puts rules, contacts and the overview on e.
func (p *pages) registerRules(add func(role, method, path string, h echo.HandlerFunc)) {
	p.over.began = time.Now()
	add(models.RoleViewer, "GET", "/overview", p.overview)
	add(models.RoleViewer, "GET", "/rules", p.rules)
	add(models.RoleAdmin, "POST", "/rules/move", p.moveRule)
	add(models.RoleViewer, "GET", "/rules/rule", p.rule)
	add(models.RoleAdmin, "POST", "/rules/rule", p.saveRule)
	add(models.RoleViewer, "GET", "/rules/text", p.rulesJSON)
	add(models.RoleAdmin, "POST", "/rules/text", p.saveJSON)
	add(models.RoleViewer, "GET", "/rules/versions", p.ruleVersions)
	add(models.RoleViewer, "GET", "/rules/versions/:version", p.ruleVersion)
	add(models.RoleAdmin, "POST", "/rules/versions/:version", p.bringBack)
	add(models.RoleViewer, "GET", "/rules/try", p.tryRules)
	add(models.RoleOperator, "POST", "/rules/try", p.runRules)
	add(models.RoleViewer, "GET", "/contacts", p.contacts)
	add(models.RoleAdmin, "GET", "/contacts/new", p.editContact)
	add(models.RoleAdmin, "POST", "/contacts/new", p.putContactPage)
	add(models.RoleAdmin, "GET", "/contacts/import", p.importPage)
	add(models.RoleAdmin, "POST", "/contacts/import", p.importFile)
	add(models.RoleAdmin, "POST", "/contacts/import/refused.csv", p.refusedCSV)
	add(models.RoleAdmin, "GET", "/contacts/contacts.csv", p.exportCSV)
	add(models.RoleAdmin, "GET", "/contacts/contacts.ndjson", p.exportLines)
	add(models.RoleViewer, "GET", "/contacts/:id", p.contact)
	add(models.RoleAdmin, "GET", "/contacts/:id/edit", p.editContact)
	add(models.RoleAdmin, "POST", "/contacts/:id/edit", p.putContactPage)
	add(models.RoleAdmin, "POST", "/contacts/:id/delete", p.dropContact)
}
