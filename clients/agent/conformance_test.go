package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"zummer/clients/conformance"
)

// kitFor is the scripted service of a test.
func kitFor(t *testing.T) *conformance.Kit {
	t.Helper()
	kit, err := conformance.New(conformance.Options{Wait: 2 * time.Second, Slow: 3 * time.Second, Patience: 60 * time.Second, Start: 60 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kit.Close)
	return kit
}

// passes plays the script and fails the test for every rule that was broken, and
// for a step that was left out.
func passes(t *testing.T, kit *conformance.Kit) {
	t.Helper()
	report := kit.Run(t.Context())
	for _, v := range report.Violations {
		t.Errorf("%s: %s [%s] %s", v.Step, v.Rule, v.Detail, v.Text.EN)
	}
	for _, s := range report.Steps {
		if s.Result != conformance.Passed {
			t.Errorf("step %s: %s", s.Name, s.Result)
		}
	}
	if !report.OK() || !report.Observed || report.Client != "agent-test" || len(report.Notes) > 0 {
		t.Errorf("client %q, %d polls, observed %t, notes %v", report.Client, report.Polls, report.Observed, report.Notes)
	}
}

// running runs an agent against a kit until the test ends, and gives its
// session's file.
func running(t *testing.T, a *Agent, kit *conformance.Kit, change func(*Config)) Place {
	t.Helper()
	cfg, err := NewConfig(kit.URL(), kit.Token())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Notify, cfg.Tray, cfg.Links.Hosts = false, false, []string{"crm.example"}
	change(&cfg)
	a.Config, a.Name, a.Place = cfg, "agent-test", filepath.Join(t.TempDir(), "place.json")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the agent ended with %v", err)
		}
	})
	var place Place
	for range 3000 {
		if text, err := os.ReadFile(a.Place); err == nil && json.Unmarshal(text, &place) == nil {
			return place
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatal("no session's file")
	return place
}

// openedLog tells the kit of every row that the agent says in its log to have
// opened: a link does not name its row.
type openedLog struct {
	slog.Handler
	kit *conformance.Kit
}

// Handle implements slog.Handler.
func (l openedLog) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if r.Message == "opened" && a.Key == "row" {
			l.kit.Opened(a.Value.String())
		}
		return true
	})
	return nil
}

// TestAgentConforms: the agent by itself keeps the contract.
func TestAgentConforms(t *testing.T) {
	t.Parallel()
	kit := kitFor(t)
	lines := slog.NewTextHandler(io.Discard, nil) //nolint:sloglint // DiscardHandler is not enabled: openedLog would be told nothing
	a := &Agent{Log: slog.New(openedLog{lines, kit}), Stdout: io.Discard,
		Open: func(_ context.Context, link string) error {
			if link != "https://crm.example/i/17" {
				t.Errorf("opened %q", link)
			}
			return nil
		}}
	running(t, a, kit, func(*Config) {})
	passes(t, kit)
}

// TestRelayConforms: the agent keeps the contract when a plain program of the
// same desktop polls its relay and opens: what that one opens, and acknowledges
// until it is answered, is neither lost nor opened twice.
func TestRelayConforms(t *testing.T) {
	t.Parallel()
	kit := kitFor(t)
	a := &Agent{Log: slog.New(slog.DiscardHandler), Stdout: io.Discard, Open: func(_ context.Context, link string) error {
		t.Errorf("the agent opened %q beside the program", link)
		return nil
	}}
	place := running(t, a, kit, func(c *Config) { c.Relay.Enabled = true })
	local := &localProgram{t: t, place: place, opened: kit.Opened}
	for end := time.Now().Add(time.Minute); !local.once(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the relay refuses its program for a minute")
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			local.once()
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	passes(t, kit)
	stop()
	<-done
}

// localProgram is a client of the relay: it polls, opens what is its own, and
// acknowledges.
type localProgram struct {
	t      *testing.T
	place  Place
	opened func(key string)

	version string
	done    map[string]bool // opened, and not yet answered
	acks    []string
}

// once is one poll; false: it was refused.
func (l *localProgram) once() bool {
	q := url.Values{"session": {"local"}, "version": {l.version}, "ack": {strings.Join(l.acks, ",")}}
	req, err := http.NewRequest(http.MethodPost, l.place.Relay+"/v1/notifications/poll", strings.NewReader(q.Encode()))
	if err != nil {
		l.t.Error(err)
		return false
	}
	req.Header.Set("Authorization", "Bearer "+l.place.Secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var a struct {
		State, Version string
		Notifications  []struct {
			ID, Action, Session string
			Rev                 int
		}
		Acks []struct {
			ID  string
			Rev int
		}
	}
	if res.StatusCode != http.StatusOK || json.NewDecoder(res.Body).Decode(&a) != nil {
		return false
	}
	if l.done == nil {
		l.done = map[string]bool{}
	}
	l.acks = nil
	if a.State == "unchanged" {
		return true
	}
	l.version = a.Version
	for _, n := range a.Notifications {
		key := n.ID + "." + strconv.Itoa(n.Rev)
		if n.Session != "local" || n.Action != "open" && n.Action != "create" && n.Action != "choose" && n.Action != "resolve" {
			continue
		}
		if !l.done[key] {
			l.done[key] = true
			l.opened(key)
		}
		l.acks = append(l.acks, key+".o")
	}
	return true
}
