package inbox

import (
	"time"

	"zummer/models"
)

// op is one operation on its way through a batch. Exactly one of the parts is
// set. What the transaction finds out is written anew at every run of it.
type op struct {
	name string

	accept  *models.Accepted // a webhook; Events are normalised
	keys    []models.RepeatKey
	replay  int64 // the journal entry to run again
	acks    []models.Ack
	ackAll  *ackAll
	publish *publish
	admin   *admin
	expire  []int64 // users whose expired rows shall go
	calls   []int64 // stuck or silent calls to close
	silent  bool    // calls are those that fell silent
	mapped  *mapped
	asked   *asked
	seat    *seat
	user    int64 // of acks, ackAll and seat

	handOver []handOver
	wide     *wide // it was put off: what it locks too

	extra   int    // ids beyond the usual bound, after a batch ran out
	bad     bool   // keep the webhook, apply nothing
	badText string // why

	found

	err  error
	done chan struct{}
}

// found is what the transaction finds out of an operation.
type found struct {
	opErr    error // the operation's own refusal; the batch goes on
	webhook  *models.Webhook
	result   models.AcceptResult
	results  []models.AckResult
	before   models.Inbox // of user, just before the acks
	after    models.Inbox // just after
	busy     bool         // an ack asked for the row to come back
	widen    *wide        // it is put off, for it needs this too
	settled  int
	rows     []models.Notification
	drafts   []models.Draft
	steps    []models.Step
	requeued *models.Notification
	claimed  models.Claimed
}

type ackAll struct {
	version string
	session string
}

type publish struct {
	token  int64
	key    string
	hash   string
	source int64
	users  []int64
	draft  models.Draft
	wrong  error                 // nobody can get it: only what the key made before is answered
	stored []models.Notification // found by its key: nothing is made
}

type admin struct {
	id     int64
	action string
	toUser int64
	by     models.Actor
	owner  int64 // found in the transaction
	row    *models.Notification
}

type mapped struct {
	source    int64
	extension string
}

// reset forgets what an earlier, rolled back run of the transaction found.
func (o *op) reset() {
	o.found = found{}
	if o.publish != nil {
		o.publish.stored = nil
	}
	if o.admin != nil {
		o.admin.owner, o.admin.row = 0, nil
	}
}

// keep remembers what a run of the transaction found; restore brings it back.
func (o *op) keep() (restore func()) {
	f := o.found
	var a admin
	if o.admin != nil {
		a = *o.admin
	}
	return func() {
		o.found = f
		if o.admin != nil {
			*o.admin = a
		}
	}
}

// needs bounds the ids that the operation may use.
func (o *op) needs(dir *models.Directory) int { return o.usual(dir) + o.extra }

func (o *op) usual(dir *models.Directory) int {
	widest := 1
	for _, g := range dir.Groups {
		widest = max(widest, len(g.Members))
	}
	switch {
	case o.accept != nil:
		return 1 + len(o.accept.Events)*(8+widest)
	case o.replay != 0, o.mapped != nil, o.calls != nil, o.asked != nil:
		return 64 + (len(o.calls)+4)*(8+widest)
	case o.publish != nil:
		return len(o.publish.users)
	case o.admin != nil:
		return 2
	case o.handOver != nil:
		return len(o.handOver)
	}
	return 1 // a digest
}

// How long repeat keys hold: for an event that has a name of its own, and for
// one that nothing tells from the next of its kind.
const (
	keyTTL      = 24 * time.Hour
	shortKeyTTL = 10 * time.Second
)
