package handlers

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// maxNotices bounds how many notifications of a call its page lists.
const maxNotices = 30

// call is one call, with what was told of it, to whom and why.
func (p *pages) call(c echo.Context) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	k, err := p.a.d.Journal.Call(ctx, 0, id)
	if err != nil {
		return err
	}
	steps, err := p.a.d.Journal.CallTimeline(ctx, k.ID)
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	d := web.CallPage{Frame: p.frame(c, "calls", "Звонок", "Call"), Row: n.callRow(&k), Key: k.Key, Ended: k.EndedAt, Replied: k.AnsweredAt}
	if d.Row.Contact, err = p.callerName(c, &k); err != nil {
		return err
	}
	if k.Conversation != 0 && k.Conversation != k.ID {
		d.Other = "/admin/calls/" + idText(k.Conversation)
	}
	for i := range k.Legs {
		d.Legs = append(d.Legs, n.legRow(&k.Legs[i]))
	}
	for i := range steps {
		d.Steps = append(d.Steps, n.stepRow(d.Lang, &steps[i], 0))
	}
	if d.Notices, err = p.notices(c, n, steps); err != nil {
		return err
	}
	kase := n.callCase(&k, steps)
	kase.Notices = d.Notices
	d.Verdict, d.Tone = web.CallVerdict(d.Lang, kase)
	switch {
	case len(kase.Unowned) > 0:
		d.Fix, d.FixText = "/admin/unrouted", d.T("Назначить номер", "Give the extension to somebody")
	case len(kase.Inactive) > 0:
		d.Fix, d.FixText = "/admin/users", d.T("К пользователям", "To the users")
	case len(d.Notices) == 0 && k.Direction == models.Out && !kase.Outgoing && d.Row.Source != "":
		d.Fix, d.FixText = "/admin/sources/"+url.PathEscape(d.Row.Source), d.T("К настройкам источника", "To the settings of the source")
	}
	return p.show(c, "call", d)
}

func (n names) legRow(l *models.Leg) web.LegRow {
	row := web.LegRow{Extension: l.Extension, N: l.N, User: n.person(l.User), Login: url.PathEscape(n.login(l.User)), State: l.State, Rang: l.RangAt, Answered: l.AnsweredAt, Ended: l.EndedAt, Reason: l.Reason, To: l.ToExt}
	if row.Extension == "" && len(l.Addresses) > 0 {
		row.Extension = l.Addresses[0]
	}
	if l.Offered() {
		row.Shared = n.people(l.Sharers)
	}
	return row
}

// notices are the notifications that steps of a call tell of, in the order in
// which they were made.
func (p *pages) notices(c echo.Context, n names, steps []models.Step) ([]web.CallNotice, error) {
	var out []web.CallNotice
	at := map[int64]int{}
	var last []int // the present revision of each
	for i := range steps {
		s := &steps[i]
		if s.NotificationID == 0 {
			continue
		}
		k, known := at[s.NotificationID]
		if !known {
			if len(out) == maxNotices {
				continue
			}
			row, err := p.a.d.Journal.Notification(c.Request().Context(), s.NotificationID)
			if models.IsNotFound(err) {
				continue
			} else if err != nil {
				return nil, err
			}
			k = len(out)
			at[s.NotificationID] = k
			last = append(last, row.Rev)
			out = append(out, web.CallNotice{ID: idText(row.ID), User: n.person(row.UserID), Login: url.PathEscape(n.login(row.UserID)), Kind: row.Kind, Action: row.Action, State: row.State})
		}
		if s.What != models.StepDelivered {
			continue
		}
		if !out[k].Heard {
			out[k].Heard, out[k].After, out[k].Told = true, s.After, s.Session
			out[k].Stale, out[k].Of = true, kindAt(steps, s.NotificationID, s.Rev)
		}
		out[k].Stale = out[k].Stale && s.Rev < last[k]
	}
	return out, nil
}

// callCase gathers what is known of a call for the verdict.
func (n names) callCase(k *models.Call, steps []models.Step) web.CallCase {
	out := web.CallCase{Direction: k.Direction, State: k.State, Missed: k.Missed, Answered: !k.AnsweredAt.IsZero(), Legs: len(k.Legs), AnsweredBy: n.person(k.AnsweredBy), Steps: steps}
	if s := n.d.Sources[k.Source]; s != nil {
		out.Outgoing = s.Outgoing
	}
	nobodys := map[string]bool{}
	for i := range steps {
		if steps[i].What == models.StepUnrouted {
			nobodys[steps[i].Detail] = true
		}
	}
	for i := range k.Legs {
		l := &k.Legs[i]
		owner := n.d.Extensions[models.ExtKey{SourceID: k.Source, Extension: models.NormalizeExtension(l.Extension)}]
		name := cmp.Or(l.Extension, firstOf(l.Addresses))
		if late := (web.LateOwner{Extension: name, Name: cmp.Or(n.people(l.People()), n.person(owner))}); name != "" && late.Name != "" && (len(l.People()) == 0 || nobodys[l.Extension]) && !slices.Contains(out.Late, late) {
			if u := n.d.Users[owner]; len(l.People()) > 0 || u != nil && u.Active {
				out.Late = append(out.Late, late)
			}
		}
		switch u := n.d.Users[owner]; {
		case len(l.People()) > 0 || name == "":
		case u != nil && !u.Active:
			if !slices.Contains(out.Inactive, u.DisplayName()) {
				out.Inactive = append(out.Inactive, u.DisplayName())
			}
		case u == nil && n.d.SharedPhone(k.Source, []string{l.Extension}) == nil && !slices.Contains(out.Unowned, name):
			out.Unowned = append(out.Unowned, name)
		}
	}
	return out
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// callSound streams a call's recording to the page.
func (p *pages) callSound(c echo.Context) error { return p.a.streamRecording(c, 0) }
