package inbox

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"zummer/models"
)

// How the reader collects.
const (
	readsAtOnce = 2   // statements under way; with one that hangs the other goes on
	readsMost   = 200 // sets in one statement
)

// reader reads sets for those who ask, many with one statement: one commit
// wakes many users, and all of them look at once. A request joins a pass that
// has not begun, so its read begins after the request. When nothing is under
// way a pass begins at once; what comes while readsAtOnce are under way is
// collected for the next one. The zero value is usable, once store is set.
type reader struct {
	store interface {
		ReadSets(ctx context.Context, users []int64) (map[int64]models.Set, error)
	}
	mu      sync.Mutex
	waiting []*pass
	running int
}

// pass is one statement.
type pass struct {
	ctx   context.Context // without the end of whoever asked first
	users []int64
	asked int           // by how many who still wait; guarded by reader.mu
	done  chan struct{} // closed when the rest is known
	at    time.Time     // just before the read
	sets  map[int64]models.Set
	errs  map[int64]error
}

// read returns user's set, read after the call, and a local time before that
// read.
func (r *reader) read(ctx context.Context, user int64) (models.Set, time.Time, error) {
	p := r.join(ctx, user)
	select {
	case <-p.done:
		set := p.sets[user]
		set.Rows = slices.Clone(set.Rows) // another poll of this user may hold the same ones
		return set, p.at, p.errs[user]
	case <-ctx.Done():
		r.mu.Lock()
		p.asked--
		r.mu.Unlock()
		return models.Set{}, time.Time{}, ctx.Err()
	}
}

func (r *reader) join(ctx context.Context, user int64) *pass {
	r.mu.Lock()
	defer r.mu.Unlock()
	var p *pass
	if n := len(r.waiting); n > 0 && len(r.waiting[n-1].users) < readsMost {
		p = r.waiting[n-1]
	} else {
		p = &pass{ctx: context.WithoutCancel(ctx), done: make(chan struct{})}
		r.waiting = append(r.waiting, p)
		if r.running < readsAtOnce {
			r.running++
			go r.run() // ends when nobody waits for it
		}
	}
	if !slices.Contains(p.users, user) {
		p.users = append(p.users, user)
	}
	p.asked++
	return p
}

// run carries out passes until none is left.
func (r *reader) run() {
	runtime.Gosched() // the others that the same commit woke are about to ask too
	for p := r.next(); p != nil; p = r.next() {
		p.run(r)
		close(p.done)
	}
}

// next takes the next pass out; one that nobody waits for any more, for the
// database hung until they gave up, is not carried out.
func (r *reader) next() *pass {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.waiting) > 0 {
		p := r.waiting[0]
		r.waiting[0] = nil
		r.waiting = r.waiting[1:]
		if p.asked > 0 {
			return p
		}
	}
	r.running--
	return nil
}

// run reads all users at once. What one user's rows are to blame for is no
// other's failure: then each is read alone.
func (p *pass) run(r *reader) {
	p.at = time.Now()
	sets, err := p.ask(r, p.users)
	p.sets = sets
	if err == nil {
		return
	}
	p.sets, p.errs = map[int64]models.Set{}, map[int64]error{}
	alone := len(p.users) > 1 && models.KindOf(err) != models.Unavailable && time.Since(p.at) < readTimeout
	for _, u := range p.users {
		if !alone {
			p.errs[u] = err
			continue
		}
		if sets, err = p.ask(r, []int64{u}); err != nil {
			p.errs[u] = err
		} else {
			p.sets[u] = sets[u]
		}
	}
}

func (p *pass) ask(r *reader, users []int64) (sets map[int64]models.Set, err error) {
	ctx, cancel := context.WithTimeout(p.ctx, readTimeout)
	defer cancel()
	defer func() { // this goroutine is nobody's request
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a read: %v\n%s", r, debug.Stack())
		}
	}()
	return r.store.ReadSets(ctx, users)
}
