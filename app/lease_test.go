package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// counter is a user with several sessions, on one instance or more.
type counter struct {
	t     *testing.T
	in    *apptest.Instance // where the PBX and the administrator come
	hook  string
	token string
	calls int
}

func newCounter(t *testing.T, in *apptest.Instance) *counter {
	t.Helper()
	c := &counter{t: t, in: in, hook: in.Source("office", "generic", nil)}
	c.token = in.User("ivanov", "office", "101")
	return c
}

// answered brings one more answered call, which opens a form.
func (c *counter) answered() {
	c.t.Helper()
	c.calls++
	a := c.in.Do("POST", c.hook, "", fmt.Sprintf(`{"event":"answered","call":"c-%d","extension":"101","phone":"+7903123456%d"}`, c.calls, c.calls%10))
	if a.Status != 200 {
		c.t.Fatalf("webhook: %d %s", a.Status, a.Body)
	}
}

// waits polls for a session until something differs from version.
func (c *counter) waits(in *apptest.Instance, session, version, more string) <-chan apptest.Answer {
	c.t.Helper()
	before := in.Admin("GET", "/v1/admin/stats", nil)["waiting"].(float64)
	out := pollAsync(in, c.token, "wait=30&session="+session+"&version="+version+more)
	waiting(c.t, in, before+1)
	return out
}

// set reads what a poll was answered.
func (c *counter) set(what string, from <-chan apptest.Answer) apptest.Set {
	c.t.Helper()
	a := within(c.t, 60*time.Second, what, from)
	var s apptest.Set
	if err := json.Unmarshal(a.Body, &s); err != nil || a.Status != 200 {
		c.t.Fatalf("%s: %d %s", what, a.Status, a.Body)
	}
	return s
}

func (c *counter) is(what string, s apptest.Set, want string) {
	c.t.Helper()
	var got []string
	for _, r := range s.Rows {
		got = append(got, fmt.Sprintf("%d/%s/%s", r.Rev, r.Action, r.Session))
	}
	if g := strings.Join(got, " "); g != want {
		c.t.Fatalf("%s: %q, want %q", what, g, want)
	}
}

// TestOneOfTwoSessionsOpens: of two sessions that wait one is named to both;
// when it vanishes the other one gets the row under the next revision, and what
// the first still sends is too late.
func TestOneOfTwoSessionsOpens(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn, func(o *app.Options) { o.Lease = 8 * time.Second }) // more than two requests take on a busy machine
		c := newCounter(t, in)
		v := in.Poll(c.token, "").Version
		desk := c.waits(in, "desk", v, "")
		laptop := c.waits(in, "laptop", v, "")
		began := time.Now()
		c.answered()
		one, two := c.set("desk", desk), c.set("laptop", laptop)
		c.is("desk", one, "1/resolve/desk")
		c.is("laptop", two, "1/resolve/desk")
		if one.Version != two.Version {
			t.Errorf("two versions of one set: %s, %s", one.Version, two.Version)
		}
		got := c.set("laptop, after desk has gone", pollAsync(in, c.token, "wait=30&session=laptop&version="+two.Version))
		c.is("laptop, after desk has gone", got, "2/resolve/laptop")
		if took := time.Since(began); took < 8*time.Second || took > 30*time.Second {
			t.Errorf("the row passed on after %s, the lease was 8 s", took)
		}
		late := in.Poll(c.token, "session=desk&ack="+got.Rows[0].ID+".1")
		if late.Acks[0].Result != "stale_rev" {
			t.Errorf("the ack of the session that had gone = %s, want stale_rev", late.Acks[0].Result)
		}
		c.is("its picture", late, "2/resolve/laptop")
		if done := in.Poll(c.token, "session=laptop&ack="+got.Rows[0].ID+".2"); done.Acks[0].Result != "processed" || len(done.Rows) != 0 {
			t.Errorf("the ack of the one that holds it = %+v", done)
		}
	})
}

// TestBusySessions: b and busy pass a row on, and it is a card when nobody can
// open it; the timeline says why.
func TestBusySessions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		c := newCounter(t, in)
		desk := c.waits(in, "desk", in.Poll(c.token, "").Version, "")
		c.answered()
		one := c.set("desk", desk)
		c.is("given", one, "1/resolve/desk")
		laptop := c.waits(in, "laptop", one.Version, "")
		c.is("b", in.Poll(c.token, "session=desk&ack="+one.Rows[0].ID+".1.b"), "2/resolve/laptop")
		two := c.set("laptop", laptop)
		c.is("passed on", two, "2/resolve/laptop")
		c.is("a window is open there", in.Poll(c.token, "session=laptop&busy=1"), "3/show/")
		in.Poll(c.token, "ack="+one.Rows[0].ID+".3")

		busy := c.waits(in, "desk", in.Poll(c.token, "session=desk&busy=1").Version, "&busy=1")
		c.answered()
		three := c.set("a busy session", busy)
		if three.Rows[0].Action == "resolve" { // seen before it is a card
			three = c.set("a busy session", pollAsync(in, c.token, "wait=30&session=desk&busy=1&version="+three.Version))
		}
		c.is("nobody can open it", three, "2/show/")
		timeline := fmt.Sprint(in.Admin("GET", "/v1/admin/notifications/"+three.Rows[0].ID+"/timeline", nil))
		if !strings.Contains(timeline, "has a modal window or an unsaved form open") {
			t.Errorf("the timeline does not say why: %s", timeline)
		}
	})
}

// TestClaimOverHTTP: claim and release as a client meets them, in JSON and as
// 1C writes forms; all three formats name the session.
func TestClaimOverHTTP(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		c := newCounter(t, in)
		foreign := in.User("petrova", "office", "102")
		c.answered()
		set := in.Poll(c.token, "")
		c.is("free", set, "1/resolve/")
		path := "/v1/notifications/" + set.Rows[0].ID + "/"
		form := []string{"Content-Type", "application/x-www-form-urlencoded"}
		for _, tt := range []struct {
			what, do, token, body string
			headers               []string
			status                int
			want                  string
		}{
			{"another revision", "claim", c.token, `{"session":"desk","rev":7}`, nil, 409, `"code":"moved_on"`},
			{"a colleague", "claim", foreign, `{"session":"desk","rev":1}`, nil, 404, `"code":"not_found"`},
			{"the first", "claim", c.token, `{"session":"desk","rev":1}`, nil, 200, `"session":"desk","lease_s":60`},
			{"again", "claim", c.token, "session=desk&rev=1", form, 200, `"rev":1,"session":"desk"`},
			{"the second", "claim", c.token, "session=laptop&rev=1", form, 409, `"code":"claimed"`},
			{"not its own", "release", c.token, `{"session":"laptop","rev":1}`, nil, 409, `"code":"claimed"`},
			{"let go", "release", c.token, "session=desk&rev=1", form, 200, `"rev":2,"session":null,"lease_s":0`},
			{"the second now", "claim", c.token, `{"session":"laptop","rev":2}`, nil, 200, `"session":"laptop"`},
		} {
			a := in.Do("POST", path+tt.do, tt.token, tt.body, tt.headers...)
			if a.Status != tt.status || !strings.Contains(string(a.Body), tt.want) {
				t.Errorf("%s: %d %s, want %d %s", tt.what, a.Status, a.Body, tt.status, tt.want)
			}
		}
		for format, want := range map[string]string{"json": `"session":"laptop"`, "xml": ` session="laptop" `, "text": "\tlaptop\t"} {
			if a := in.Do("GET", "/v1/notifications?format="+format, c.token, nil); !strings.Contains(string(a.Body), want) {
				t.Errorf("%s does not name the session: %s", format, a.Body)
			}
		}
		in.Poll(c.token, "ack="+set.Rows[0].ID+".2") // anybody may settle it
		if a := in.Do("POST", path+"claim", c.token, `{"session":"desk","rev":2}`); a.Status != 409 || !strings.Contains(string(a.Body), "moved_on") {
			t.Errorf("a claim of what is settled: %d %s", a.Status, a.Body)
		}
	})
}

// TestLeaseOnTwoReplicas: of two sessions that wait on two replicas one takes
// the row and keeps it while it waits, for more leases than one, though the other one
// waits for it; when it goes, the other one gets it. b reaches over too.
func TestLeaseOnTwoReplicas(t *testing.T) {
	t.Parallel()
	dsn := storetest.Postgres(t)
	short := func(o *app.Options) { o.Lease = 10 * time.Second } // it is kept two seconds and a half before its end
	one, two := apptest.Start(t, dsn, short), apptest.Start(t, dsn, short)
	c := newCounter(t, one)
	v := two.Until(c.token, "set-up on the other replica", func(apptest.Set) bool { return true }).Version
	// The row is stored on the first replica while desk waits on the second.
	desk := c.waits(two, "desk", v, "")
	c.answered()
	first := c.set("desk", desk)
	c.is("taken on the other replica", first, "1/resolve/desk")
	desk = c.waits(two, "desk", first.Version, "")
	laptop := c.waits(one, "laptop", first.Version, "")
	select {
	case a := <-laptop:
		t.Fatalf("the session of the first replica got %s while the holder waits on the second", a.Body)
	case a := <-desk:
		t.Fatalf("the holder got %s", a.Body)
	case <-time.After(22 * time.Second): // two leases
	}
	// b on one replica, a session that can open it on the other.
	passed := two.Poll(c.token, "session=desk&ack="+first.Rows[0].ID+".1.b")
	if len(passed.Rows) != 1 || passed.Rows[0].Rev < 2 || passed.Rows[0].Session == "desk" {
		t.Fatalf("after b: %+v", passed.Rows)
	}
	c.is("passed over", c.set("laptop", laptop), "2/resolve/laptop")
	<-desk // superseded
	// It goes: desk passed this one on and is not asked again, phone is.
	phone := c.set("phone", pollAsync(two, c.token, "wait=30&session=phone&version="+two.Poll(c.token, "").Version))
	c.is("after laptop has gone", phone, "3/resolve/phone")
}
