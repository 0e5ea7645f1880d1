package conformance

import (
	"fmt"
	"time"

	"zummer/models"
)

func hello(p *play) {
	id := p.put(models.ActionOpen, mine)
	p.must("ack", p.taken(id))
	second := p.put(models.ActionCreate, mine)
	p.must("ack", p.taken(second))
}

func unchanged(p *play) { p.afterwards(&fault{state: models.StateUnchanged, times: 2}) }

func lostAnswer(p *play) {
	id := p.putWith(&fault{lose: true}, models.ActionOpen)
	if !p.must("ack", p.taken(id)) {
		return
	}
	for range 3 { // an ack that was answered need not come with each of them
		next := p.put(models.ActionOpen, mine)
		p.must("ack", p.taken(next))
	}
}

func lostAck(p *play) {
	id := p.putWith(&fault{cut: true, times: 2}, models.ActionOpen)
	if !p.must("ack", p.acked(id, 1)) {
		return
	}
	p.put(models.ActionShow, "") // the set comes again, with the row in it
	p.must("ack_again", p.taken(id))
}

func brokenAnswer(p *play) {
	if !p.card() {
		return
	}
	k := p.k
	k.mu.Lock()
	id := k.put(models.ActionOpen, mine)
	k.faults = append(k.faults, &fault{half: true, row: id})
	k.mu.Unlock()
	p.must("ack", p.taken(id))
}

func notZummer(p *play) {
	p.afterwards(&fault{body: "<!DOCTYPE html><html><body>\n<h1>Welcome</h1>\nAccept the rules of this network to go on.\n</body></html>\n"})
}

// afterwards: a poll meets the fault, the picture stays, and all goes on.
func (p *play) afterwards(f *fault) {
	if !p.card() {
		return
	}
	f.fits = func(x *exchange) bool { // it has all there is, so that nothing else mends the picture
		return x.is == "poll" && x.query.After == "" && (x.query.Version == "" || x.query.Version == p.k.reg.text())
	}
	p.fault(f)
	p.wake()
	p.must("gone", p.used(f))
	p.pictureIsRight()
	id := p.put(models.ActionOpen, mine)
	p.must("ack", p.taken(id))
}

func unauthorized(p *play) {
	p.refusedAck(models.Errorf(models.Unauthorized, "the token is not valid right now (this is the kit)"))
}

func unavailable(p *play) {
	p.refusedAck(&models.Error{Kind: models.Unavailable, Message: "the database is away (this is the kit)", Retry: 2 * time.Second},
		&models.Error{Kind: models.TooMany, Message: "too many requests (this is the kit)", Retry: 2 * time.Second})
}

func conflict(p *play) {
	p.refusedAck(&models.Error{Kind: models.Conflict, Code: "session_conflict", Message: "too many requests of this session (this is the kit)", Retry: 3 * time.Second})
}

// refusedAck: the request with an ack is refused; it comes again, and the
// picture stays.
func (p *play) refusedAck(refusals ...error) {
	if !p.card() {
		return
	}
	f := &fault{refuse: refusals[0]}
	id := p.putWith(f, models.ActionOpen)
	for _, err := range refusals[1:] {
		p.fault(&fault{fits: acks(id), refuse: err})
	}
	if !p.must("ack", func() bool { return f.used > 0 }) {
		return
	}
	p.pictureIsRight()
	p.must("ack_again", p.taken(id))
}

func restart(p *play) {
	k, f := p.k, &fault{cut: true}
	if !p.card() {
		return
	}
	id := p.putWith(f, models.ActionOpen)
	if !p.must("ack", func() bool { return f.used > 0 }) {
		return
	}
	k.door.shut()
	k.mu.Lock()
	k.reg.epoch++
	k.reg.version = 0
	k.mu.Unlock()
	p.pause(1500 * time.Millisecond)
	if err := k.door.reopen(true); err != nil {
		p.breach("gone", err.Error())
		p.gone = true
		return
	}
	opened := time.Now()
	p.pause(2 * time.Second)
	p.pictureIsRight()
	if n := k.door.welcome(); n > 2*hotLoop*max(1, int(time.Since(opened)/(2*time.Second))) {
		p.breach("hot_loop", fmt.Sprintf("%d", n))
	}
	next := p.put(models.ActionOpen, mine)
	p.must("ack_again", p.taken(id))
	p.must("ack", p.taken(next))
}

// pacing: a poll waits, a row comes, and with it a pause.
func pacing(p *play) {
	if !p.card() {
		return
	}
	f := &fault{pace: 2 * time.Second}
	p.fault(f)
	p.wake()
	if !p.must("gone", p.used(f)) {
		return
	}
	id := p.put(models.ActionOpen, mine)
	p.must("ack", p.taken(id))
}

func drain(p *play) {
	p.afterwards(&fault{state: models.StateUnchanged, pace: 1500 * time.Millisecond, drain: true})
}

func closing(p *play) {
	id := p.put(models.ActionIndicate, "")
	if !p.must("gone", func() bool { _, ok := p.k.who.seen[key(id, 1)]; return ok }) {
		return
	}
	p.k.mu.Lock()
	p.k.change(id, func(n *models.Notification) {
		n.Action, n.Kind, n.Payload.Call.State = models.ActionNone, models.KindElsewhere, models.Ended
	})
	p.k.mu.Unlock()
	p.must("gone", func() bool {
		_, ok := p.k.who.seen[key(id, 2)]
		return ok || p.k.reg.find(id) == nil
	})
	p.pictureIsRight()
}

func slow(p *play) { p.afterwards(&fault{hold: true}) }
