package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// history is GET /v1/notifications/history: the user's rows as they last were,
// processed and expired ones too, newest first.
func (a *API) history(c echo.Context) error {
	f := queryFields(c)
	user := userOf(c)
	zone := a.zoneOf(f, user, formatText)
	q := models.HistoryQuery{Since: f.time("since", zone), Until: f.time("until", zone), After: f.str("after"), Limit: limitOf(f)}
	if !q.Since.IsZero() && !q.Until.IsZero() && q.Until.Before(q.Since) {
		f.fail("until", "lies before since")
	}
	if err := f.err(); err != nil {
		return err
	}
	got, err := a.d.Journal.History(c.Request().Context(), user.ID, q)
	if err != nil {
		return err
	}
	b := append(make([]byte, 0, 1024*(1+len(got.Rows))), `{"items":[`...)
	for i := range got.Rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendHistoryRow(b, &got.Rows[i])
	}
	b = append(b, `],"next":`...)
	b = appendOrNull(b, got.Next)
	if got.Complete {
		b = append(b, `,"complete":true}`...)
	} else {
		b = append(b, `,"complete":false}`...)
	}
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return respond(c, http.StatusOK, typeJSON, b)
}

func appendHistoryRow(b []byte, r *models.HistoryRow) []byte {
	b = appendRowFields(append(b, '{'), &r.Notification)
	b = append(b, `,"state":`...)
	b = appendText(b, r.State)
	b = append(b, `,"outcome":`...)
	b = appendOrNull(b, r.Outcome)
	b = append(b, `,"at":`...)
	return append(appendTime(b, r.At), '}')
}
