package inbox

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"zummer/models"
)

// deed is one thing that happens in TestOneSessionOpens.
type deed struct {
	What    string // open, card, poll, ack, claim, release, pass
	Session string // of poll, ack, claim, release; "": a client without a name
	Other   bool   // through the other replica
	Busy    bool
	App     string
	Key     string
	Wait    time.Duration // of poll; of pass: how long
	Pick    int           // which row of those that the session saw last
	Outcome models.Outcome
}

func drawDeed(t *rapid.T) deed {
	d := deed{What: rapid.SampledFrom([]string{"open", "open", "card", "poll", "poll", "poll", "poll", "ack", "ack", "claim", "release", "pass"}).Draw(t, "what"),
		Session: rapid.SampledFrom([]string{"desk", "laptop", "phone", ""}).Draw(t, "session"), Other: rapid.Bool().Draw(t, "other replica"),
		Pick: rapid.IntRange(0, 3).Draw(t, "row")}
	switch d.What {
	case "open", "card":
		d.Key = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "key")
		d.App = rapid.SampledFrom([]string{"", "", "trade"}).Draw(t, "app")
	case "poll":
		d.Busy = rapid.IntRange(0, 3).Draw(t, "busy") == 0
		d.App = rapid.SampledFrom([]string{"", "", "trade", "hr"}).Draw(t, "app")
		d.Wait = time.Duration(rapid.SampledFrom([]int{0, 5, 25, 90}).Draw(t, "wait")) * time.Second
	case "ack":
		d.Outcome = rapid.SampledFrom([]models.Outcome{models.OutcomeOpened, models.OutcomeBusy, models.OutcomeBusy}).Draw(t, "outcome")
	case "pass":
		d.Wait = time.Duration(rapid.SampledFrom([]int{1, 3, 20, 61}).Draw(t, "time")) * time.Second
	}
	return d
}

// TestOneSessionOpens: sessions on two replicas poll, claim, let go, are busy,
// vanish and acknowledge, several at once and in any order. One revision is
// never two sessions'; one version is never two bodies; only the pending
// revision is ever settled; and in the end a session that can open them gets
// all rows that are to be opened.
func TestOneSessionOpens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		groups := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(drawDeed), 1, 5), 10, 40).Draw(rt, "deeds")
		bad := ""
		bubble(t, func(r *rig) { bad = newLeaseWorld(r).run(groups) })
		if bad != "" {
			rt.Fatal(bad)
		}
	})
}

// leaseWorld carries deeds out and watches.
type leaseWorld struct {
	r  *rig
	in [2]*Inbox

	mu     sync.Mutex
	seen   map[string]models.PendingSet // session → its last picture
	holder map[string]string            // id.rev → session
	bodies map[string]string            // version → rows
	bad    string
	polls  sync.WaitGroup
}

func newLeaseWorld(r *rig) *leaseWorld {
	return &leaseWorld{r: r, in: [2]*Inbox{r.in, r.joined()}, seen: map[string]models.PendingSet{}, holder: map[string]string{}, bodies: map[string]string{}}
}

func (w *leaseWorld) fail(format string, args ...any) {
	if w.bad == "" {
		w.bad = fmt.Sprintf(format, args...)
	}
}

func (w *leaseWorld) run(groups [][]deed) string {
	for _, g := range groups {
		var all sync.WaitGroup
		for _, d := range g {
			all.Go(func() { w.do(d) })
		}
		all.Wait()
		synctest.Wait()
		w.look()
		if w.bad != "" {
			return fmt.Sprintf("%s\nafter %+v", w.bad, g)
		}
	}
	w.polls.Wait()
	<-time.After(2 * time.Second) // sessions have left; what is on offer ends
	w.end()
	w.timeline()
	return w.bad
}

func (w *leaseWorld) do(d deed) {
	ctx := w.r.t.Context()
	in := w.in[0]
	if d.Other {
		in = w.in[1]
	}
	w.mu.Lock()
	set := w.seen[d.Session]
	w.mu.Unlock()
	var row models.Notification
	if len(set.Rows) > 0 {
		row = set.Rows[d.Pick%len(set.Rows)]
	}
	switch d.What {
	case "pass":
		<-time.After(d.Wait)
	case "open", "card":
		p := models.Publication{User: "ivanov", Kind: "chat", Action: models.ActionOpen, CollapseKey: d.Key, TTL: time.Hour, Payload: models.Payload{App: d.App}}
		if d.What == "card" {
			p.Action = models.ActionShow
		}
		if _, err := in.Publish(ctx, w.r.who(1), p); err != nil {
			w.fail("publish: %v", err)
		}
	case "poll":
		q := models.PollQuery{Session: d.Session, Version: set.Version, Wait: d.Wait, Busy: d.Busy, App: d.App, Limit: 100}
		w.polls.Go(func() { w.poll(in, q) })
	case "ack":
		got, err := in.Acknowledge(ctx, 1, []models.Ack{{ID: row.ID, Rev: max(1, row.Rev), Outcome: d.Outcome, Session: d.Session}})
		if err != nil {
			w.fail("ack: %v", err)
		} else if got[0].Result == models.AckProcessed {
			w.settled(row, d)
		}
	case "claim", "release":
		if d.Session == "" || row.ID == 0 {
			return
		}
		do := in.Claim
		if d.What == "release" {
			do = in.Release
		}
		c, err := do(ctx, 1, models.Claim{ID: row.ID, Rev: row.Rev, Session: d.Session})
		switch {
		case err != nil && models.KindOf(err) != models.Conflict:
			w.fail("%s of %d.%d by %s: %v", d.What, row.ID, row.Rev, d.Session, err)
		case err == nil && d.What == "claim" && (c.Session != d.Session || c.Rev != row.Rev):
			w.fail("claim of %d.%d by %s = %+v", row.ID, row.Rev, d.Session, c)
		case err == nil && d.What == "release" && c.Session == d.Session:
			w.fail("release of %d.%d by %s = %+v", row.ID, row.Rev, d.Session, c)
		}
	}
}

func (w *leaseWorld) poll(in *Inbox, q models.PollQuery) {
	set, err := in.Poll(w.r.t.Context(), w.r.who(1), q)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil && models.KindOf(err) != models.Conflict: // several under one name
		w.fail("poll %+v: %v", q, err)
	case err == nil && (set.State == models.StateSet || set.State == models.StateReset):
		w.seen[q.Session] = set
		if q.App == "" {
			w.saw(set.Version, set.Rows)
		}
	}
}

// saw holds a whole set against what was seen before. w.mu is held.
func (w *leaseWorld) saw(version string, rows []models.Notification) {
	body, err := json.Marshal(rows)
	if err != nil {
		w.fail("%v", err)
	}
	if old, ok := w.bodies[version]; ok && old != string(body) {
		w.fail("version %s names two bodies:\n%s\n%s", version, old, body)
	}
	w.bodies[version] = string(body)
	for _, n := range rows {
		if n.Session == "" {
			continue
		}
		key := fmt.Sprintf("%d.%d", n.ID, n.Rev)
		if h := w.holder[key]; h != "" && h != n.Session {
			w.fail("revision %s is held by %s and %s", key, h, n.Session)
		}
		w.holder[key] = n.Session
	}
}

// look reads what is stored.
func (w *leaseWorld) look() {
	sets, err := w.r.mem.ReadSets(w.r.t.Context(), []int64{1})
	set := sets[1]
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.fail("%v", err)
	}
	rows := (&poll{q: models.PollQuery{Limit: 1000}}).answer(set).Rows
	w.saw(set.Inbox.VersionText(), rows)
	for _, n := range rows {
		at := n.ExpiresAt
		if !n.Leased.IsZero() && n.Leased.Before(at) {
			at = n.Leased
		}
		if set.Inbox.NextExpiry.After(at) || n.Session != "" && n.Leased.IsZero() {
			w.fail("row %d.%d of %q is leased until %s, next expiry %s", n.ID, n.Rev, n.Session, n.Leased, set.Inbox.NextExpiry)
		}
	}
}

// settled checks, at the time of an ack that was answered as processed, that
// the timeline says so of that very revision.
func (w *leaseWorld) settled(row models.Notification, d deed) {
	w.r.mem.mu.Lock()
	defer w.r.mem.mu.Unlock()
	for _, s := range w.r.mem.steps {
		if s.NotificationID != row.ID {
			continue
		}
		if d.Outcome != models.OutcomeBusy && s.What == models.StepProcessed && s.Rev == row.Rev || d.Outcome == models.OutcomeBusy && s.Rev == row.Rev+1 {
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail("%s by %s of %d.%d was processed, the timeline does not have it", d.Outcome, d.Session, row.ID, row.Rev)
}

// end lets one session that is not busy poll until no lease of another one can
// be left: it holds all that is to be opened.
func (w *leaseWorld) end() {
	set := w.r.poll(1, models.PollQuery{Session: "last", Limit: 100})
	for began := time.Now(); time.Since(began) < 150*time.Second; {
		if s := w.r.poll(1, models.PollQuery{Session: "last", Version: set.Version, Wait: 40 * time.Second, Limit: 100}); s.State != models.StateUnchanged {
			set = s
		}
	}
	for _, n := range set.Rows {
		if n.ForOne() && n.Session != "last" {
			w.fail("row %d.%d is still %q's after two minutes and a half", n.ID, n.Rev, n.Session)
		}
	}
}

// timeline checks that a revision names one session at most there too, and that
// revisions only rise.
func (w *leaseWorld) timeline() {
	revs, holder := map[int64]int{}, map[string]string{}
	for _, s := range w.r.mem.steps {
		if s.NotificationID == 0 {
			continue
		}
		if s.Rev < revs[s.NotificationID] {
			w.fail("the timeline goes from revision %d to %d of row %d", revs[s.NotificationID], s.Rev, s.NotificationID)
		}
		revs[s.NotificationID] = s.Rev
		key := fmt.Sprintf("%d.%d", s.NotificationID, s.Rev)
		if s.Session == "" || s.What == models.StepProcessed {
			continue
		}
		if h := holder[key]; h != "" && h != s.Session {
			w.fail("the timeline gives revision %s to %s and %s", key, h, s.Session)
		}
		holder[key] = s.Session
	}
}
