package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	zummer "zummer/clients/go"
)

func row(id string) *zummer.Notification {
	return &zummer.Notification{ID: id, Rev: 1, Kind: "call.ringing", Action: zummer.Show, Phone: "+79031234567", Title: "ООО\tРомашка\n", Text: "Входящий +7 903 123-45-67",
		Call: &zummer.Call{ID: "77", State: "ringing"}, Object: &zummer.Object{Link: "e1cib/data/x", URL: "https://crm.example/i/17"}}
}

// heard is a listener of text messages; the next one is waited for, or, when
// all have been sent, looked for.
func heard(t *testing.T) (port int, next func(sent bool) string) {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.LocalAddr().(*net.UDPAddr).Port, func(sent bool) string {
		buffer := make([]byte, 64<<10)
		wait := 30 * time.Second
		if sent {
			wait = 100 * time.Millisecond
		}
		_ = c.SetReadDeadline(time.Now().Add(wait))
		n, _, err := c.ReadFrom(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
		return string(buffer[:n])
	}
}

// TestDatagramListeners: the listener of this user gets all, one of whom the
// system knows nothing the row's name alone, another user's nothing; both are
// said once.
func TestDatagramListeners(t *testing.T) {
	const whole = "ZUMMER1\tnew\t1.1\tcall.ringing\tshow\t77\tringing\t+79031234567\tООО Ромашка \tВходящий +7 903 123-45-67\te1cib/data/x\thttps://crm.example/i/17"
	const bare = "ZUMMER1\tnew\t1.1\tcall.ringing\tshow\t77\tringing\t\t\t\t\t"
	for _, c := range []struct {
		name      string
		who       owner
		unchecked bool
		want      string
		said      []error
	}{
		{"ours", ownerUs, false, whole, nil},
		{"not told", ownerUnknown, false, bare, []error{errNotTold}},
		{"not told, and told to send all", ownerUnknown, true, whole, nil},
		{"another user's", ownerOther, false, "", []error{errOtherUser}},
		{"another user's, and told to send all", ownerOther, true, whole, nil},
		{"nobody's", ownerNone, false, "", nil},
	} {
		port, next := heard(t)
		var said []error
		o := &outputs{unchecked: c.unchecked, fail: func(_ string, err error) { said = append(said, err) }}
		if err := o.dial(t.Context(), port); err != nil {
			t.Fatal(err)
		}
		if got := o.listener(); got != ownerUs && got != ownerUnknown {
			t.Errorf("%s: our own listener is %d", c.name, got)
		}
		o.listener = func() owner { return c.who }
		stop := o.start()
		for range 2 {
			o.tell(t.Context(), "new", row("1"))
			if c.want == "" {
				continue
			}
			if got := next(false); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		stop()
		if got := next(true); got != "" {
			t.Errorf("%s: %q more", c.name, got)
		}
		if fmt.Sprint(said) != fmt.Sprint(c.said) {
			t.Errorf("%s: said %v, want %v", c.name, said, c.said)
		}
		o.udp.Close()
	}
}

// TestDatagramGone: a listener that went away and came back hears what comes
// next.
func TestDatagramGone(t *testing.T) {
	port, next := heard(t)
	var o outputs
	o.fail = func(what string, err error) { t.Errorf("%s: %v", what, err) }
	if err := o.dial(t.Context(), port); err != nil {
		t.Fatal(err)
	}
	defer o.udp.Close()
	defer o.start()()
	o.listener = func() owner { return ownerUs } // it was there when it was looked at
	there, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	there.Close()
	gone := &outputs{fail: o.fail}
	if err := gone.dial(t.Context(), there.LocalAddr().(*net.UDPAddr).Port); err != nil {
		t.Fatal(err)
	}
	defer gone.udp.Close()
	defer gone.start()()
	for range 3 {
		gone.tell(t.Context(), "new", row("1")) // by its table there is nobody
	}
	o.tell(t.Context(), "gone", row("2"))
	if got := next(false); !strings.HasPrefix(got, "ZUMMER1\tgone\t2.1\t") {
		t.Errorf("%q", got)
	}
}

// TestUDPPorts: no two agents of a machine choose the same port, whoever of
// their listeners is there already.
func TestUDPPorts(t *testing.T) {
	seen := map[int]bool{}
	for range 40 {
		port, free, err := udpPort(t.Context(), 0)
		if err != nil || seen[port] {
			t.Fatalf("port %d: %v", port, err)
		}
		defer free()
		seen[port] = true
		c, err := net.ListenPacket("udp4", net.JoinHostPort("127.0.0.1", itoa(port))) // it is the listener's to take
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if _, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", itoa(port))); err == nil {
			t.Errorf("port %d is not held", port)
		}
	}
	if port, free, err := udpPort(t.Context(), 5500); err != nil || port != 5500 {
		t.Errorf("a port of the configuration: %d, %v", port, err)
	} else {
		free()
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

// TestOutputsHang: a reader of standard output that takes nothing, and commands
// that do not end, hold up neither each other nor the end.
func TestOutputsHang(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	var mu sync.Mutex
	failed := map[string]int{}
	o := &outputs{stdout: w, command: []string{"sleep", "60"}, fail: func(what string, _ error) { mu.Lock(); failed[what]++; mu.Unlock() }}
	stop := o.start()
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	for range mostLines + 1000 { // some fit the pipe
		o.tell(ctx, "new", row("1"))
	}
	cancel()
	stop()
	if took := time.Since(began); took > 50*time.Second {
		t.Errorf("it took %s", took)
	}
	mu.Lock()
	defer mu.Unlock()
	if failed["stdout"] == 0 || failed["command"] == 0 {
		t.Errorf("nothing is said of what was left out: %v", failed)
	}
}

// TestOutputsStdout: what was told is written before the end.
func TestOutputsStdout(t *testing.T) {
	r, w := io.Pipe()
	lines := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(r)
		lines <- string(text)
	}()
	o := &outputs{stdout: w, fail: func(what string, err error) { t.Errorf("%s: %v", what, err) }}
	stop := o.start()
	for _, id := range []string{"1", "2", "3"} {
		o.tell(t.Context(), "new", row(id))
		o.tell(t.Context(), "gone", row(id))
	}
	stop()
	w.Close()
	if text := <-lines; strings.Count(text, "\n") != 3 || !strings.Contains(text, `"phone":"+79031234567"`) {
		t.Errorf("%s", text)
	}
}

// TestAlone: one agent runs in a desktop session; the next one may begin when
// it has ended, however it did.
func TestAlone(t *testing.T) {
	place := t.TempDir() + "/zummer/agent-1.json"
	if runs, err := occupied(place); err != nil || runs {
		t.Fatalf("nobody: %t, %v", runs, err)
	}
	free, err := alone(place)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alone(place); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second one: %v", err)
	}
	if runs, err := occupied(place); err != nil || !runs {
		t.Errorf("one runs: %t, %v", runs, err)
	}
	free()
	if free, err = alone(place); err != nil {
		t.Fatalf("after it: %v", err)
	}
	free()
}
