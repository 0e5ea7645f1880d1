package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// complaint is one of the thirty things that users of other systems ask for or
// complain about (the product's research, most important first). Each is shown
// here, by tests that stand elsewhere, or is outside, and then says why.
type complaint struct {
	what      string
	shown     func(*bureau) // here
	elsewhere []string      // names of tests
	outside   string
}

var complaints = []complaint{
	1:  {what: "the popup does not appear, and nobody can tell why", shown: nobodyCanTellWhy, elsewhere: []string{"TestDoctorSays"}},
	2:  {what: "ring group or queue: no popup, or it sticks with the first operator", shown: groupRings, elsewhere: []string{"TestRoute"}},
	3:  {what: "another agent answered; the others still see the call", shown: groupRings},
	4:  {what: "two quick calls from one number are merged into one", shown: twoQuickCalls},
	5:  {what: "transfer: the event names the wrong agent, or the caller is lost", shown: transfer, elsewhere: []string{"TestCallsThatMerge"}},
	6:  {what: "a late event changes a finished call", shown: lateEvent, elsewhere: []string{"TestNothingLivesAfterTheEnd"}},
	7:  {what: "the end never comes; popup and timer stay", elsewhere: []string{"TestSilentCallsOfARunningInstance", "TestStuck"}},
	8:  {what: "retried webhooks must not repeat, and a retry after a failure must not be eaten", shown: retriedWebhooks, elsewhere: []string{"TestOnePoisonedWebhookAmong64", "TestDatabaseAway"}},
	9:  {what: "events go to every agent", shown: onlyHisOwn},
	10: {what: "offline people cannot act on the call later", shown: offline},
	11: {what: "open the existing record when the client has one, the new form otherwise", shown: existingOrNew},
	12: {what: "same number, other format: not recognised", shown: otherFormats, elsewhere: []string{"TestParse"}},
	13: {what: "second phone of the contact, or a contact with only a phone, is unknown", shown: secondPhone},
	14: {what: "several contacts share a number: let me choose", shown: sharedNumber},
	15: {what: "two clients or many tabs: shown twice", shown: twoClients},
	16: {what: "after a reload popups stop", shown: afterReload},
	17: {what: "let me switch it off", shown: switchedOff},
	18: {what: "it takes the focus while I type", shown: busyClient},
	19: {what: "popups pile up; mark all as seen", shown: pileUp},
	20: {what: "extension mapping: the call goes to the administrator; short extensions are not accepted", shown: mapping},
	21: {what: "one extension on two phones confuses the popup", shown: twoPhones},
	22: {what: "a missed call must become a task", shown: missedTask},
	23: {what: "no component for each client and no open AMI", elsewhere: []string{"TestReadme", "TestEveryKindTellsEveryScenario"}},
	24: {what: "without the Collaboration System the 1C user hears nothing", shown: plainPolling},
	25: {what: "different time zones of server and client break the handling of calls", shown: zonesDiffer},
	26: {what: "a plain REST call that pops the screen; an address with parameters", shown: plainREST},
	27: {what: "pops at the wrong moment: on hang-up, after the call, or on ringing only", shown: rightMoment},
	28: {what: "internal calls: surprise that they do not pop", shown: internalCall},
	29: {what: "click to call is dead, slow or missing", elsewhere: []string{"TestDial"}},
	30: {what: "set-up is unclear; no way to test without a real call", elsewhere: []string{"TestDemo", "TestEveryKindCanBeSimulated", "TestDoctorWithoutInstance"}},
}

// TestComplaints goes through the thirty, on both databases.
func TestComplaints(t *testing.T) {
	t.Parallel()
	exists := testNames(t)
	storetest.Each(t, func(t *testing.T, dsn string) {
		t.Parallel()
		in := apptest.Start(t, dsn)
		for n, c := range complaints[1:] {
			t.Run(fmt.Sprintf("%02d %s", n+1, c.what), func(t *testing.T) {
				for _, name := range c.elsewhere {
					if !exists[name] {
						t.Errorf("there is no %s", name)
					}
				}
				switch {
				case c.shown != nil:
					c.shown(newBureau(t, in, fmt.Sprintf("c%d", n+1)))
				case len(c.elsewhere) == 0 && c.outside == "":
					t.Error("neither shown nor said to be outside")
				}
			})
		}
	})
}

// testNames are the tests of this repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	name := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range name.FindAllSubmatch(text, -1) {
			out[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// bureau is a company of its own in a running instance: three people, a source,
// a group, and numbers that nobody else has.
type bureau struct {
	*apptest.Instance
	t      *testing.T
	slug   string
	hook   string
	tokens map[string]string // of anna, boris, vera
	sync   string
	at     time.Time
}

func newBureau(t *testing.T, in *apptest.Instance, slug string) *bureau {
	t.Helper()
	one := in.For(t)
	o := &bureau{Instance: one, t: t, slug: slug, tokens: map[string]string{}, at: time.Now().Add(-5 * time.Second)}
	o.hook = one.Source(slug, "generic", nil)
	var members []string
	for i, name := range []string{"anna", "boris", "vera"} {
		o.tokens[name] = one.User(o.login(name), slug, fmt.Sprint(101+i))
		members = append(members, o.login(name))
	}
	one.Admin("PUT", "/v1/admin/groups/"+slug, map[string]any{"members": members})
	o.sync = one.Admin("POST", "/v1/admin/tokens", map[string]any{"name": slug, "scopes": []string{"sync", "publish"}})["token"].(string)
	o.contact("a company", "+7903"+strings.Repeat("9", 7), nil) // so that contacts are synchronised at all
	return o
}

func (o *bureau) login(name string) string { return name + "-" + o.slug }

// phone is a number of this office's callers.
func (o *bureau) phone(n int) string {
	return fmt.Sprintf("+7916%03s%04d", strings.TrimPrefix(o.slug, "c"), n)
}

// tell sends "ringing 101 call=x phone=+7…": an event of this moment, a
// millisecond after the one before.
func (o *bureau) tell(text string) {
	o.t.Helper()
	words := strings.Fields(text)
	o.at = o.at.Add(time.Millisecond)
	body := map[string]any{"event": words[0], "call": o.slug + "-1", "phone": o.phone(1), "at": o.at.Format("2006-01-02T15:04:05.000Z07:00")}
	for _, w := range words[1:] {
		k, v, ok := strings.Cut(w, "=")
		switch {
		case !ok:
			body["extension"] = w
		case v == "none":
			delete(body, k)
		default:
			body[k] = v
		}
	}
	if a := o.Do("POST", o.hook, "", body); a.Status != 200 {
		o.t.Fatalf("%s: %d %s", text, a.Status, a.Body)
	}
}

func (o *bureau) tells(all ...string) {
	o.t.Helper()
	for _, text := range all {
		o.tell(text)
	}
}

// rows are what the person's client sees, as "kind/action", sorted.
func (o *bureau) rows(name string) []string {
	o.t.Helper()
	var out []string
	for _, r := range o.Poll(o.tokens[name], "").Rows {
		out = append(out, r.Kind+"/"+r.Action)
	}
	slices.Sort(out)
	return out
}

// sees checks what the person's client sees.
func (o *bureau) sees(name string, want ...string) {
	o.t.Helper()
	if got := o.rows(name); !slices.Equal(got, want) {
		o.t.Errorf("%s sees %q, want %q", name, got, want)
	}
}

// row is the only row that the person's client sees.
func (o *bureau) row(name string) apptest.Row {
	o.t.Helper()
	set := o.Poll(o.tokens[name], "")
	if len(set.Rows) != 1 {
		o.t.Fatalf("%s sees %d rows, want one: %+v", name, len(set.Rows), set.Rows)
	}
	return set.Rows[0]
}

// contact stores a contact of the CRM with as many open interests.
func (o *bureau) contact(name, phone string, interests []string, more ...string) {
	o.t.Helper()
	objects := []map[string]any{}
	for _, i := range interests {
		objects = append(objects, map[string]any{"type": "Документ", "name": "Интерес", "uid": i, "title": "Интерес " + i})
	}
	a := o.Do("PUT", "/v1/sync/contacts/"+o.slug+"-"+strings.ReplaceAll(name, " ", "-"), o.sync, map[string]any{"phones": append([]string{phone}, more...), "name": name, "interests": objects})
	if a.Status/100 != 2 {
		o.t.Fatalf("contact: %d %s", a.Status, a.Body)
	}
}
