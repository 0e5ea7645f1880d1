package app_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zummer/clients/js"
)

// TestJSDocumentsExample: the page of docs/clients/js.md works as it stands, under
// the policy that stands there.
func TestJSDocumentsExample(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	text, err := os.ReadFile("../docs/clients/js.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(pattern string) string {
		m := regexp.MustCompile("(?s)" + pattern).FindSubmatch(text)
		if m == nil {
			t.Fatalf("docs/clients/js.md has no %s", pattern)
		}
		return strings.ReplaceAll(string(m[1]), "https://zummer.example", c.api)
	}
	c.in.Admin("PUT", "/v1/sync/contacts/c2", map[string]any{"phones": []string{"+79161112233"}, "name": "ИП Лютик", "responsible": "ivanov"})
	policy := block("```\nContent-Security-Policy: ([^\n]+)\n```")
	for path, file := range map[string][2]string{
		"/crm.html": {"text/html", block("```html\n(.*?)```")}, "/js/crm.js": {"text/javascript", block("```js\n(.*?)```")},
		"/js/zummer.js": {"text/javascript", string(js.Module())}, "/zummer-token": {"text/plain", c.token}, "/favicon.ico": {"image/x-icon", ""},
	} {
		c.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", file[0])
			w.Header().Set("Content-Security-Policy", policy)
			_, _ = io.WriteString(w, file[1]) // the browser is gone at worst
		})
	}

	p := c.look(c.browser, "/crm.html")
	p.until("online", `document.getElementById('light').textContent === 'online'`, 60*time.Second)
	tell(c.in, c.hook, "ringing", "c-1", "101", "+79160000001")
	p.until("a card", `document.getElementById('list').innerText.includes('+7 916 000-00-01')`, 60*time.Second)
	p.do("put it away", chromedp.Click("#list button"))
	p.until("it is gone", `document.getElementById('list').children.length === 0`, 60*time.Second)
	c.call("c-2")
	p.until("the form", `document.getElementById('form').textContent === 'Интерес 17: ООО Ромашка'`, 60*time.Second)
	for call, tt := range map[string]struct{ phone, form string }{
		"c-3": {"+79161112233", "Новый интерес: ИП Лютик"}, // no object of a client was sent
		"c-4": {"+79160000002", "Новый интерес: +7 916 000-00-02"},
	} {
		tell(c.in, c.hook, "ringing", call, "101", tt.phone)
		tell(c.in, c.hook, "answered", call, "101", tt.phone)
		p.until("the form "+tt.form, fmt.Sprintf(`document.getElementById('form').textContent === '%s'`, tt.form), 60*time.Second)
	}
	eventually(t, "nothing is pending", 60*time.Second, func() bool { return len(c.in.Poll(c.token, "").Rows) == 0 })
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, complaint := range p.complaints {
		if !strings.Contains(complaint, "favicon") {
			t.Errorf("the browser complains: %s", complaint)
		}
	}
}
