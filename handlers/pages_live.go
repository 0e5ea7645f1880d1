package handlers

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

// maxLive bounds the calls of the page.
const maxLive = 1000

// live is who is on the telephone now, by group.
func (p *pages) live(c echo.Context) error {
	found, err := p.a.d.Journal.SearchCalls(c.Request().Context(), models.CallSearch{State: models.CallsLive, Limit: maxLive})
	if err != nil {
		return err
	}
	n := names{p.a.d.Setup.Directory()}
	d := web.LivePage{Frame: p.frame(c, "live", "На линии", "Live"), Cut: found.Next != ""}
	busy := map[int64]web.LivePerson{}
	for i := range found.Calls {
		k := &found.Calls[i]
		who, err := p.callerName(c, k)
		if err != nil {
			return err
		}
		n.placeCall(&d, busy, k, cmp.Or(who, k.Name))
	}
	phones := n.phones()
	person := func(u *models.User) web.LivePerson {
		row, ok := busy[u.ID]
		if !ok {
			row.State = "free"
			if len(phones[u.ID]) == 0 {
				row.State = "bare"
			}
		}
		row.Login, row.Name = url.PathEscape(u.Login), u.DisplayName()
		sessions := p.a.d.Register.Sessions(u.ID)
		row.Online = slices.ContainsFunc(sessions, func(s models.Session) bool { return s.Waiting || d.Now.Sub(s.LastPoll) < time.Minute })
		row.Busy = slices.ContainsFunc(sessions, func(s models.Session) bool { return s.Busy })
		return row
	}
	in := map[int64]bool{}
	for _, g := range slices.SortedFunc(maps.Values(n.d.Groups), func(a, b *models.Group) int { return strings.Compare(a.Name, b.Name) }) {
		group := web.LiveGroup{ID: "g" + idText(g.ID), Name: g.Name}
		for _, id := range n.d.GroupMembers(g.ID) {
			group.People, in[id] = append(group.People, person(n.d.Users[id])), true
		}
		d.Groups = append(d.Groups, group)
	}
	rest := web.LiveGroup{ID: "g0"}
	for _, u := range n.d.SortedUsers() {
		if u.Active && !u.Pending && !in[u.ID] {
			rest.People = append(rest.People, person(u))
		}
	}
	d.Groups = append(d.Groups, rest)
	d.Groups = slices.DeleteFunc(d.Groups, func(g web.LiveGroup) bool { return len(g.People) == 0 })
	countLive(&d)
	return p.show(c, "live", d)
}

// placeCall puts a live call where it belongs: at the people who talk or whose
// phones ring, else among those that wait.
func (n names) placeCall(d *web.LivePage, busy map[int64]web.LivePerson, k *models.Call, who string) {
	shown := false
	for i := range k.Legs {
		l := &k.Legs[i]
		if l.State == models.Ended {
			continue
		}
		row := web.LivePerson{State: "ringing", Since: cmp.Or(l.RangAt, k.StartedAt), Calls: 1, Call: idText(k.ID), Direction: k.Direction, Phone: k.Phone, Hidden: k.Hidden, Contact: who, Extension: l.Extension}
		if l.State == models.Answered {
			row.State, row.Since = "talking", l.AnsweredAt
		}
		for _, u := range l.People() {
			old, ok := busy[u]
			row := row
			if row.Calls += old.Calls; ok && (old.State == "talking" || row.State != "talking") {
				old.Calls = row.Calls
				row = old
			}
			busy[u] = row
		}
		if len(l.People()) == 0 {
			d.Unowned = append(d.Unowned, web.LiveCall{ID: idText(k.ID), Since: row.Since, Phone: k.Phone, Hidden: k.Hidden, Contact: who, DID: k.DID, Extension: cmp.Or(l.Extension, firstOf(l.Addresses)),
				Source: n.slug(k.Source), Talking: l.State == models.Answered})
		}
		shown = true
	}
	if !shown {
		d.Waiting = append(d.Waiting, web.LiveCall{ID: idText(k.ID), Since: k.StartedAt, Phone: k.Phone, Hidden: k.Hidden, Contact: who, DID: k.DID, Source: n.slug(k.Source)})
	}
}

// countLive counts each person once, and puts those who talk first.
func countLive(d *web.LivePage) {
	seen := map[string]bool{}
	rank := map[string]int{"talking": 0, "ringing": 1, "free": 2, "bare": 3}
	for i := range d.Groups {
		g := &d.Groups[i]
		slices.SortStableFunc(g.People, func(a, b web.LivePerson) int {
			return cmp.Or(rank[a.State]-rank[b.State], strings.Compare(a.Name, b.Name))
		})
		for _, row := range g.People {
			if row.State == "talking" {
				g.Busy++
			}
			if seen[row.Login] {
				continue
			}
			seen[row.Login] = true
			switch row.State {
			case "talking":
				d.Talking++
			case "ringing":
				d.Ringing++
			case "free":
				d.Free++
			}
			if !row.Online {
				d.Away++
			}
		}
	}
}
