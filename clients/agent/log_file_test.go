package agent

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// smallLog is a log of a test that is full at 1000 bytes.
func smallLog(t *testing.T) *LogFile {
	t.Helper()
	l, err := openLog(filepath.Join(t.TempDir(), "logs", "agent.log"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func (l *LogFile) say(t *testing.T, line string) {
	t.Helper()
	if n, err := fmt.Fprintln(l, line); err != nil || n != len(line)+1 {
		t.Fatalf("%s: %d, %v", line, n, err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLogRotates: a log never has more than two full files, however long the
// agent runs; no line is cut or out of order, and the last ones are there.
func TestLogRotates(t *testing.T) {
	l := smallLog(t)
	var all strings.Builder
	for i := range 500 {
		line := fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%37))
		l.say(t, line)
		all.WriteString(line + "\n")
		for _, path := range []string{l.path, l.path + ".1"} {
			st, err := os.Stat(path)
			if err != nil && path == l.path || err == nil && st.Size() > 1000 {
				t.Fatalf("after line %d: %s %v, %v", i, path, st, err)
			}
			if err == nil && runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
				t.Fatalf("%s can be read by others: %v", path, st.Mode())
			}
		}
	}
	if got := content(t, l.path+".1") + content(t, l.path); !strings.HasSuffix(all.String(), got) || len(got) < 1000 {
		t.Errorf("it has %s", got)
	}
	if list, err := os.ReadDir(filepath.Dir(l.path)); err != nil || len(list) != 2 {
		t.Errorf("files %v, %v", list, err)
	}
	l.say(t, strings.Repeat("y", 3000)) // one line is never cut
	l.say(t, "after")
	if got := content(t, l.path); got != "after\n" {
		t.Errorf("behind a long line: %q", got)
	}
}

// TestLogStarts: what an earlier run has left is added to, or full.
func TestLogStarts(t *testing.T) {
	l := smallLog(t)
	l.say(t, "before")
	l.Close()
	again, err := openLog(l.path, 1000)
	if err != nil {
		t.Fatal(err)
	}
	again.say(t, strings.Repeat("x", 995))
	again.Close()
	if got := content(t, l.path); !strings.HasPrefix(got, "xxx") || content(t, l.path+".1") != "before\n" {
		t.Errorf("the log has %q", got)
	}
	if err := os.WriteFile(l.path, []byte(strings.Repeat("z", 1001)), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err = openLog(l.path, 1000); err != nil {
		t.Fatal(err)
	}
	again.say(t, "next")
	again.Close()
	if got := content(t, l.path); got != "next\n" {
		t.Errorf("a full one of an earlier run: %q", got)
	}
	if _, err := fmt.Fprintln(again, "late"); err == nil || strings.Contains(content(t, l.path), "late") {
		t.Errorf("a line after the end: %v", err)
	}
}

// TestLogMoved: a file that somebody has taken away is made anew, with its
// folder.
func TestLogMoved(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be taken away there")
	}
	l := smallLog(t)
	l.say(t, "one")
	if err := os.Rename(l.path, l.path+".old"); err != nil {
		t.Fatal(err)
	}
	l.say(t, "two")
	if got := content(t, l.path); got != "two\n" {
		t.Errorf("the log has %q", got)
	}
	if err := os.RemoveAll(filepath.Dir(l.path)); err != nil {
		t.Fatal(err)
	}
	l.say(t, "three")
	if got := content(t, l.path); got != "three\n" {
		t.Errorf("the log has %q", got)
	}
}

// TestLogCannotRotate: a log whose old part cannot be kept is bounded all the
// same: then the old part is lost.
func TestLogCannotRotate(t *testing.T) {
	l := smallLog(t)
	if err := os.MkdirAll(filepath.Join(l.path+".1", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		l.say(t, fmt.Sprintf("line %d", i))
		if st, err := os.Stat(l.path); err != nil || st.Size() > 1000 {
			t.Fatalf("after line %d: %v, %v", i, st, err)
		}
	}
	if got := content(t, l.path); !strings.HasSuffix(got, "line 198\nline 199\n") {
		t.Errorf("it has %s", got)
	}
}

// TestLogShared: two agents of one user's sessions write to one log: each line
// is there whole, and the files stay bounded.
func TestLogShared(t *testing.T) {
	l := smallLog(t)
	other, err := openLog(l.path, 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var all sync.WaitGroup
	for name, w := range map[string]*LogFile{"one": l, "two": other} {
		log := slog.New(slog.NewTextHandler(w, nil))
		for range 2 {
			all.Go(func() {
				for i := range 100 {
					log.InfoContext(t.Context(), "a line", "of", name, "i", i, "end", true)
				}
			})
		}
	}
	all.Wait()
	for _, path := range []string{l.path, l.path + ".1"} {
		text := content(t, path)
		if len(text) > 1000+4*100 { // each may have looked at its size at the same time
			t.Errorf("%s has %d bytes", path, len(text))
		}
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "time=") || !strings.HasSuffix(line, " end=true\n") {
				t.Errorf("%s: a line in pieces: %q", path, line)
			}
		}
	}
}
