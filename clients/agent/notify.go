package agent

import (
	"context"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Toast is one desktop notification.
type Toast struct {
	Title, Text string
	Action      string // the label of what a click does; "": nothing
	Urgent      bool   // it stays until it is closed: the phone rings, or something failed
}

// Notifier shows toasts. A key has one toast at most: showing it again replaces
// it. The methods may be called from one goroutine.
type Notifier interface {
	Show(key string, t Toast) error
	Close(key string)
	// Stop takes away what is shown.
	Stop()
}

// Told is what a Notifier tells of its user.
type Told struct {
	Clicked   func(key string)
	Dismissed func(key string)
}

// NewNotifier is the notifier of a system (GOOS). On Linux what shows
// notifications may come later, and come back. Errors: there will never be
// anything that shows them.
func NewNotifier(system string, told Told, log *slog.Logger) (Notifier, error) {
	switch system {
	case "windows":
		return newBalloons(told)
	case "darwin":
		return &runner{running: map[string]context.CancelFunc{}}, nil
	}
	return newBus(told, log), nil
}

// tryNotifier says why nothing shows notifications now; nil: they can be shown.
func tryNotifier(system string) error {
	if system != "windows" && system != "darwin" {
		return tryBus()
	}
	n, err := NewNotifier(system, Told{}, slog.New(slog.DiscardHandler))
	if err == nil {
		n.Stop()
	}
	return err
}

// banner is the command line that shows a toast on macOS: the data are
// arguments, never a part of the script. A banner knows no click.
func banner(t Toast) []string {
	return []string{"osascript", "-e", "on run argv", "-e", "display notification (item 2 of argv) with title (item 1 of argv)", "-e", "end run", "--", plain(t.Title), plain(t.Text)}
}

// plain leaves out what an argument or a field of the system cannot hold.
func plain(s string) string { return strings.ReplaceAll(s, "\x00", "") }

// runner shows each toast by a program.
type runner struct {
	mu      sync.Mutex
	running map[string]context.CancelFunc
	all     sync.WaitGroup
}

func (r *runner) Show(key string, t Toast) error {
	r.Close(key)
	argv := banner(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // our own program; data are arguments
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		return err
	}
	r.mu.Lock()
	r.running[key] = cancel
	r.mu.Unlock()
	r.all.Go(func() {
		_ = cmd.Wait() // it was shown, or it was not
		cancel()
	})
	return nil
}

func (r *runner) Close(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.running[key]; cancel != nil {
		cancel()
		delete(r.running, key)
	}
}

func (r *runner) Stop() {
	r.mu.Lock()
	for _, cancel := range r.running {
		cancel()
	}
	r.mu.Unlock()
	r.all.Wait()
}
