package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// ackAnswer is one result of an acknowledgement.
type ackAnswer struct {
	ID     string `json:"id"`
	Rev    int    `json:"rev"`
	Result string `json:"result"`
}

// processed is PUT and POST /v1/notifications/{id}/processed: it settles one
// revision. A row that is not the user's is 404.
func (a *API) processed(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	ack := ackOf(f, c.Param("id"))
	ack.Session = f.str("session")
	if ack.Session != "" && !plain(ack.Session, 64) {
		f.fail("session", "must be 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	if err := f.err(); err != nil {
		return err
	}
	if ack.ID == 0 {
		return models.Errorf(models.NotFound, "no such notification")
	}
	results, err := a.d.Register.Acknowledge(c.Request().Context(), userOf(c).ID, []models.Ack{ack})
	if err != nil {
		return err
	}
	if len(results) == 0 || results[0].Result == models.AckNotFound {
		return models.Errorf(models.NotFound, "no such notification")
	}
	return writeJSON(c, http.StatusOK, ackAnswer{ID: results[0].ID, Rev: results[0].Rev, Result: results[0].Result})
}

// ackAll is POST /v1/notifications/ack-all: it settles every row whose last
// revision is not newer than the version the client has.
func (a *API) ackAll(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	version, session := f.required("version", maxVersion), f.str("session")
	if session != "" && !plain(session, 64) {
		f.fail("session", "must be 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	if err := f.err(); err != nil {
		return err
	}
	settled, err := a.d.Register.AckAll(c.Request().Context(), userOf(c).ID, version, session)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, map[string]int{"settled": settled})
}
