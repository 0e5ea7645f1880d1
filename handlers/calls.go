package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// callAnswer is one call of the call log.
type callAnswer struct {
	ID             string      `json:"id"`
	Conversation   string      `json:"conversation"`
	Source         *string     `json:"source"`
	Key            string      `json:"key"`
	State          string      `json:"state"`
	Direction      string      `json:"direction"`
	Phone          *string     `json:"phone"`
	Hidden         bool        `json:"hidden"`
	Name           *string     `json:"name"`
	DID            *string     `json:"did"`
	StartedAt      *string     `json:"started_at"`
	AnsweredAt     *string     `json:"answered_at"`
	EndedAt        *string     `json:"ended_at"`
	TalkS          *int        `json:"talk_s"`
	Missed         bool        `json:"missed"`
	AnsweredBy     *string     `json:"answered_by"`
	AnsweredByName *string     `json:"answered_by_name"`
	Recording      bool        `json:"recording"`
	Legs           []legAnswer `json:"legs"`
}

type legAnswer struct {
	Extension   string  `json:"extension"`
	N           int     `json:"n"`
	User        *string `json:"user"`
	UserName    *string `json:"user_name"`
	State       string  `json:"state"`
	RangAt      *string `json:"rang_at"`
	AnsweredAt  *string `json:"answered_at"`
	EndedAt     *string `json:"ended_at"`
	Reason      *string `json:"reason"`
	ToExtension *string `json:"to_extension"`
}

// calls is GET /v1/calls: the user's own, newest first.
func (a *API) calls(c echo.Context) error {
	f := queryFields(c)
	q := models.CallQuery{User: userOf(c).ID, After: f.str("after"), Limit: limitOf(f)}
	if err := f.err(); err != nil {
		return err
	}
	calls, next, err := a.d.Journal.Calls(c.Request().Context(), q)
	if err != nil {
		return err
	}
	return writePage(c, callAnswers(a.d.Setup.Directory(), calls), next)
}

// call is GET /v1/calls/{id}; another user's call is 404.
func (a *API) call(c echo.Context) error {
	id := models.ParseID(c.Param("id"))
	if id == 0 {
		return models.Errorf(models.NotFound, "no such call")
	}
	got, err := a.d.Journal.Call(c.Request().Context(), userOf(c).ID, id)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, callAnswerOf(a.d.Setup.Directory(), &got))
}

func callAnswers(d *models.Directory, calls []models.Call) []callAnswer {
	out := make([]callAnswer, len(calls))
	for i := range calls {
		out[i] = callAnswerOf(d, &calls[i])
	}
	return out
}

// callAnswerOf names sources and users the way people do. talk_s is null until
// an answered call has ended.
func callAnswerOf(d *models.Directory, c *models.Call) callAnswer {
	out := callAnswer{
		ID: idText(c.ID), Conversation: idText(c.ConversationID()), Key: clean(c.Key, models.MaxKeyLen), State: string(c.State), Direction: string(c.Direction),
		Phone: orNull(clean(c.Phone, maxWord)), Hidden: c.Hidden, Name: orNull(clean(c.Name, models.MaxName)), DID: orNull(clean(c.DID, maxWord)),
		StartedAt: timeOrNull(c.StartedAt), AnsweredAt: timeOrNull(c.AnsweredAt), EndedAt: timeOrNull(c.EndedAt),
		Missed: c.Missed, Recording: c.Recording != "", Legs: make([]legAnswer, len(c.Legs)),
	}
	if s := d.Sources[c.Source]; s != nil {
		out.Source = &s.Slug
	}
	if c.State == models.Ended && !c.AnsweredAt.IsZero() {
		talk := c.TalkS
		out.TalkS = &talk
	}
	out.AnsweredBy, out.AnsweredByName = personOf(d, c.AnsweredBy)
	for i := range c.Legs {
		l := &c.Legs[i]
		leg := legAnswer{
			Extension: clean(l.Extension, models.MaxKeyLen), N: l.N, State: string(l.State), RangAt: timeOrNull(l.RangAt), AnsweredAt: timeOrNull(l.AnsweredAt),
			EndedAt: timeOrNull(l.EndedAt), Reason: orNull(clean(l.Reason, maxWord)), ToExtension: orNull(clean(l.ToExt, models.MaxKeyLen)),
		}
		leg.User, leg.UserName = personOf(d, l.User)
		out.Legs[i] = leg
	}
	return out
}

// personOf gives the login and the name of a user; nil for nobody.
func personOf(d *models.Directory, user int64) (login, name *string) {
	u := d.Users[user]
	if u == nil {
		return nil, nil
	}
	shown := u.DisplayName()
	return &u.Login, &shown
}
