package handlers

import (
	"cmp"
	"net/http"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// meAnswer is the token's user with what is known of the user's clients.
type meAnswer struct {
	Login      string           `json:"login"`
	ExternalID *string          `json:"external_id"`
	Name       string           `json:"name"`
	PopOn      string           `json:"pop_on"`
	Quiet      bool             `json:"quiet"`
	Timezone   *string          `json:"timezone"`
	Extensions []myExtension    `json:"extensions"`
	Asked      []askedExtension `json:"asked"`
	Sessions   []sessionAnswer  `json:"sessions"`
}

type extensionAnswer struct {
	Source string `json:"source"`
	Number string `json:"number"`
}

type sessionAnswer struct {
	Session  string  `json:"session"`
	Client   *string `json:"client"`
	LastPoll string  `json:"last_poll"`
	Waiting  bool    `json:"waiting"`
	Busy     bool    `json:"busy"`
}

// getMe is GET /v1/me.
func (a *API) getMe(c echo.Context) error {
	return writeJSON(c, http.StatusOK, a.meOf(userOf(c)))
}

// patchMe is PATCH and POST /v1/me: what pops up, and whether forms open.
func (a *API) patchMe(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	popOn, quiet := f.optStr("pop_on"), f.optBool("quiet")
	if popOn != nil && *popOn != models.PopAnswered && *popOn != models.PopRinging && *popOn != models.PopNever {
		f.fail("pop_on", "must be answered, ringing or never")
	}
	if err := f.err(); err != nil {
		return err
	}
	user, err := a.d.Setup.PatchMe(c.Request().Context(), userOf(c).ID, popOn, quiet)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, a.meOf(&user))
}

func (a *API) meOf(u *models.User) meAnswer {
	out := meAnswer{
		Login: u.Login, ExternalID: orNull(u.ExternalID), Name: u.Name, PopOn: cmp.Or(u.PopOn, models.PopAnswered), Quiet: u.Quiet,
		Timezone: orNull(u.Timezone), Extensions: myExtensions(a.d.Setup.Directory(), u.ID), Asked: askedBy(a.d.Setup.Directory(), u.ID), Sessions: []sessionAnswer{},
	}
	for _, s := range a.d.Register.Sessions(u.ID) {
		out.Sessions = append(out.Sessions, sessionAnswer{Session: s.Name, Client: orNull(s.Client), LastPoll: s.LastPoll.UTC().Format(timeLayout), Waiting: s.Waiting, Busy: s.Busy})
	}
	return out
}
