package inbox

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"zummer/models"
)

// The pace of deliveries. They are written behind and may be lost: the
// timeline then has a step less.
const (
	toldEvery   = 2 * time.Second // up to a fifth more
	toldTimeout = 5 * time.Second
	maxTold     = 500         // kept for one flush; more are dropped
	followed    = time.Minute // a client that came again within this follows its set
)

// told is what the database has not been told yet of deliveries.
type told struct {
	mu      sync.Mutex
	rows    []models.Delivery
	dropped int
	failing bool // only toldLoop uses it
}

// delivered notes what the answer of p carries that the client did not have:
// a row whose last change is newer than the picture that the client named or
// was answered with before. p.set.Now is the database's clock of the read.
func (in *Inbox) delivered(p *poll) {
	if len(p.set.Rows) == 0 || in.opt.Beside == nil || p.ctx.Err() != nil {
		return
	}
	epoch, _, _ := strings.Cut(p.set.ETag, ".")
	had := versionIn(p.asked, epoch)
	last := in.presence.lastAnswer(p.user, p.q.Session)
	if p.q.After == "" { // a page that follows was not in the answer before
		had = max(had, versionIn(last.version, epoch))
	}
	follows := p.asked != "" && last.arrived.Sub(last.answered) < followed
	in.tell(p.set.Rows, p.q.Session, last.client, p.set.Now,
		func(n *models.Notification) bool { return n.Version > had },
		func(*models.Notification) bool { return follows })
}

// tell notes the rows that are new to a session; measured says of which it
// counts how long they took.
func (in *Inbox) tell(rows []models.Notification, session, client string, at time.Time, isNew, measured func(*models.Notification) bool) {
	t := &in.told
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range rows {
		n := &rows[i]
		if !isNew(n) {
			continue
		}
		if in.opt.ObserveTold != nil && measured(n) {
			in.opt.ObserveTold(max(0, at.Sub(n.UpdatedAt)))
		}
		if len(t.rows) >= maxTold {
			t.dropped++
			continue
		}
		t.rows = append(t.rows, models.Delivery{NotificationID: n.ID, Rev: n.Rev, Session: session, UserID: n.UserID, Client: client, At: at})
	}
}

// versionIn is the number of a version of an epoch; 0 for any other text.
func versionIn(version, epoch string) int64 {
	e, text, ok := strings.Cut(version, ".")
	v, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || e != epoch {
		return 0
	}
	return v
}

// lastAnswer is what a session was told before the poll that is under way.
type lastAnswer struct {
	arrived  time.Time // of the poll under way
	answered time.Time // of the one before; zero: there was none
	version  string
	client   string
}

func (p *presence) lastAnswer(user int64, session string) lastAnswer {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.users[user][session]
	if s == nil {
		return lastAnswer{}
	}
	return lastAnswer{arrived: s.last, answered: s.answered, version: s.version, client: s.client}
}

// toldLoop writes deliveries until ctx ends, and then the last ones.
func (in *Inbox) toldLoop(ctx context.Context) error {
	for pause(ctx, jitter(toldEvery)) {
		in.flushTold(ctx)
	}
	in.flushTold(context.WithoutCancel(ctx))
	return nil
}

// flushTold is one statement; none when nobody was told anything.
func (in *Inbox) flushTold(ctx context.Context) {
	t := &in.told
	t.mu.Lock()
	rows, dropped := t.rows, t.dropped
	t.rows, t.dropped = nil, 0
	t.mu.Unlock()
	if dropped > 0 {
		in.log.DebugContext(ctx, "deliveries were not written down", "rows", dropped)
	}
	if len(rows) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, toldTimeout)
	defer cancel()
	err := in.opt.Beside.SaveDeliveries(ctx, rows)
	if err != nil && !t.failing {
		in.log.WarnContext(ctx, "deliveries cannot be written down", "err", err)
	}
	t.failing = err != nil
	in.opt.Hub.Pulse().Beat()
}
