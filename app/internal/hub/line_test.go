package hub_test

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"zummer/app/internal/hub"
)

// pipeLine rests on a connection, as the HTTP surface does.
type pipeLine struct{ conn net.Conn }

func (l pipeLine) Arm()  { _ = l.conn.SetReadDeadline(time.Time{}) }
func (l pipeLine) Poke() { _ = l.conn.SetReadDeadline(time.Unix(1, 0)) }

func (l pipeLine) Rest() (gone, ok bool) {
	n, err := l.conn.Read(make([]byte, 1))
	if n > 0 {
		return false, false
	}
	return !errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded)
}

// A wait on a line tells the same as one on a channel.
func TestWaitOnLine(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(h *hub.Hub, client net.Conn)
		want hub.Signal
		took time.Duration // 0: one second
	}{
		{"woken", func(h *hub.Hub, _ net.Conn) { h.Wake(1) }, hub.Woken, 0},
		{"the deadline", func(*hub.Hub, net.Conn) {}, hub.TimedOut, 10 * time.Second},
		{"superseded", func(h *hub.Hub, _ net.Conn) { _ = h.Supersede(1, "desk", time.Now()) }, hub.Superseded, 0},
		{"revoked", func(h *hub.Hub, _ net.Conn) { h.Revoke(func(_, token int64) bool { return token == 7 }) }, hub.Revoked, 0},
		{"drained", func(h *hub.Hub, _ net.Conn) { h.Drain(0) }, hub.Drained, 0},
		{"the client left", func(_ *hub.Hub, client net.Conn) { _ = client.Close() }, hub.Gone, 0},
		{"the client sent something, then it was woken", func(h *hub.Hub, client net.Conn) {
			_, _ = client.Write([]byte("G"))
			synctest.Wait()
			h.Wake(1)
		}, hub.Woken, 0},
		{"the client sent something, then the deadline", func(_ *hub.Hub, client net.Conn) { _, _ = client.Write([]byte("G")) }, hub.TimedOut, 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hub.New(hub.Options{})
				ctx, stop := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				wg.Go(func() { _ = h.Run(ctx) })
				w, err := h.Enter(1, "desk", 7)
				if err != nil {
					t.Fatal(err)
				}
				client, server := net.Pipe()
				w.On(pipeLine{server})
				began := time.Now()
				wg.Go(func() { <-time.After(time.Second); tt.do(h, client) })
				got := w.Wait(context.Background(), began.Add(10*time.Second))
				took := time.Since(began)
				if tt.took == 0 {
					tt.took = time.Second
				}
				if got != tt.want || took < tt.took || took > tt.took+50*time.Millisecond {
					t.Errorf("Wait = %v after %v, want %v after %v", got, took, tt.want, tt.took)
				}
				w.Close()
				_ = client.Close()
				_ = server.Close()
				stop()
				wg.Wait()
			})
		})
	}
}

// A wake is never lost between the look at the state and the rest.
func TestWakeOnLineIsNotLost(t *testing.T) {
	h := hub.New(hub.Options{})
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	w, err := h.Enter(1, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.On(pipeLine{server})
	const n = 20_000
	seen := make(chan struct{})
	go func() {
		for range n {
			h.Wake(1)
			<-seen
		}
	}()
	limit := time.Now().Add(5 * time.Minute)
	for range n {
		if got := w.Wait(t.Context(), limit); got != hub.Woken {
			t.Fatalf("Wait = %v", got)
		}
		seen <- struct{}{}
	}
}

// earlyLine is one whose client sends something at about the deadline.
type earlyLine struct{ at time.Time }

func (earlyLine) Arm()  {}
func (earlyLine) Poke() {}

func (l earlyLine) Rest() (gone, ok bool) {
	<-time.After(time.Until(l.at))
	return false, false
}

// A client that sends something in the very moment of its deadline, which
// reaches the waiter from another goroutine, disturbs nobody (-race).
func TestEarlyAtTheDeadline(t *testing.T) {
	h := hub.New(hub.Options{Tick: time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	var run, wg sync.WaitGroup
	run.Go(func() { _ = h.Run(ctx) })
	for i := range 200 {
		wg.Go(func() {
			w, err := h.Enter(int64(i+1), "", 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer w.Close()
			until := time.Now().Add(20 * time.Millisecond)
			w.On(earlyLine{until.Add(time.Duration(i%20) * 100 * time.Microsecond)})
			if got := w.Wait(t.Context(), until); got != hub.TimedOut {
				t.Errorf("Wait = %v", got)
			}
		})
	}
	wg.Wait()
	stop()
	run.Wait()
}
