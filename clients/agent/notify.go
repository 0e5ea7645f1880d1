package agent

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Toast is one desktop notification.
type Toast struct {
	Title, Text string
	Action      string // the label of what a click does; "": nothing
	Urgent      bool   // it stays until it is closed: the phone rings
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

// NewNotifier is the notifier of a system (GOOS). Errors: there is nothing that
// shows notifications.
func NewNotifier(system string, told Told) (Notifier, error) {
	switch system {
	case "windows":
		return &runner{told: told, command: balloon, running: map[string]context.CancelFunc{}}, nil
	case "darwin":
		return &runner{told: told, command: banner, running: map[string]context.CancelFunc{}}, nil
	}
	return newBus(told)
}

// balloonScript is the whole of what PowerShell reads: the data comes in the
// environment, where nothing is run.
const balloonScript = `Add-Type -AssemblyName System.Windows.Forms, System.Drawing
$n = New-Object System.Windows.Forms.NotifyIcon
$n.Icon = [System.Drawing.SystemIcons]::Information
$n.Visible = $true
Register-ObjectEvent $n BalloonTipClicked -SourceIdentifier clicked | Out-Null
Register-ObjectEvent $n BalloonTipClosed -SourceIdentifier closed | Out-Null
$n.ShowBalloonTip(30000, $env:ZUMMER_TITLE, $env:ZUMMER_TEXT, [System.Windows.Forms.ToolTipIcon]::Info)
$e = Wait-Event -Timeout 60
$n.Dispose()
if ($e) { $e.SourceIdentifier }`

// balloon is the command line and environment that shows a toast on Windows.
func balloon(t Toast) (argv, env []string) {
	text := t.Text
	if text == "" {
		text = " " // an empty balloon is refused
	}
	return []string{"powershell", "-NoProfile", "-NonInteractive", "-Command", balloonScript}, []string{"ZUMMER_TITLE=" + plain(t.Title), "ZUMMER_TEXT=" + plain(text)}
}

// banner is the same for macOS, where a banner knows no click.
func banner(t Toast) (argv, env []string) {
	return []string{"osascript", "-e", "on run argv", "-e", "display notification (item 2 of argv) with title (item 1 of argv)", "-e", "end run", "--", plain(t.Title), plain(t.Text)}, nil
}

// plain leaves out what an environment or argument cannot hold.
func plain(s string) string { return strings.ReplaceAll(s, "\x00", "") }

// runner shows each toast by a program that ends with it, and prints "clicked"
// when it was.
type runner struct {
	told    Told
	command func(Toast) (argv, env []string)

	mu      sync.Mutex
	running map[string]context.CancelFunc
	all     sync.WaitGroup
}

func (r *runner) Show(key string, t Toast) error {
	r.Close(key)
	argv, env := r.command(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // our own program; data is an argument or the environment
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		cancel()
		return err
	}
	r.mu.Lock()
	r.running[key] = cancel
	r.mu.Unlock()
	r.all.Go(func() {
		err := cmd.Wait()
		closed := errors.Is(ctx.Err(), context.Canceled)
		cancel()
		if !closed && err == nil && r.told.Clicked != nil && strings.TrimSpace(out.String()) == "clicked" {
			r.told.Clicked(key)
		}
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
