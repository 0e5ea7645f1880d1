package handlers

import (
	"reflect"
	"testing"

	"zummer/models"
)

func TestClaims(t *testing.T) {
	form := "Content-Type: application/x-www-form-urlencoded; charset=utf-8"
	desk := models.Claim{ID: 12, Rev: 2, Session: "desk"}
	for _, tt := range []struct {
		name, path, body string
		headers          []string
		err              error
		status           int
		code, want       string
		claim            models.Claim // zero: nothing is asked of the register
	}{
		{name: "claim", path: "12/claim", body: `{"session":"desk","rev":2}`, status: 200, want: `{"id":"12","rev":2,"session":"desk","lease_s":60}`, claim: desk},
		{name: "claim with 1C's form", path: "1%C2%A0042/claim", body: "session=desk&rev=1%C2%A0002", headers: []string{form}, status: 200,
			want: `{"id":"1042","rev":1002,"session":"desk","lease_s":60}`, claim: models.Claim{ID: 1042, Rev: 1002, Session: "desk"}},
		{name: "another one has it", path: "12/claim", body: `{"session":"desk","rev":2}`, err: models.Coded(models.Conflict, "claimed", "taken"), status: 409, code: "claimed", claim: desk},
		{name: "another revision", path: "12/claim", body: `{"session":"desk","rev":2}`, err: models.Coded(models.Conflict, "moved_on", "gone on"), status: 409, code: "moved_on", claim: desk},
		{name: "somebody else's", path: "12/claim", body: `{"session":"desk","rev":2}`, err: models.Errorf(models.NotFound, "none"), status: 404, code: "not_found", claim: desk},
		{name: "no id of ours", path: "abc/claim", body: `{"session":"desk","rev":2}`, status: 404, code: "not_found"},
		{name: "no session", path: "12/claim", body: `{"rev":2}`, status: 422, code: "invalid"},
		{name: "a session that cannot be", path: "12/claim", body: `{"session":"мой стол","rev":2}`, status: 422, code: "invalid"},
		{name: "no rev", path: "12/claim", body: `{"session":"desk"}`, status: 422, code: "invalid"},
		{name: "rev 0", path: "12/claim", body: `{"session":"desk","rev":0}`, status: 422, code: "invalid"},
		{name: "release", path: "12/release", body: `{"session":"desk","rev":2}`, status: 200, want: `{"id":"12","rev":3,"session":null,"lease_s":0}`, claim: desk},
		{name: "release with a form", path: "12/release", body: "session=desk&rev=2", headers: []string{form}, status: 200, want: `{"id":"12","rev":3,"session":null,"lease_s":0}`, claim: desk},
		{name: "release of another's", path: "12/release", body: `{"session":"desk","rev":2}`, err: models.Coded(models.Conflict, "claimed", "taken"), status: 409, code: "claimed", claim: desk},
		{name: "release without a session", path: "12/release", body: `{"rev":2}`, status: 422, code: "invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			f.claimErr = tt.err
			rec := call(t, surface(t, f), "POST", "/v1/notifications/"+tt.path, tt.body, append(tt.headers, asIvanov)...)
			if rec.Code != tt.status || tt.want != "" && rec.Body.String() != tt.want {
				t.Fatalf("= %d %s, want %d %s", rec.Code, rec.Body, tt.status, tt.want)
			}
			if tt.code != "" && problemIn(t, rec).Code != tt.code {
				t.Errorf("code = %s, want %s", problemIn(t, rec).Code, tt.code)
			}
			var want []models.Claim
			if tt.claim.ID != 0 {
				want = []models.Claim{tt.claim}
			}
			if !reflect.DeepEqual(f.claims, want) {
				t.Errorf("the register was asked %+v, want %+v", f.claims, want)
			}
		})
	}
}
