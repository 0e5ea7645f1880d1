package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"zummer/app/internal/inbox"
	"zummer/models"
)

// modelRow is one row as the simple model of the register has it.
type modelRow struct {
	id      int64 // 0: made by a webhook of this moment; the set will tell
	rev     int
	version int64
	kind    string
	title   string // "" for rows of calls, whose words are the rules' affair
	opens   bool   // a form: for one session
	session string // that holds it
}

// modelUser is one pending set. Rows stand under their collapse key, those of
// calls under their number.
type modelUser struct {
	version int64
	rows    map[string]modelRow
	settled map[int64]modelRow
}

// registerModel is what the register is meant to be, one operation after the
// other and nothing in between.
type registerModel struct {
	users  []modelUser
	keys   map[string]bool          // repeat keys taken
	calls  map[int]models.CallState // "": not heard of
	bumped map[int]bool             // users whose version the present operation has taken
}

func newRegisterModel(users int) *registerModel {
	m := &registerModel{keys: map[string]bool{}, calls: map[int]models.CallState{}}
	for range users {
		m.users = append(m.users, modelUser{rows: map[string]modelRow{}, settled: map[int64]modelRow{}})
	}
	return m
}

func (m *registerModel) clone() *registerModel {
	c := &registerModel{keys: maps.Clone(m.keys), calls: maps.Clone(m.calls)}
	for _, u := range m.users {
		c.users = append(c.users, modelUser{version: u.version, rows: maps.Clone(u.rows), settled: maps.Clone(u.settled)})
	}
	return c
}

// version is the present operation's version of a user's set.
func (m *registerModel) version(u int) int64 {
	if !m.bumped[u] {
		m.bumped[u] = true
		m.users[u].version++
	}
	return m.users[u].version
}

// put makes a row or revises the pending one of its key. id is what the
// register called it (0: it did not say); ok says that this is possible.
func (m *registerModel) put(u int, key, kind, title string, id int64, rev int) (ok bool) {
	r, pending := m.users[u].rows[key]
	if !pending {
		r = modelRow{id: id}
	}
	r.rev, r.kind, r.title, r.version = r.rev+1, kind, title, m.version(u)
	if opens := kind == models.KindAnswered; opens != r.opens { // who claimed what opens nothing keeps it
		r.opens = opens
		if !opens {
			r.session = ""
		}
	}
	m.users[u].rows[key] = r
	return id == 0 || r.id == id && r.rev == rev
}

func (m *registerModel) remove(u int, key string) {
	r := m.users[u].rows[key]
	r.version = m.version(u)
	delete(m.users[u].rows, key)
	m.users[u].settled[r.id] = r
}

// find looks for a pending row by id.
func (m *registerModel) find(id int64) (user int, key string, row modelRow, ok bool) {
	for u := range m.users {
		for k, r := range m.users[u].rows {
			if r.id == id {
				return u, k, r, true
			}
		}
	}
	return 0, "", modelRow{}, false
}

// expire takes rows out because their time is over.
func (m *registerModel) expire(u int, ids []int64) {
	m.bumped = map[int]bool{}
	for _, id := range ids {
		if _, key, _, ok := m.find(id); ok {
			m.remove(u, key)
		}
	}
}

// leasesEnd lets the leases of rows be over, and nobody polls who held them.
func (m *registerModel) leasesEnd(u int, ids []int64) {
	m.bumped = map[int]bool{}
	for _, id := range ids {
		if _, key, _, ok := m.find(id); ok {
			m.free(u, key)
		}
	}
}

// free takes a row from the session that holds it, under a new revision.
func (m *registerModel) free(u int, key string) {
	r := m.users[u].rows[key]
	r.rev, r.version, r.session = r.rev+1, m.version(u), ""
	m.users[u].rows[key] = r
}

// claim is what a claim or a release answers: "" or the code of its error.
func (m *registerModel) claim(o *registerOp) string {
	u, key, r, ok := m.find(o.id)
	_, settled := m.users[o.user].settled[o.id]
	switch {
	case (!ok || u != o.user) && settled:
		return "moved_on"
	case !ok || u != o.user:
		return "not_found"
	case o.what == "release" && r.session == "" && r.rev == o.rev+1:
	case r.rev != o.rev:
		return "moved_on"
	case r.session != "" && r.session != o.session:
		return "claimed"
	case o.what == "release" && r.session != "":
		m.free(u, key)
	case o.what == "claim" && r.session == "":
		m.version(u) // the revision stays
		r.session = o.session
		m.users[u].rows[key] = r
	}
	return ""
}

// registerOp is one operation and what the register answered.
type registerOp struct {
	what string

	user   int  // of ack, ack-all, publish; the target of reassign
	group  bool // publish: to all
	key    string
	title  string
	call   int
	event  models.EventType
	evID   string
	acks   []models.Ack
	seen   string // ack-all: the version
	seenN  int64
	id     int64 // admin, claim, release
	action string

	session string // claim, release
	rev     int
	claimed models.Claimed

	outcome string // of a webhook
	rows    []models.Notification
	results []models.AckResult
	settled int
	err     error
}

func (o *registerOp) String() string {
	switch o.what {
	case "publish":
		return fmt.Sprintf("publish %q to %d (all: %t) key %q → %v %v", o.title, o.user, o.group, o.key, rowNames(o.rows), o.err)
	case "webhook":
		return fmt.Sprintf("%s of call %d, event %s → %s %v", o.event, o.call, o.evID, o.outcome, o.err)
	case "ack":
		return fmt.Sprintf("ack by %d of %v → %v %v", o.user, o.acks, o.results, o.err)
	case "ack-all":
		return fmt.Sprintf("ack-all by %d at %s → %d %v", o.user, o.seen, o.settled, o.err)
	case "claim", "release":
		return fmt.Sprintf("%s of %d.%d by %d's session %s → %+v %v", o.what, o.id, o.rev, o.user, o.session, o.claimed, o.err)
	}
	return fmt.Sprintf("%s %d (to %d) → %v %v", o.action, o.id, o.user, rowNames(o.rows), o.err)
}

func rowNames(rows []models.Notification) (out []string) {
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%d.%d", r.ID, r.Rev))
	}
	return out
}

// apply carries o out on the model and says whether the register's answer is
// the one that the model gives.
func (m *registerModel) apply(o *registerOp) bool {
	m.bumped = map[int]bool{}
	switch o.what {
	case "publish":
		return m.publish(o)
	case "webhook":
		return m.webhook(o)
	case "ack":
		for i, a := range o.acks {
			if m.ack(o.user, a) != o.results[i].Result {
				return false
			}
		}
		return o.err == nil
	case "ack-all":
		n := 0
		for key, r := range m.users[o.user].rows {
			if r.version <= o.seenN && r.version > 0 {
				m.remove(o.user, key)
				n++
			}
		}
		return o.err == nil && n == o.settled
	case "claim", "release":
		if code := m.claim(o); code != "" || o.err != nil {
			return code == codeOf(o.err)
		}
		_, _, r, _ := m.find(o.id)
		return o.claimed.Rev == r.rev && o.claimed.Session == r.session
	}
	return m.administrate(o)
}

func (m *registerModel) publish(o *registerOp) bool {
	if o.err != nil {
		return false
	}
	users := []int{o.user}
	if o.group {
		users = []int{0, 1, 2}
	}
	if len(o.rows) != len(users) {
		return false
	}
	for i, u := range users {
		key := "p:" + o.key
		if o.key == "" {
			key = fmt.Sprintf("n:%d", o.rows[i].ID)
		}
		if !m.put(u, key, "mail.received", o.title, o.rows[i].ID, o.rows[i].Rev) {
			return false
		}
	}
	return true
}

// webhook: call i belongs to user i%3 alone.
func (m *registerModel) webhook(o *registerOp) bool {
	if o.err != nil || m.keys[o.evID] != (o.outcome == models.WebhookRepeat) {
		return false
	}
	if m.keys[o.evID] {
		return true
	}
	m.keys[o.evID] = true
	u, phone := o.call%3, callPhone(o.call)
	switch state := m.calls[o.call]; {
	case o.event == models.EventRinging && state == "":
		m.calls[o.call] = models.Ringing
		m.put(u, phone, models.KindRinging, "", 0, 0)
	case o.event == models.EventAnswered && state != models.Answered:
		m.calls[o.call] = models.Answered
		m.put(u, phone, models.KindAnswered, "", 0, 0)
	}
	return o.outcome == models.WebhookStored
}

func (m *registerModel) ack(user int, a models.Ack) string {
	u, key, r, ok := m.find(a.ID)
	switch {
	case ok && u == user && r.rev != a.Rev:
		return models.AckStale
	case ok && u == user && a.Outcome == models.OutcomeBusy && r.opens && r.session != "" && a.Session != "" && a.Session != r.session:
		return models.AckStale
	case ok && u == user && a.Outcome == models.OutcomeBusy: // nobody else polls: a card for all
		m.put(u, key, r.kind, r.title, 0, 0)
		c := m.users[u].rows[key]
		if c.opens = false; r.opens { // else it was a card before
			c.session = ""
		}
		m.users[u].rows[key] = c
		return models.AckProcessed
	case ok && u == user:
		m.remove(u, key)
		return models.AckProcessed
	case m.users[user].settled[a.ID].rev >= a.Rev:
		return models.AckAlready
	}
	return models.AckNotFound
}

func (m *registerModel) administrate(o *registerOp) bool {
	u, key, r, pending := m.find(o.id)
	switch {
	case !pending && o.action != inbox.AdminRequeue:
		return models.KindOf(o.err) == models.Conflict
	case pending && o.action == inbox.AdminReassign && o.user == u:
		return models.KindOf(o.err) == models.Invalid
	case o.err != nil:
		return false
	}
	got := o.rows[0]
	switch {
	case !pending: // requeued: a new row
		owner := slices.IndexFunc(m.users, func(x modelUser) bool { _, ok := x.settled[o.id]; return ok })
		if owner < 0 {
			return false
		}
		return m.put(owner, fmt.Sprintf("n:%d", got.ID), m.users[owner].settled[o.id].kind, m.users[owner].settled[o.id].title, got.ID, got.Rev)
	case o.action == inbox.AdminRequeue:
		r.session = ""
		m.users[u].rows[key] = r
		return m.put(u, key, r.kind, r.title, got.ID, got.Rev)
	case o.action == inbox.AdminReassign:
		m.remove(u, key)
		return m.put(o.user, key, r.kind, r.title, got.ID, got.Rev)
	}
	m.remove(u, key)
	return got.ID == o.id
}

// codeOf is the code of an error as a client is told it.
func codeOf(err error) string {
	var e *models.Error
	switch {
	case !errors.As(err, &e):
		return ""
	case e.Code == "" && e.Kind == models.NotFound:
		return "not_found"
	}
	return e.Code
}

// callPhone is the customer's number of call i.
func callPhone(i int) string { return fmt.Sprintf("+7903%07d", 1000000+i) }
