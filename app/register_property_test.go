package app

import (
	"context"
	"crypto/rand"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zummer/app/internal/hub"
	"zummer/app/internal/inbox"
	"zummer/models"
	"zummer/models/store/storetest"
)

// registerSteps is the least number of operations in one run.
const registerSteps = 200

// TestRegisterIsItsModel runs the real inbox on a real database, several
// actors at once (on PostgreSQL through two instances), against a simple model
// of the register: the answers and the sets must be those of some order of the
// operations. Beside it, readers and followers watch what no order may show:
// a version with two bodies, a version or a rev that goes back, an
// acknowledged revision that comes back, a row of somebody else.
func TestRegisterIsItsModel(t *testing.T) {
	t.Parallel()
	fewChecks(t, "4")
	storetest.Each(t, func(t *testing.T, dsn string) {
		b := newBench(t, dsn)
		rapid.Check(t, b.run)
	})
}

// fewChecks makes rapid run its property n times: each run is long. A number
// given on the command line holds.
func fewChecks(t *testing.T, n string) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if given {
		return
	}
	old := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("rapid.checks", old) })
}

// registerBench is the program's parts around one database.
type registerBench struct {
	t       *testing.T
	parts   []*parts
	inboxes []*inbox.Inbox
	db      *sql.DB
	sqlite  bool
}

func newBench(t *testing.T, dsn string) *registerBench {
	t.Helper()
	b := &registerBench{t: t, sqlite: strings.HasPrefix(dsn, "sqlite:")}
	driver, source, n, flushers := "pgx", dsn, 2, 4
	if b.sqlite {
		driver, source, n, flushers = "sqlite", "file:"+strings.TrimPrefix(dsn, "sqlite:")+"?_pragma=busy_timeout(10000)", 1, 1
	}
	var err error
	if b.db, err = sql.Open(driver, source); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.db.Close() })
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	cfg := Config{Timezone: "Europe/Moscow", Region: "RU"}
	for range n {
		p, err := open(ctx, Database{Database: dsn, DBPool: 8}, cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		h := hub.New(hub.Options{MaxWaiting: 1000})
		in := inbox.New(inbox.Options{Store: inboxStore{p.store}, Hub: h, Replica: p.store, Directory: p.snapshot.Get, NewDirectory: p.snapshot.Set,
			LoadDirectory: p.store.LoadDirectory, Flushers: flushers, Lease: time.Hour, Log: slog.New(slog.DiscardHandler)})
		b.parts, b.inboxes = append(b.parts, p), append(b.inboxes, in)
		running.Go(func() { _ = h.Run(ctx) })
		running.Go(func() { _ = in.Run(ctx); p.close() })
	}
	return b
}

// registerRun is one run: three fresh users, a source and a group.
type registerRun struct {
	*registerBench
	rt     *rapid.T
	ctx    context.Context
	name   string
	source *models.Source
	users  []*models.User
	model  *registerModel
	watch  *watcher
	steps  stepReader
	made   int // operations so far
	nextID int
	turn   int
}

func (b *registerBench) run(rt *rapid.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	r := &registerRun{registerBench: b, rt: rt, ctx: ctx, name: strings.ToLower(rand.Text()[:8]), model: newRegisterModel(3), watch: newWatcher()}
	r.setUp()
	var followers sync.WaitGroup
	for u := range r.users {
		followers.Go(func() { r.follow(u) })
	}
	for r.made < registerSteps {
		r.expireSome()
		r.group()
	}
	late := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for u := range r.users {
		for r.watch.followed(u) < r.model.users[u].version {
			select {
			case <-tick.C:
			case <-late:
				rt.Fatalf("the follower of user %d knows version %d of %d", u, r.watch.followed(u), r.model.users[u].version)
			}
		}
	}
	stop()
	followers.Wait()
	if bad := r.watch.trouble(); bad != "" {
		rt.Fatal(bad)
	}
}

func (r *registerRun) must(err error) {
	r.rt.Helper()
	if err != nil {
		r.rt.Fatal(err)
	}
}

func (r *registerRun) setUp() {
	s, by := r.parts[0].setup, models.Actor{Who: "test"}
	kind := "generic"
	_, err := s.PutSource(r.ctx, by, "s-"+r.name, models.SourceInput{Kind: &kind})
	r.must(err)
	var logins []string
	for i := range 3 {
		login := fmt.Sprintf("u%d-%s", i, r.name)
		u, err := s.PutUser(r.ctx, by, login, models.UserInput{})
		r.must(err)
		r.must(s.MapExtension(r.ctx, by, "s-"+r.name, fmt.Sprint(101+i), s.Directory().UserByLogin(login).ID))
		logins = append(logins, u.Login)
	}
	_, err = s.PutGroup(r.ctx, by, "g-"+r.name, logins)
	r.must(err)
	for _, p := range r.parts {
		r.must(p.snapshot.Reload(r.ctx))
	}
	dir := s.Directory()
	r.source = dir.SourceBySlug("s-" + r.name)
	for _, l := range logins {
		r.users = append(r.users, dir.UserByLogin(l))
	}
	r.steps.start(r)
}

// inbox takes turns between the instances.
func (r *registerRun) inbox() *inbox.Inbox {
	r.turn++
	return r.inboxes[r.turn%len(r.inboxes)]
}

// group draws a few operations, carries them out at once beside readers, and
// looks for an order of them that explains everything.
func (r *registerRun) group() {
	ops := make([]*registerOp, rapid.IntRange(1, 5).Draw(r.rt, "at once"))
	for i := range ops {
		ops[i] = r.draw()
	}
	r.made += len(ops)
	var all sync.WaitGroup
	for _, o := range ops {
		in := r.inbox()
		all.Go(func() { r.carryOut(in, o) })
	}
	for u := range r.users {
		in := r.inbox()
		all.Go(func() { r.read(in, u) })
	}
	all.Wait()
	if bad := r.watch.trouble(); bad != "" {
		r.rt.Fatalf("%s\nduring %v", bad, ops)
	}
	sets := r.sets()
	why := ""
	var found *registerModel
	permute(len(ops), func(order []int) bool {
		m := r.model.clone()
		for _, i := range order {
			if !m.apply(ops[i]) {
				return false
			}
		}
		if why = m.differs(sets); why != "" {
			return false
		}
		found = m
		return true
	})
	if found == nil {
		r.rt.Fatalf("no order of %v explains the answers and sets (%s); before: %+v", ops, why, r.model.users)
	}
	r.model = found
	r.steps.check(r, ops, sets)
}

// permute calls fn with the orders of n until it says that one will do.
func permute(n int, fn func([]int) bool) {
	order := make([]int, 0, n)
	used := make([]bool, n)
	var next func() bool
	next = func() bool {
		if len(order) == n {
			return fn(order)
		}
		for i := range n {
			if used[i] {
				continue
			}
			used[i], order = true, append(order, i)
			if next() {
				return true
			}
			used[i], order = false, order[:len(order)-1]
		}
		return false
	}
	next()
}

// draw makes one operation from what was known before the group.
func (r *registerRun) draw() *registerOp {
	o := &registerOp{user: rapid.IntRange(0, 2).Draw(r.rt, "user")}
	var pending, settled []int64 // published rows and those of calls
	for _, u := range r.model.users {
		for _, row := range u.rows {
			pending = append(pending, row.id)
		}
		for id := range u.settled {
			settled = append(settled, id)
		}
	}
	known := sorted(append(pending, settled...))
	o.what = rapid.SampledFrom([]string{"publish", "publish", "webhook", "webhook", "ack", "ack", "ack-all", "admin", "claim", "claim", "release"}).Draw(r.rt, "what")
	switch {
	case o.what == "ack-all":
		v := r.model.users[o.user].version
		if v == 0 || rapid.IntRange(0, 3).Draw(r.rt, "seldom") > 0 {
			o.what = "publish"
			break
		}
		o.seenN = rapid.Int64Range(max(1, v-6), v).Draw(r.rt, "version")
		if r.watch.epoch(o.user) == "" { // no reader came after the first version yet
			r.read(r.inbox(), o.user)
		}
		o.seen = models.Inbox{Epoch: r.watch.epoch(o.user), Version: o.seenN}.VersionText()
	case o.what != "publish" && o.what != "webhook" && len(known) == 0:
		o.what = "publish"
	case o.what == "claim" || o.what == "release":
		r.drawClaim(o, known)
	case o.what == "ack":
		r.drawAcks(o, known)
	case o.what == "admin":
		o.id = rapid.SampledFrom(known).Draw(r.rt, "row")
		o.action = rapid.SampledFrom([]string{inbox.AdminProcess, inbox.AdminExpire, inbox.AdminRequeue, inbox.AdminReassign}).Draw(r.rt, "action")
		if r.ofCall(o.id) { // requeued rows of calls have a test of their own
			o.action = inbox.AdminProcess
		}
	}
	switch o.what {
	case "publish":
		r.nextID++
		o.title = fmt.Sprintf("%s %d", r.name, r.nextID)
		o.group = rapid.IntRange(0, 3).Draw(r.rt, "to all") == 0
		o.key = rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(r.rt, "key")
	case "webhook":
		o.call = rapid.IntRange(0, 3+r.made/3).Draw(r.rt, "call")
		o.event = rapid.SampledFrom([]models.EventType{models.EventRinging, models.EventAnswered}).Draw(r.rt, "event")
		o.evID = fmt.Sprintf("%d-%s-%d", o.call, o.event, rapid.IntRange(0, 1).Draw(r.rt, "id"))
	}
	return o
}

func (r *registerRun) drawAcks(o *registerOp, known []int64) {
	for range rapid.IntRange(1, 3).Draw(r.rt, "acks") {
		id := rapid.SampledFrom(known).Draw(r.rt, "row")
		rev := 1
		if u, _, row, ok := r.model.find(id); ok {
			rev = row.rev
			if rapid.IntRange(0, 4).Draw(r.rt, "own") > 0 && len(o.acks) == 0 {
				o.user = u
			}
		}
		if rapid.IntRange(0, 4).Draw(r.rt, "other rev") == 0 {
			rev = max(1, rev+rapid.IntRange(-1, 1).Draw(r.rt, "by"))
		}
		outcome := rapid.SampledFrom([]models.Outcome{models.OutcomeOpened, models.OutcomeDismissed, models.OutcomeBusy}).Draw(r.rt, "outcome")
		o.acks = append(o.acks, models.Ack{ID: id, Rev: rev, Raw: fmt.Sprint(id), Outcome: outcome,
			Session: rapid.SampledFrom([]string{"", "desk", "laptop"}).Draw(r.rt, "session")})
	}
}

// drawClaim takes mostly the pending revision of a row, for its user.
func (r *registerRun) drawClaim(o *registerOp, known []int64) {
	o.id, o.rev = rapid.SampledFrom(known).Draw(r.rt, "row"), 1
	o.session = rapid.SampledFrom([]string{"desk", "laptop"}).Draw(r.rt, "session")
	if u, _, row, ok := r.model.find(o.id); ok {
		o.rev = row.rev
		if rapid.IntRange(0, 7).Draw(r.rt, "own") > 0 {
			o.user = u
		}
	}
	if rapid.IntRange(0, 4).Draw(r.rt, "other rev") == 0 {
		o.rev = max(1, o.rev+rapid.IntRange(-1, 1).Draw(r.rt, "by"))
	}
}

// ofCall reports whether a row is of a call.
func (r *registerRun) ofCall(id int64) bool {
	for _, u := range r.model.users {
		if s, ok := u.settled[id]; ok && s.title == "" {
			return true
		}
	}
	_, _, row, ok := r.model.find(id)
	return ok && row.title == ""
}

// carryOut runs o on the real thing and notes the answer.
func (r *registerRun) carryOut(in *inbox.Inbox, o *registerOp) {
	user := r.users[o.user]
	switch o.what {
	case "publish":
		p := models.Publication{User: user.Login, Kind: "mail.received", Action: models.ActionShow, CollapseKey: o.key, Payload: models.Payload{Title: o.title}}
		if o.group {
			p.User, p.Group = "", "g-"+r.name
		}
		o.rows, o.err = in.Publish(r.ctx, models.Caller{}, p)
	case "webhook":
		got, err := in.Accept(r.ctx, models.Accepted{Source: r.source, Webhook: models.Webhook{Method: "POST", Body: []byte("{}")}, Events: []models.Event{
			{Type: o.event, ID: o.evID, Call: fmt.Sprint(o.call), Extension: fmt.Sprint(101 + o.call%3), Phone: callPhone(o.call), Direction: models.In}}})
		o.outcome, o.err = got.Outcome, err
	case "ack":
		o.results, o.err = in.Acknowledge(r.ctx, user.ID, o.acks)
		r.watch.acked(o)
	case "ack-all":
		o.settled, o.err = in.AckAll(r.ctx, user.ID, o.seen, "")
	case "claim":
		o.claimed, o.err = in.Claim(r.ctx, user.ID, models.Claim{ID: o.id, Rev: o.rev, Session: o.session})
	case "release":
		o.claimed, o.err = in.Release(r.ctx, user.ID, models.Claim{ID: o.id, Rev: o.rev, Session: o.session})
	case "admin":
		to := int64(0)
		if o.action == inbox.AdminReassign {
			to = user.ID
		}
		var n models.Notification
		if n, o.err = in.Administrate(r.ctx, models.Actor{Who: "test"}, o.id, o.action, to); o.err == nil {
			o.rows = []models.Notification{n}
		}
	}
}

// expireSome lets the time of some rows of one user be over, or their leases.
func (r *registerRun) expireSome() {
	u, lease := rapid.IntRange(0, 8).Draw(r.rt, "expires for"), rapid.Bool().Draw(r.rt, "leases")
	if u > 2 {
		return
	}
	var ids []int64
	for _, row := range r.model.users[u].rows {
		if !lease || row.session != "" {
			ids = append(ids, row.id)
		}
	}
	if len(ids) == 0 {
		return
	}
	ids = sorted(ids)
	ids = ids[:rapid.IntRange(1, len(ids)).Draw(r.rt, "rows")]
	list := strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ","), "[]")
	past, column := "now() - interval '1 second'", "expires_at"
	if r.sqlite {
		past = "CAST(unixepoch('subsec') * 1000 AS INTEGER) - 1000"
	}
	if lease {
		column = "leased_until"
	}
	tx, err := r.db.BeginTx(r.ctx, nil) // no reader may see the one without the other
	r.must(err)
	for _, sql := range []string{
		fmt.Sprintf("UPDATE inboxes SET next_expiry = %s WHERE user_id = %d", past, r.users[u].ID),
		"UPDATE unprocessed_notifications SET " + column + " = " + past + " WHERE id IN (" + list + ")",
	} {
		_, err := tx.ExecContext(r.ctx, sql)
		r.must(err)
	}
	r.must(tx.Commit())
	if lease {
		r.model.leasesEnd(u, ids)
	} else {
		r.model.expire(u, ids)
	}
	// Every group reads every user.
}
