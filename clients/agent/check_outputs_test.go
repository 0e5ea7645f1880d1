package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// program puts a shell script into a folder.
func program(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCheckHandler: on Linux the check asks the desktop whether anything opens
// links of 1C; that they are allowed is another thing.
func TestCheckHandler(t *testing.T) {
	for _, c := range []struct {
		name, mime string // what xdg-mime does; "": there is none
		infobase   string
		forms      bool
		want       string // "": nothing is said of it
	}{
		{"nothing handles them", ":", "e1c://server/srv1c/trade", true, "✗ no program opens links of 1C (e1c:)"},
		{"xdg-mime fails", "exit 3", "e1c://server/srv1c/trade", true, "✗ no program opens links of 1C (e1c:)"},
		{"something does", `test "$*" = "query default x-scheme-handler/e1c" && echo 1cestart.desktop`, "e1c://server/srv1c/trade", true, "✓ links of 1C (e1c:) are opened by 1cestart.desktop"},
		{"an infobase on the web", ":", "https://crm.example/trade", true, ""},
		{"forms are not opened", ":", "e1c://server/srv1c/trade", false, ""},
		{"a desktop without xdg-mime", "", "e1c://server/srv1c/trade", true, ""},
	} {
		folder := t.TempDir()
		program(t, folder, "xdg-open", ":")
		if c.mime != "" {
			program(t, folder, "xdg-mime", c.mime)
		}
		t.Setenv("PATH", folder)
		said, ch := saying(false)
		cfg := Config{OpenForms: c.forms, Infobase: c.infobase, Links: Links{Hosts: []string{"server/srv1c/trade", "crm.example"}}}
		ch.handler(t.Context(), cfg)
		if got := strings.Join(*said, "\n"); c.want == "" && got != "" || !strings.HasPrefix(got, c.want) || ch.sick != strings.HasPrefix(c.want, "✗") {
			t.Errorf("%s: %q, sick %t", c.name, got, ch.sick)
		}
		if ch.desktop(cfg); c.forms && !slices.Contains(*said, "✓ links to [server/srv1c/trade crm.example] are allowed") {
			t.Errorf("%s: %q", c.name, *said)
		}
	}
}

// TestCheckOutputs: a command that cannot be run and a log that cannot be written
// are said before the agent runs; trying leaves nothing behind.
func TestCheckOutputs(t *testing.T) {
	folder := t.TempDir()
	there := program(t, folder, "tell", ":")
	t.Setenv("PATH", folder)
	plain := filepath.Join(folder, "plain")
	old := filepath.Join(folder, "old.log")
	for _, name := range []string{plain, old} {
		if err := os.WriteFile(name, []byte("before\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"nothing to check", Config{}, ""},
		{"a program by its path", Config{Command: []string{there, "x"}}, "✓ command: the program " + there + " is there"},
		{"a program by its name", Config{Command: []string{"tell"}}, "✓ command: the program tell is there"},
		{"no such program", Config{Command: []string{"/no/such/prog"}}, "✗ command: the program /no/such/prog cannot be run (no such file or directory): give its full path"},
		{"no such name", Config{Command: []string{"nosuch"}}, "✗ command: the program nosuch cannot be run (executable file not found in $PATH): give its full path"},
		{"a file that is no program", Config{Command: []string{plain}}, "✗ command: the program " + plain + " cannot be run (permission denied): give its full path"},
		{"a log that is there", Config{LogFile: old}, "✓ log_file: the log goes to " + old},
		{"a new log in new folders", Config{LogFile: filepath.Join(folder, "a", "b", "agent.log")}, "✓ log_file: the log goes to "},
		{"a log where nobody writes", Config{LogFile: "/proc/nope.log"}, "✗ log_file: /proc/nope.log cannot be written ("},
		{"a log beneath a file", Config{LogFile: filepath.Join(plain, "agent.log")}, "✗ log_file: "},
	} {
		said, ch := saying(false)
		ch.outputs(c.cfg)
		if got := strings.Join(*said, "\n"); c.want == "" && got != "" || !strings.HasPrefix(got, c.want) || ch.sick != strings.HasPrefix(c.want, "✗") {
			t.Errorf("%s: %q, sick %t", c.name, got, ch.sick)
		}
	}
	names, err := os.ReadDir(folder)
	if err != nil || len(names) != 3 {
		t.Errorf("left behind: %v, %v", names, err)
	}
	if text, err := os.ReadFile(old); err != nil || string(text) != "before\n" {
		t.Errorf("a log that was there: %q, %v", text, err)
	}
}

// TestRelayPortTaken: an agent that cannot have its relay's port says what to do,
// as the check does.
func TestRelayPortTaken(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	for russian, want := range map[bool]string{false: fmt.Sprintf("port %d for local programs (relay.port) is held by another program", port), true: fmt.Sprintf("порт %d для местных программ (relay.port) занят", port)} {
		cfg, err := NewConfig("http://127.0.0.1:1", "t")
		if err != nil {
			t.Fatal(err)
		}
		cfg.Notify, cfg.Tray, cfg.Relay.Enabled, cfg.Relay.Port = false, false, true, port
		err = (&Agent{Config: cfg, Russian: russian, Log: slog.New(slog.DiscardHandler)}).Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
}
