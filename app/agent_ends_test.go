package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zummer/app"
	"zummer/clients/agent"
)

// TestAgentEnds: in its log file an agent that is told to end does so without an
// error, and one that finds another in its desktop session says nothing there:
// the log is that one's.
func TestAgentEnds(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	folder := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", folder)
	cfg, err := agent.NewConfig("http://127.0.0.1:1", "t")
	if err != nil {
		t.Fatal(err)
	}
	log, file := filepath.Join(folder, "agent.log"), filepath.Join(folder, "agent.json")
	cfg.Notify, cfg.Tray, cfg.LogFile = false, false, log
	if err := cfg.Save(file); err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context) (int, string) {
		var out bytes.Buffer
		code := app.MainWith(ctx, []string{"agent", "run", "--config", file}, strings.NewReader(""), &out, &out)
		return code, out.String()
	}
	logged := func() string {
		text, _ := os.ReadFile(log)
		return string(text)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		code, _ := run(ctx)
		ended <- code
	}()
	eventually(t, "the agent", 60*time.Second, func() bool { return strings.Contains(logged(), "the agent runs") })
	if code, out := run(t.Context()); code != 1 || !strings.Contains(out, "an agent runs in this desktop session already") {
		t.Errorf("a second one: %d %s", code, out)
	}
	if strings.Contains(logged(), "the agent ends") {
		t.Errorf("the second one in the log of the first: %s", logged())
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("told to end: exit code %d", code)
	}
	last := ""
	for line := range strings.Lines(logged()) {
		last = line
		var entry struct{ Level string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Level == "ERROR" {
			t.Errorf("in the log: %s, %v", line, err)
		}
	}
	if !strings.Contains(last, "the agent ends: it was told to") {
		t.Errorf("the last line: %s", last)
	}
	cfg.URL, cfg.CA = "https://127.0.0.1:1", filepath.Join(folder, "nosuch.pem")
	if err := cfg.Save(file); err != nil {
		t.Fatal(err)
	}
	if code, _ := run(t.Context()); code != 1 || !strings.Contains(logged(), `"level":"ERROR","msg":"the agent ends"`) {
		t.Errorf("an agent that cannot work: %d %s", code, logged())
	}
}

// TestClientTestPortTaken: the error names the flag.
func TestClientTestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var out bytes.Buffer
	if code := app.Main(t.Context(), []string{"simulate", "client-test", "--listen", l.Addr().String()}, &out, &out); code != 1 || !strings.Contains(out.String(), "address already in use") || !strings.Contains(out.String(), "--listen HOST:PORT") {
		t.Errorf("%d: %s", code, &out)
	}
}
