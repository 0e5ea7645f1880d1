package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"zummer/models"
)

// client is what is known of the client: what it must have, and what it did.
// Guarded by Kit.mu.
type client struct {
	name     string // X-Client
	session  string // its last one
	sessions map[string]bool
	polls    int
	last     time.Time // of any request

	versions  map[string]bool      // that its next poll may name
	older     map[string]bool      // that it might name before the last answer
	answerTo  string               // the connection of that answer
	stateless bool                 // it never names any, and asks for the whole set each time: that was told
	named     bool                 // it named one
	nameless  int                  // polls that named none though it had a complete set, while none did
	picture   map[string]row       // the last complete set that it was given
	partial   map[string]row       // of pages that are not complete
	next      string               // the page that it should ask for
	seen      map[string]row       // every revision that stood in a complete set, as it was given last
	cut       map[string]bool      // revisions that only stood in what was never complete
	acked     map[string]time.Time // acks that came
	settled   map[string]int       // acks that were answered for good, and how often they came again
	opened    map[string]int       // as it reports itself
	observed  bool                 // it does
	shows     bool                 // it reports its picture
	shown     []string
	notBefore time.Time // when it may ask again
	because   string
	misses    []time.Time // requests that got nothing, lately
	mark      time.Time   // of the step
}

type row struct {
	action  models.Action
	session string
}

func newClient() client {
	return client{sessions: map[string]bool{}, versions: map[string]bool{"": true}, picture: map[string]row{}, partial: map[string]row{}, seen: map[string]row{},
		cut: map[string]bool{}, acked: map[string]time.Time{}, settled: map[string]int{}, opened: map[string]int{}}
}

func key(id int64, rev int) string { return strconv.FormatInt(id, 10) + "." + strconv.Itoa(rev) }

// early is how much too early a request may come: clocks and networks differ.
const early = 150 * time.Millisecond

// judge looks at a request as it comes; the caller holds k.mu.
func (k *Kit) judge(x *exchange) {
	c := &k.who
	c.last = x.at
	if x.who != "" {
		c.name = x.who
	}
	k.judgeAcks(x)
	if x.is != "poll" {
		return
	}
	c.polls++
	k.judgePace(x)
	renamed := k.judgeSession(x)
	k.judgeVersion(x, renamed)
}

// judgePace: not before it was told, and never in a hot loop.
func (k *Kit) judgePace(x *exchange) {
	c := &k.who
	if x.query.After == "" && !k.opt.Lossy && x.at.Add(early).Before(c.notBefore) {
		k.breach(c.because, fmt.Sprintf("%.1f s", c.notBefore.Sub(x.at).Seconds()))
	}
	c.misses = slices.DeleteFunc(c.misses, func(at time.Time) bool { return x.at.Sub(at) > hotSpan })
	if len(c.misses) > hotLoop {
		k.breach("hot_loop", strconv.Itoa(len(c.misses)))
	}
}

// More than this many requests in vain in that time are a hot loop.
const (
	hotLoop = 6
	hotSpan = 3 * time.Second
)

// judgeSession: a session is one running client.
func (k *Kit) judgeSession(x *exchange) (renamed bool) {
	c := &k.who
	renamed = c.polls > 1 && x.query.Session != c.session
	c.session = x.query.Session
	c.sessions[c.session] = true
	if len(c.sessions) > 3 {
		k.breach("session_changes", strconv.Itoa(len(c.sessions)))
	}
	if renamed { // it was started anew, and knows nothing
		c.versions[""] = true
	}
	return renamed
}

// neverNamed is after how many polls a client that has a version and has never
// named any is one that never will.
const neverNamed = 3

// judgeVersion: a client asks with the version of the picture that it has.
func (k *Kit) judgeVersion(x *exchange, _ bool) {
	c := &k.who
	v := x.query.Version
	c.named = c.named || v != ""
	switch {
	case x.query.After != "":
		if c.next != "" && x.query.After != c.next && !k.opt.Lossy {
			k.breach("pages", "after="+x.query.After)
		}
		return
	case c.next != "":
		c.cutPages() // it asks for page 1 again instead
	}
	switch {
	case c.versions[v] || c.stateless:
	case v != "" && c.older[v] && x.from != c.answerTo: // it may have given up the connection while the answer was on its way
		c.versions[v] = true
	case v == "" && !c.named: // once or twice it may have been started anew
		if c.nameless++; c.nameless >= neverNamed {
			c.stateless = true
			k.breach("version", "version=")
		}
	case v == "":
		k.breach("picture_dropped", "")
	default:
		k.breach("version", v)
	}
}

func (c *client) cutPages() {
	for id := range c.partial {
		if _, ok := c.seen[id]; !ok {
			c.cut[id] = true
		}
	}
	clear(c.partial)
	c.next = ""
}

// judgeAcks: a client acknowledges what it was given, and opened.
func (k *Kit) judgeAcks(x *exchange) {
	c := &k.who
	for _, a := range x.acks {
		id := key(a.ID, a.Rev)
		c.acked[id] = x.at
		r, seen := c.seen[id]
		given, inPart := c.partial[id]
		switch {
		case !seen && (inPart || c.cut[id]):
			k.breach("pages", id)
			r = given
		case !seen && k.reg.ever[a.ID] >= a.Rev:
			k.breach("ack_unseen", id)
		case !seen:
			k.breach("ack_unknown", id)
		}
		if n := c.settled[id]; n > 0 {
			if c.settled[id]++; n > 3 {
				k.breach("ack_forever", id)
			}
		}
		if a.Outcome != models.OutcomeOpened || !r.action.Opens() {
			continue
		}
		switch {
		case r.session != x.query.Session && !c.sessions[r.session]: // a name that it had before will do: 409 may have made it take another
			k.breach("foreign", id)
		case c.observed && c.opened[id] == 0:
			k.breach("acked_before_opened", id)
		}
	}
}

// judgeOpened looks at what a client says that it opened; the caller holds k.mu.
func (k *Kit) judgeOpened(id string) {
	c := &k.who
	c.observed = true
	c.opened[id]++
	r, seen := c.seen[id]
	switch {
	case c.opened[id] > 1:
		k.breach("opened_twice", id)
	case !c.acked[id].IsZero():
		k.breach("acked_before_opened", id)
	case !seen && (c.cut[id] || c.partial[id] != row{}):
		k.breach("pages", id)
	case !seen:
		k.breach("opened_unseen", id)
	case !r.action.Opens():
		k.breach("opened_card", id+" "+string(r.action))
	case k.reg.busy && c.session != "" && r.session == "":
		k.breach("busy", id)
	case r.session != "" && r.session != c.session, c.session != "" && r.session == "":
		k.breach("foreign", id)
	}
}

// over takes in how an exchange ended; the caller holds k.mu. An answer whose
// client left may have arrived all the same.
func (k *Kit) over(x *exchange, delivered, left bool) {
	c := &k.who
	if x.ended {
		return
	}
	x.ended = true
	f := x.fault
	if k.opt.Lossy {
		if x.is == "poll" && x.set.State != "" {
			k.taken(x, true)
		}
		return
	}
	vain := f != nil && (f.cut || f.lose || f.half || f.refuse != nil || f.body != "")
	if vain {
		c.misses = append(c.misses, x.at)
	} else if delivered {
		c.misses = nil
	}
	switch {
	case f != nil && f.hold && left && x.is == "poll" && x.query.Wait > 0 && time.Since(x.at) < x.query.Wait+k.opt.Slow-early:
		k.breach("gave_up", fmt.Sprintf("%.0f s", time.Since(x.at).Seconds()))
	case f != nil && f.refuse != nil && delivered:
		k.refused(f)
	case !delivered && left && x.is == "poll" && !vain && x.set.State != "":
		k.taken(x, true)
	case delivered && !vain && x.is == "poll":
		k.taken(x, false)
		k.answered(x)
	case delivered && !vain:
		k.answered(x)
	}
}

// refused notes when a client may come again.
func (k *Kit) refused(f *fault) {
	if e, ok := f.refuse.(*models.Error); ok && e.Retry > 0 { //nolint:errorlint // the script's own
		k.who.notBefore, k.who.because = time.Now().Add(e.Retry), "retry_after"
	}
}

// answered notes which acks the client need not send again.
func (k *Kit) answered(x *exchange) {
	for _, a := range x.set.Acks {
		if id := a.ID + "." + strconv.Itoa(a.Rev); k.who.settled[id] == 0 {
			k.who.settled[id] = 1
		}
	}
}

// taken makes the answer of a poll what the client has; perhaps, when it is not
// known to have arrived.
func (k *Kit) taken(x *exchange, perhaps bool) {
	c, set := &k.who, &x.set
	if !perhaps && set.PollAfter > 0 && set.Next == "" {
		c.notBefore, c.because = time.Now().Add(set.PollAfter), "pace"
	}
	switch set.State {
	case models.StateSet, models.StateReset:
	case models.StateUnchanged:
		if set.Version != "" {
			c.versions[set.Version] = true
		}
		return
	default:
		c.cutPages()
		return
	}
	if x.query.After == "" || set.State == models.StateReset {
		c.cutPages()
	}
	for i := range set.Rows {
		n := &set.Rows[i]
		c.partial[key(n.ID, n.Rev)] = row{n.Action, n.Session}
	}
	c.next = set.Next
	if set.Next != "" {
		return
	}
	if !perhaps {
		c.older, c.answerTo = maps.Clone(c.versions), x.from
		clear(c.versions)
		c.picture = map[string]row{}
	}
	c.versions[set.Version] = true
	for id, r := range c.partial {
		c.picture[id], c.seen[id] = r, r
		delete(c.cut, id)
	}
	clear(c.partial)
}

// breach notes that a rule was broken, once a step; the caller holds k.mu.
func (k *Kit) breach(rule, detail string) {
	for _, v := range k.violations {
		if v.Step == k.step && v.Rule == rule {
			return
		}
	}
	k.violations = append(k.violations, Violation{Step: k.step, Rule: rule, Text: rules[rule], Number: numbers[rule], Detail: detail})
}

// note remembers something that is no breach; the caller holds k.mu.
func (k *Kit) note(what string) { k.notes[what] = true }

// showsIt reports whether a client that tells what it shows shows the last
// complete set, and over a lossy line the register; what it has acknowledged may
// be gone already.
func (k *Kit) showsIt() bool {
	c := &k.who
	picture := c.picture
	if k.opt.Lossy {
		picture = map[string]row{}
		for i := range k.reg.rows {
			n := &k.reg.rows[i]
			picture[key(n.ID, n.Rev)] = row{n.Action, n.Session}
		}
	}
	shown := map[string]bool{}
	for _, id := range c.shown {
		if _, ok := picture[id]; !ok {
			return false
		}
		shown[id] = true
	}
	for id := range picture {
		if _, settled := c.acked[id]; !shown[id] && !settled {
			return false
		}
	}
	return true
}
