package store

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFileIsPrivate: nobody else on the machine reads a new SQLite file.
func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "z.db")
	s, err := Open(t.Context(), "sqlite:"+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want 0600", name, info.Mode(), err)
		}
	}
}
