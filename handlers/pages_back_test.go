package handlers

import (
	"net/url"
	"strings"
	"testing"
)

// TestSwitchesOfAnAnswerToAForm: the language and theme switches of a page that
// answers a form lead to the page that the form stood on, not to an address
// that takes no GET.
func TestSwitchesOfAnAnswerToAForm(t *testing.T) {
	for _, tt := range []struct{ name, target, referer, back string }{
		{"a new token", "/admin/users/ivanov/tokens", "http://example.com/admin/users/ivanov?lang=en", "%2fadmin%2fusers%2fivanov%3flang%3den"},
		{"a browser that does not say", "/admin/users/ivanov/tokens", "", "%2fadmin%2fusers%2fivanov"},
		{"from elsewhere", "/admin/users/ivanov/tokens", "http://evil.example/admin/x", "%2fadmin%2fusers%2fivanov"},
		{"something wrong", "/admin/account/password", "http://example.com/admin/account", "%2fadmin%2faccount"},
		{"a sign-in that failed", signInPath, "http://example.com/admin/sign-in?next=%2Fadmin%2Fcalls", "%2fadmin%2fsign-in%3fnext%3d%252Fadmin%252Fcalls"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := setupSurface(t, newSetupFakes())
			headers := []string{}
			if tt.referer != "" {
				headers = append(headers, "Referer: "+tt.referer)
			}
			if tt.target == signInPath {
				headers = append(headers, "Cookie: none=1")
			}
			page := postForm(t, e, tt.target, url.Values{"name": {"desk"}, "login": {"x"}}, headers...).Body.String()
			if want := `/admin/look?theme=dark&amp;back=` + tt.back + `"`; !strings.Contains(page, want) {
				i := strings.Index(page, "/admin/look?theme")
				t.Errorf("the switch leads to %q, want %q", page[max(i, 0):max(i, 0)+min(140, len(page))], want)
			}
		})
	}
}
