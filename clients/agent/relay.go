package agent

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	zummer "zummer/clients/go"
)

// relay answers the clients of its user's own machine in plain HTTP. A client
// that sends the pairing secret, or the agent's own token, is the agent's user:
// its polls are answered at once from the picture that the agent's one long
// poll keeps. Any other token is passed on with its request and not kept.
// Without either: 401.
type relay struct {
	config  Config
	client  *zummer.Client
	session *zummer.Session
	log     *slog.Logger
	port    string
	epoch   string
	peer    func(peer, here netip.AddrPort) owner // whose a local client is
	passing flights

	mu      sync.Mutex
	up      bool  // the service answered the last poll
	why     error // it did not, or refused the agent; nil: up, or nothing is known yet
	known   bool  // there was a picture
	rows    []zummer.Notification
	version int
	holder  local                           // who opens; its seen is zero when there is nobody
	handed  map[zummer.Key]bool             // rows that the agent left to the holder
	claims  map[zummer.Key]*claim           // rows that local clients have claimed
	settled map[zummer.Key]zummer.AckResult // acks that the service has answered
}

// local is a client of the relay that opens rows.
type local struct {
	name string
	app  string // it opens rows of this infobase and of none; "": all
	seen time.Time
}

// takes reports whether a row is of the client's infobase, or of none.
func (l *local) takes(n *zummer.Notification) bool {
	return l.app == "" || n.App == "" || n.App == l.app
}

// localLease is how long a local client that does not poll is waited for.
const localLease = 60 * time.Second

// ownTime is how long the service may take for an ack or a claim. A client that
// has closed its side, as one of HTTP/1.0 may, has said it all the same.
const ownTime = 20 * time.Second

// maxSettled bounds the acks that are remembered: after that many a repeated
// one is asked of the service again, which does no harm.
const maxSettled = 1000

func newRelay(c Config, client *zummer.Client, session *zummer.Session, log *slog.Logger) *relay {
	return &relay{config: c, client: client, session: session, log: log, epoch: strings.ToLower(rand.Text()[:6]), peer: systemOwners.tcp, handed: map[zummer.Key]bool{}, claims: map[zummer.Key]*claim{}, settled: map[zummer.Key]zummer.AckResult{}}
}

// watch passes on what was left to a local client that polls no more, and what
// it has claimed.
func (r *relay) watch(ctx context.Context) {
	t := time.NewTicker(5 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			keys, gone := r.forsaken(time.Now())
			if gone {
				r.session.SetBusy(false)
			}
			for _, k := range keys {
				r.session.Ack(k, zummer.Busy, "")
			}
			r.giveBack(ctx)
		}
	}
}

// forsaken says whether the one that opened is gone, and what it left.
func (r *relay) forsaken(now time.Time) (keys []zummer.Key, gone bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holder.seen.IsZero() || now.Sub(r.holder.seen) < localLease {
		return nil, false
	}
	r.holder = local{}
	r.version++
	for k := range r.handed {
		keys = append(keys, k)
		delete(r.claims, k) // it is passed on once
	}
	clear(r.handed)
	return keys, true
}

// hand leaves a row to the local client that opens, or has claimed it; false:
// there is none.
func (r *relay) hand(k zummer.Key) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for of, c := range r.claims {
		if of.ID == k.ID && of.Rev <= k.Rev { // its picture may not be here yet
			c.left = k
			return true
		}
	}
	if r.holder.seen.IsZero() || time.Since(r.holder.seen) >= localLease {
		return false
	}
	for i := range r.rows {
		if n := &r.rows[i]; n.Key() == k && !r.holder.takes(n) {
			return false
		}
	}
	r.handed[k] = true
	r.version++
	return true
}

// set takes a new picture.
func (r *relay) set(rows []zummer.Notification) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pending := map[zummer.Key]bool{}
	for i := range rows {
		pending[rows[i].Key()] = true
		delete(r.settled, rows[i].Key()) // it is pending: a new or restored database has given its name out again
	}
	maps.DeleteFunc(r.handed, func(k zummer.Key, _ bool) bool { return !pending[k] })
	r.carry(rows)
	r.rows, r.known = rows, true
	r.version++
}

func (r *relay) connected(up bool) {
	r.mu.Lock()
	r.up, r.why = up, nil
	r.mu.Unlock()
}

// lost says why the agent has no picture that is up to date.
func (r *relay) lost(why error) {
	r.mu.Lock()
	r.up, r.why = false, why
	r.mu.Unlock()
}

// view is the picture as one local client shall see it: what is the agent's to
// open is the holder's; what the agent did not leave to it, nobody's here.
func (r *relay) view(name string) (rows []zummer.Notification, version string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows = make([]zummer.Notification, len(r.rows))
	copy(rows, r.rows)
	for i := range rows {
		n := &rows[i]
		switch {
		case r.claims[n.Key()] != nil && r.claims[n.Key()].by == name && name != "":
			n.Session = name
		case !n.Action.Opens():
		case r.handed[n.Key()] && r.holder.name == name:
			n.Session = name
		case n.Session == "":
			n.Session = r.session.Name() // the next poll of the agent takes it
		}
	}
	return rows, r.epoch + "." + strconv.Itoa(r.version), r.up && r.known
}

// sit notes that a local client polls. The first one opens, as long as it polls.
func (r *relay) sit(name string, busy bool) {
	if r.seat(name) {
		r.session.SetBusy(busy)
	}
}

// seat reports whether the client is the one that opens: never one without a
// name, since two of them would open the same row.
func (r *relay) seat(name string) bool {
	if name == "" {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	free := r.holder.seen.IsZero() || now.Sub(r.holder.seen) >= localLease
	if !free && r.holder.name != name {
		return false
	}
	if free {
		r.version++
	}
	if r.holder.name != name {
		r.holder = local{name: name}
	}
	r.holder.seen = now
	return true
}

// settle passes an ack on as the agent's session; its picture follows at once.
// One that the service has answered is answered again from here: the local
// client may have got a 503 with it, and repeats it until it gets a picture.
func (r *relay) settle(ctx context.Context, a zummer.Ack) (zummer.AckResult, error) {
	r.mu.Lock()
	out, again := r.settled[a.Key()]
	r.mu.Unlock()
	if again {
		return out, nil
	}
	out, err := r.session.AckNow(ctx, a)
	if zummer.StatusOf(err) == http.StatusNotFound {
		return zummer.AckResult{ID: a.ID, Rev: a.Rev, Result: zummer.NotFound}, nil
	}
	if err != nil {
		return out, err
	}
	out.ID, out.Rev = a.ID, a.Rev
	r.mu.Lock()
	if len(r.settled) >= maxSettled {
		clear(r.settled)
	}
	r.settled[a.Key()] = out
	delete(r.claims, a.Key())
	r.mu.Unlock()
	r.set(r.session.Picture().Rows)
	return out, nil
}

// poll answers at once, but for the acks: they are answered when the service
// has them.
func (r *relay) poll(w http.ResponseWriter, req *http.Request, f format, body []byte) {
	q, err := readQuery(req, body)
	if err != nil {
		f.refuse(w, http.StatusUnprocessableEntity, "invalid", err.Error(), 0)
		return
	}
	f = cmp.Or(q.format, f)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), ownTime)
	defer cancel()
	a := page{state: zummer.StateSet, zone: q.zone}
	me := local{name: q.session, app: q.app}
	opens := r.seat(q.session) // before all that may fail: it is there
	r.mu.Lock()
	r.attend(q.session, time.Now())
	if opens {
		r.holder.app = q.app
	}
	r.mu.Unlock()
	for _, k := range q.acks {
		result, err := r.settle(ctx, k)
		if err != nil {
			f.answer(w, nil, ofAgent(err))
			return
		}
		a.acks = append(a.acks, result)
	}
	r.sit(q.session, q.busy) // after the acks: what was opened shall not pass on
	rows, version, ok := r.view(q.session)
	if !ok {
		f.answer(w, nil, r.absence())
		return
	}
	rows = slices.DeleteFunc(rows, func(n zummer.Notification) bool { return !me.takes(&n) })
	from := 0
	if q.after != "" {
		at, of, _ := strings.Cut(q.after, "-")
		if n, err := strconv.Atoi(at); err == nil && of == version && n > 0 && n < len(rows) {
			from = n
		} else {
			a.state = zummer.StateReset
		}
	} else if q.version == version {
		a.state, a.version = zummer.StateUnchanged, version
		f.page(w, &a)
		return
	} else if !strings.HasPrefix(q.version, r.epoch+".") {
		a.state = zummer.StateReset
	}
	to := min(from+q.limit, len(rows))
	a.rows = rows[from:to]
	if a.version = version; to < len(rows) {
		a.version, a.next = "", fmt.Sprintf("%d-%s", to, version)
	}
	f.page(w, &a)
}
