package app_test

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"zummer/clients/agent"
	zummer "zummer/clients/go"
)

// ever are the notifications that the daemon has shown, on the screen or closed
// by now.
func (s *headless) ever() int { return s.displayed() + len(s.history()) }

// shownOnce closes what is on the screen, and wants each of the texts there once.
func (s *headless) shownOnce(want ...string) {
	s.t.Helper()
	eventually(s.t, "the notifications", 60*time.Second, func() bool { return s.ever() >= len(want) })
	<-time.After(time.Second) // a second one would be there by now
	_ = s.call("NotificationCloseAll").Err
	eventually(s.t, "an empty screen", 60*time.Second, func() bool { return s.displayed() == 0 })
	got := s.history()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("the daemon has shown %q, want %q", got, want)
	}
}

// TestAgentBusReturns: the session bus is restarted while the phone rings: the
// icon comes back, and what was on the screen, and what came meanwhile, is shown
// once. What was over meanwhile is not.
func TestAgentBusReturns(t *testing.T) {
	in, hook, token := manned(t)
	ringsLong(in)
	s := newHeadless(t, stays)
	p := seatPanel(t, s)
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Tray, c.Notify, c.Stdout, c.Relay.Enabled = true, true, true, false })
	tell(in, hook, "ringing", "c1", "101", "+79031234567")
	eventually(t, "the call", 60*time.Second, func() bool { return s.displayed() == 1 })
	eventually(t, "an icon", 60*time.Second, func() bool { return p.tip() == "Zummer: ждут 1" })

	_ = s.bus.Process.Kill()
	eventually(t, "no bus", 60*time.Second, func() bool { return !s.conn.Connected() })
	over := note(t, in, "ivanov", zummer.Show, "Уже не нужна", "")
	if _, err := in.SDK(token).Ack(t.Context(), zummer.Ack{ID: over.ID, Rev: over.Rev}); err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"Заметка", "Вторая"} { // when the second is told, the first is done with, and what was before it
		n := note(t, in, "ivanov", zummer.Show, title, "")
		eventually(t, "a line of "+title, 60*time.Second, func() bool { return strings.Contains(d.printed(), `"id":"`+n.ID+`"`) })
	}

	s.startBus()
	s.startNotifier()
	p = seatPanel(t, s)
	eventually(t, "the icon", 60*time.Second, func() bool { return p.tip() == "Zummer: ждут 3" })
	s.shownOnce("+7 903 123-45-67 | Входящий +7 903 123-45-67", "Заметка | ", "Вторая | ")
}

// TestAgentNotifierReturns: the daemon alone is restarted (by the bus, or
// by hand): what it had on the
// screen is shown once by the next one, what came between them too, and a click
// there opens.
func TestAgentNotifierReturns(t *testing.T) {
	in, hook, token := manned(t)
	ringsLong(in)
	s := newHeadless(t, stays)
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Notify, c.Relay.Enabled, c.OpenForms = true, false, false })
	tell(in, hook, "ringing", "c1", "101", "+79031234567")
	eventually(t, "the call", 60*time.Second, func() bool { return s.displayed() == 1 })
	old := s.owner()
	_ = s.notifier.Process.Kill()
	eventually(t, "its end", 60*time.Second, func() bool { return s.owner() != old }) // the bus may have started the next one by now
	note(t, in, "ivanov", zummer.Show, "Заметка", "https://crm.example/i/17")
	<-time.After(time.Second) // the agent has tried to show it
	s.startNotifier()
	eventually(t, "both", 60*time.Second, func() bool { return s.ever() == 2 })
	eventually(t, "a click", 60*time.Second, func() bool {
		_ = s.call("NotificationAction", uint32(0)).Err
		_ = s.call("NotificationAction", uint32(1)).Err
		return len(d.opened()) > 0
	})
}

// TestAgentBeforeItsDesktop: an agent that starts before the bus and the daemon
// shows what came meanwhile when they are there.
func TestAgentBeforeItsDesktop(t *testing.T) {
	in, _, token := manned(t)
	s := newHeadless(t, stays)
	_ = s.bus.Process.Kill()
	eventually(t, "no bus", 60*time.Second, func() bool { return !s.conn.Connected() })
	seatAgent(t, in, token, func(c *agent.Config) { c.Tray, c.Notify = true, true })
	note(t, in, "ivanov", zummer.Show, "Заметка", "")
	s.startBus()
	p := seatPanel(t, s)
	eventually(t, "the icon", 60*time.Second, func() bool { return p.tip() == "Zummer: ждут 1" })
	s.startNotifier()
	s.shownOnce("Заметка | ")
}

// TestAgentSlowNotifier: a daemon that is there and answers nothing yet, as one
// of a desktop that is still starting, shows what came meanwhile when it does.
func TestAgentSlowNotifier(t *testing.T) {
	in, _, token := manned(t)
	s := newHeadless(t, stays)
	s.signal(syscall.SIGSTOP)
	note(t, in, "ivanov", zummer.Show, "Заметка", "")
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Notify, c.Relay.Enabled = true, false })
	eventually(t, "a warning", 60*time.Second, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return strings.Contains(d.logs.String(), "no desktop notifications for now")
	})
	s.signal(syscall.SIGCONT)
	s.shownOnce("Заметка | ")
}

// TestAgentHungNotifier: what a daemon was asked to show and never did, because
// it hung and was restarted, is shown by the next one.
func TestAgentHungNotifier(t *testing.T) {
	in, _, token := manned(t)
	s := newHeadless(t, stays)
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Notify, c.Relay.Enabled = true, false })
	first := note(t, in, "ivanov", zummer.Show, "Первая", "")
	eventually(t, "a notification", 60*time.Second, func() bool { return s.displayed() == 1 })
	if _, err := in.SDK(token).Ack(t.Context(), zummer.Ack{ID: first.ID, Rev: first.Rev}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an empty screen", 60*time.Second, func() bool { return s.displayed() == 0 })
	s.signal(syscall.SIGSTOP)
	note(t, in, "ivanov", zummer.Show, "Заметка", "")
	eventually(t, "a warning", 60*time.Second, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return strings.Contains(d.logs.String(), "a notification could not be shown")
	})
	old := s.owner()
	_ = s.notifier.Process.Kill()
	eventually(t, "its end", 60*time.Second, func() bool { return s.owner() != old })
	s.startNotifier()
	s.shownOnce("Заметка | ")
}
