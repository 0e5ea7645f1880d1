package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// claimAnswer is a row after a claim or a release.
type claimAnswer struct {
	ID      string  `json:"id"`
	Rev     int     `json:"rev"`
	Session *string `json:"session"`
	LeaseS  int     `json:"lease_s"`
}

// claim is POST /v1/notifications/{id}/claim: a session takes a row before it
// opens it.
func (a *API) claim(c echo.Context) error { return a.seat(c, a.d.Register.Claim) }

// release is POST /v1/notifications/{id}/release: the session gives it back.
func (a *API) release(c echo.Context) error { return a.seat(c, a.d.Register.Release) }

func (a *API) seat(c echo.Context, do func(context.Context, int64, models.Claim) (models.Claimed, error)) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	in := models.Claim{ID: models.ParseID(digits(c.Param("id"))), Session: f.str("session")}
	switch {
	case in.Session == "":
		f.fail("session", "is required")
	case !plain(in.Session, 64):
		f.fail("session", "must be 1 to 64 of A-Z a-z 0-9 . _ -")
	}
	if f.has("rev") {
		in.Rev = f.intIn("rev", 1, 1, 1<<31-1)
	} else {
		f.fail("rev", "is required")
	}
	if err := f.err(); err != nil {
		return err
	}
	if in.ID == 0 {
		return models.Errorf(models.NotFound, "no such notification")
	}
	got, err := do(c.Request().Context(), userOf(c).ID, in)
	if err != nil {
		return err
	}
	out := claimAnswer{ID: idText(got.ID), Rev: got.Rev, Session: orNull(got.Session)}
	if got.Lease > 0 {
		out.LeaseS = wholeSeconds(got.Lease)
	}
	return writeJSON(c, http.StatusOK, out)
}
