package app_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"zummer/clients/agent"
	zummer "zummer/clients/go"
)

// TestAgentManyForAHungNotifier: a daemon that hangs is waited for once, not for
// each notification: what the agent tells others is not late, and when the daemon
// answers again the last ones are shown.
func TestAgentManyForAHungNotifier(t *testing.T) {
	in, _, token := manned(t)
	s := newHeadless(t, stays)
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Notify, c.Relay.Enabled, c.Stdout = true, false, true })
	note(t, in, "ivanov", zummer.Show, "До того", "")
	eventually(t, "a notification", 60*time.Second, func() bool { return s.displayed() == 1 })
	s.signal(syscall.SIGSTOP)
	for i := range 30 { // five seconds for each would be more than two minutes
		note(t, in, "ivanov", zummer.Show, fmt.Sprint("Заметка ", i), "")
	}
	eventually(t, "all on standard output", 60*time.Second, func() bool { return strings.Count(d.printed(), "\n") == 31 })
	note(t, in, "ivanov", zummer.Show, "Последняя", "")
	eventually(t, "the last one on standard output", 60*time.Second, func() bool { return strings.Contains(d.printed(), "Последняя") })
	s.signal(syscall.SIGCONT)
	s.closed("Последняя | ")
}

// TestAgentEndsBesideAHungNotifier: what an agent leaves on the screen when it
// ends goes when the daemon goes on: nobody could put it away any more.
func TestAgentEndsBesideAHungNotifier(t *testing.T) {
	in, _, token := manned(t)
	s := newHeadless(t, stays)
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Notify = true })
	first := note(t, in, "ivanov", zummer.Show, "Первая", "")
	note(t, in, "ivanov", zummer.Show, "Вторая", "")
	eventually(t, "two notifications", 60*time.Second, func() bool { return s.displayed() == 2 })
	s.signal(syscall.SIGSTOP)
	in.Admin("POST", "/v1/admin/notifications/"+first.ID+"/process", nil)
	<-time.After(7 * time.Second) // the daemon is asked to take the first away, and waited for
	d.stop()
	eventually(t, "the end", 60*time.Second, func() bool { _, err := os.Stat(d.file); return err != nil })
	s.signal(syscall.SIGCONT)
	eventually(t, "an empty screen", 60*time.Second, func() bool { return s.displayed() == 0 })
}
