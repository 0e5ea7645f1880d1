package conformance

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"zummer/handlers"
	"zummer/models"
)

// mine stands for the session of the client that asks, where a row names whose
// it is: its name, or none for a client without one.
const mine = "@"

// somebody is another session of the user.
const somebody = "kit-somebody-else"

// register is the small register of the one user. Guarded by Kit.mu.
type register struct {
	epoch    int
	version  int64
	lastID   int64
	rows     []models.Notification
	ever     map[int64]int            // the last rev of every row there was
	limit    int                      // rows of a page; 0: what the client asks
	busy     bool                     // the client said so with its last poll
	claimed  bool                     // whoever claims comes too late
	superior map[string]chan struct{} // of a waiting poll: closed when a newer one took over
	fights   map[string][]time.Time
}

func newRegister() register {
	return register{epoch: 1, lastID: 1000, ever: map[int64]int{}, superior: map[string]chan struct{}{}, fights: map[string][]time.Time{}}
}

func (r *register) text() string {
	return "kit" + strconv.Itoa(r.epoch) + "." + strconv.FormatInt(r.version, 10)
}

// of reports whether a version is of this epoch.
func (r *register) of(version string) bool {
	return len(version) > 4 && version[:4] == "kit"+strconv.Itoa(r.epoch)
}

func (r *register) find(id int64) *models.Notification {
	for i := range r.rows {
		if r.rows[i].ID == id {
			return &r.rows[i]
		}
	}
	return nil
}

func (r *register) remove(id int64) {
	r.rows = slices.DeleteFunc(r.rows, func(n models.Notification) bool { return n.ID == id })
	r.version++
}

// script is the register as the HTTP surface sees it.
type script struct {
	handlers.Register // what no client calls
	k                 *Kit
}

func (s script) Sessions(int64) []models.Session { return nil }

// BeginPoll implements handlers.Register: it plays what the script wants of this
// poll, and otherwise does what the service does.
func (s script) BeginPoll(ctx context.Context, who models.Caller, q models.PollQuery) (models.PendingSet, models.Waiting, error) {
	k, x := s.k, exchangeOf(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	x.is, x.query, x.acks, x.who = "poll", q, q.Acks, who.Client
	k.judge(x)
	defer k.tell()
	gone, err := k.takeOver(q.Session, x.at)
	if err != nil {
		return models.PendingSet{}, nil, err
	}
	defer func() {
		if k.reg.superior[q.Session] == gone {
			delete(k.reg.superior, q.Session)
		}
	}()
	f := k.faultFor(x)
	if err := f.early(k); err != nil {
		return models.PendingSet{}, nil, err
	}
	if k.reg.busy != q.Busy { // its rows pass on, or come back
		k.reg.busy = q.Busy
		k.reg.version++
	}
	asOf := k.reg.text()
	results, success := k.apply(x.acks, q.Session)
	f.late()
	if len(x.acks) > 0 && success && q.Version == asOf {
		q.Version = k.reg.text()
	}
	set, err := k.wait(ctx, x, q, gone, f, success)
	set.Acks = results
	x.set = set
	return set, nil, err
}

// wait finds the answer; k.mu is held but while it waits.
func (k *Kit) wait(ctx context.Context, x *exchange, q models.PollQuery, gone chan struct{}, f *fault, success bool) (models.PendingSet, error) {
	deadline := x.at.Add(q.Wait)
	if f != nil && f.hold {
		deadline = x.at.Add(q.Wait + k.opt.Slow)
	}
	if f != nil && f.state != "" {
		return models.PendingSet{State: f.state, PollAfter: f.pace, Now: time.Now(), Draining: f.drain, Version: f.version(q)}, nil
	}
	if !success || f != nil && f.body != "" {
		deadline = x.at
	}
	k.tell()
	for {
		set, news := k.page(q), k.news
		left := time.Until(deadline)
		if f != nil && f.hold && left > 0 {
			news = nil // nothing shortens it
		} else if set.State != models.StateUnchanged || left <= 0 {
			set.Now = time.Now()
			if set.Next == "" && q.Wait <= 0 {
				set.PollAfter = pace
			}
			if f != nil && f.pace > 0 {
				set.PollAfter, set.Draining = f.pace, f.drain
			}
			k.faultOf(x, set.Rows)
			return set, nil
		}
		k.mu.Unlock()
		t := time.NewTimer(left)
		var over bool
		select {
		case <-news:
		case <-t.C:
		case <-gone:
			over = true
		case <-ctx.Done():
		}
		t.Stop()
		k.mu.Lock()
		switch {
		case over:
			return models.PendingSet{State: models.StateSuperseded, PollAfter: pace, Now: time.Now()}, nil
		case ctx.Err() != nil:
			return models.PendingSet{}, ctx.Err()
		}
	}
}

// page is the answer for the client's version and page at this moment.
func (k *Kit) page(q models.PollQuery) models.PendingSet {
	r := &k.reg
	now := r.text()
	set := models.PendingSet{State: models.StateSet, ETag: now}
	if !r.of(q.Version) {
		set.State = models.StateReset
	}
	if q.After != "" {
		set.State = models.StateSet
		if version, offset, ok := models.ParsePageCursor(q.After); ok && version == now {
			set.Offset = min(offset, len(r.rows))
		} else {
			set.State = models.StateReset
		}
	} else if q.Version == now {
		return models.PendingSet{State: models.StateUnchanged, Version: now, ETag: now}
	}
	limit := q.Limit
	if r.limit > 0 {
		limit = min(limit, r.limit)
	}
	end := min(set.Offset+limit, len(r.rows))
	for _, n := range r.rows[set.Offset:end] {
		if n.Session == mine {
			n.Session = q.Session
			if q.Busy {
				n.Session = "" // it opens nothing now
			}
		}
		set.Rows = append(set.Rows, n)
	}
	if end < len(r.rows) {
		set.Next = models.PageCursor(now, end)
	} else {
		set.Version = now
	}
	return set
}

// apply settles acks as the service does.
func (k *Kit) apply(acks []models.Ack, session string) (results []models.AckResult, success bool) {
	r := &k.reg
	success = true
	for _, a := range acks {
		result := models.AckNotFound
		n := r.find(a.ID)
		switch {
		case n != nil && n.Rev == a.Rev && a.Outcome == models.OutcomeBusy:
			result, success = models.AckProcessed, false
			n.Rev, n.Action, n.Session = n.Rev+1, models.ActionShow, ""
			r.ever[n.ID] = n.Rev
			r.version++
		case n != nil && n.Rev == a.Rev:
			result = models.AckProcessed
			r.remove(a.ID)
		case n != nil:
			result = models.AckStale
		case a.Rev <= r.ever[a.ID]:
			result = models.AckAlready
		}
		success = success && (result == models.AckProcessed || result == models.AckAlready)
		results = append(results, models.AckResult{ID: a.Raw, Rev: a.Rev, Result: result})
	}
	return results, success
}

// takeOver ends the poll of that session which waits; too many are a fight.
func (k *Kit) takeOver(session string, now time.Time) (chan struct{}, error) {
	gone := make(chan struct{})
	if session == "" {
		return gone, nil
	}
	if before := k.reg.superior[session]; before != nil {
		last := slices.DeleteFunc(k.reg.fights[session], func(at time.Time) bool { return now.Sub(at) > 10*time.Second })
		if len(last) >= 3 && !k.opt.Lossy { // a dead connection is no fight
			k.breach("supersedes", "")
			return gone, &models.Error{Kind: models.Conflict, Code: "session_conflict", Message: "too many requests of this session", Retry: 5 * time.Second}
		}
		k.reg.fights[session] = append(last, now)
		close(before)
	}
	k.reg.superior[session] = gone
	return gone, nil
}

// Acknowledge implements handlers.Register.
func (s script) Acknowledge(ctx context.Context, _ int64, acks []models.Ack) ([]models.AckResult, error) {
	k, x := s.k, exchangeOf(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	defer k.tell()
	x.is, x.acks = "ack", acks
	if len(acks) > 0 {
		x.query.Session = acks[0].Session
	}
	for i := range acks {
		acks[i].Raw = strconv.FormatInt(acks[i].ID, 10)
	}
	k.judge(x)
	f := k.faultFor(x)
	if err := f.early(k); err != nil {
		return nil, err
	}
	results, _ := k.apply(acks, x.query.Session)
	x.set.Acks = results
	f.late()
	return results, nil
}

// AckAll implements handlers.Register: all rows that the client has.
func (s script) AckAll(_ context.Context, _ int64, version, _ string) (int, error) {
	k := s.k
	k.mu.Lock()
	defer k.mu.Unlock()
	defer k.tell()
	if !k.reg.of(version) {
		return 0, models.Coded(models.Conflict, "moved_on", "the version is of another epoch")
	}
	n := len(k.reg.rows)
	for _, row := range slices.Clone(k.reg.rows) {
		k.who.acked[key(row.ID, row.Rev)] = time.Now()
		k.reg.remove(row.ID)
	}
	return n, nil
}

// Claim implements handlers.Register.
func (s script) Claim(_ context.Context, _ int64, c models.Claim) (models.Claimed, error) {
	return s.seat(c, c.Session, 60*time.Second)
}

// Release implements handlers.Register.
func (s script) Release(_ context.Context, _ int64, c models.Claim) (models.Claimed, error) {
	return s.seat(c, "", 0)
}

func (s script) seat(c models.Claim, to string, lease time.Duration) (models.Claimed, error) {
	k := s.k
	k.mu.Lock()
	defer k.mu.Unlock()
	defer k.tell()
	n := k.reg.find(c.ID)
	switch {
	case n == nil && k.reg.ever[c.ID] == 0:
		return models.Claimed{}, models.Errorf(models.NotFound, "no such notification")
	case n == nil, n.Rev != c.Rev:
		return models.Claimed{}, models.Coded(models.Conflict, "moved_on", "another revision is pending, or none")
	case k.reg.claimed && to != "" && n.Session == "":
		n.Session = somebody
		k.reg.version++
		return models.Claimed{}, models.Coded(models.Conflict, "claimed", "another session has it")
	case n.Session != "" && n.Session != mine && n.Session != c.Session:
		return models.Claimed{}, models.Coded(models.Conflict, "claimed", "another session has it")
	}
	if to == "" && n.Session != "" {
		n.Rev++
		k.reg.ever[n.ID] = n.Rev
	}
	n.Session = to
	k.reg.version++
	return models.Claimed{ID: n.ID, Rev: n.Rev, Session: to, Lease: lease}, nil
}

// fault is what the script does to the next requests that it fits.
type fault struct {
	fits  func(*exchange) bool // nil: every poll that asks for page 1
	row   int64                // what is to happen to the first answer that has this row, also of a poll that waits already
	times int                  // how often; 0: once

	before func()           // changes the register first
	cut    bool             // the line is cut before anything is applied
	refuse error            // answered instead
	lose   bool             // everything is applied, and the line is cut
	half   bool             // the answer breaks off
	hold   bool             // the answer comes Options.Slow later than asked
	state  models.PollState // answered at once, without rows
	pace   time.Duration    // told with the answer
	drain  bool             // the answer closes the connection
	body   string           // answered in place of the set, with 200

	used int
}

// faultFor finds the fault for a request, which then is used up.
func (k *Kit) faultFor(x *exchange) *fault {
	for i, f := range k.faults {
		if f.row != 0 || f.fits == nil && (x.is != "poll" || x.query.After != "") || f.fits != nil && !f.fits(x) {
			continue
		}
		if f.used++; f.used >= max(f.times, 1) {
			k.faults = slices.Delete(k.faults, i, i+1)
		}
		x.fault = f
		return f
	}
	return nil
}

// faultOf finds the fault for an answer that has certain rows, which then is
// used up.
func (k *Kit) faultOf(x *exchange, rows []models.Notification) {
	for i, f := range k.faults {
		if f.row != 0 && x.fault == nil && slices.ContainsFunc(rows, func(n models.Notification) bool { return n.ID == f.row }) {
			f.used++
			x.fault, k.faults = f, slices.Delete(k.faults, i, i+1)
			return
		}
	}
}

// early is what happens before anything is applied.
func (f *fault) early(*Kit) error {
	switch {
	case f == nil:
		return nil
	case f.cut:
		panic(http.ErrAbortHandler)
	case f.before != nil:
		f.before()
	}
	return f.refuse
}

// late is what happens when everything is applied.
func (f *fault) late() {
	if f != nil && f.lose {
		panic(http.ErrAbortHandler)
	}
}

// version of an answer without rows.
func (f *fault) version(q models.PollQuery) string {
	if f.state == models.StateUnchanged {
		return q.Version
	}
	return ""
}
