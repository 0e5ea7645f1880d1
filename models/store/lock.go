package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// errHeld says that another process holds a file's lock.
var errHeld = errors.New("held")

// LockServe makes sure that one process serves a SQLite file: it locks
// PATH.lock until unlock is called or the process dies, however it dies. The
// error says so when another one runs. PostgreSQL needs no such lock.
func LockServe(dsn string) (unlock func(), err error) {
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok {
		return func() {}, nil
	}
	path += ".lock"
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock file: %w", err)
	}
	if err := lockFile(f); err != nil {
		_ = f.Close()
		if errors.Is(err, errHeld) {
			return nil, fmt.Errorf("another zummer serves %s already (it holds %s); stop it first, or give this one a database of its own", strings.TrimSuffix(path, ".lock"), path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = f.Close() }, nil // closing lets go
}
