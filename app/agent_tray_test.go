package app_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"zummer/clients/agent"
	zummer "zummer/clients/go"
)

// panel is a desktop's panel that shows icons: it looks at one as a real one
// does.
type panel struct {
	t    *testing.T
	conn *dbus.Conn

	mu   sync.Mutex
	item string // the connection of the last icon
	path dbus.ObjectPath
}

const watcher = "org.kde.StatusNotifierWatcher"

// seatPanel lets icons register from now on.
func seatPanel(t *testing.T, s *headless) *panel {
	t.Helper()
	p := &panel{t: t, conn: s.conn}
	if err := s.conn.Export(p, "/StatusNotifierWatcher", watcher); err != nil {
		t.Fatal(err)
	}
	if reply, err := s.conn.RequestName(watcher, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return p
}

// RegisterStatusNotifierItem takes a path, or a name.
func (p *panel) RegisterStatusNotifierItem(sender dbus.Sender, service string) *dbus.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.item, p.path = service, "/StatusNotifierItem"
	if strings.HasPrefix(service, "/") {
		p.item, p.path = string(sender), dbus.ObjectPath(service)
	}
	return nil
}

// forget makes the panel one that has no icon.
func (p *panel) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.item = ""
}

func (p *panel) at() (string, dbus.ObjectPath) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.item, p.path
}

// property is one of the icon; nil: there is no icon.
func (p *panel) property(name string) any {
	item, path := p.at()
	if item == "" {
		return nil
	}
	v, err := p.conn.Object(item, path).GetProperty("org.kde.StatusNotifierItem." + name)
	if err != nil {
		return nil
	}
	return v.Value()
}

// tip is what stands beside the icon.
func (p *panel) tip() string {
	v, _ := p.property("ToolTip").([]any)
	if len(v) != 4 {
		return ""
	}
	title, _ := v[2].(string)
	return title
}

// menuLine is a line of the icon's menu.
type menuLine struct {
	id              int32
	label           string
	enabled, ticked bool
}

func (p *panel) menu() (lines []menuLine) {
	p.t.Helper()
	item, _ := p.at()
	path, ok := p.property("Menu").(dbus.ObjectPath)
	if !ok {
		return nil
	}
	var version uint32
	var root struct {
		ID       int32
		Props    map[string]dbus.Variant
		Children []dbus.Variant
	}
	if err := p.conn.Object(item, path).Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&version, &root); err != nil {
		p.t.Fatal(err)
	}
	for _, c := range root.Children {
		var line struct {
			ID       int32
			Props    map[string]dbus.Variant
			Children []dbus.Variant
		}
		if err := dbus.Store([]any{c.Value()}, &line); err != nil {
			p.t.Fatal(err)
		}
		if line.Props["type"].Value() == "separator" {
			continue
		}
		m := menuLine{id: line.ID, ticked: line.Props["toggle-state"].Value() == int32(1)}
		m.label, _ = line.Props["label"].Value().(string)
		m.enabled, _ = line.Props["enabled"].Value().(bool)
		lines = append(lines, m)
	}
	return lines
}

func (p *panel) line(label string) menuLine {
	p.t.Helper()
	lines := p.menu()
	i := slices.IndexFunc(lines, func(m menuLine) bool { return strings.HasPrefix(m.label, label) })
	if i < 0 {
		p.t.Fatalf("no %q in %+v", label, lines)
	}
	return lines[i]
}

// click chooses a line of the menu.
func (p *panel) click(label string) {
	p.t.Helper()
	item, _ := p.at()
	path, _ := p.property("Menu").(dbus.ObjectPath)
	err := p.conn.Object(item, path).Call("com.canonical.dbusmenu.Event", 0, p.line(label).id, "clicked", dbus.MakeVariant(""), uint32(0)).Err
	var refused dbus.Error
	if errors.As(err, &refused) && refused.Name == "org.freedesktop.DBus.Error.NoReply" && label == "Выйти" {
		return // it has left before its answer did
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// TestAgentTray: the icon comes when a panel does, says whether the service
// answers and how many rows wait, and its menu switches quiet mode, opens the
// CRM and quits.
func TestAgentTray(t *testing.T) {
	in, _, token := manned(t)
	s := newHeadless(t)
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Tray, c.Relay.Enabled, c.Page = true, false, "https://crm.example/start" })
	note(t, in, "ivanov", zummer.Show, "Заметка", "") // an agent without a panel works
	p := seatPanel(t, s)
	tells := func(want string) {
		t.Helper()
		eventually(t, want, 60*time.Second, func() bool { return p.tip() == want })
	}
	tells("Zummer: ждут 1")
	connected := p.property("IconPixmap")
	if m := p.line("Ждут: 1"); m.enabled {
		t.Errorf("the number of rows can be clicked: %+v", m)
	}
	if p.property("Status") != "Active" || p.property("Category") != "Communications" || p.property("Id") != "zummer-agent" {
		t.Errorf("the icon is %v, %v, %v", p.property("Status"), p.property("Category"), p.property("Id"))
	}

	if m := p.line("Тихий режим"); m.ticked || !m.enabled {
		t.Errorf("quiet: %+v", m)
	}
	p.click("Тихий режим")
	tells("Zummer: ждут 1, тихий режим")
	if me, err := in.SDK(token).Me(t.Context()); err != nil || !me.Quiet {
		t.Errorf("the service knows nothing of it: %+v, %v", me, err)
	}
	if m := p.line("Тихий режим"); !m.ticked {
		t.Errorf("quiet: %+v", m)
	}
	if same(connected, p.property("IconPixmap")) {
		t.Error("quiet looks as connected does")
	}
	p.click("Тихий режим")
	tells("Zummer: ждут 1")
	if me, err := in.SDK(token).Me(t.Context()); err != nil || me.Quiet {
		t.Errorf("quiet stays on: %+v, %v", me, err)
	}

	p.click("Открыть CRM")
	eventually(t, "the CRM", 60*time.Second, func() bool { return slices.Equal(d.opened(), []string{"https://crm.example/start"}) })

	p.forget() // the panel is started anew
	if _, err := s.conn.ReleaseName(watcher); err != nil {
		t.Fatal(err)
	}
	if _, err := s.conn.RequestName(watcher, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	tells("Zummer: ждут 1")

	in.Stop()
	tells("Zummer: нет связи со службой")
	if same(connected, p.property("IconPixmap")) {
		t.Error("lost looks as connected does")
	}
	if m := p.line("Тихий режим"); m.enabled {
		t.Errorf("quiet can be switched without the service: %+v", m)
	}
}

// TestAgentTrayQuits: the menu ends the agent, without an error.
func TestAgentTrayQuits(t *testing.T) {
	in, _, token := manned(t)
	p := seatPanel(t, newHeadless(t))
	_, done := startAgent(t, in, token, func(c *agent.Config) { c.Tray, c.Relay.Enabled = true, false })
	eventually(t, "an icon", 60*time.Second, func() bool { return p.tip() == "Zummer: ждут 0" })
	p.click("Выйти")
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(60 * time.Second):
		t.Fatal("it goes on")
	}
	if p.property("Id") != nil {
		t.Error("the icon stays")
	}
}

// TestAgentBusDies: the session bus ends while the agent works: its user sees no
// more of it, and rows open all the same.
func TestAgentBusDies(t *testing.T) {
	in, _, token := manned(t)
	s := newHeadless(t)
	p := seatPanel(t, s)
	seatAgent(t, in, token, func(c *agent.Config) { c.Tray, c.Notify, c.Relay.Enabled = true, true, false })
	eventually(t, "an icon", 60*time.Second, func() bool { return p.tip() == "Zummer: ждут 0" })
	_ = s.bus.Process.Kill()
	eventually(t, "no bus", 60*time.Second, func() bool { return !s.conn.Connected() })
	for range 3 {
		note(t, in, "ivanov", zummer.Show, "Заметка", "") // the icon has something else to say
		n := note(t, in, "ivanov", zummer.Open, "Интерес 17", "https://crm.example/i/17")
		if o := outcomeOf(t, in, token, n.ID); o != zummer.Opened {
			t.Errorf("outcome %s", o)
		}
	}
}

// TestAgentWithoutBus: no session bus is no reason not to work.
func TestAgentWithoutBus(t *testing.T) {
	in, _, token := manned(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	seatAgent(t, in, token, func(c *agent.Config) { c.Tray, c.Notify = true, true })
	n := note(t, in, "ivanov", zummer.Open, "Интерес 17", "https://crm.example/i/17")
	if o := outcomeOf(t, in, token, n.ID); o != zummer.Opened {
		t.Errorf("outcome %s", o)
	}
}

// same compares two pictures.
func same(a, b any) bool {
	var one, two []struct {
		Width, Height int32
		Data          []byte
	}
	if dbus.Store([]any{a}, &one) != nil || dbus.Store([]any{b}, &two) != nil || len(one) == 0 || len(two) == 0 || len(one[0].Data) != int(one[0].Width*one[0].Height*4) {
		return true
	}
	return string(one[0].Data) == string(two[0].Data)
}
