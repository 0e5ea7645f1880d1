package conformance

import (
	"time"

	"zummer/models"
)

func superseded(p *play) {
	p.afterwards(&fault{state: models.StateSuperseded, pace: 2 * time.Second})
}

func stale(p *play) {
	k, f := p.k, &fault{}
	id := int64(0)
	f.before = func() {
		k.change(id, func(n *models.Notification) { n.Payload.Title = "ООО Ромашка (Петров)" })
	}
	k.mu.Lock()
	id = k.put(models.ActionOpen, mine)
	f.fits = acks(id)
	k.faults = append(k.faults, f)
	k.mu.Unlock()
	if !p.must("ack", p.acked(id, 1)) {
		return
	}
	p.must("id_only", p.taken(id))
}

func pages(p *play) {
	k := p.k
	k.mu.Lock()
	k.reg.limit = 2
	for range 3 {
		k.put(models.ActionShow, "")
	}
	leaves := k.put(models.ActionOpen, mine) // on page 1, and gone before page 2
	stays := int64(0)
	k.faults = append(k.faults, &fault{fits: func(x *exchange) bool { return x.is == "poll" && x.query.After != "" }, before: func() {
		k.reg.remove(leaves)
		for range 2 {
			k.put(models.ActionShow, "")
		}
		stays = k.put(models.ActionChoose, mine)
	}})
	k.tell()
	k.mu.Unlock()
	if !p.must("pages", func() bool { return stays != 0 }) {
		return
	}
	p.must("ack", p.decided(stays))
	p.must("pages", func() bool { return k.who.has(k.reg.text()) })
	p.pictureIsRight()
}

// foreign: a row is another session's, which then vanishes; its lease passes on
// under the next revision.
func foreign(p *play) {
	k := p.k
	theirs := p.put(models.ActionOpen, somebody)
	id := p.put(models.ActionOpen, mine)
	p.must("ack", p.taken(id))
	p.pause(1500 * time.Millisecond)
	p.pictureIsRight()
	k.mu.Lock()
	k.change(theirs, func(n *models.Notification) { n.Session = mine })
	k.mu.Unlock()
	p.must("id_only", p.taken(theirs))
}

// claimed: a row is nobody's, and then another session was quicker. Whoever
// claims rows is told so.
func claimed(p *play) {
	k := p.k
	k.mu.Lock()
	k.reg.claimed = true
	id := k.put(models.ActionOpen, "")
	k.mu.Unlock()
	p.must("gone", func() bool { _, ok := k.who.seen[key(id, 1)]; return ok })
	p.pause(1500 * time.Millisecond)
	k.mu.Lock()
	if n := k.reg.find(id); n != nil && n.Session == "" {
		n.Session = somebody
		k.reg.version++
	}
	k.tell()
	k.mu.Unlock()
	next := p.put(models.ActionOpen, mine)
	p.must("ack", p.taken(next))
	p.pictureIsRight()
}

func givenLater(p *play) {
	k := p.k
	id := p.put(models.ActionOpen, "")
	if !p.must("gone", func() bool { _, ok := k.who.seen[key(id, 1)]; return ok }) {
		return
	}
	p.pause(1500 * time.Millisecond)
	k.mu.Lock()
	if n := k.reg.find(id); n != nil {
		n.Session = mine
		k.reg.version++
	}
	k.tell()
	k.mu.Unlock()
	p.must("seen_is_not_opened", p.taken(id))
}

func novelty(p *play) {
	k := p.k
	p.afterwards(&fault{state: "resting", pace: 2 * time.Second})
	k.mu.Lock()
	k.novelty = true
	k.mu.Unlock()
	p.put("celebrate", "")
	id := p.put(models.ActionResolve, mine)
	p.must("novelty", p.decided(id))
	p.pictureIsRight()
}

// bare: what stands for many rows has a title only, and what a program publishes
// has no call.
func bare(p *play) {
	k := p.k
	k.mu.Lock()
	digest := k.put(models.ActionShow, "")
	n := k.reg.find(digest)
	n.Kind, n.Payload = models.KindDigest, models.Payload{Title: "И ещё 3 / and 3 more"}
	k.mu.Unlock()
	if !p.must("bare", func() bool { _, ok := k.who.seen[key(digest, 1)]; return ok }) {
		return
	}
	p.pictureIsRight()
	k.mu.Lock()
	id := k.put(models.ActionOpen, mine)
	n = k.reg.find(id)
	n.Kind, n.Payload = "callback.requested", models.Payload{Title: n.Payload.Title, Object: n.Payload.Object}
	k.mu.Unlock()
	p.must("bare", p.taken(id))
}
