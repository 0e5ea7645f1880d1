package handlers

import "github.com/labstack/echo/v4"

// listSessions is GET /v1/admin/users/{login}/sessions: the clients that polled
// for a user in the last day, newest first.
func (a *API) listSessions(c echo.Context) error {
	u, err := a.userOfPath(c)
	if err != nil {
		return err
	}
	return writePage(c, a.meOf(u).Sessions, "")
}
