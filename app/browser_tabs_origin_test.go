package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"zummer/app/apptest"
)

// ask has the page p ask the service, and gives "status name=value …" of the
// headers that its script may read, or what the browser said.
func (c *crm) ask(p *browserPage, method, path, token, headers, body string, read ...string) string {
	c.Helper()
	for i := range read {
		read[i] = `'` + read[i] + `'`
	}
	script := fmt.Sprintf(`fetch('%s%s', {method: '%s', headers: {Authorization: 'Bearer %s', %s}, body: %s})
		.then((r) => [r.status, ...[%s].map((n) => n + '=' + r.headers.get(n))].join(' '), (e) => e.name)`, c.api, path, method, token, headers, body, strings.Join(read, ","))
	var said string
	p.do(script, chromedp.Evaluate(script, &said, awaited))
	return said
}

// TestJSOrigins: from a page of a configured origin everything that the contract
// has for clients can be asked with a token, and what tells of pace can be read;
// a page of another one reads nothing and changes nothing.
func TestJSOrigins(t *testing.T) {
	t.Parallel()
	c := startCRM(t, "127.0.0.1")
	tell(c.in, c.hook, "ringing", "c", "101", "+79160000001")
	row := c.in.Poll(c.token, "").Rows[0]
	p := c.visit(c.browser, "asks", "&mode=alone")
	p.until("the page", `!!window.zummer`, 60*time.Second)
	p.do("its own client would be in the way", chromedp.Evaluate(`zummer.close(); undefined`, nil))

	json := `'Content-Type': 'application/json', 'X-Client': 'test/1', 'Idempotency-Key': 'k'`
	for _, tt := range []struct {
		name, method, path, token, headers, body string
		read                                     []string
		want                                     []string // parts of the answer
	}{
		{"a plain question", "GET", "/v1/notifications", c.token, "Prefer: 'wait=0'", "null", []string{"ETag", "X-Poll-Interval"}, []string{"200", `ETag="`, "X-Poll-Interval=5"}},
		{"with an ETag", "GET", "/v1/notifications", c.token, "'If-None-Match': '\"x\"'", "null", nil, []string{"200"}},
		{"a refused token", "GET", "/v1/me", "wrong", "", "null", nil, []string{"401"}},
		{"a change", "PATCH", "/v1/me", c.token, json, `'{"quiet":false}'`, nil, []string{"200"}},
		{"a claim", "POST", "/v1/notifications/" + row.ID + "/claim", c.token, json, fmt.Sprintf(`'{"session":"s","rev":%d}'`, row.Rev), nil, []string{"200"}},
		{"an acknowledgement", "PUT", "/v1/notifications/" + row.ID + "/processed", c.token, json, fmt.Sprintf(`'{"rev":%d}'`, row.Rev), nil, []string{"200"}},
		{"a wrong question", "POST", "/v1/notifications/poll", c.token, json, `'{"wait":"long"}'`, nil, []string{"422"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said := c.ask(p, tt.method, tt.path, tt.token, tt.headers, tt.body, tt.read...)
			for _, want := range tt.want {
				if !strings.Contains(said, want) {
					t.Errorf("the page got %q, want %q", said, tt.want)
				}
			}
			if strings.Contains(said, "=null") {
				t.Errorf("the page cannot read %q", said)
			}
		})
	}
	t.Run("how long to wait after a refusal", func(t *testing.T) {
		var said []string
		script := fmt.Sprintf(`(async () => {
			const poll = () => fetch('%s/v1/notifications/poll', {method: 'POST', headers: {Authorization: 'Bearer %s', 'Content-Type': 'application/json'}, body: JSON.stringify({session: 'twin', wait: 5, version: window.v})});
			window.v = (await (await poll()).json()).version;
			return Promise.all(Array.from({length: 8}, () => poll().then((r) => r.status + ' ' + r.headers.get('Retry-After'))));
		})()`, c.api, c.token)
		p.do("eight twins", chromedp.Evaluate(script, &said, awaited))
		if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, "409 ") && s != "409 null" }) {
			t.Errorf("no refusal with its Retry-After among %q", said)
		}
	})
	c.mu.Lock()
	asked := slices.Clone(c.asked)
	c.mu.Unlock()
	if !slices.Contains(asked, "OPTIONS /v1/me") || !slices.Contains(asked, "OPTIONS /v1/notifications/"+row.ID+"/processed") {
		t.Errorf("the browser asked for no permission before: %q", asked)
	}

	tell(c.in, c.hook, "ringing", "c-2", "101", "+79160000002")
	row = c.in.Poll(c.token, "").Rows[0]
	c.origin = strings.Replace(c.origin, "127.0.0.1", "crm.example", 1)
	stranger := c.visit(c.browser, "stranger", "&mode=alone")
	stranger.until("the page", `!!window.zummer`, 60*time.Second)
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/v1/notifications", "null"}, {"GET", "/v1/me", "null"},
		{"PUT", "/v1/notifications/" + row.ID + "/processed", fmt.Sprintf(`'{"rev":%d}'`, row.Rev)},
	} {
		if said := c.ask(stranger, tt.method, tt.path, c.token, "", tt.body); said != "TypeError" {
			t.Errorf("a page of another origin asked %s %s and read %q", tt.method, tt.path, said)
		}
	}
	if !slices.ContainsFunc(c.in.Poll(c.token, "").Rows, func(r apptest.Row) bool { return r.ID == row.ID }) {
		t.Error("a page of another origin settled a row")
	}
}
