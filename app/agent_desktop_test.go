package app_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/clients/agent"
	zummer "zummer/clients/go"
)

// headless is a desktop of a test: an X server without a monitor, a session bus
// and a real notification daemon.
type headless struct {
	t        *testing.T
	env      []string
	home     string
	conn     *dbus.Conn
	bus      *exec.Cmd
	notifier *exec.Cmd
}

// spawn runs a program until the test ends; nothing is skipped when it is not
// there.
func spawn(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; `make test` installs it", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", cmd.Args[0], out.String())
		}
	})
}

// lineFrom is the first line that a program prints into a pipe.
func lineFrom(t *testing.T, f *os.File) string {
	t.Helper()
	_ = f.SetReadDeadline(time.Now().Add(60 * time.Second))
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, w
}

const dunstrc = `[global]
    width = 420
    height = 160
    offset = 20x20
    font = DejaVu Sans 12
    markup = full
    format = "<b>%s</b>\n%b"
    mouse_left_click = do_action, close_current
    dmenu = /bin/true
`

// stays is a line of dunstrc: no notification goes by itself.
const stays = "[urgency_normal]\n    timeout = 0\n"

// newHeadless starts them; more is added to dunstrc.
func newHeadless(t *testing.T, more ...string) *headless {
	t.Helper()
	home := t.TempDir()
	r, w := pipe(t)
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "900x300x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	spawn(t, x)
	w.Close()
	s := &headless{t: t, home: home}
	s.env = append(os.Environ(), "DISPLAY=:"+lineFrom(t, r), "XDG_RUNTIME_DIR="+home, "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "DBUS_SESSION_BUS_ADDRESS="+s.address())
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", s.address())
	if err := errors.Join(os.MkdirAll(filepath.Dir(s.rc()), 0o700), os.WriteFile(s.rc(), []byte(dunstrc+strings.Join(more, "")), 0o600)); err != nil {
		t.Fatal(err)
	}
	s.startBus()
	s.startNotifier()
	return s
}

// address is the bus's, also of one that comes after it.
func (s *headless) address() string { return "unix:path=" + filepath.Join(s.home, "bus") }

// rc is where a daemon finds it that the bus starts, too: it does when the agent
// is the first to ask for one.
func (s *headless) rc() string { return filepath.Join(s.home, ".config", "dunst", "dunstrc") }

func (s *headless) startBus() {
	s.t.Helper()
	_ = os.Remove(filepath.Join(s.home, "bus")) // one that was killed leaves it behind
	r, w := pipe(s.t)
	s.bus = exec.Command("dbus-daemon", "--session", "--nofork", "--address="+s.address(), "--print-address=3")
	s.bus.ExtraFiles, s.bus.Env = []*os.File{w}, s.env
	spawn(s.t, s.bus)
	w.Close()
	lineFrom(s.t, r)
	conn, err := dbus.Connect(s.address())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	s.conn = conn
}

// startNotifier is the daemon that shows notifications.
func (s *headless) startNotifier() {
	s.t.Helper()
	s.notifier = exec.Command("dunst", "-conf", s.rc())
	s.notifier.Env = s.env
	spawn(s.t, s.notifier)
	eventually(s.t, "the notification daemon", 60*time.Second, func() bool { return s.owner() != "" })
}

// owner is the connection of the daemon; "": there is none.
// signal stops who shows notifications, or lets it go on.
func (s *headless) signal(what syscall.Signal) {
	s.t.Helper()
	if err := s.notifier.Process.Signal(what); err != nil {
		s.t.Fatal(err)
	}
}

func (s *headless) owner() (name string) {
	_ = s.conn.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, "org.freedesktop.Notifications").Store(&name)
	return name
}

// call asks the daemon for what its own control program would.
func (s *headless) call(method string, args ...any) *dbus.Call {
	return s.conn.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").Call("org.dunstproject.cmd0."+method, 0, args...)
}

// displayed is how many notifications are on the screen.
func (s *headless) displayed() int {
	v, err := s.conn.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").GetProperty("org.dunstproject.cmd0.displayedLength")
	if err != nil {
		s.t.Fatal(err)
	}
	n, _ := v.Value().(uint32)
	return int(n)
}

// history are the summaries and texts of what was closed, the newest first.
func (s *headless) history() (out []string) {
	s.t.Helper()
	var list []map[string]dbus.Variant
	if err := s.call("NotificationListHistory").Store(&list); err != nil {
		s.t.Fatal(err)
	}
	for _, n := range list {
		summary, _ := n["summary"].Value().(string)
		body, _ := n["body"].Value().(string)
		out = append(out, summary+" | "+body)
	}
	return out
}

// picture keeps a screenshot where ZUMMER_TEST_SCREENSHOTS names a folder.
func (s *headless) picture(name string) {
	s.t.Helper()
	folder := os.Getenv("ZUMMER_TEST_SCREENSHOTS")
	if folder == "" {
		return
	}
	shot := exec.Command("import", "-window", "root", filepath.Join(folder, name+".png"))
	shot.Env = s.env
	if out, err := shot.CombinedOutput(); err != nil {
		s.t.Errorf("screenshot: %v %s", err, out)
	}
}

// TestAgentDesktop: while it rings, a real notification daemon shows who calls;
// the states of the call take each other's place, a click opens the object, and
// nothing is left when the call is over.
func TestAgentDesktop(t *testing.T) {
	in, hook, token := manned(t)
	s := newHeadless(t, stays)
	if _, err := in.SDK(apptest.AdminToken).PutContact(t.Context(), "c1", zummer.Contact{Phones: []string{"+79031234567"}, Name: "ООО «Ромашка» & <сыновья>", Responsible: "ivanov",
		Interests: []zummer.Object{{Type: "Документ", Name: "Интерес", UID: "51012ccc-397d-11de-b595-00055d80a2b9", Title: "Интерес 17", URL: "https://crm.example/i/17"}}}); err != nil {
		t.Fatal(err)
	}
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Notify, c.Relay.Enabled = true, false })
	tell(in, hook, "ringing", "c1", "101", "+79031234567")
	eventually(t, "a notification", 60*time.Second, func() bool { return s.displayed() == 1 })
	<-time.After(500 * time.Millisecond) // it is drawn
	s.picture("agent-ringing")
	if err := s.call("NotificationAction", uint32(0)).Err; err != nil {
		t.Fatal(err)
	}
	eventually(t, "the object of a click", 60*time.Second, func() bool { return len(d.opened()) == 1 })
	if got := d.opened(); got[0] != "https://crm.example/i/17" {
		t.Errorf("a click opens %q", got)
	}
	tell(in, hook, "answered", "c1", "101", "+79031234567")
	eventually(t, "the form", 60*time.Second, func() bool { return len(d.opened()) == 2 })
	in.Until(token, "an empty set", func(set apptest.Set) bool { return len(set.Rows) == 0 }) // what ends before its ack arrives becomes a card
	tell(in, hook, "ended", "c1", "101", "+79031234567")
	eventually(t, "an empty screen", 60*time.Second, func() bool { return s.displayed() == 0 })
	if h := s.history(); len(h) == 0 || !strings.Contains(strings.Join(h, "\n"), "Ромашка") {
		t.Errorf("the daemon's history: %q", h)
	}

	tell(in, hook, "ringing", "c2", "101", "+79161112233")
	eventually(t, "the second call", 60*time.Second, func() bool { return s.displayed() == 1 })
	tell(in, hook, "ended", "c2", "101", "+79161112233")
	<-time.After(500 * time.Millisecond)
	s.picture("agent-missed")
	eventually(t, "one notification of one call", 60*time.Second, func() bool { return s.displayed() == 1 })
}

// TestAgentDismissed: a card that the user puts away from the screen is settled
// for all clients; a call that rings, and what a program shall open, are not.
func TestAgentDismissed(t *testing.T) {
	in, hook, token := manned(t)
	s := newHeadless(t, stays)
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Notify, c.Relay.Enabled, c.OpenForms = true, false, false })
	refused := note(t, in, "ivanov", zummer.Show, "Заметка с чужой ссылкой", "https://evil.example/i/17")
	eventually(t, "a card whose link is refused", 60*time.Second, func() bool { return s.displayed() == 1 })
	if err := s.call("NotificationAction", uint32(0)).Err; err != nil {
		t.Fatal(err)
	}
	eventually(t, "a refusal", 60*time.Second, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return strings.Contains(d.logs.String(), "a link is refused")
	})
	<-time.After(time.Second) // an ack would be there by now
	if rows := in.Poll(token, "").Rows; len(rows) != 1 || rows[0].ID != refused.ID {
		t.Errorf("a card that could not be opened is gone: %+v", rows)
	}
	s.closed("Не открылось: Заметка с чужой ссылкой")
	if _, err := in.SDK(token).Ack(t.Context(), zummer.Ack{ID: refused.ID, Rev: refused.Rev}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an empty screen", 60*time.Second, func() bool { return s.displayed() == 0 })

	card := note(t, in, "ivanov", zummer.Show, "Заметка", "")
	eventually(t, "the card", 60*time.Second, func() bool { return s.displayed() == 1 })
	if err := s.call("NotificationCloseLast").Err; err != nil {
		t.Fatal(err)
	}
	if o := outcomeOf(t, in, token, card.ID); o != zummer.Dismissed {
		t.Errorf("outcome %s", o)
	}

	eventually(t, "an empty screen", 60*time.Second, func() bool { return s.displayed() == 0 })
	link := note(t, in, "ivanov", zummer.Show, "Заметка об интересе", "https://crm.example/i/17")
	eventually(t, "a card that can be clicked", 60*time.Second, func() bool { return s.displayed() == 1 })
	if err := s.call("NotificationAction", uint32(0)).Err; err != nil {
		t.Fatal(err)
	}
	_ = s.call("NotificationCloseLast").Err // as the daemon does at a click; it may be gone
	if o := outcomeOf(t, in, token, link.ID); o != zummer.Opened {
		t.Errorf("a card that was clicked, then closed: %s", o)
	}

	form := note(t, in, "ivanov", zummer.Open, "Интерес 17", "https://crm.example/i/17")
	tell(in, hook, "ringing", "c1", "101", "+79031234567")
	eventually(t, "the form and the call", 60*time.Second, func() bool { return s.displayed() == 2 })
	if err := s.call("NotificationCloseAll").Err; err != nil {
		t.Fatal(err)
	}
	eventually(t, "an empty screen", 60*time.Second, func() bool { return s.displayed() == 0 })
	<-time.After(time.Second) // an ack would be there by now
	rows := in.Poll(token, "").Rows
	if len(rows) != 2 || rows[0].ID != form.ID && rows[1].ID != form.ID {
		t.Errorf("pending: %+v", rows)
	}
}

// TestAgentCheckDesktop: the self-check sees the daemon, and says when there is
// none.
func TestAgentCheckDesktop(t *testing.T) {
	in, _, token := manned(t)
	newHeadless(t)
	file := filepath.Join(t.TempDir(), "agent.json")
	t.Setenv("LANG", "ru_RU.UTF-8")
	t.Setenv("LC_ALL", "")
	t.Setenv("LC_MESSAGES", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	run := func(stdin string, args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := app.MainWith(context.Background(), args, strings.NewReader(stdin), &out, &errs)
		return code, out.String() + errs.String()
	}
	if code, out := run("nonsense\n", "agent", "login", "--config", file, "--url", in.URL); code != 1 || !strings.Contains(out, "токен не принят") {
		t.Errorf("a wrong token: %d %s", code, out)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a refused token is kept")
	}
	if code, out := run(token+"\n", "agent", "login", "--config", file, "--url", in.URL, "--relay"); code != 0 || strings.Contains(out, token) {
		t.Fatalf("login: %d %s", code, out)
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the configuration: %v %v", st.Mode(), err)
	}
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "xdg-open"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", path)
	code, out := run("", "agent", "check", "--config", file)
	for _, want := range []string{"✓ служба", "✓ токен принят", "✓ часы", "✓ уведомления", "✓ разрешены ссылки", "✓ порт"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in: %s", want, out)
		}
	}
	if code != 0 {
		t.Errorf("all is well: %d %s", code, out)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	if code, out := run("", "agent", "check", "--config", file); code != 1 || !strings.Contains(out, "✗ уведомления показать нечем") {
		t.Errorf("no daemon: %d %s", code, out)
	}
	in.Stop()
	if code, out := run("", "agent", "check", "--config", file); code != 1 || !strings.Contains(out, "запущена ли служба") {
		t.Errorf("no service: %d %s", code, out)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out := run("", "agent", "check", "--config", file); code != 1 || !strings.Contains(out, "chmod 600") {
		t.Errorf("a file that all can read: %d %s", code, out)
	}
}
