package handlers

import (
	"github.com/labstack/echo/v4"

	"zummer/models"
)

// fullCallBody is a call as the CRM's server and the administrator read it:
// the facts stay in, the legs come along.
type fullCallBody struct {
	ID             string    `json:"id"`
	Source         *string   `json:"source"`
	Key            string    `json:"key"`
	State          string    `json:"state"`
	Direction      string    `json:"direction"`
	Phone          *string   `json:"phone"`
	Hidden         bool      `json:"hidden"`
	Name           *string   `json:"name"`
	DID            *string   `json:"did"`
	StartedAt      *string   `json:"started_at"`
	AnsweredAt     *string   `json:"answered_at"`
	EndedAt        *string   `json:"ended_at"`
	TalkS          *int      `json:"talk_s"`
	Missed         bool      `json:"missed"`
	AnsweredBy     *string   `json:"answered_by"`
	AnsweredByName *string   `json:"answered_by_name"`
	Recording      bool      `json:"recording"`
	Legs           []legBody `json:"legs"`
}

// legBody is one attempt to reach one person.
type legBody struct {
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

func (n names) callBody(k *models.Call) fullCallBody {
	b := fullCallBody{
		ID: formatID(k.ID), Source: orNull(n.slug(k.Source)), Key: k.Key, State: string(k.State), Direction: string(k.Direction), Phone: orNull(k.Phone), Hidden: k.Hidden,
		Name: orNull(k.Name), DID: orNull(k.DID), StartedAt: timeOrNull(k.StartedAt), AnsweredAt: timeOrNull(k.AnsweredAt), EndedAt: timeOrNull(k.EndedAt), Missed: k.Missed,
		AnsweredBy: orNull(n.login(k.AnsweredBy)), AnsweredByName: orNull(n.person(k.AnsweredBy)), Recording: k.Recording != "", Legs: make([]legBody, len(k.Legs)),
	}
	if k.State == models.Ended {
		b.TalkS = &k.TalkS
	}
	for i := range k.Legs {
		l := &k.Legs[i]
		b.Legs[i] = legBody{
			Extension: l.Extension, N: l.N, User: orNull(n.login(l.User)), UserName: orNull(n.person(l.User)), State: string(l.State), RangAt: timeOrNull(l.RangAt),
			AnsweredAt: timeOrNull(l.AnsweredAt), EndedAt: timeOrNull(l.EndedAt), Reason: orNull(l.Reason), ToExtension: orNull(l.ToExt),
		}
	}
	return b
}

func (a *API) writeCalls(c echo.Context, calls []models.Call, next string) error {
	n := names{a.d.Setup.Directory()}
	items := make([]fullCallBody, len(calls))
	for i := range calls {
		items[i] = n.callBody(&calls[i])
	}
	return writePage(c, items, next)
}
