package agent

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// maxLog is how large a log's file becomes; what was written before is in FILE.1,
// and no more is kept.
const maxLog = 5 << 20

// LogFile is a log that its owner alone can read. A full file becomes FILE.1, in
// place of the one before; where the system does not let it, what was written is
// lost. A file that somebody took away is made anew. Two agents may write to one.
type LogFile struct {
	path string
	most int64

	mu     sync.Mutex
	f      *os.File // nil: it could not be opened
	closed bool
}

// OpenLog opens a log, to add to it.
func OpenLog(path string) (*LogFile, error) { return openLog(path, maxLog) }

func openLog(path string, most int64) (*LogFile, error) {
	l := &LogFile{path: path, most: most}
	return l, l.open()
}

// Write adds a line, in one piece and to one file.
func (l *LogFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, os.ErrClosed
	}
	size, regular, err := l.size()
	if err == nil && regular && size > 0 && size+int64(len(line)) > l.most {
		err = l.rotate()
	}
	if err != nil {
		return 0, err
	}
	return l.f.Write(line)
}

// size is that of the file at the path, which is the open one then.
func (l *LogFile) size() (size int64, regular bool, err error) {
	if l.f != nil {
		ours, err := l.f.Stat()
		now, pathErr := os.Stat(l.path)
		if err == nil && pathErr == nil && os.SameFile(ours, now) {
			return ours.Size(), ours.Mode().IsRegular(), nil
		}
		_ = l.f.Close() // it is not the log any more
		l.f = nil
	}
	if err := l.open(); err != nil {
		return 0, false, err
	}
	st, err := l.f.Stat()
	if err != nil {
		return 0, false, err
	}
	return st.Size(), st.Mode().IsRegular(), nil
}

// rotate begins a new file. It is closed first: Windows does not rename an open
// one, nor one that another agent or a viewer has open.
func (l *LogFile) rotate() error {
	_ = l.f.Close() // each line was written as it came
	l.f = nil
	if err := os.Rename(l.path, l.path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) { // else the other agent was first
		if err := os.Truncate(l.path, 0); err != nil {
			return err
		}
	}
	return l.open()
}

func (l *LogFile) open() error {
	if err := privateFolder(l.path); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	l.f = f
	return nil
}

// Close implements io.Closer.
func (l *LogFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	return err
}
