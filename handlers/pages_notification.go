package handlers

import (
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// notification tells in one sentence, and step by step, what became of a row.
func (p *pages) notification(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	row, err := p.a.d.Journal.Notification(ctx, id)
	if err != nil {
		return err
	}
	steps, err := p.a.d.Journal.Timeline(ctx, id)
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	d := web.NotificationPage{Frame: p.frame(c, "pending", "Уведомление", "Notification"), ID: idText(id), State: row.State, Row: n.pendingRow(&row.Notification), Users: n.userOptions("")}
	if o := row.Payload.Object; o != nil {
		d.Object = o.Title
	}
	if row.CallID != 0 {
		d.Call = "/admin/calls/" + idText(row.CallID)
	}
	if row.Follows != 0 {
		d.Follows = "/admin/notifications/" + idText(row.Follows)
	}
	for i := range steps {
		d.Steps = append(d.Steps, n.stepRow(d.Lang, &steps[i], id))
	}
	d.Verdict, d.Tone = web.Verdict(d.Lang, n.caseOf(&row, steps, p.a.d.Register.Sessions(row.UserID), d.Now))
	return p.show(c, "notification", d)
}

// stepRow is a step in words; id is the notification that is looked at, 0: all
// are its own.
func (n names) stepRow(l web.Lang, s *models.Step, id int64) web.StepRow {
	row := web.NewStepRow(l, s, n.person(s.UserID))
	row.Own = id == 0 || s.NotificationID == id || s.NotificationID == 0
	if s.WebhookID != 0 {
		row.Webhook = "/admin/webhooks/" + idText(s.WebhookID)
	}
	return row
}

// caseOf gathers what is known of a row for the verdict.
func (n names) caseOf(row *models.HistoryRow, steps []models.Step, sessions []models.Session, now time.Time) web.Case {
	k := web.Case{State: row.State, Outcome: row.Outcome, Action: row.Action, User: n.person(row.UserID), Session: row.Session, Now: now}
	for i := range steps {
		s := &steps[i]
		if s.NotificationID != row.ID {
			continue
		}
		if s.What == models.StepDelivered {
			switch {
			case s.Rev == row.Rev && !k.Heard:
				k.Told, k.Heard, k.After = s.Session, true, s.After
			case s.Rev < row.Rev && !k.Early.Yes:
				k.Early = web.Heard{Yes: true, Told: s.Session, After: s.After, Kind: kindAt(steps, row.ID, s.Rev)}
			}
			continue
		}
		k.By, k.Detail = s.Reason, s.Detail
		if row.State == "processed" {
			k.Session = s.Session
		}
	}
	for _, s := range sessions {
		if s.LastPoll.After(k.LastPoll) {
			k.LastPoll = s.LastPoll
		}
	}
	k.Online = slices.ContainsFunc(sessions, func(s models.Session) bool { return s.Waiting || now.Sub(s.LastPoll) < time.Minute })
	return k
}

// kindAt is the kind that a notification had at a revision; "": no step tells.
func kindAt(steps []models.Step, id int64, rev int) string {
	for i := range steps {
		if s := &steps[i]; s.NotificationID == id && s.Rev == rev && s.Kind != "" {
			return s.Kind
		}
	}
	return ""
}
