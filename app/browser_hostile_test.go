package app_test

import (
	"net/url"
	"testing"
	"time"
)

// TestAdminPageWithHostileNames: whatever people, PBXs and publishers call
// themselves stays text, also in rows that arrive while the page is open.
func TestAdminPageWithHostileNames(t *testing.T) {
	t.Parallel()
	in, hook, _ := manned(t)
	const evil = `<img src=x onerror="window.hacked=1"></td><script>window.hacked=1</script>`
	in.Admin("PUT", "/v1/admin/users/"+url.PathEscape(evil), map[string]any{"name": evil})
	p := browse(t, in, "en", "/admin/")
	in.Admin("POST", "/v1/notifications", map[string]any{"user": evil, "kind": "note", "title": evil, "text": evil, "name": evil, "phone": "<b>1"})
	in.Do("POST", hook, "", map[string]any{"event": "ringing", "call": evil, "extension": evil, "name": evil, "phone": evil})
	in.Do("POST", hook, "", `{"event":"`+url.PathEscape(evil)+`<script>"}`)
	in.Do("POST", "/hooks/"+url.PathEscape(evil)+"/x", "", "")
	p.until("the row", pendingRows+`.length > 0 && document.getElementById('pending-rows').innerText.includes('<img src=x')`, 60*time.Second)
	if p.yes(`window.hacked === 1 || document.querySelectorAll('main img, main script, main b b').length > 0`) {
		t.Errorf("a name became markup: %s", p.text(`document.querySelector('main').innerHTML`))
	}
}
