package handlers

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zummer/models"
)

// waits is a Waiting that does what the test wants.
type waits func(ctx context.Context, line models.Line) (models.PendingSet, error)

func (w waits) Wait(ctx context.Context, line models.Line) (models.PendingSet, error) {
	return w(ctx, line)
}

func TestParkedPoll(t *testing.T) {
	set := models.PendingSet{State: models.StateReset, Version: "k3f.1", ETag: "k3f.1", PollAfter: 5 * time.Second, Now: at()}
	for _, tt := range []struct {
		name    string
		wait    waits
		status  int // 0: the connection ends without an answer
		resumed bool
		seen    int // by Observe; 0: nothing
	}{
		{"answered", func(_ context.Context, line models.Line) (models.PendingSet, error) {
			go line.Poke()
			if gone, ok := line.Rest(); gone || !ok {
				return models.PendingSet{}, errors.New("the client is there")
			}
			line.Arm()
			return set, nil
		}, http.StatusOK, true, http.StatusOK},
		{"an error is a problem", func(context.Context, models.Line) (models.PendingSet, error) {
			return models.PendingSet{}, models.Errorf(models.Unauthorized, "the token was revoked")
		}, http.StatusUnauthorized, true, http.StatusUnauthorized},
		{"a set that drains", func(context.Context, models.Line) (models.PendingSet, error) {
			drained := set
			drained.Draining = true
			return drained, nil
		}, http.StatusOK, false, http.StatusOK},
		{"the client left", func(context.Context, models.Line) (models.PendingSet, error) {
			return models.PendingSet{}, context.Canceled
		}, 0, false, clientGone},
		{"a panic", func(context.Context, models.Line) (models.PendingSet, error) { panic("a bug") }, 0, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes()
			f.wait = tt.wait
			back, seen := make(chan net.Conn, 1), make(chan int, 1)
			e, a := surfaceAPI(t, f, func(d *Deps) {
				d.Resume = func(c net.Conn) bool { back <- c; return true }
				d.Observe = func(_, _ string, status int, _ time.Duration) { seen <- status }
			})
			srv := httptest.NewServer(e)
			defer srv.Close()
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(srv.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "GET /v1/notifications?wait=5&version=k3f.0 HTTP/1.1\r\nHost: z\r\nAuthorization: Bearer "+ivanovToken+"\r\n\r\n")
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			switch {
			case tt.status == 0 && !errors.Is(err, io.ErrUnexpectedEOF):
				t.Errorf("an answer: %v, %v", res, err)
			case tt.status != 0 && (err != nil || res.StatusCode != tt.status):
				t.Fatalf("answer %v, %v; want %d", res, err, tt.status)
			}
			if err := a.Settle(t.Context()); err != nil {
				t.Error(err)
			}
			if resumed := len(back) == 1; resumed != tt.resumed {
				t.Errorf("resumed %v, want %v", resumed, tt.resumed)
			}
			got := 0
			if len(seen) == 1 {
				got = <-seen
			}
			if got != tt.seen {
				t.Errorf("observed %d, want %d", got, tt.seen)
			}
			if a.Waiting() != 0 {
				t.Errorf("%d still wait", a.Waiting())
			}
		})
	}
}

func TestSettleGivesUp(t *testing.T) {
	a := New(Deps{})
	a.parked.Add(1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := a.Settle(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Settle = %v", err)
	}
}
