package conformance_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/clients/conformance"
)

// rough is a client made by hand, right but for one bug.
type rough struct {
	kit     *conformance.Kit
	bug     string
	xml     bool      // it reads format=xml, as 1C 8.2 does
	busy    time.Time // until when a window is open
	session string

	mu      sync.Mutex
	version string
	rows    []roughRow
	part    []roughRow
	next    string
	acks    []string
	opened  map[string]bool
	strayed bool
	polls   int
}

type roughRow struct {
	ID      string  `json:"id"`
	Rev     int     `json:"rev"`
	Action  string  `json:"action"`
	Session *string `json:"session"`
	Call    *struct {
		State string `json:"state"`
	} `json:"call"`
}

func (r roughRow) key() string { return fmt.Sprintf("%s.%d", r.ID, r.Rev) }

type roughAnswer struct {
	State   string     `json:"state"`
	Version *string    `json:"version"`
	Next    *string    `json:"next"`
	Rows    []roughRow `json:"notifications"`
	Acks    []struct {
		ID  string `json:"id"`
		Rev int    `json:"rev"`
	} `json:"acks"`
	After int `json:"poll_after_ms"`
}

// plain notices every line that breaks: over a connection that was used before,
// Go's client would ask again by itself.
var plain = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// run polls until ctx ends.
func (c *rough) run(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		if c.bug == "session_changes" {
			c.session = fmt.Sprintf("rough-%d", n)
		}
		if c.bug == "supersedes" {
			go c.once(ctx)
		}
		pause, ok := c.once(ctx)
		if !ok && c.bug == "gone" {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// once is one poll; it says how long to wait for the next one.
func (c *rough) once(ctx context.Context) (pause time.Duration, ok bool) {
	pause = 700 * time.Millisecond
	if c.bug == "hot_loop" {
		pause = 10 * time.Millisecond
	}
	c.mu.Lock()
	sent := slices.Clone(c.acks)
	q := url.Values{"wait": {"25"}, "version": {c.version}, "after": {c.next}, "session": {c.session}, "ack": {strings.Join(sent, ",")}}
	if c.xml {
		q.Set("format", "xml")
	}
	if strings.HasSuffix(c.bug, "never waiting") { // as a synchronous client, that would stop the screen
		q.Set("wait", "0")
	}
	if time.Now().Before(c.busy) {
		q.Set("busy", "1")
		q.Set("wait", "0.5")
	}
	if c.bug == "ack_unknown" && !c.strayed {
		c.strayed = true
		q.Set("ack", "9999.1")
	}
	if c.bug == "version never named" || c.bug == "none, started anew twice" && c.polls < 3 {
		q.Set("version", "")
	}
	c.polls++
	if c.bug == "version" && c.version != "" {
		q.Set("version", c.version+"7")
	}
	if c.bug == "ack_again" {
		c.acks = nil
	}
	c.mu.Unlock()
	timeout := 40 * time.Second
	if q.Get("wait") == "0" {
		timeout = 2 * time.Second
	}
	if c.bug == "gave_up" {
		timeout = 3500 * time.Millisecond
	}
	asking, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, _ := http.NewRequestWithContext(asking, http.MethodGet, c.kit.URL()+"/v1/notifications?"+q.Encode(), nil)
	req.Header.Set("Authorization", "Bearer "+c.kit.Token())
	req.Header.Set("X-Client", "rough/1")
	res, err := plain.Do(req)
	if err != nil {
		c.failed()
		return pause, false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		c.failed()
		var s int
		_, _ = fmt.Sscan(res.Header.Get("Retry-After"), &s)
		if strings.HasSuffix(c.bug, "renamed") && res.StatusCode == http.StatusConflict {
			c.session = "rough-2"
		}
		if c.bug == "refused is answered" {
			c.mu.Lock()
			c.acks = nil
			c.mu.Unlock()
		}
		if s > 0 && c.bug != "retry_after" && (c.bug != "409 is no pause" || res.StatusCode != http.StatusConflict) {
			pause = time.Duration(s) * time.Second
		}
		return pause, false
	}
	if err != nil && c.bug == "ack_unseen" {
		body = append(body[:strings.LastIndex(string(body), `,"follows"`)], []byte(`}]}`)...)
		err = nil
	}
	a, ok := c.parse(body)
	if c.bug == "novelty" && strings.Contains(string(body), `"novelty"`) {
		ok = false
	}
	if err != nil || !ok {
		c.failed()
		if c.bug == "anything is a set" && err == nil {
			c.mu.Lock()
			c.rows = nil
			c.show()
			c.mu.Unlock()
		}
		return pause, false
	}
	c.take(a, sent)
	if a.After > 0 && c.bug != "pace of "+a.State && c.bug != "supersedes" {
		return time.Duration(a.After) * time.Millisecond, true
	}
	return 0, true
}

func (c *rough) parse(body []byte) (a roughAnswer, ok bool) {
	if !c.xml {
		return a, json.Unmarshal(body, &a) == nil
	}
	var x struct {
		XMLName xml.Name `xml:"r"`
		State   string   `xml:"state,attr"`
		Version string   `xml:"version,attr"`
		Page    string   `xml:"page,attr"`
		NextS   int      `xml:"next_s,attr"`
		Rows    []struct {
			ID      string `xml:"id,attr"`
			Rev     int    `xml:"rev,attr"`
			Action  string `xml:"action,attr"`
			Session string `xml:"session,attr"`
		} `xml:"n"`
	}
	if xml.Unmarshal(body, &x) != nil {
		return a, false
	}
	a.State, a.Version = x.State, &x.Version
	if x.Page != "" {
		a.Next = &x.Page
	}
	if x.NextS > 1 {
		a.After = 1000 * x.NextS
	}
	for _, n := range x.Rows {
		a.Rows = append(a.Rows, roughRow{ID: n.ID, Rev: n.Rev, Action: n.Action, Session: &n.Session})
	}
	return a, true
}

// failed is what the client does when there is no answer.
func (c *rough) failed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next, c.part = "", nil
	switch c.bug {
	case "picture_dropped":
		c.version, c.rows = "", nil
	case "opened_twice": // it forgets what it owes, and what it did
		c.acks = nil
		clear(c.opened)
	}
}

// take takes an answer in.
func (c *rough) take(a roughAnswer, sent []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bug == "acked_before_opened" {
		for _, key := range sent {
			c.kit.Opened(key)
		}
	}
	if c.bug != "ack_forever" {
		c.acks = slices.DeleteFunc(c.acks, func(s string) bool { return slices.Contains(sent, s) })
	}
	switch a.State {
	case "reset":
		c.part = a.Rows
		if c.bug == "pages" {
			c.part = append(c.rows, a.Rows...)
		}
	case "set":
		c.part = append(c.part, a.Rows...)
	default:
		c.part, c.next = nil, ""
		if c.bug == "picture_wrong" && a.State == "unchanged" || c.bug == "an unknown state is a set" && a.State == "resting" {
			c.rows = nil
			c.show()
		}
		return
	}
	c.next = ""
	if a.Next != nil {
		c.next = *a.Next
		if c.bug != "pages" {
			return
		}
	} else {
		c.version = *orNothing(a.Version)
	}
	c.rows = c.part
	if c.next == "" {
		c.part = nil
	}
	for _, r := range c.rows {
		c.open(r)
	}
	c.show()
}

func orNothing(s *string) *string {
	if s == nil {
		return new(string)
	}
	return s
}

// open opens what this session shall open, once, and owes its ack.
func (c *rough) open(r roughRow) {
	opens := slices.Contains([]string{"open", "create", "choose", "resolve"}, r.Action)
	ours := r.Session != nil && *r.Session == c.session
	memory := r.key()
	switch c.bug {
	case "creates nothing":
		opens = opens && r.Action != "create"
	case "opens what rings":
		opens, ours = opens || r.Action == "indicate", ours || r.Action == "indicate"
	case "bare":
		opens = opens && r.Call != nil
	case "busy":
		ours = ours || time.Now().Before(c.busy)
	case "seen is known":
		if !ours {
			c.opened[r.ID] = true
		}
		if c.opened[r.ID] {
			return
		}
	case "opened_card":
		opens = opens || r.Action == "celebrate"
		ours = ours || r.Action == "celebrate"
	case "foreign":
		ours = true
	case "claimed": // it claims, and does not listen
		if r.Session == nil {
			go c.claim(r)
			ours = true
		}
	case "id_only":
		memory = r.ID
	case "seen_is_not_opened":
		if !ours {
			c.opened[memory] = true
		}
	}
	ack := r.key()
	switch {
	case !opens || !ours:
	case c.opened[memory]:
		if c.bug != "id_only" && c.bug != "seen_is_not_opened" && !slices.Contains(c.acks, ack) && c.bug != "ack_again" {
			c.acks = append(c.acks, ack)
		}
	case c.bug == "acked_before_opened":
		c.acks = append(c.acks, ack) // it opens when the answer is there
		c.opened[memory] = true
	default:
		c.opened[memory] = true
		c.kit.Opened(r.key())
		if c.bug != "ack" && !slices.Contains(c.acks, ack) {
			c.acks = append(c.acks, ack)
		}
	}
}

func (c *rough) claim(r roughRow) {
	body := strings.NewReader(fmt.Sprintf(`{"session":%q,"rev":%d}`, c.session, r.Rev))
	req, _ := http.NewRequest(http.MethodPost, c.kit.URL()+"/v1/notifications/"+r.ID+"/claim", body)
	req.Header.Set("Authorization", "Bearer "+c.kit.Token())
	req.Header.Set("Content-Type", "application/json")
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
	}
}

func (c *rough) show() {
	var keys []string
	for _, r := range c.rows {
		keys = append(keys, r.key())
	}
	c.kit.Shown(keys...)
}

// mistakes are what is wrong with the report on a client that breaks the last of
// the steps, or any, by the first rule of may, and may break the others.
func mistakes(report conformance.Report, steps, may []string, anyStep bool) (wrong []string) {
	if !report.Has(may[0]) || report.OK() {
		wrong = append(wrong, fmt.Sprintf("not found; the report has %+v", report.Violations))
	}
	if anyStep {
		return wrong
	}
	for _, s := range report.Steps {
		if (s.Result == conformance.Broken) != (s.Name == steps[len(steps)-1]) {
			wrong = append(wrong, fmt.Sprintf("step %s: %s", s.Name, s.Result))
		}
	}
	for _, v := range report.Violations {
		if !slices.Contains(may, v.Rule) {
			wrong = append(wrong, fmt.Sprintf("beside: %s in %s [%s]", v.Rule, v.Step, v.Detail))
		}
	}
	return wrong
}

// TestBugs: each step has clients that break it and no other, and the kit tells
// each bug by the name of its rule; it says nothing of a client without one.
func TestBugs(t *testing.T) {
	t.Parallel()
	const all = "hello unchanged lost-answer lost-ack broken-answer not-zummer superseded pace stale pages given-later novelty bare closing"
	steps, rules := map[string]bool{}, map[string]bool{"absent": true}
	for _, tc := range []struct {
		bug   string // of rough
		steps string // that are played; the last one is broken and no other, but where it has a star any may be
		rules string // that the report names; the first it must
	}{
		{"none", all, ""},
		{"none in xml", all, ""},
		{"none, first busy", "hello foreign claimed", ""},
		{"none, renamed", "hello 409 closing", ""}, // a conflict of sessions may have it take another name
		{"none, never waiting", "hello lost-ack pages stale given-later slow", ""},
		{"ack", "hello", "ack"},
		{"creates nothing", "hello", "ack"},
		{"ack_unknown", "hello", "ack_unknown"},
		{"acked_before_opened", "hello", "acked_before_opened"},
		{"supersedes", "hello foreign*", "supersedes"},
		{"session_changes", "hello unchanged lost-answer*", "session_changes foreign ack"},
		{"busy", "hello", "busy foreign"},
		{"picture_wrong", "hello unchanged", "picture_wrong"},
		{"version", "unchanged*", "version"},
		{"version never named", "hello", "version"},
		{"none, started anew twice", "hello closing", ""},
		{"picture_dropped", "hello lost-answer", "picture_dropped"},
		{"ack_forever", "hello lost-answer", "ack_forever"},
		{"ack_again", "hello lost-ack", "ack_again"},
		{"opened_twice", "hello lost-ack", "opened_twice ack_again"},
		{"ack_unseen", "hello broken-answer", "ack_unseen opened_unseen version"},
		{"ack_unseen", "hello broken-answer", "opened_unseen ack_unseen version"},
		{"picture_dropped", "hello not-zummer", "picture_dropped"},
		{"anything is a set", "hello not-zummer", "picture_wrong"},
		{"gone", "hello 401", "gone"},
		{"refused is answered", "hello 401", "ack_again"},
		{"retry_after", "hello 503", "retry_after"},
		{"409 is no pause", "hello 503 409", "retry_after"},
		{"hot_loop", "hello restart", "hot_loop"},
		{"opened_twice", "hello restart", "opened_twice ack_again"},
		{"pace of superseded", "hello superseded", "pace"},
		{"pace of set", "hello drain pace", "pace"},
		{"pace of unchanged", "hello pace drain", "pace"},
		{"id_only", "hello stale", "id_only"},
		{"pages", "hello pages", "pages picture_wrong ack_forever version"},
		{"foreign", "hello foreign", "foreign"},
		{"seen is known", "hello foreign", "id_only"},
		{"claimed", "hello foreign claimed", "foreign"},
		{"seen_is_not_opened", "hello given-later", "seen_is_not_opened"},
		{"opened_card", "hello novelty", "opened_card"},
		{"novelty", "hello novelty", "novelty picture_wrong version ack_forever"},
		{"an unknown state is a set", "hello novelty", "picture_wrong"},
		{"bare", "hello bare", "bare"},
		{"opens what rings", "hello closing", "opened_card"},
		{"gave_up", "hello slow", "gave_up"},
	} {
		names, may := strings.Fields(strings.TrimSuffix(tc.steps, "*")), strings.Fields(tc.rules)
		broken := names[len(names)-1]
		if len(may) > 0 && !strings.HasSuffix(tc.steps, "*") {
			steps[broken] = true
		}
		if len(may) > 0 {
			rules[may[0]] = true
		}
		t.Run(tc.bug+" "+broken, func(t *testing.T) {
			t.Parallel()
			opt := quick()
			opt.Steps = names
			play := func(t *testing.T) conformance.Report {
				return run(t, opt, func(ctx context.Context, kit *conformance.Kit) {
					busy := map[string]time.Duration{"none, first busy": 2 * time.Second, "busy": 2 * opt.Patience}[tc.bug]
					c := rough{kit: kit, bug: tc.bug, xml: strings.HasSuffix(tc.bug, "xml"), busy: time.Now().Add(busy), session: "rough-1", opened: map[string]bool{}}
					c.run(ctx)
				})
			}
			if len(may) == 0 {
				passes(t, play(t))
				return
			}
			// What does not come does not come; but on a busy machine what is right takes
			// its time too, and is no bug.
			for _, opt.Patience = range []time.Duration{5 * time.Second, 15 * time.Second, 45 * time.Second} {
				wrong := mistakes(play(t), names, may, strings.HasSuffix(tc.steps, "*"))
				if len(wrong) == 0 {
					return
				}
				t.Logf("with %s of patience: %s", opt.Patience, strings.Join(wrong, "; "))
			}
			t.Error("not found as it should be")
		})
	}
	for _, name := range conformance.StepNames() {
		if !steps[name] {
			t.Errorf("no client breaks the step %s", name)
		}
	}
	for _, name := range conformance.RuleNames() {
		if !rules[name] {
			t.Errorf("no client breaks the rule %s", name)
		}
	}
	t.Run("absent", func(t *testing.T) {
		t.Parallel()
		opt := quick()
		opt.Start = 100 * time.Millisecond
		report := run(t, opt, func(context.Context, *conformance.Kit) {})
		if !report.Has("absent") || report.OK() {
			t.Errorf("report %+v", report)
		}
	})
}
