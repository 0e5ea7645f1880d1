package setup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"zummer/models"
)

// Kind is one kind of source that this build knows.
type Kind struct {
	Name string
	// Validate says what is wrong with a source's settings and secret, best as
	// a models.InvalidField of "settings.NAME" or "secret". nil: all is right.
	Validate func(settings map[string]any, secret string) error
	// Secrets are the settings that are written and never read back.
	Secrets []string
	// Places are the settings that say where our own requests go. When one of
	// them changes, no secret that is only kept goes there.
	Places []string
	// SendsSecret: our own requests carry the source's secret, or are signed
	// with it, so it counts among Secrets when a place changes.
	SendsSecret bool
}

// Options configure a Setup. Store, Snapshot, Kinds, NewToken and NewURLToken
// are required.
type Options struct {
	Store    Store
	Snapshot *Snapshot
	Kinds    []Kind

	NewToken    func() (text, hash string) // a bearer token
	NewURLToken func() (text, hash string) // the secret in a hook address, at least 26 of [A-Za-z0-9_-]

	// Builtin is the list of rules that is in force until another one is
	// stored; CheckRules says what is wrong with a list, best as a
	// models.InvalidField such as "rules[2].when.event". nil: none, nothing.
	Builtin    func() []models.Rule
	CheckRules func([]models.Rule) error

	// Mapped is told, after the commit, of every extension that got an owner,
	// so that the calls that waited for one are routed. nil: nobody.
	Mapped func(ctx context.Context, source int64, extension string) error

	Region   string // of contacts' numbers that carry none; "": RU
	AreaCode string // of those that are local; "": none is known
}

// Setup changes the set-up. Its methods may be called from any goroutine.
type Setup struct {
	opt    Options
	kinds  map[string]Kind
	reload sync.Mutex
}

// New makes a Setup.
func New(opt Options) *Setup {
	if opt.Region == "" {
		opt.Region = "RU"
	}
	s := &Setup{opt: opt, kinds: map[string]Kind{}}
	for _, k := range opt.Kinds {
		s.kinds[k.Name] = k
	}
	return s
}

// Directory returns the current snapshot; see Snapshot.Get.
func (s *Setup) Directory() *models.Directory { return s.opt.Snapshot.Get() }

// change is one change on its way through its transaction.
type change struct {
	Tx
	now time.Time
	dir *models.Directory // as it stands in this transaction, before the change
	by  models.Actor
}

// errUnchanged rolls a change back that would change nothing.
var errUnchanged = errors.New("nothing to change")

// write runs fn as one change of the set-up. Afterwards this process's
// snapshot contains it.
func (s *Setup) write(ctx context.Context, by models.Actor, fn func(*change) error) error {
	return s.writeBlind(ctx, by, func(c *change) (err error) {
		if c.dir, err = c.Directory(ctx); err != nil {
			return fmt.Errorf("read the set-up: %w", err)
		}
		return fn(c)
	})
}

// writeBlind is write for a change that need not read the whole set-up: its dir
// is nil.
func (s *Setup) writeBlind(ctx context.Context, by models.Actor, fn func(*change) error) error {
	var version int64
	err := s.opt.Store.Write(ctx, func(tx Tx) error {
		now, v, err := tx.BumpConfig(ctx)
		if err != nil {
			return fmt.Errorf("lock the set-up: %w", err)
		}
		version = v
		return fn(&change{Tx: tx, now: now, by: by})
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.refresh(ctx, version)
}

// refresh makes the snapshot at least as new as version. Changes that commit
// together share one read. The change is durable by now, so it is not undone
// when the reading fails: the next look at config_version finds it.
func (s *Setup) refresh(ctx context.Context, version int64) error {
	s.reload.Lock()
	defer s.reload.Unlock()
	if s.Directory().Version >= version {
		return nil
	}
	return s.opt.Snapshot.Reload(ctx)
}

// audit writes the change's audit row. detail must hold no secret and no phone
// number.
func (c *change) audit(ctx context.Context, what, object, detail string) error {
	return c.SaveAudit(ctx, c.now, auditEntry(c.by, what, object, detail))
}

// AuditNote writes down what was done or shown without a change of the set-up, such
// as a recording that was listened to. detail must hold no secret and no phone
// number.
func (s *Setup) AuditNote(ctx context.Context, by models.Actor, what, object, detail string) error {
	return s.opt.Store.Write(ctx, func(tx Tx) error {
		now, _, err := tx.Begin(ctx)
		if err != nil {
			return fmt.Errorf("read the clock: %w", err)
		}
		return tx.SaveAudit(ctx, now, auditEntry(by, what, object, detail))
	})
}

func auditEntry(by models.Actor, what, object, detail string) *models.AuditEntry {
	return &models.AuditEntry{
		Who: models.CutText(by.Who, 128), From: models.CutText(by.From, 128), What: what,
		Object: models.CutText(object, 256), Detail: models.CutText(detail, 512),
	}
}
