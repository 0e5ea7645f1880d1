package handlers

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// newTokenBody shows a token, once.
type newTokenBody struct {
	ID        string   `json:"id"`
	Token     string   `json:"token"`
	Scopes    []string `json:"scopes"`
	ExpiresAt *string  `json:"expires_at"`
}

func writeNewToken(c echo.Context, t models.Token, text string) error {
	return writeJSON(c, http.StatusCreated, newTokenBody{ID: idText(t.ID), Token: text, Scopes: t.Scopes, ExpiresAt: timeOrNull(t.ExpiresAt)})
}

func (a *API) tokenForToday(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	f.only("ttl_s")
	ttl := secondsIn(f, "ttl_s", 7*24*time.Hour)
	if err := f.err(); err != nil {
		return err
	}
	t, text, err := a.d.Setup.TokenForToday(c.Request().Context(), actorOf(c), pathParam(c, "external_id"), ttl)
	if err != nil {
		return err
	}
	return writeNewToken(c, t, text)
}

// readContact reads a contact as the CRM sends it, JSON or a form; the names
// are those of one line of an import.
func readContact(c echo.Context) (models.ContactInput, error) {
	f, err := readFields(c)
	if err != nil {
		return models.ContactInput{}, err
	}
	f.only("phones", "name", "responsible", "client", "interests", "seq", "external_id") // the last as a line of an import has it
	f.same("external_id", pathParam(c, "external_id"))
	in := models.ContactInput{ExternalID: pathParam(c, "external_id"), Name: f.str("name"), Responsible: f.str("responsible"), Seq: int64(f.int("seq", 0))}
	if _, isText := f.m["phones"].(string); isText {
		f.fail("phones", "must be a list")
	} else {
		in.Phones = f.strs("phones")
	}
	client := f.object("client")
	in.Client = readObject(client)
	f.adopt("client", client)
	for i, v := range f.list("interests") {
		m, ok := v.(map[string]any)
		if !ok {
			f.fail(fmt.Sprintf("interests[%d]", i), "must be an object")
			continue
		}
		inner := &fields{m: m}
		if o := readObject(inner); o != nil {
			in.Interests = append(in.Interests, *o)
		}
		f.adopt(fmt.Sprintf("interests[%d]", i), inner)
	}
	return in, f.err()
}

func (a *API) putContact(c echo.Context) error {
	in, err := readContact(c)
	if err != nil {
		return err
	}
	stored, err := a.d.Setup.PutContact(c.Request().Context(), actorOf(c), in)
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, struct {
		ExternalID string `json:"external_id"`
		Stored     bool   `json:"stored"`
	}{in.ExternalID, stored})
}

func (a *API) deleteContact(c echo.Context) error {
	if err := a.d.Setup.DeleteContact(c.Request().Context(), actorOf(c), pathParam(c, "external_id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// callsPace is how often a waiting GET /v1/sync/calls looks again.
const callsPace = 500 * time.Millisecond

// syncCalls lists every call, again each time it changes. While it waits it
// holds no connection to the database.
func (a *API) syncCalls(c echo.Context) error {
	f := queryFields(c)
	q := models.CallQuery{Changes: true}
	q.After, q.Limit = pageParams(f)
	wait := time.Duration(max(0, f.float("wait", 0)) * float64(time.Second))
	if err := f.err(); err != nil {
		return err
	}
	wait = min(wait, a.d.LongPollMax)
	ctx := c.Request().Context()
	if wait > 0 {
		_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(wait + 15*time.Second))
	}
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	again := time.NewTicker(callsPace)
	defer again.Stop()
	for {
		calls, next, err := a.d.Journal.Calls(ctx, q)
		if err != nil {
			return err
		}
		if len(calls) > 0 || wait <= 0 || a.d.Draining != nil && a.d.Draining() {
			return writePage(c, callAnswers(a.d.Setup.Directory(), calls), cmp.Or(next, q.After))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			wait = 0
		case <-again.C:
		}
	}
}
