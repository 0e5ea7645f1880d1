package handlers

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
)

// lookupBudget bounds a contact lookup: a caller hears silence meanwhile. When
// it is over the number counts as unknown.
const lookupBudget = 500 * time.Millisecond

// e164 is a number as a source, or who dials by it, writes it; "": there is none.
func (a *API) e164(s *models.Source, number string) string {
	region, area := s.Numbering(a.d.Region, a.d.AreaCode)
	return pbx.E164(number, region, area)
}

// card is what the contacts know of a number that a source asks about. A
// hidden or unreadable number, an unknown one and a database that does not
// answer in time are all "not found": the call must go on.
func (a *API) card(c echo.Context, s *models.Source, number string) pbx.Card {
	e164 := a.e164(s, number)
	if e164 == "" {
		return pbx.Card{}
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), lookupBudget)
	defer cancel()
	found, err := a.d.Setup.ContactsByPhone(ctx, e164)
	if err != nil {
		a.log.WarnContext(ctx, "a contact lookup failed", "source", s.Slug, "err", err)
		return pbx.Card{}
	}
	if len(found) == 0 {
		return pbx.Card{}
	}
	contact := &found[0]
	card := pbx.Card{Found: true, Name: clean(contact.Name, models.MaxName), ContactID: contact.ExternalID}
	if contact.Client != nil {
		card.URL = contact.Client.URL
		if card.Name == "" {
			card.Name = clean(contact.Client.Title, models.MaxName)
		}
	}
	dir := a.d.Setup.Directory()
	if u := dir.Users[contact.Responsible]; u != nil && u.Active {
		card.Manager = u.DisplayName()
		if exts := dir.ExtensionsOf(u.ID, s.ID); len(exts) > 0 {
			card.Responsible = exts[0]
		}
	}
	return card
}
