package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// Bounds of a publication.
const (
	maxExpiry       = 90 * 24 * time.Hour
	maxCollapseKey  = 200
	maxCandidates   = 20
	maxIdempotency  = 128
	maxKindOrAction = 64
)

// publish makes notifications from outside (contract §4.3).
func (a *API) publish(c echo.Context) error {
	f, err := readFields(c)
	if err != nil {
		return err
	}
	p := a.readPublication(f)
	p.IdempotencyKey = readIdempotencyKey(c, f)
	if err := f.err(); err != nil {
		return err
	}
	if p.Hash, err = hashOf(p); err != nil {
		return err
	}
	rows, err := a.d.Register.Publish(c.Request().Context(), callerOf(c), p)
	if err != nil {
		return err
	}
	return writePublished(c, names{a.d.Setup.Directory()}, rows)
}

// writePublished answers with the rows as their users see them, and whose each
// is.
func writePublished(c echo.Context, n names, rows []models.Notification) error {
	b := []byte(`{"items":[`)
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRowFields(append(b, '{'), &rows[i])
		b = append(b, `,"user":`...)
		b = append(appendText(b, n.login(rows[i].UserID)), '}')
	}
	b = append(b, `],"next":null}`...)
	c.Response().Header().Set("Cache-Control", "private, no-store")
	return respond(c, http.StatusCreated, typeJSON, b)
}

func (a *API) readPublication(f *fields) models.Publication {
	p := models.Publication{
		User: f.strMax("user", models.MaxName), Group: f.strMax("group", models.MaxName), Kind: f.required("kind", maxKindOrAction),
		Action: models.Action(f.strMax("action", maxKindOrAction)), CollapseKey: f.strMax("collapse_key", maxCollapseKey),
		TTL: secondsIn(f, "expires_in_s", maxExpiry),
		Payload: models.Payload{
			Title: models.CutText(f.str("title"), models.MaxTitle), Text: models.CutText(f.str("text"), models.MaxText), Phone: f.strMax("phone", 64),
			Name: models.CutText(f.str("name"), models.MaxName), App: f.strMax("app", 64), Data: readData(f, "data"),
		},
	}
	a.readAddressee(f, &p)
	if p.Action == "" {
		p.Action = models.ActionShow
	}
	switch {
	case p.Kind == "": // told by required
	case !plain(p.Kind, maxKindOrAction):
		f.fail("kind", "may have Latin letters, digits and . _ - only")
	case ofTheRules(p.Kind):
		f.fail("kind", "%s is a kind that Zummer itself gives; take a word of your own, like callback.requested", p.Kind)
	}
	if !plain(string(p.Action), maxKindOrAction) {
		f.fail("action", "may have Latin letters, digits and . _ - only")
	}
	for name, into := range map[string]**models.Object{"object": &p.Payload.Object, "client": &p.Payload.Client} {
		inner := f.object(name)
		*into = readObject(inner)
		f.adopt(name, inner)
	}
	list := f.list("candidates")
	if len(list) > maxCandidates {
		f.fail("candidates", "at most %d", maxCandidates)
		list = nil
	}
	for i, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			f.fail(fmt.Sprintf("candidates[%d]", i), "must be an object")
			continue
		}
		inner := &fields{m: m}
		if o := readObject(inner); o != nil {
			p.Payload.Candidates = append(p.Payload.Candidates, *o)
		}
		f.adopt(fmt.Sprintf("candidates[%d]", i), inner)
	}
	return p
}

// ofTheRules reports whether clients take a kind for what the rules make of
// calls or of a full set: a publisher's row must not pass for one.
func ofTheRules(kind string) bool {
	kind = strings.ToLower(kind)
	return strings.HasPrefix(kind, "call.") || kind == models.KindDigest
}

// readAddressee sees to it that exactly one of user, extension and group is
// there. An extension without a source belongs to the only source.
func (a *API) readAddressee(f *fields, p *models.Publication) {
	v, given := f.get("extension")
	number, isText := scalarText(v)
	switch {
	case given && isText && !strings.HasPrefix(strings.TrimSpace(number), "{"):
		p.Extension = f.strMax("extension", models.MaxName)
	default:
		if inner := f.object("extension"); inner != nil {
			p.Source, p.Extension = inner.strMax("source", 80), inner.required("number", models.MaxName)
			f.adopt("extension", inner)
		}
	}
	for _, name := range []string{"user", "group"} { // of a repeated form field the last would win in silence
		if v, _ := f.get(name); len(f.wrong) == 0 {
			if _, many := v.([]any); many {
				f.fail(name, "names one; publish for each, or make them a group")
			}
		}
	}
	n := 0
	for _, s := range []string{p.User, p.Extension, p.Group} {
		if s != "" {
			n++
		}
	}
	if n != 1 && len(f.wrong) == 0 {
		f.fail("user", "give exactly one of user, extension and group")
	}
	if p.Extension == "" || p.Source != "" {
		return
	}
	sources := a.d.Setup.Directory().Sources
	if len(sources) != 1 {
		f.fail("extension.source", "there are %d sources; name one", len(sources))
	}
	for _, s := range sources {
		p.Source = s.Slug
	}
}

// readIdempotencyKey reads the header, in quotes (as its draft standard wants)
// or without.
func readIdempotencyKey(c echo.Context, f *fields) string {
	values := c.Request().Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return ""
	}
	key := strings.TrimSpace(values[0])
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	switch {
	case len(values) > 1, key == "":
		f.fail("Idempotency-Key", "must be one key")
	case len([]rune(key)) > maxIdempotency:
		f.fail("Idempotency-Key", "longer than %d characters", maxIdempotency)
	case models.CleanText(key) != key:
		f.fail("Idempotency-Key", "must not have control characters")
	}
	return key
}

// hashOf tells publications apart for their Idempotency-Key: the same request
// in other spelling (JSON or form, order of members) has the same hash.
func hashOf(p models.Publication) (string, error) {
	p.IdempotencyKey, p.Hash = "", ""
	raw, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("encode a publication: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
