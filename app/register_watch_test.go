package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"zummer/app/internal/inbox"
	"zummer/models"
)

func sorted(ids []int64) []int64 { slices.Sort(ids); return ids }

// watcher holds what readers saw against what no reader may see.
type watcher struct {
	mu     sync.Mutex
	bodies map[string]string // user and version → rows
	top    map[int]int64     // highest version that an answer showed
	last   map[int]int64     // that the follower was told
	epochs map[int]string
	revs   map[int64]int     // highest rev of a row that an answer showed
	holder map[string]string // id.rev → the session that an answer showed
	owner  map[int64]int     // whose row it is
	gone   map[int64]int     // highest acknowledged rev of a row
	bad    string
}

func newWatcher() *watcher {
	return &watcher{bodies: map[string]string{}, top: map[int]int64{}, last: map[int]int64{}, epochs: map[int]string{}, revs: map[int64]int{}, holder: map[string]string{}, owner: map[int64]int{}, gone: map[int64]int{}}
}

// floor is what was known before a read began.
type floor struct {
	version int64
	revs    map[int64]int
	gone    map[int64]int
}

func (w *watcher) before(u int) floor {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := floor{version: w.top[u], revs: map[int64]int{}, gone: map[int64]int{}}
	for id, rev := range w.revs {
		f.revs[id] = rev
	}
	for id, rev := range w.gone {
		f.gone[id] = rev
	}
	return f
}

// acked notes the acknowledgements that were answered as done.
func (w *watcher) acked(o *registerOp) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, res := range o.results {
		if res.Result == models.AckProcessed || res.Result == models.AckAlready {
			w.gone[o.acks[i].ID] = max(w.gone[o.acks[i].ID], o.acks[i].Rev)
		}
	}
}

func (w *watcher) fail(format string, args ...any) {
	if w.bad == "" {
		w.bad = fmt.Sprintf(format, args...)
	}
}

// saw judges one answer with a whole set to a read that began at f.
func (w *watcher) saw(u int, user int64, f floor, set models.PendingSet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body, err := json.Marshal(set.Rows)
	if err != nil || set.Next != "" {
		w.fail("a set cannot be read: %v, next %q", err, set.Next)
		return
	}
	epoch, version := cutVersion(set.Version)
	name := fmt.Sprintf("%d/%s", u, set.Version)
	if old, ok := w.bodies[name]; ok && old != string(body) {
		w.fail("version %s of user %d names two bodies:\n%s\n%s", set.Version, u, old, body)
	}
	w.bodies[name] = string(body)
	if version < f.version {
		w.fail("user %d was shown version %d after %d", u, version, f.version)
	}
	if version > 0 {
		if e := w.epochs[u]; e != "" && e != epoch {
			w.fail("user %d's epoch changed from %s to %s", u, e, epoch)
		}
		w.epochs[u] = epoch
	}
	w.top[u] = max(w.top[u], version)
	for _, n := range set.Rows {
		if o, ok := w.owner[n.ID]; n.UserID != user || ok && o != u {
			w.fail("user %d was shown row %d of another one", u, n.ID)
		}
		w.owner[n.ID] = u
		if n.Rev < f.revs[n.ID] {
			w.fail("row %d was shown with rev %d after %d", n.ID, n.Rev, f.revs[n.ID])
		}
		if n.Rev <= f.gone[n.ID] {
			w.fail("row %d.%d was shown to a read that began after its acknowledgement of rev %d", n.ID, n.Rev, f.gone[n.ID])
		}
		key := fmt.Sprintf("%d.%d", n.ID, n.Rev)
		if h := w.holder[key]; h != "" && n.Session != "" && h != n.Session {
			w.fail("revision %s was shown as %s's and as %s's", key, h, n.Session)
		}
		w.holder[key] = cmp.Or(n.Session, w.holder[key])
		w.revs[n.ID] = max(w.revs[n.ID], n.Rev)
	}
}

func (w *watcher) trouble() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bad
}

func (w *watcher) followed(u int) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last[u]
}

func (w *watcher) epoch(u int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.epochs[u]
}

func cutVersion(s string) (epoch string, n int64) {
	for i := range s {
		if s[i] == '.' {
			epoch = s[:i]
			_, _ = fmt.Sscan(s[i+1:], &n)
		}
	}
	return epoch, n
}

// read polls once for the whole set.
func (r *registerRun) read(in *inbox.Inbox, u int) {
	f := r.watch.before(u)
	set, err := in.Poll(r.ctx, models.Caller{User: r.users[u]}, models.PollQuery{Limit: 500})
	if err != nil {
		r.watch.mu.Lock()
		r.watch.fail("a poll of user %d: %v", u, err)
		r.watch.mu.Unlock()
		return
	}
	r.watch.saw(u, r.users[u].ID, f, set)
}

// follow is a client that waits for every change until the run ends. It has no
// name: who takes what by polling has a property of its own in package inbox.
func (r *registerRun) follow(u int) {
	in, version := r.inboxes[u%len(r.inboxes)], ""
	for r.ctx.Err() == nil {
		f := r.watch.before(u)
		set, err := in.Poll(r.ctx, models.Caller{User: r.users[u]}, models.PollQuery{Limit: 500, Version: version, Wait: 20 * time.Second})
		if r.ctx.Err() != nil {
			return
		}
		switch {
		case err != nil:
			r.watch.mu.Lock()
			r.watch.fail("the follower of user %d: %v", u, err)
			r.watch.mu.Unlock()
			return
		case set.State == models.StateSet || set.State == models.StateReset:
			r.watch.saw(u, r.users[u].ID, f, set)
			version = set.Version
		}
		_, n := cutVersion(version)
		r.watch.mu.Lock()
		r.watch.last[u] = n
		r.watch.mu.Unlock()
	}
}

// sets reads what is stored, past every cache.
func (r *registerRun) sets() []models.Set {
	var out []models.Set
	for _, u := range r.users {
		s, err := r.parts[0].store.ReadSet(context.Background(), u.ID)
		r.must(err)
		out = append(out, s)
	}
	return out
}

// differs compares the model with what is stored, and takes over the ids of
// rows whose webhook did not tell them.
func (m *registerModel) differs(sets []models.Set) string {
	for u, s := range sets {
		if s.Inbox.Version != m.users[u].version {
			return fmt.Sprintf("user %d: version %d, want %d", u, s.Inbox.Version, m.users[u].version)
		}
		if len(s.Rows) != len(m.users[u].rows) || s.Inbox.Pending != len(s.Rows) {
			return fmt.Sprintf("user %d: %d rows, pending says %d, want %d", u, len(s.Rows), s.Inbox.Pending, len(m.users[u].rows))
		}
		if s.Inbox.NextExpiry.IsZero() != (len(s.Rows) == 0) {
			return fmt.Sprintf("user %d: %d rows, next expiry %s", u, len(s.Rows), s.Inbox.NextExpiry)
		}
		for _, n := range s.Rows {
			key := n.CollapseKey
			if n.CallID != 0 {
				key = n.Payload.Phone
			}
			want, ok := m.users[u].rows[key]
			got := modelRow{id: n.ID, rev: n.Rev, version: n.Version, kind: n.Kind, title: n.Payload.Title, opens: n.ForOne(), session: n.Session}
			if n.CallID != 0 {
				got.title = ""
			}
			if want.id = cmp.Or(want.id, n.ID); !ok || got != want {
				return fmt.Sprintf("user %d: row %+v under %s, want %+v", u, got, key, want)
			}
			if s.Inbox.NextExpiry.After(n.ExpiresAt) {
				return fmt.Sprintf("user %d: next expiry %s, row %d expires at %s", u, s.Inbox.NextExpiry, n.ID, n.ExpiresAt)
			}
			if n.Leased.IsZero() != (n.Session == "") || !n.Leased.IsZero() && s.Inbox.NextExpiry.After(n.Leased) {
				return fmt.Sprintf("user %d: next expiry %s, row %d is leased until %s by %q", u, s.Inbox.NextExpiry, n.ID, n.Leased, n.Session)
			}
			m.users[u].rows[key] = want
		}
	}
	return ""
}

// stepReader follows the timeline and rebuilds the sets from it alone.
type stepReader struct {
	last     int64
	versions []int64
	rows     []map[int64]modelRow
}

func (s *stepReader) start(r *registerRun) {
	r.must(r.db.QueryRow("SELECT COALESCE(MAX(id), 0) FROM notification_events").Scan(&s.last))
	s.versions, s.rows = make([]int64, len(r.users)), make([]map[int64]modelRow, len(r.users))
	for u := range r.users {
		s.rows[u] = map[int64]modelRow{}
	}
}

// check reads the steps of one group: every version of a user's set is there,
// in order; each is a possible change; together they give the set; and each
// revision that a publisher was told of carries the publisher's words.
func (s *stepReader) check(r *registerRun, ops []*registerOp, sets []models.Set) {
	told := map[[2]int64]string{}
	rows, err := r.db.Query(fmt.Sprintf("SELECT id, user_id, notification_id, rev, version, what, COALESCE(CAST(payload AS TEXT), '') FROM notification_events WHERE id > %d AND user_id IN (%d,%d,%d) ORDER BY id",
		s.last, r.users[0].ID, r.users[1].ID, r.users[2].ID))
	r.must(err)
	defer rows.Close()
	for rows.Next() {
		var user, id, version int64
		var rev int
		var what, payload string
		r.must(rows.Scan(&s.last, &user, &id, &rev, &version, &what, &payload))
		if id == 0 {
			continue
		}
		u := slices.IndexFunc(r.users, func(x *models.User) bool { return x.ID == user })
		var body models.Payload
		if payload != "" {
			r.must(json.Unmarshal([]byte(payload), &body))
			told[[2]int64{id, int64(rev)}] = body.Title
		}
		if version != s.versions[u] && version != s.versions[u]+1 {
			r.rt.Fatalf("user %d: the timeline goes from version %d to %d", u, s.versions[u], version)
		}
		s.versions[u] = version
		old, pending := s.rows[u][id]
		legal := pending && rev == old.rev
		switch what {
		case models.StepStored:
			legal = !pending && rev == 1
			s.rows[u][id] = modelRow{rev: rev, version: version, title: body.Title}
		case models.StepRevised:
			legal = pending && rev == old.rev+1
			s.rows[u][id] = modelRow{rev: rev, version: version, title: body.Title}
		case models.StepPassed:
			legal = pending && rev == old.rev+1
			old.rev, old.version = rev, version
			s.rows[u][id] = old
		case models.StepRequeued, models.StepClaimed:
		default:
			delete(s.rows[u], id)
		}
		if !legal {
			r.rt.Fatalf("user %d: the timeline says %s of row %d.%d, which was %+v (pending: %t)", u, what, id, rev, old, pending)
		}
	}
	r.must(rows.Err())
	for u, set := range sets {
		if s.versions[u] != set.Inbox.Version || len(s.rows[u]) != len(set.Rows) {
			r.rt.Fatalf("user %d: the timeline ends at version %d with %d rows, the set is %d with %d", u, s.versions[u], len(s.rows[u]), set.Inbox.Version, len(set.Rows))
		}
		for _, n := range set.Rows {
			if got := s.rows[u][n.ID]; got.rev != n.Rev || got.version != n.Version || got.title != n.Payload.Title {
				r.rt.Fatalf("user %d: the timeline gives row %d as %+v, the set as rev %d, version %d, %q", u, n.ID, got, n.Rev, n.Version, n.Payload.Title)
			}
		}
	}
	for _, o := range ops {
		for _, n := range o.rows {
			if o.what == "publish" && told[[2]int64{n.ID, int64(n.Rev)}] != o.title {
				r.rt.Fatalf("the timeline gives %q to revision %d.%d of %v", told[[2]int64{n.ID, int64(n.Rev)}], n.ID, n.Rev, o)
			}
		}
	}
}
