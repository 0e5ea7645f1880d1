package onectest_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/clients/agent"
)

// desk is the agent of ivanov's computer: its relay has the same port after
// every start.
type desk struct {
	t      *testing.T
	config agent.Config
	stop   func() // nil: it does not run
}

// newDesk is an agent that does not run yet.
func newDesk(t *testing.T, address, token string) *desk {
	t.Helper()
	c, err := agent.NewConfig(address, token)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(apptest.Address(t))
	c.Relay.Enabled = true
	if c.Relay.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	c.Notify, c.Tray, c.OpenForms = false, false, false
	d := &desk{t: t, config: c}
	t.Cleanup(func() {
		if d.stop != nil {
			d.stop()
		}
	})
	return d
}

// address is the relay's.
func (d *desk) address() string { return fmt.Sprintf("http://127.0.0.1:%d", d.config.Relay.Port) }

// start runs the agent until stop; its relay listens then, though it may know
// nothing yet.
func (d *desk) start() {
	d.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	a := agent.Agent{Config: d.config, Name: "agent-test", Russian: true, Log: slog.New(slog.DiscardHandler), Stdout: io.Discard,
		Open: func(_ context.Context, link string) error {
			d.t.Errorf("the agent itself opened %s", link)
			return nil
		}}
	go func() { done <- a.Run(ctx) }()
	d.stop = func() {
		d.stop = nil
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			d.t.Errorf("the agent ended with %v", err)
		}
	}
	for end := time.Now().Add(patience); ; <-time.After(20 * time.Millisecond) {
		c, err := net.Dial("tcp4", strings.TrimPrefix(d.address(), "http://"))
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(end) || len(done) > 0 {
			d.t.Fatalf("the relay does not listen: %v", err)
		}
	}
}

// TestOrdinaryAgent is the seed of ordinary forms through the agent's relay,
// under the pairing secret, straight and by a platform that speaks HTTP/1.0.
func TestOrdinaryAgent(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		for _, k := range ordinaryFaultKinds {
			t.Run(fmt.Sprintf("%s/HTTP 1.0 %t", k.name, old), func(t *testing.T) {
				t.Parallel()
				s := newService(t)
				d := newDesk(t, s.URL, s.User("ivanov", "office", "101"))
				d.start()
				address := d.address()
				if old {
					address = newOldHTTP(t, strings.TrimPrefix(address, "http://"))
				}
				b := ordinaryBase(t, k)
				b.patient(s, address, d.config.Relay.Secret)
				b.hurried()

				s.ring("c-9", "+79031234567")
				b.until("window of the ring", func() bool { return len(b.Screen.Forms) == 1 && len(b.Screen.Opened) == 1 })
				s.answer("c-9")
				b.until("form of the interest", func() bool { return b.openedRef(interestID) })
				b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
				if got := s.outcome("call.answered"); got != "opened" {
					t.Errorf("outcome %q", got)
				}
				s.end("c-9")
				s.ring("c-2", "+79160000000")
				s.answer("c-2")
				b.until("wizard", func() bool { return strings.HasPrefix(b.windows(), interestID+" Обработка.Мастер") })
				if o := b.Screen.Opened[len(b.Screen.Opened)-1]; o.Params["Телефон"] != "+79160000000" {
					t.Errorf("the wizard got %v", o.Params)
				}
				b.until("acknowledgement of the wizard", func() bool { return !slices.Contains(s.pending(), "call.answered") })
				s.end("c-2")
				s.missed("c-3", "+79031234567")
				b.until("the card of the missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
				if err := b.FormCall(formsWith(b, "ропущ")[0], "ГотовоНажатие", nil); err != nil {
					t.Fatal(err)
				}
				b.until("the missed call done", func() bool { return !slices.Contains(s.pending(), "call.missed") })
				if n := countName(b, callWindow); n != 3 {
					t.Errorf("%d windows of three calls", n)
				}
				b.quiet()
				if longest := b.LongestBlock(); longest > k.promise+busy {
					t.Errorf("the window stood still for %v, promised is %v", longest, k.promise)
				}
			})
		}
	}
}

// patient is connectOrdinary with an agent that may still be starting: until
// then it answers 503.
func (b *base) patient(s *service, address, token string) {
	b.t.Helper()
	b.seat(s)
	b.remember(address, token, true)
	b.soon("a connection", func() bool {
		return slices.ContainsFunc(b.Screen.Messages, func(x string) bool { return strings.HasPrefix(x, "Связь с сервисом звонков") })
	})
	b.Screen.Messages = nil
	b.Entries()
}

// TestOrdinaryAgentGone: 1C is started before the agent, the agent ends and
// comes back, the service behind it is away. What waits opens once, the user is
// told once.
func TestOrdinaryAgentGone(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			d := newDesk(t, p.URL, s.User("ivanov", "office", "101"))
			b := ordinaryBase(t, k).hurried()
			b.seat(s)
			b.remember(d.address(), d.config.Relay.Secret, true)
			b.until("the break told", func() bool { return len(b.Screen.Messages) == 1 })
			b.forward(10 * time.Minute)
			if len(b.Screen.Messages) != 1 {
				t.Errorf("messages %v", b.Screen.Messages)
			}
			d.start()
			b.soon("a connection", func() bool { return len(b.Screen.Messages) == 2 })

			s.missed("c-0", "+79160000000")
			b.until("the missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
			d.stop()
			s.call()
			b.RunFast(time.Second, 8, nil)
			d.start() // it may not know yet that 1C polls: then what came meanwhile is a card
			card := func() bool {
				all := formsWith(b, "903")
				return len(all) == 1 && all[0].Item("Открыть", "Видимость") == true
			}
			b.soon("the form or the card of the call", func() bool { return b.openedRef(interestID) || card() })
			b.RunFast(time.Second, 8, nil)
			if !b.openedRef(interestID) {
				if err := b.FormCall(formsWith(b, "903")[0], "ОткрытьНажатие", nil); err != nil {
					t.Fatal(err)
				}
			}
			if !b.openedRef(interestID) {
				t.Errorf("the button opened nothing: %v", b.opened())
			}
			s.end("c-9")
			s.ring("c-10", "+79160000007")
			s.answer("c-10")
			b.until("the wizard, by itself", func() bool { return strings.Contains(b.windows(), "Обработка.Мастер") })
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			s.end("c-10")

			p.do(down)
			s.missed("c-1", "+79160000001")
			b.soon("the break told", func() bool {
				return strings.HasPrefix(b.Screen.Messages[len(b.Screen.Messages)-1], "Нет связи")
			})
			p.do(nil)
			b.soon("the second missed call", func() bool { return len(formsWith(b, "ропущ")) == 2 })
			b.RunFast(time.Second, 8, nil)
			if got, want := b.windows(), interestID+" Обработка.МастерФормированияИнтереса.Форма"; got != want || len(formsWith(b, "ропущ")) != 2 {
				t.Errorf("opened %v, want %v", b.opened(), want)
			}
			b.quiet()
			if longest := b.LongestBlock(); longest > k.promise+busy {
				t.Errorf("the window stood still for %v, promised is %v", longest, k.promise)
			}
		})
	}
}

// TestOrdinaryAgentSecret: with a wrong pairing secret nothing is shown, the
// user is told why, and neither the agent nor the service is asked over and
// over. Another token of the user goes on through the relay as well.
func TestOrdinaryAgentSecret(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			front := newProxy(t, s.URL)
			token := s.User("ivanov", "office", "101")
			d := newDesk(t, front.URL, token)
			d.start()
			p := newProxy(t, d.address()) // stands before the relay, and passes its name on
			p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
				r.Host = strings.TrimPrefix(d.address(), "http://")
				pass(w)
			})
			b := ordinaryBase(t, k)
			b.seat(s)
			b.remember(p.URL, "WRONGSECRETWRONGSECRET", true)
			b.until("the refusal told", func() bool { return len(b.Screen.Messages) == 1 })
			if got := b.Screen.Messages[0]; got != "Нет связи с сервисом звонков: токен не принят" {
				t.Errorf("message %q", got)
			}
			p.forget()
			s.call()
			b.forward(9 * time.Minute)
			if n := p.count("/v1/notifications"); n > 1 || len(b.Screen.Opened) > 0 || len(b.Screen.Messages) != 1 {
				t.Errorf("%d requests, opened %v, messages %v", n, b.opened(), b.Screen.Messages)
			}
			b.remember(p.URL, s.User("ivanov", "office", "101"), true)
			b.until("the card of the call", func() bool { return len(b.Screen.Forms) == 1 })
			s.end("c-9")
			s.ring("c-10", "+79031234567")
			s.answer("c-10")
			b.until("form", func() bool { return b.openedRef(interestID) })
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			b.quiet()
		})
	}
}

// oldHTTP stands before the relay and speaks with it as a platform of 1C 8.2
// might: HTTP/1.0, one request a connection, no Host, the answer read to the
// end of the connection and refused unless its length is told.
type oldHTTP struct {
	t      *testing.T
	target string
	all    sync.WaitGroup
}

func newOldHTTP(t *testing.T, target string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &oldHTTP{t: t, target: target}
	o.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			o.all.Go(func() {
				defer c.Close()
				o.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		o.all.Wait()
	})
	return "http://" + l.Addr().String()
}

func (o *oldHTTP) serve(c net.Conn) {
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return // the client left
	}
	up, err := net.Dial("tcp4", o.target)
	if err != nil {
		return
	}
	defer up.Close()
	fmt.Fprintf(up, "%s %s HTTP/1.0\r\nAuthorization: %s\r\nX-Client: %s\r\n\r\n", req.Method, req.URL.RequestURI(), req.Header.Get("Authorization"), req.Header.Get("X-Client"))
	raw, err := io.ReadAll(up)
	if err != nil {
		return
	}
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if want := fmt.Sprintf("\r\nContent-Length: %d", len(body)); !found || !bytes.HasPrefix(head, []byte("HTTP/1.0 ")) || !bytes.Contains(head, []byte(want)) || bytes.Contains(head, []byte("chunked")) {
		o.t.Errorf("an answer that HTTP/1.0 cannot read: %s", head)
	}
	_, _ = c.Write(raw) // who is gone asks again
}
