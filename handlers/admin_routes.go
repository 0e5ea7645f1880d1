package handlers

import (
	"github.com/labstack/echo/v4"

	"zummer/models"
)

// registerSetup puts the set-up side on e: publishing, the CRM's
// synchronisation, administration and the pages. Each line says which scope it
// takes. Middleware stands at the routes, not at groups: an address that does
// not exist stays a 404 for everybody.
func (a *API) registerSetup(e *echo.Echo) {
	route := func(scope, method, path string, h echo.HandlerFunc) {
		e.Add(method, path, h, a.entry, a.auth(scope))
	}
	route(models.ScopePublish, "POST", "/v1/notifications", a.publish)

	route(models.ScopeSync, "POST", "/v1/sync/users", a.syncUsers)
	route(models.ScopeSync, "POST", "/v1/sync/users/:external_id/token", a.tokenForToday)
	route(models.ScopeSync, "PUT", "/v1/sync/contacts/:external_id", a.putContact)
	route(models.ScopeSync, "POST", "/v1/sync/contacts/:external_id", a.putContact)
	route(models.ScopeSync, "DELETE", "/v1/sync/contacts/:external_id", a.deleteContact)
	route(models.ScopeSync, "POST", "/v1/sync/contacts", a.importContacts)
	route(models.ScopeSync, "GET", "/v1/sync/calls", a.syncCalls)

	admin := func(method, path string, h echo.HandlerFunc) { route(models.ScopeAdmin, method, "/v1/admin"+path, h) }
	admin("GET", "/source-kinds", a.listSourceKinds)
	admin("GET", "/sources", a.listSources)
	admin("GET", "/sources/:slug", a.getSource)
	admin("PUT", "/sources/:slug", a.putSource)
	admin("POST", "/sources/:slug", a.putSource)
	admin("DELETE", "/sources/:slug", a.deleteSource)
	admin("POST", "/sources/:slug/rotate", a.rotateSource)
	admin("GET", "/sources/:slug/employees", a.employees)

	admin("GET", "/users", a.listUsers)
	admin("GET", "/users/:login", a.getUser)
	admin("PUT", "/users/:login", a.putUser)
	admin("POST", "/users/:login", a.putUser)
	admin("DELETE", "/users/:login", a.deleteUser)
	admin("GET", "/users/:login/sessions", a.listSessions)
	admin("GET", "/users/:login/tokens", a.listTokens)
	admin("POST", "/users/:login/tokens", a.newToken)
	admin("GET", "/tokens", a.listTokens)
	admin("POST", "/tokens", a.newToken)
	admin("GET", "/tokens/:id", a.getToken)
	admin("DELETE", "/tokens/:id", a.revokeToken)
	admin("GET", "/extensions", a.listExtensions)
	admin("GET", "/extensions/:source/:extension", a.getExtension)
	admin("PUT", "/extensions/:source/:extension", a.putExtension)
	admin("POST", "/extensions/:source/:extension", a.putExtension)
	admin("DELETE", "/extensions/:source/:extension", a.deleteExtension)
	admin("GET", "/extension-requests", a.listExtensionRequests)
	admin("DELETE", "/extension-requests/:source/:extension", a.refuseExtension)
	admin("GET", "/groups", a.listGroups)
	admin("GET", "/groups/:name", a.getGroup)
	admin("PUT", "/groups/:name", a.putGroup)
	admin("POST", "/groups/:name", a.putGroup)
	admin("DELETE", "/groups/:name", a.deleteGroup)

	admin("GET", "/rules", a.getRules)
	admin("PUT", "/rules", a.putRules)
	admin("POST", "/rules", a.putRules)
	admin("GET", "/rules/versions", a.listRuleVersions)
	admin("POST", "/rules/check", a.checkRules)
	admin("POST", "/rules/dry-run", a.dryRunRules)

	admin("GET", "/contacts", a.contactsByPhone)
	admin("GET", "/notifications", a.listNotifications)
	for _, action := range adminActions {
		admin("POST", "/notifications/:id/"+action, a.administrate(action))
	}
	admin("GET", "/notifications/:id/timeline", a.getTimeline)
	admin("GET", "/webhooks", a.listWebhooks)
	admin("GET", "/webhooks/:id", a.getWebhook)
	admin("GET", "/webhooks/:id/raw", a.getWebhookRaw)
	admin("POST", "/webhooks/:id/replay", a.replayWebhook)
	admin("GET", "/refused", a.listRefused)
	admin("GET", "/unrouted", a.listUnrouted)
	admin("GET", "/calls", a.listAllCalls)
	admin("GET", "/calls/:id", a.getAnyCall)
	admin("GET", "/calls/:id/recording", a.anyRecording)
	admin("GET", "/stats", a.getStats)
	admin("GET", "/audit", a.listAudit)

	a.registerPages(e)
}
