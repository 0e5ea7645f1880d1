package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
)

// TestAgain: a bus that is away is asked for with growing pauses; one that was
// there for long is looked for soon.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		began := time.Now()
		var at []time.Duration
		done := make(chan struct{})
		go func() {
			defer close(done)
			again(ctx, func() {
				at = append(at, time.Since(began))
				if len(at) == 8 { // it is there for an hour
					<-time.After(time.Hour)
				}
			})
		}()
		<-time.After(2 * time.Hour)
		stop()
		<-done
		var want []time.Duration
		for _, s := range []int{0, 1, 3, 7, 15, 31, 61, 91, 3692, 3694, 3698, 3706, 3722, 3752} {
			want = append(want, time.Duration(s)*time.Second)
		}
		if !slices.Equal(at[:len(want)], want) {
			t.Errorf("asked after %v, want %v", at[:len(want)], want)
		}
	})
}

// quietBus is one that reaches no bus.
func quietBus(told Told) *bus {
	return &bus{told: told, log: slog.New(slog.DiscardHandler), end: func() {}, shown: map[string]paper{}, keys: map[uint32]string{}, used: map[uint32]bool{}}
}

// TestBusNumbers: the numbers of a daemon that is gone are nobody's: what the
// next one says of such a number is about another program's notification, and
// settles no row.
func TestBusNumbers(t *testing.T) {
	var told []string
	b := quietBus(Told{Clicked: func(key string) { told = append(told, "clicked "+key) }, Dismissed: func(key string) { told = append(told, "dismissed "+key) }})
	say := func(what string, id uint32, more any) {
		b.hear(&dbus.Signal{Name: busName + "." + what, Body: []any{id, more}})
	}
	on := func(key string, id uint32) {
		b.shown[key], b.keys[id] = paper{key: key, id: id, at: time.Now()}, key
	}
	on("a", 1)
	on("b", 2)
	say("ActionInvoked", 1, "default")
	say("NotificationClosed", 1, uint32(2))
	say("NotificationClosed", 3, uint32(2))
	b.lose()
	say("ActionInvoked", 2, "default")
	say("NotificationClosed", 2, uint32(2))
	if !slices.Equal(told, []string{"clicked a"}) {
		t.Errorf("told %q", told)
	}
	if len(b.waits) != 1 || b.waits[0].key != "b" {
		t.Errorf("waits %v", b.waits)
	}
}

// TestBusWaits: what waits for a daemon is the last of each key, what is still
// to be shown, in order; of cards the newest ones, and none that is old.
func TestBusWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quietBus(Told{})
		keys := func() (out []string) {
			for _, p := range worth(b.waits, time.Now()) {
				out = append(out, p.key+" "+p.toast.Title)
			}
			return out
		}
		show := func(key, title string, urgent bool) {
			if err := b.Show(key, Toast{Title: title, Urgent: urgent}); err != nil {
				t.Fatal(err)
			}
		}
		show("ring", "1", true)
		show("old", "1", false)
		<-time.After(oldAtStart)
		show("over", "1", false)
		show("row", "1", false)
		show("row", "2", false)
		b.Close("over")
		<-time.After(time.Second)
		if got := keys(); !slices.Equal(got, []string{"ring 1", "row 2"}) {
			t.Errorf("waits %q", got)
		}
		b.shown["row"] = paper{key: "row", id: 4, toast: Toast{Title: "1"}} // the daemon had an older one
		b.forget()
		if got := keys(); !slices.Equal(got, []string{"ring 1", "row 2"}) {
			t.Errorf("one key twice: %q", got)
		}
		for i := range 2 * mostAtStart {
			show(fmt.Sprint("card ", i), "", false)
		}
		if got := keys(); len(got) != 1+mostAtStart || got[0] != "ring 1" || got[mostAtStart] != fmt.Sprintf("card %d ", 2*mostAtStart-1) {
			t.Errorf("of many: %q", got)
		}
	})
}

// TestBusGone: what failed because nobody was there is shown later; a daemon
// that refuses or takes its time may have shown it.
func TestBusGone(t *testing.T) {
	for _, c := range []struct {
		err  error
		gone bool
	}{
		{dbus.ErrClosed, true},
		{dbus.Error{Name: "org.freedesktop.DBus.Error.ServiceUnknown"}, true},
		{dbus.Error{Name: "org.freedesktop.DBus.Error.NoReply"}, true},
		{fmt.Errorf("ask: %w", dbus.Error{Name: "org.freedesktop.DBus.Error.Spawn.ChildExited"}), true},
		{dbus.Error{Name: "org.freedesktop.Notifications.Error.ExcessNotificationGeneration"}, false},
		{context.DeadlineExceeded, false},
		{errors.New("write: broken pipe"), true},
	} {
		if got := gone(c.err); got != c.gone {
			t.Errorf("%v: gone %t", c.err, got)
		}
	}
}
