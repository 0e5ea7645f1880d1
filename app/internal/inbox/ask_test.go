package inbox

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

// fakeCRM answers after a while.
type fakeCRM struct {
	after    time.Duration
	contacts []models.Contact
	err      error
	kept     bool // it has said so a moment ago
	asked    atomic.Int32
}

func (c *fakeCRM) Kept(string) ([]models.Contact, bool) { return c.contacts, c.kept }

func (c *fakeCRM) Lookup(context.Context, string) ([]models.Contact, bool, error) {
	c.asked.Add(1)
	<-time.After(c.after)
	return c.contacts, c.err == nil, c.err
}

// askingRules are the built-in ones, asking the CRM.
func askingRules() *models.RuleSet {
	rules := routing.Builtin()
	for i := range rules {
		if rules[i].Name == "ringing" || rules[i].Name == "answered" {
			rules[i].Then.Lookup = true
		}
	}
	return &models.RuleSet{Version: 1, Rules: rules}
}

// A CRM that is asked who calls: what the user sees before and after it has
// answered. The webhook is stored at once in every case.
func TestAskingTheCRM(t *testing.T) {
	romashka := models.Contact{ExternalID: "c1", Name: "ООО Ромашка", RespLogin: "petrova", Interests: []models.Object{{Type: "Документ", Name: "Интерес", UID: "u1", Title: "Интерес 17"}}}
	const slow = 200 * time.Millisecond
	for _, tc := range []struct {
		name   string
		crm    *fakeCRM
		events []models.EventType
		before string // at once
		after  string // a moment later
		title  string
		asked  int32
	}{
		{"known to the CRM, answered at once: the form opens when it has said so", &fakeCRM{after: slow, contacts: []models.Contact{romashka}}, []models.EventType{models.EventAnswered},
			"call.answered/indicate/1 ", "call.answered/open/2 ", "ООО Ромашка", 1},
		{"unknown to the CRM too: the wizard", &fakeCRM{after: slow}, []models.EventType{models.EventAnswered},
			"call.answered/indicate/1 ", "call.answered/create/2 ", "+7 903 123-45-67", 1},
		{"it cannot be asked: as if it had not been", &fakeCRM{after: slow, err: errors.New("test: down")}, []models.EventType{models.EventAnswered},
			"call.answered/indicate/1 ", "call.answered/resolve/2 ", "+7 903 123-45-67", 1},
		{"asked while it rings: the caller's name comes a moment later", &fakeCRM{after: slow, contacts: []models.Contact{romashka}}, []models.EventType{models.EventRinging},
			"call.ringing/indicate/1 ", "call.ringing/indicate/2 ", "ООО Ромашка", 1},
		{"it has said so a moment ago: nothing is asked", &fakeCRM{kept: true, contacts: []models.Contact{romashka}}, []models.EventType{models.EventRinging, models.EventAnswered},
			"call.answered/open/2 ", "call.answered/open/2 ", "ООО Ромашка", 0},
		{"it said a moment ago that it does not know", &fakeCRM{kept: true}, []models.EventType{models.EventAnswered},
			"call.answered/create/1 ", "call.answered/create/1 ", "+7 903 123-45-67", 0},
		{"over before it answers: nothing opens", &fakeCRM{after: slow, contacts: []models.Contact{romashka}}, []models.EventType{models.EventAnswered, models.EventEnded},
			"call.ended/show/2 ", "call.ended/show/2 ", "+7 903 123-45-67", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				r.in.opt.CRM = tc.crm
				d := testDirectory()
				d.Rules = askingRules()
				r.mem.dir = d
				r.now.Store(d)
				began := time.Now()
				for _, what := range tc.events {
					e := event(what, "101")
					e.Phone = "+79031234567"
					r.accept(e)
				}
				if waited := time.Since(began); waited > 50*time.Millisecond {
					r.t.Errorf("the webhooks took %v", waited)
				}
				if got := kindsOf(r.poll(1, models.PollQuery{})); got != tc.before {
					r.t.Errorf("at once: %q, want %q", got, tc.before)
				}
				<-time.After(time.Second)
				synctest.Wait()
				set := r.poll(1, models.PollQuery{})
				if got := kindsOf(set); got != tc.after {
					r.t.Errorf("a moment later: %q, want %q", got, tc.after)
				}
				if got := set.Rows[0].Payload.Title; got != tc.title {
					r.t.Errorf("title %q, want %q", got, tc.title)
				}
				if got := tc.crm.asked.Load(); got != tc.asked {
					r.t.Errorf("asked %d times, want %d", got, tc.asked)
				}
			})
		})
	}
}

// A call that the table knows is not asked about.
func TestContactsAreNotAskedAbout(t *testing.T) {
	bubble(t, func(r *rig) {
		crm := &fakeCRM{}
		r.in.opt.CRM = crm
		d := testDirectory()
		d.Rules = askingRules()
		r.mem.dir = d
		r.now.Store(d)
		r.mem.contacts["+79031234567"] = []models.Contact{{ID: 1, ExternalID: "c1", Name: "ООО Ромашка"}}
		e := event(models.EventAnswered, "101")
		e.Phone = "+79031234567"
		r.accept(e)
		<-time.After(time.Second)
		if crm.asked.Load() != 0 {
			r.t.Error("the CRM was asked")
		}
	})
}

// A call that is merged into another one while the CRM is asked about it: the
// form opens all the same when it has said so.
func TestAskedAboutACallThatWasMerged(t *testing.T) {
	bubble(t, func(r *rig) {
		crm := &fakeCRM{after: 200 * time.Millisecond}
		r.in.opt.CRM = crm
		r.accept(event(models.EventAnswered, "101"))
		<-time.After(5 * time.Second)
		d := testDirectory()
		d.Rules = askingRules()
		r.mem.dir = d
		r.now.Store(d)
		e := event(models.EventAnswered, "102")
		e.Call = "c-2"
		r.accept(e)
		e = event(models.EventTransferred, "101")
		e.ToExtension, e.SameAs = "102", "c-2"
		r.accept(e)
		if got := kindsOf(r.poll(2, models.PollQuery{})); !strings.HasPrefix(got, "call.answered/indicate/") {
			r.t.Errorf("at once: %q", got)
		}
		<-time.After(time.Second)
		synctest.Wait()
		set := r.poll(2, models.PollQuery{})
		if len(set.Rows) != 1 || !set.Rows[0].Action.Opens() {
			r.t.Errorf("a moment later: %q, want a form", kindsOf(set))
		}
	})
}
