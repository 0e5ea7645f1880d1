package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"zummer/app/internal/hub"
	"zummer/models"
)

// rig is an inbox on the memory store, running inside a synctest bubble.
type rig struct {
	t   *testing.T
	mem *memory
	hub *hub.Hub
	in  *Inbox
	dir *models.Directory
	now atomic.Pointer[models.Directory] // what the inbox sees
	rep *fakeReplica

	ends []func() // of further instances
}

// fakeReplica is a tail that finds nothing, may fail, and drops all hints.
type fakeReplica struct {
	mu    sync.Mutex
	fail  bool
	hang  bool
	delay time.Duration // of a pass
	more  []models.Hint
	heard chan []models.Hint // what a peer told; nil: nobody does
	peer  *fakeReplica       // that hears what is told here; nil: nobody does
}

func (r *fakeReplica) Tail(ctx context.Context) ([]models.Hint, int64, error) {
	r.mu.Lock()
	fail, hang, more, delay := r.fail, r.hang, r.more, r.delay
	r.more = nil
	r.mu.Unlock()
	if delay > 0 {
		<-time.After(delay)
	}
	if hang {
		<-ctx.Done()
		return nil, 0, ctx.Err()
	}
	if fail {
		return nil, 0, errors.New("test: no tail")
	}
	return more, 1, nil
}

func (r *fakeReplica) Notify(hints []models.Hint) {
	if r.peer != nil {
		r.peer.heard <- hints
	}
}

func (r *fakeReplica) Listen(ctx context.Context, fn func([]models.Hint)) error {
	for {
		select {
		case hints := <-r.heard:
			fn(hints)
		case <-ctx.Done():
			return nil
		}
	}
}

// parseNothing is an adapter that finds no events, and falls over one body.
func parseNothing(_ *models.Source, w *models.Webhook) ([]models.Event, error) {
	if string(w.Body) == "panic" {
		panic("test: a bug in an adapter")
	}
	return nil, nil
}

func testDirectory() *models.Directory {
	d := &models.Directory{Version: 1, Users: map[int64]*models.User{}, Groups: map[int64]*models.Group{}, Tokens: map[string]*models.Token{},
		Extensions: map[models.ExtKey]int64{}, Sources: map[int64]*models.Source{1: {ID: 1, Slug: "office", Kind: "generic", Active: true}}}
	for i, login := range []string{"ivanov", "petrova", "sidorov"} {
		id := int64(i + 1)
		d.Users[id] = &models.User{ID: id, Login: login, Name: login, PopOn: models.PopAnswered, Active: true}
		d.Extensions[models.ExtKey{SourceID: 1, Extension: fmt.Sprint(100 + id)}] = id
		d.Tokens[fmt.Sprint("hash", id)] = &models.Token{ID: id, Hash: fmt.Sprint("hash", id), UserID: id, Scopes: []string{models.ScopePoll}}
	}
	d.Groups[1] = &models.Group{ID: 1, Name: "sales", Members: []int64{1, 2}}
	d.Index()
	return d
}

// bubble runs fn with a running rig on a fake clock.
func bubble(t *testing.T, fn func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, dir: testDirectory(), rep: &fakeReplica{heard: make(chan []models.Hint, 100)}, hub: hub.New(hub.Options{})}
		r.mem = newMemory(r.dir)
		r.now.Store(r.dir)
		r.in = New(Options{Store: r.mem, Beside: r.mem, Hub: r.hub, Replica: r.rep, Directory: r.now.Load, Flushers: 2, Parse: parseNothing,
			Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = r.hub.Run(ctx) })
		wg.Go(func() { _ = r.in.Run(ctx) })
		fn(r)
		for _, end := range r.ends {
			end()
		}
		stop()
		wg.Wait()
	})
}

func (r *rig) accept(events ...models.Event) models.AcceptResult {
	r.t.Helper()
	res, err := r.in.Accept(r.t.Context(), models.Accepted{Source: r.dir.Sources[1], Webhook: models.Webhook{Method: "POST", Body: []byte("{}")}, Events: events})
	if err != nil {
		r.t.Fatalf("Accept: %v", err)
	}
	return res
}

// event makes an event of call c-1 dated now.
func event(typ models.EventType, ext string) models.Event {
	return models.Event{Type: typ, Call: "c-1", Extension: ext, Phone: "+79031234567", Direction: models.In, At: time.Now()}
}

func (r *rig) who(user int64) models.Caller {
	return models.Caller{User: r.dir.Users[user], Token: r.dir.Tokens[fmt.Sprint("hash", user)]}
}

func (r *rig) poll(user int64, q models.PollQuery) models.PendingSet {
	r.t.Helper()
	set, err := r.in.Poll(r.t.Context(), r.who(user), q)
	if err != nil {
		r.t.Fatalf("Poll(%d, %+v): %v", user, q, err)
	}
	return set
}

// later polls in the background; the channel gets the answer.
func (r *rig) later(user int64, q models.PollQuery) <-chan answered { return r.laterOn(r.in, user, q) }

func (r *rig) laterOn(in *Inbox, user int64, q models.PollQuery) <-chan answered {
	out := make(chan answered, 1)
	go func() {
		set, err := in.Poll(r.t.Context(), r.who(user), q)
		out <- answered{set, err, time.Now()}
	}()
	synctest.Wait()
	return out
}

type answered struct {
	set models.PendingSet
	err error
	at  time.Time
}

func kindsOf(set models.PendingSet) string {
	s := ""
	for _, n := range set.Rows {
		s += fmt.Sprintf("%s/%s/%d ", n.Kind, n.Action, n.Rev)
	}
	return s
}
