package zummer

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Session is one running client of a user: it polls under a name of its own,
// keeps the picture, and owes the service what became of the rows. Run it once;
// the other methods may be called from any goroutine, also before and after.
type Session struct {
	// App asks for the rows of one infobase and of none; "": all. Set it before Run.
	App string
	// Wait is the longest wait of one poll; 0: 25 s, negative: none, and the
	// service's pace is kept between polls. Set it before Run.
	Wait time.Duration
	// Settle is how long the next poll is held back so that openings that are
	// quick take their acks with it; 0: 300 ms. Set it before Run.
	Settle time.Duration

	client *Client
	name   string

	mu       sync.Mutex
	version  string         // of rows
	rows     []Notification // of the last complete set, without those that were settled here
	complete bool           // there was one
	picture  Picture        // what was last shown of it
	busy     bool
	soon     bool              // the next poll shall not wait long: what it says is needed
	answered time.Time         // when the last poll was; zero: it was not, and what the picture names as ours may be another's
	wanted   []Notification    // to be opened, in the order of the picture
	opened   map[Key]bool      // what was opened here and is pending, or its ack is
	opening  Key               // being opened now
	made     map[Key]time.Time // when the rows were made that were opened, or whose acks are owed
	owed     map[Key]Ack       // acks that no answer has confirmed
	order    []Key             // of owed
	nudged   []time.Time       // the last ones: each may cost a supersede
	status   Status

	notBefore time.Time // the service has said when to come back
	refusal   Error     // so

	work, done chan struct{} // something is wanted; something was opened
	nudge      chan struct{} // the waiting poll may have something new to say
}

// NewSession makes a session named prefix and chance, e.g. desk-7f3k2m9q4x;
// prefix "" is the name of the machine. Letters that a name cannot have become
// dashes.
func (c *Client) NewSession(prefix string) *Session {
	if prefix == "" {
		prefix, _ = os.Hostname() // without one: "go"
	}
	return &Session{client: c, name: sessionName(prefix), opened: map[Key]bool{}, owed: map[Key]Ack{}, made: map[Key]time.Time{},
		work: make(chan struct{}, 1), done: make(chan struct{}, 1), nudge: make(chan struct{}, 1)}
}

// sessionName makes a name that no other running client has.
func sessionName(prefix string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, prefix)
	if plain = strings.Trim(plain, "-"); plain == "" {
		plain = "go"
	}
	return plain[:min(len(plain), 40)] + "-" + strings.ToLower(rand.Text()[:12])
}

// Name is what rows of this session name in their Session.
func (s *Session) Name() string { return s.name }

// Picture is the last complete set, without what was acknowledged here since.
func (s *Session) Picture() Picture {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.picture
	p.Version, p.Rows = s.version, s.visible()
	return p
}

// Ack says what became of a row, e.g. of a card that was dismissed. The row leaves
// the picture at once; the ack goes with the next poll, which is soon, and again
// until it is answered. A second ack of one revision takes the place of the first.
// An outcome that is none of the four counts as Opened; a key that no row can have
// is passed over. The service would refuse the poll with them, again and again.
func (s *Session) Ack(k Key, outcome Outcome, detail string) {
	if outcome == Later {
		return
	}
	s.mu.Lock()
	s.owe(Ack{ID: k.ID, Rev: k.Rev, Outcome: outcome, Detail: detail})
	s.mu.Unlock()
	signal(s.nudge)
}

func (s *Session) owe(a Ack) {
	if a.ID == "" || a.Rev < 1 {
		return
	}
	switch a.Outcome {
	case Opened, Dismissed, Failed, Busy:
	default:
		a.Outcome = Opened
	}
	if _, again := s.owed[a.Key()]; !again {
		s.order = append(s.order, a.Key())
	}
	s.owed[a.Key()] = a
	for i := range s.rows {
		if s.rows[i].Key() == a.Key() {
			s.made[a.Key()] = s.rows[i].CreatedAt
		}
	}
}

// SetBusy says that a modal window or an unsaved form is open (true), or closed
// again: until then nothing is opened here, and what this session holds passes
// to another one or becomes a card.
func (s *Session) SetBusy(busy bool) {
	s.mu.Lock()
	changed := s.busy != busy
	s.busy = busy
	s.soon = s.soon || changed && !busy // whether what we held is still ours, the next answer says
	s.mu.Unlock()
	if changed {
		signal(s.nudge)
	}
}

// Claim takes a row for this session, so that the user's other clients see who
// deals with it. Errors as Client.Claim.
func (s *Session) Claim(ctx context.Context, k Key) (Claimed, error) {
	return s.client.Claim(ctx, s.name, k)
}

// Release gives a row back. Errors as Client.Claim.
func (s *Session) Release(ctx context.Context, k Key) (Claimed, error) {
	return s.client.Release(ctx, s.name, k)
}

// signal wakes whoever waits for c; it never blocks.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Picture is the complete set of a moment.
type Picture struct {
	Version string
	Rows    []Notification // live calls first, then the newest
	// New are the rows whose revision was not in the picture before, Gone the
	// revisions that are pending no more (of a revised row the one before).
	New, Gone []Notification
}

// visible are the rows that were not acknowledged here; the caller holds s.mu.
func (s *Session) visible() []Notification {
	out := make([]Notification, 0, len(s.rows))
	for i := range s.rows {
		if _, settled := s.owed[s.rows[i].Key()]; !settled {
			out = append(out, s.rows[i])
		}
	}
	return out
}

// show tells the handler of a picture that changed, also by our own acks.
func (s *Session) show(h Handler) {
	s.mu.Lock()
	first := s.complete && s.picture.Version == ""
	p := Picture{Version: s.version, Rows: s.visible()}
	before, now := byKey(s.picture.Rows), byKey(p.Rows)
	changed := first
	for i := range p.Rows {
		n := &p.Rows[i]
		if old := before[n.Key()]; old == nil || !old.CreatedAt.Equal(n.CreatedAt) {
			p.New = append(p.New, *n)
		} else if old.Session != n.Session {
			changed = true
		}
	}
	for i := range s.picture.Rows {
		n := &s.picture.Rows[i]
		if still := now[n.Key()]; still == nil || !still.CreatedAt.Equal(n.CreatedAt) {
			p.Gone = append(p.Gone, *n)
		}
	}
	changed = changed || len(p.New)+len(p.Gone) > 0
	if changed {
		s.picture = p
	}
	s.mu.Unlock()
	if changed && h.Show != nil {
		h.Show(p)
	}
}

func byKey(rows []Notification) map[Key]*Notification {
	out := make(map[Key]*Notification, len(rows))
	for i := range rows {
		out[rows[i].Key()] = &rows[i]
	}
	return out
}

// maxAcks of one poll: with their details they must fit a request.
const maxAcks = 100

// acks are those that the next poll sends.
func (s *Session) acks() []Ack {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Ack
	for _, k := range s.order[:min(len(s.order), maxAcks)] {
		out = append(out, s.owed[k])
	}
	return out
}

// settled takes what an answer said of the acks that were sent, and says whether
// all of them were a success; the caller holds s.mu. What is settled is pending
// no more. An ack that was replaced while it was on its way stays owed.
func (s *Session) settled(sent []Ack, results []AckResult) (all bool) {
	answered := map[Key]string{}
	for _, r := range results {
		answered[Key{r.ID, r.Rev}] = r.Result
	}
	all = len(sent) > 0
	for _, a := range sent {
		result, ok := answered[a.Key()]
		success := result == Processed || result == Already
		all = all && success
		if success {
			same := func(n Notification) bool { return n.Key() == a.Key() }
			s.rows, s.wanted = slices.DeleteFunc(s.rows, same), slices.DeleteFunc(s.wanted, same)
		}
		if ok && s.owed[a.Key()] == a {
			delete(s.owed, a.Key())
		}
	}
	s.order = slices.DeleteFunc(s.order, func(k Key) bool { _, owing := s.owed[k]; return !owing })
	return all
}

// AckNow settles a revision as this session and waits for the service's answer,
// for programs that pass a user's word on. The row leaves the picture with the
// answer. Errors as Client.Ack; a service that has said when to come back is
// not asked before: its refusal is given again. The polls keep to it too. It is
// asked once.
func (s *Session) AckNow(ctx context.Context, a Ack) (AckResult, error) {
	if err := s.held(time.Now()); err != nil {
		return AckResult{}, err
	}
	r, err := s.client.ackOnce(ctx, s.name, a)
	if err != nil {
		held := err
		if StatusOf(err) == 0 && ctx.Err() == nil { // who repeats it at once shall not make a hot loop
			held = &Error{Status: 503, Code: "upstream_away", Detail: "the service did not answer", Retryable: true, RetryAfter: time.Second}
		}
		s.hold(held, time.Now())
		return r, err
	}
	s.mu.Lock()
	s.settled([]Ack{a}, []AckResult{{ID: a.ID, Rev: a.Rev, Result: r.Result}})
	s.mu.Unlock()
	return r, nil
}

// hold remembers a refusal that says when to come back.
func (s *Session) hold(err error, now time.Time) {
	var e *Error
	if !errors.As(err, &e) || e.RetryAfter <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if until := now.Add(e.RetryAfter); until.After(s.notBefore) {
		s.notBefore, s.refusal = until, *e
	}
}

// pause is how long the service has asked not to be asked.
func (s *Session) pause(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notBefore.Sub(now)
}

// held is the refusal that still holds, with what is left of its time.
func (s *Session) held(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.notBefore.Sub(now)
	if left <= 0 {
		return nil
	}
	e := s.refusal
	e.RetryAfter = left
	return &e
}
