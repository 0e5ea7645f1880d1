package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"zummer/models"
)

// TestChoicesOfManyAreBounded: a row of these pages has all users to choose
// from; many rows of many users are no page of a hundred megabytes.
func TestChoicesOfManyAreBounded(t *testing.T) {
	f := newSetupFakes()
	system := withPBX(f)
	var items []string
	for i := range int64(1000) {
		f.dir.Users[100+i] = &models.User{ID: 100 + i, Login: fmt.Sprint("user-", i), Active: true}
		items = append(items, fmt.Sprintf(`{"login":"p%d","name":"Person %d","ext":"%d"}`, i, i, 5000+i))
		if i < 500 {
			f.unroutedMore = append(f.unroutedMore, models.Unrouted{SourceID: 5, Extension: fmt.Sprint(7000 + i), Count: 1, LastAt: at()})
		}
	}
	f.dir.Index()
	system["/crmapi/v1/users"] = answerOf(http.StatusOK, `{"items":[`+strings.Join(items, ",")+`]}`)
	e, _ := setupSurface(t, f, func(d *Deps) { d.Outbound = system.of })
	for _, target := range []string{"/admin/unrouted", "/admin/people?source=mega"} {
		rec := call(t, e, "GET", target, "", asBrowser, "Accept-Language: en")
		page := rec.Body.String()
		if rec.Code != 200 || len(page) > 8<<20 {
			t.Errorf("%s: status %d, %d bytes", target, rec.Code, len(page))
		}
		if n := strings.Count(page, "<tr"); n < 500 || strings.Count(page, `list="logins"`) < n-25 {
			t.Errorf("%s: of %d rows %d let a login be typed", target, n, strings.Count(page, `list="logins"`))
		}
	}
}
