package app_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// TestNotModified: the ETag of a plain GET stands for version, format and page
// size; while all three hold there is nothing new.
func TestNotModified(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		s.published(`{"user":"ivanov","kind":"note","title":"one"}`)
		get := func(query, tag string) (status int, etag string, body string) {
			a := s.Do("GET", "/v1/notifications?"+query, s.ivanov, nil, "If-None-Match", tag)
			return a.Status, a.Header.Get("ETag"), string(a.Body)
		}
		status, tag, _ := get("", "")
		if status != 200 || tag == "" {
			t.Fatalf("a plain GET = %d, ETag %q", status, tag)
		}
		if status, again, body := get("", tag); status != 304 || again != tag || body != "" {
			t.Errorf("the same again = %d %q, ETag %q; want 304, %q", status, body, again, tag)
		}
		began := time.Now()
		if status, _, _ := get("wait=1", tag); status != 304 || time.Since(began) < time.Second {
			t.Errorf("the same again with wait=1 = %d after %s", status, time.Since(began))
		}
		for _, query := range []string{"format=xml", "format=text", "limit=7"} {
			status, other, _ := get(query, tag)
			if status != 200 || other == tag {
				t.Errorf("%s with the ETag of json and 50 = %d, ETag %q", query, status, other)
			}
			if status, _, _ := get(query, other); status != 304 {
				t.Errorf("%s with its own ETag = %d", query, status)
			}
		}
		for _, query := range []string{"version=" + s.Poll(s.ivanov, "").Version, "ack=1.1"} {
			if status, etag, _ := get(query, tag); status != 200 || etag != "" {
				t.Errorf("%s = %d, ETag %q; want 200 and none", query, status, etag)
			}
		}
		s.published(`{"user":"ivanov","kind":"note","title":"two"}`)
		if status, next, body := get("", tag); status != 200 || next == tag || !strings.Contains(body, `"two"`) {
			t.Errorf("after a change = %d, ETag %q: %s", status, next, body)
		}
		began = time.Now()
		a := s.Do("GET", "/v1/notifications?version="+s.Poll(s.ivanov, "").Version, s.ivanov, nil, "Prefer", "wait=1")
		if took := time.Since(began); a.Status != 200 || a.JSON(t)["state"] != "unchanged" || took < time.Second || took > 20*time.Second {
			t.Errorf("Prefer: wait=1 = %d %s after %s", a.Status, a.Body, took)
		}
	})
}

// TestAckSettlesARevision: a later transition of the same call makes a new row,
// which names the one before; the old acknowledgement is a success for ever.
func TestAckSettlesARevision(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		tell := func(event string) map[string]any {
			t.Helper()
			if a := s.Do("POST", s.hook, "", `{"event":"`+event+`","call":"c","extension":"101","phone":"+79031234567"}`); a.Status != 200 {
				t.Fatalf("%s: %d %s", event, a.Status, a.Body)
			}
			rows := s.Do("GET", "/v1/notifications", s.ivanov, nil).JSON(t)["notifications"].([]any)
			if len(rows) != 1 {
				t.Fatalf("after %s: %v", event, rows)
			}
			return rows[0].(map[string]any)
		}
		ack := func(ref string) string {
			t.Helper()
			set := s.Poll(s.ivanov, "ack="+ref)
			return set.Acks[0].Result
		}
		ringing := tell("ringing")
		if got := ack(ringing["id"].(string) + ".1"); got != "processed" || ringing["follows"] != nil {
			t.Fatalf("the first ack = %s of %v", got, ringing)
		}
		answered := tell("answered")
		if answered["id"] == ringing["id"] || answered["rev"] != 1.0 || answered["follows"] != ringing["id"] {
			t.Errorf("answered = %v, want a new row, rev 1, that follows %v", answered, ringing["id"])
		}
		if got := ack(ringing["id"].(string) + ".1.d"); got != "already" {
			t.Errorf("the first ack again = %s", got)
		}
		if got := ack(answered["id"].(string) + ".1.b"); got != "processed" {
			t.Errorf("busy = %s", got)
		}
		if got := ack(answered["id"].(string) + ".1"); got != "stale_rev" {
			t.Errorf("an ack of the revision before = %s", got)
		}
		if got := ack(s.foreignID + ".1"); got != "not_found" {
			t.Errorf("an ack of a colleague's row = %s", got)
		}
		left := s.Poll(s.ivanov, "").Rows
		if len(left) != 1 || left[0].Rev != 2 || left[0].Action != "show" {
			t.Errorf("left: %+v, want the card at rev 2", left)
		}
	})
}

// TestPagesAreOneSet: a set that fits neither into the limit nor into 256 KiB
// comes in pages of one version; it is named on the last of them only, and a
// client without a version is told reset on the first only.
func TestPagesAreOneSet(t *testing.T) {
	t.Parallel()
	const rows = 110
	storetest.Each(t, func(t *testing.T, dsn string) {
		s := newShop(t, dsn)
		data := strings.Repeat("Ж", 1900)
		for i := range rows {
			s.published(fmt.Sprintf(`{"user":"ivanov","kind":"note","title":"n%d","data":{"x":"%s"}}`, i, data))
		}
		var version string
		for _, format := range []string{"json", "xml", "text"} {
			seen, pages, after := map[string]bool{}, 0, ""
			for {
				pages++
				a := s.Do("GET", "/v1/notifications?limit=100&format="+format+"&after="+after, s.ivanov, nil)
				if a.Status != 200 || len(a.Body) > 256<<10 {
					t.Fatalf("%s, page %d: %d with %d bytes", format, pages, a.Status, len(a.Body))
				}
				p := pageOf(t, format, a.Body)
				for _, id := range p.ids {
					if seen[id] {
						t.Errorf("%s: row %s stands on two pages", format, id)
					}
					seen[id] = true
				}
				if want := map[bool]string{true: "reset", false: "set"}[pages == 1]; p.state != want {
					t.Errorf("%s, page %d says %s, want %s", format, pages, p.state, want)
				}
				if format == "json" && pages == 1 && len(p.ids) >= 100 {
					t.Errorf("json: %d rows of 4 KiB on one page", len(p.ids))
				}
				if (p.next == "") != (p.version != "") {
					t.Errorf("%s, page %d: version %q with next %q", format, pages, p.version, p.next)
				}
				if after = p.next; after == "" {
					version = p.version
					break
				}
			}
			if len(seen) != rows || pages < 2 {
				t.Errorf("%s: %d rows on %d pages, want %d", format, len(seen), pages, rows)
			}
		}
		if got := s.Poll(s.ivanov, "version="+version); got.State != "unchanged" {
			t.Errorf("the version of the last page = %s", got.State)
		}
	})
}

// page is one answer as far as paging goes.
type page struct {
	state, version, next string
	ids                  []string
}

func pageOf(t *testing.T, format string, body []byte) (p page) {
	t.Helper()
	switch format {
	case "text":
		lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
		head := strings.Split(lines[0], "\t")
		p = page{state: head[4], version: head[1], next: head[3]}
		for _, l := range lines[1:] {
			id, _, _ := strings.Cut(l, ".")
			p.ids = append(p.ids, id)
		}
	case "xml":
		var r struct {
			State   string `xml:"state,attr"`
			Version string `xml:"version,attr"`
			Page    string `xml:"page,attr"`
			N       []struct {
				ID string `xml:"id,attr"`
			} `xml:"n"`
		}
		if err := xml.Unmarshal(body, &r); err != nil {
			t.Fatal(err)
		}
		p = page{state: r.State, version: r.Version, next: r.Page}
		for _, n := range r.N {
			p.ids = append(p.ids, n.ID)
		}
	default:
		var s apptest.Set
		if err := json.Unmarshal(body, &s); err != nil {
			t.Fatal(err)
		}
		p = page{state: s.State, version: s.Version, next: s.Next}
		for _, n := range s.Rows {
			p.ids = append(p.ids, n.ID)
		}
	}
	return p
}
