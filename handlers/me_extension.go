package handlers

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// myExtension is a phone that the user may have.
type myExtension struct {
	Source  string  `json:"source"`
	Number  string  `json:"number"`
	Mode    *string `json:"mode"`     // check_in or all of a shared phone; null: the user's own
	Mine    bool    `json:"mine"`     // it rings for the user now
	Has     *string `json:"has"`      // login of the one who said that it is his today; null: nobody, or not that kind
	HasName *string `json:"has_name"` // his name
}

// askedExtension is a number for which the administrator was asked.
type askedExtension struct {
	Source  string `json:"source"`
	Number  string `json:"number"`
	AskedAt string `json:"asked_at"`
}

// myExtensions lists the phones that a user has or shares, sorted by source and
// number: of a shared one also who has it today, so that he sees who took it.
func myExtensions(d *models.Directory, user int64) []myExtension {
	out := []myExtension{}
	for _, e := range extensionsByUser(d)[user] {
		out = append(out, myExtension{Source: e.Source, Number: e.Number, Mine: true})
	}
	for k, e := range d.Shared {
		s := d.Sources[k.SourceID]
		if s == nil || e.OwnerOf(user) == nil {
			continue
		}
		m := myExtension{Source: s.Slug, Number: k.Extension, Mode: &e.Mode, Mine: e.Mode == models.SharedAll || e.Today() == user}
		if u := d.Users[e.Today()]; u != nil {
			m.Has, m.HasName = &u.Login, orNull(u.DisplayName())
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(x, y myExtension) int {
		return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.Number, y.Number))
	})
	return out
}

// askedBy lists what a user asks the administrator for, sorted.
func askedBy(d *models.Directory, user int64) []askedExtension {
	out := []askedExtension{}
	for _, r := range (names{d}).requests() {
		if r.user == user {
			out = append(out, askedExtension{Source: r.Source, Number: r.Extension, AskedAt: r.AskedAt})
		}
	}
	return out
}

// takenAnswer tells what became of "this is my number today".
type takenAnswer struct {
	State      string        `json:"state"` // taken; asked: the administrator has to allow it
	Text       string        `json:"text"`  // for people
	Extensions []myExtension `json:"extensions"`
}

// putMyExtension is PUT and POST /v1/me/extension: this is my number today.
// Without a number the user has none.
func (a *API) putMyExtension(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	number, source := f.strMax("number", models.MaxName), f.strMax("source", models.MaxName)
	if number == "" && !f.isNull("number") && !f.has("number") {
		f.fail("number", "is required; null for none")
	}
	if err := f.err(); err != nil {
		return err
	}
	if number == "" {
		return a.leaveExtension(c, source, "")
	}
	user := userOf(c).ID
	asked, err := a.d.Setup.TakeExtension(c.Request().Context(), user, source, number)
	if err != nil {
		return err
	}
	number = models.NormalizeExtension(number)
	out, status := takenAnswer{State: "taken", Text: a.d.Language.T("Номер "+number+" сегодня ваш.", "Number "+number+" is yours today.")}, http.StatusOK
	if asked {
		out, status = takenAnswer{State: "asked", Text: a.d.Language.T("Номер "+number+" станет вашим, когда администратор подтвердит.", "Number "+number+" will be yours when the administrator agrees.")}, http.StatusAccepted
	}
	out.Extensions = myExtensions(a.d.Setup.Directory(), user)
	return writeJSON(c, status, out)
}

// deleteMyExtension is DELETE /v1/me/extension: of one number, or of all.
func (a *API) deleteMyExtension(c echo.Context) error {
	f := queryFields(c)
	number, source := f.strMax("number", models.MaxName), f.strMax("source", models.MaxName)
	if err := f.err(); err != nil {
		return err
	}
	return a.leaveExtension(c, source, number)
}

func (a *API) leaveExtension(c echo.Context, source, number string) error {
	if err := a.d.Setup.LeaveExtension(c.Request().Context(), userOf(c).ID, source, number); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// requestBody is a user who asks for an extension.
type requestBody struct {
	Source    string `json:"source"`
	Extension string `json:"extension"`
	User      string `json:"user"`
	Name      string `json:"name"`
	AskedAt   string `json:"asked_at"`

	user int64
}

// requests lists who asks for which extension, the first one first.
func (n names) requests() []requestBody {
	out := []requestBody{}
	for k, list := range n.d.Asked {
		for _, o := range list {
			if u := n.d.Users[o.UserID]; u != nil {
				out = append(out, requestBody{Source: n.slug(k.SourceID), Extension: k.Extension, User: u.Login, Name: u.DisplayName(), AskedAt: timeText(o.AskedAt), user: u.ID})
			}
		}
	}
	slices.SortFunc(out, func(x, y requestBody) int {
		return cmp.Or(cmp.Compare(x.AskedAt, y.AskedAt), cmp.Compare(x.Source, y.Source), cmp.Compare(x.Extension, y.Extension), cmp.Compare(x.User, y.User))
	})
	return out
}

// listExtensionRequests is GET /v1/admin/extension-requests.
func (a *API) listExtensionRequests(c echo.Context) error {
	return writePage(c, names{a.d.Setup.Directory()}.requests(), "")
}

// refuseExtension is DELETE /v1/admin/extension-requests/{source}/{extension}.
func (a *API) refuseExtension(c echo.Context) error {
	src, err := a.sourceOf(c, "source")
	if err != nil {
		return err
	}
	if err := a.d.Setup.RefuseExtension(c.Request().Context(), actorOf(c), src.Slug, pathParam(c, "extension")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
