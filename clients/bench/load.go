package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// load is the generator's side of one server's life.
type load struct {
	srv    running
	users  int
	ledger *ledger
	faults faults
}

// faults counts what should not happen.
type faults struct {
	refused  atomic.Int64 // publishes without a 2xx
	polls    atomic.Int64 // polls without a 200
	badAcks  atomic.Int64 // results other than processed and already
	firstErr atomic.Pointer[string]
}

func (f *faults) note(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	f.firstErr.CompareAndSwap(nil, &s)
}

// publishAt sends messages to random users at a fixed rate for d: open-loop,
// so that a server that is slow is measured from the planned moment. It
// returns the range of messages.
func (l *load) publishAt(ctx context.Context, rate int, d time.Duration) (from, to int) {
	from = l.ledger.here()
	start := l.ledger.now()
	total := int64(float64(rate) * d.Seconds())
	var next atomic.Int64
	l.publishers(256, func(w *wire, buf []byte) bool {
		n := next.Add(1) - 1
		if n >= total || ctx.Err() != nil {
			return false
		}
		planned := start + n*int64(time.Second)/int64(rate)
		if wait := planned - l.ledger.now(); wait > 0 {
			select {
			case <-time.After(time.Duration(wait)):
			case <-ctx.Done():
				return false
			}
		}
		return l.publish(w, buf, planned)
	})
	return from, l.ledger.here()
}

// publishFast sends messages on conns connections, each as soon as the one
// before is answered, for d or until most are sent.
func (l *load) publishFast(ctx context.Context, conns int, d time.Duration, most int) (from, to int) {
	from = l.ledger.here()
	end := time.Now().Add(d)
	var sent atomic.Int64
	l.publishers(conns, func(w *wire, buf []byte) bool {
		if ctx.Err() != nil || time.Now().After(end) || sent.Add(1) > int64(most) {
			return false
		}
		return l.publish(w, buf, l.ledger.now())
	})
	return from, l.ledger.here()
}

// publishers runs step on n connections until it says false on each.
func (l *load) publishers(n int, step func(w *wire, buf []byte) bool) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			w := &wire{addr: l.srv.addr()}
			defer w.close()
			buf := make([]byte, 0, 1024)
			for step(w, buf) {
			}
		})
	}
	wg.Wait()
}

func (l *load) publish(w *wire, buf []byte, planned int64) bool {
	id, ok := l.ledger.take(planned)
	if !ok {
		return false
	}
	status, body, err := w.do("POST", l.srv.hook(), eventBody(buf, id, rand.IntN(l.users)), 30*time.Second)
	if err != nil || status/100 != 2 {
		l.faults.refused.Add(1)
		l.faults.note("publish: status %d, %v, %.200s", status, err, body)
		return true
	}
	l.ledger.accept(id)
	return true
}

// clients are waiting clients, one a user.
type clients struct {
	load    *load
	wires   []*wire
	wg      sync.WaitGroup
	ready   atomic.Int64 // got a first answer
	stopped atomic.Bool
}

// connect starts the clients of users [from, to) and returns when each has its
// first picture; add them to c, or pass nil for new ones.
func (l *load) connect(ctx context.Context, c *clients, from, to int) (*clients, error) {
	if c == nil {
		c = &clients{load: l}
	}
	gate := make(chan struct{}, 64) // dials at a time
	for i := from; i < to; i++ {
		w := &wire{addr: l.srv.addr(), header: "Authorization: Bearer " + l.srv.token(i) + "\r\n"}
		c.wires = append(c.wires, w)
		gate <- struct{}{}
		c.wg.Go(func() { c.run(ctx, w, "bench-"+strconv.Itoa(i), sync.OnceFunc(func() { <-gate })) })
	}
	limit := time.After(2 * time.Minute)
	for int(c.ready.Load()) < len(c.wires) {
		select {
		case <-limit:
			return c, fmt.Errorf("only %d of %d clients got an answer (%s)", c.ready.Load(), len(c.wires), l.faults.text())
		case <-ctx.Done():
			return c, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return c, nil
}

// disconnect hangs up and waits until all clients have ended.
func (c *clients) disconnect() {
	c.stopped.Store(true)
	for _, w := range c.wires {
		w.hangUp()
	}
	c.wg.Wait()
}

// pollWait is what clients ask for, seconds.
const pollWait = 50

// run is one client: poll with what it has, note the rows, acknowledge them
// with the next poll.
func (c *clients) run(ctx context.Context, w *wire, session string, first func()) {
	defer first()
	defer w.close()
	q := pollRequest{Wait: pollWait, Limit: 100, Session: session}
	sure, begun := true, false
	var body []byte
	for !c.stopped.Load() && ctx.Err() == nil {
		body = q.append(body[:0])
		status, text, err := w.do("POST", "/v1/notifications/poll", body, (pollWait+20)*time.Second)
		if c.stopped.Load() {
			return
		}
		var a pollAnswer
		if err == nil && status == 200 {
			err = json.Unmarshal(text, &a)
		}
		pause := time.Duration(a.PollAfterMS) * time.Millisecond
		if err != nil || status != 200 {
			c.load.faults.polls.Add(1)
			c.load.faults.note("poll: status %d, %v, %.200s", status, err, text)
			sure, pause = false, time.Second
		} else {
			c.take(&q, &a, sure)
			sure = true
			if !begun {
				begun = true
				c.ready.Add(1)
				first()
			}
		}
		if pause > 0 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
	}
}

// take notes an answer and makes the next question.
func (c *clients) take(q *pollRequest, a *pollAnswer, sure bool) {
	for _, r := range a.Acks {
		if r.Result != "processed" && r.Result != "already" {
			c.load.faults.badAcks.Add(1)
			c.load.faults.note("ack %s.%d: %s", r.ID, r.Rev, r.Result)
		}
	}
	q.Ack = q.Ack[:0]
	for _, n := range a.Notifications {
		if id, ok := messageOf(n.Name); ok {
			c.load.ledger.deliver(id, sure)
		}
		q.Ack = append(q.Ack, n.ID+"."+strconv.Itoa(n.Rev))
	}
	switch {
	case a.Next != "":
		q.Version = "" // settle this page; the rest comes with the next answer
	case a.Version != "":
		q.Version = a.Version
	}
}

// append writes the request as JSON.
func (q *pollRequest) append(b []byte) []byte {
	b = append(b, `{"version":"`...)
	b = append(append(b, q.Version...), `","wait":`...)
	b = strconv.AppendInt(b, int64(q.Wait), 10)
	b = append(strconv.AppendInt(append(b, `,"limit":`...), int64(q.Limit), 10), `,"session":"`...)
	b = append(append(b, q.Session...), `","ack":[`...)
	for i, a := range q.Ack {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), a...), '"')
	}
	return append(b, "]}"...)
}

// settle waits until every accepted message of the range is delivered and
// nothing is pending, and returns the moment on the ledger's clock.
func (l *load) settle(ctx context.Context, from, to int) (time.Duration, error) {
	limit := time.After(time.Minute)
	for {
		if l.ledger.count(from, to).lost == 0 {
			n, err := l.srv.pending(ctx)
			if err != nil {
				return 0, fmt.Errorf("ask what is pending: %w", err)
			}
			if n == 0 {
				return time.Duration(l.ledger.now()), nil
			}
		}
		select {
		case <-limit:
			n, err := l.srv.pending(ctx)
			return time.Duration(l.ledger.now()), errors.Join(err, fmt.Errorf("after a minute %d messages are not delivered and %d not processed (%s)", l.ledger.count(from, to).lost, n, l.faults.text()))
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (f *faults) text() string {
	s := fmt.Sprintf("%d publishes refused, %d polls failed, %d acks not settled", f.refused.Load(), f.polls.Load(), f.badAcks.Load())
	if first := f.firstErr.Load(); first != nil {
		s += "; first: " + *first
	}
	return s
}

// call makes one plain request and decodes the answer into out (nil: not).
func call(addr, token, method, path string, body []byte, out any) error {
	w := &wire{addr: addr}
	if token != "" {
		w.header = "Authorization: Bearer " + token + "\r\n"
	}
	defer w.close()
	return w.call(method, path, body, out)
}

func (w *wire) call(method, path string, body []byte, out any) error {
	status, text, err := w.do(method, path, body, time.Minute)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if status/100 != 2 {
		return fmt.Errorf("%s %s: status %d: %.300s", method, path, status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}
