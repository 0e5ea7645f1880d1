package inbox

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"zummer/models"
)

// memory is a Store for tests on a fake clock: one mutex, no SQL. What it
// holds is copied in and out, so a rolled back transaction leaves no trace.
type memory struct {
	mu       sync.Mutex
	next     int64
	config   int64
	dir      *models.Directory
	inboxes  map[int64]models.Inbox
	rows     map[models.RowRef]models.Notification
	steps    []models.Step
	keys     map[models.RepeatKey]time.Time
	calls    map[models.CallKey]*models.Call
	contacts map[string][]models.Contact
	hooks    []models.Webhook
	outcomes map[string]models.Idempotent
	rules    []models.RuleSet

	away   bool            // every access fails as a database that is gone
	hang   bool            // reads are not answered
	slow   time.Duration   // of every transaction
	broken bool            // the next transaction is rolled back at its commit, and run again
	lost   func(m *memory) // the answer to the next commit is lost; called with m.mu held, before the next run
	poison error           // the next statement fails with it once for the call key "poison"
	beside
	reads  int // ReadSets calls
	lines  int // LockLines calls
	writes int // transactions
}

func newMemory(dir *models.Directory) *memory {
	return &memory{next: 1, dir: dir, config: dir.Version, inboxes: map[int64]models.Inbox{}, rows: map[models.RowRef]models.Notification{},
		keys: map[models.RepeatKey]time.Time{}, calls: map[models.CallKey]*models.Call{}, contacts: map[string][]models.Contact{}, outcomes: map[string]models.Idempotent{}}
}

func (m *memory) Write(_ context.Context, fn func(Tx) error) error {
	m.mu.Lock()
	slow := m.slow
	m.mu.Unlock()
	if slow > 0 {
		<-time.After(slow)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	broken := m.broken
	m.broken = false
	err := m.once(func(tx Tx) error {
		if err := fn(tx); err != nil || !broken {
			return err
		}
		return errBroken
	})
	if lost := m.lost; err == nil && lost != nil {
		m.lost = nil
		lost(m)
		return m.once(fn)
	}
	if errors.Is(err, errBroken) {
		return m.once(fn)
	}
	return err
}

// written is how many transactions there were.
func (m *memory) written() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}

var errBroken = errors.New("test: the connection breaks at the commit")

// once is one run of fn with m.mu held.
func (m *memory) once(fn func(Tx) error) error {
	if m.away {
		return models.Away(errors.New("test: away"))
	}
	m.writes++
	save := &memory{inboxes: maps.Clone(m.inboxes), rows: maps.Clone(m.rows), keys: maps.Clone(m.keys), calls: map[models.CallKey]*models.Call{},
		steps: m.steps, hooks: m.hooks}
	for k, c := range m.calls {
		save.calls[k] = c.Clone()
	}
	save.outcomes = maps.Clone(m.outcomes)
	if err := fn(&memoryTx{m}); err != nil {
		m.inboxes, m.rows, m.keys, m.calls, m.steps, m.hooks, m.outcomes = save.inboxes, save.rows, save.keys, save.calls, save.steps, save.hooks, save.outcomes
		return err
	}
	return nil
}

func (m *memory) Reserve(_ context.Context, n int) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return 0, models.Away(errors.New("test: away"))
	}
	m.next += int64(n)
	return m.next - int64(n), nil
}

func (m *memory) ReadSets(ctx context.Context, users []int64) (map[int64]models.Set, error) {
	m.mu.Lock()
	hang := m.hang
	m.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if m.away {
		return nil, models.Away(errors.New("test: away"))
	}
	out := map[int64]models.Set{}
	for _, user := range users {
		s := models.Set{Inbox: m.inbox(user), Now: time.Now()}
		for ref, n := range m.rows {
			if ref.User == user {
				s.Rows = append(s.Rows, n)
			}
		}
		out[user] = s
	}
	return out, nil
}

func (m *memory) inbox(user int64) models.Inbox {
	if ib, ok := m.inboxes[user]; ok {
		return ib
	}
	return models.Inbox{UserID: user, Epoch: "0"}
}

func (m *memory) ReadInboxes(_ context.Context, users []int64) ([]models.Inbox, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, time.Time{}, models.Away(errors.New("test: away"))
	}
	var out []models.Inbox
	for _, u := range users {
		if ib, ok := m.inboxes[u]; ok {
			out = append(out, ib)
		}
	}
	return out, time.Now(), nil
}
