package app_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// rawClient is one connection, used request after request.
type rawClient struct {
	t     *testing.T
	conn  net.Conn
	br    *bufio.Reader
	token string
}

func dialRaw(t *testing.T, in *apptest.Instance, s *secured, token string) *rawClient {
	t.Helper()
	u, err := url.Parse(in.URL)
	if err != nil {
		t.Fatal(err)
	}
	var conn net.Conn
	if s != nil {
		conn, err = (&tls.Dialer{Config: &tls.Config{RootCAs: s.roots}}).DialContext(t.Context(), "tcp", u.Host)
	} else {
		conn, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", u.Host)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &rawClient{t, conn, bufio.NewReader(conn), token}
}

// send writes a request; body "" is none, head has further lines with CRLF.
func (c *rawClient) send(method, path, proto, head, body string) {
	c.t.Helper()
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	if _, err := fmt.Fprintf(c.conn, "%s %s %s\r\nHost: z\r\nAuthorization: Bearer %s\r\n%s\r\n%s", method, path, proto, c.token, head, body); err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// get reads an answer and expects its status.
func (c *rawClient) get(status int) (s apptest.Set, res *http.Response) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(time.Minute))
	res, err := http.ReadResponse(c.br, nil)
	if err != nil {
		c.t.Fatalf("read an answer: %v", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		c.t.Fatalf("got %d %s, %v; want %d", res.StatusCode, text, err, status)
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &s); err != nil {
			c.t.Fatalf("%s: %v", text, err)
		}
	}
	return s, res
}

// ended expects the end of the connection.
func (c *rawClient) ended() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(time.Minute))
	if b, err := c.br.ReadByte(); !errors.Is(err, io.EOF) {
		c.t.Errorf("after the last answer: byte %q, %v; want the end", b, err)
	}
}

// resting counts the polls that rest on their connections.
func resting(t *testing.T) int {
	t.Helper()
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b.Bytes(), []byte("handlers.(*parked).Rest("))
}

func rests(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d polls rest on their connections", n), 60*time.Second, func() bool { return resting(t) == n })
}

func ring(in *apptest.Instance, hook string, n int) {
	in.T.Helper()
	body := map[string]any{"event": "answered", "call": fmt.Sprint("c", n), "extension": "101", "phone": "+79031234567", "direction": "in"}
	if a := in.Do("POST", hook, "", body); a.Status/100 != 2 {
		in.T.Fatalf("the hook answered %d %s", a.Status, a.Body)
	}
}

// All that a client does goes over one connection, whether its polls waited or
// not, with and without TLS.
func TestWaitingKeepsTheConnection(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls %v", secure), func(t *testing.T) {
			var s *secured
			var in *apptest.Instance
			if dsn := storetest.SQLite(t); secure {
				s = startSecured(t, dsn)
				in = s.Instance
			} else {
				in = apptest.Start(t, dsn)
			}
			hook := in.Source("office", "generic", nil)
			c := dialRaw(t, in, s, in.User("anna", "office", "101"))

			c.send("GET", "/v1/notifications", "HTTP/1.1", "", "")
			first, _ := c.get(http.StatusOK)
			for n := range 3 { // waits on what the answer before left, is woken, acknowledges
				acks := make([]string, 0, len(first.Rows))
				for _, row := range first.Rows {
					acks = append(acks, fmt.Sprintf(`"%s.%d"`, row.ID, row.Rev))
				}
				c.send("POST", "/v1/notifications/poll", "HTTP/1.1", "", fmt.Sprintf(`{"version":%q,"wait":50,"session":"desk","ack":[%s]}`, first.Version, join(acks)))
				rests(t, 1)
				ring(in, hook, n)
				next, res := c.get(http.StatusOK)
				if next.State != "set" || len(next.Rows) != 1 || len(next.Acks) != len(first.Rows) || res.Header.Get("Date") == "" || res.Header.Get("Cache-Control") == "" {
					t.Fatalf("round %d: %+v %v", n, next, res.Header)
				}
				first = next
			}
			c.send("GET", "/v1/me", "HTTP/1.1", "", "")
			c.get(http.StatusOK)
			c.send("GET", "/v1/notifications?wait=1&version="+first.Version, "HTTP/1.1", "", "")
			if got, _ := c.get(http.StatusOK); got.State != "unchanged" {
				t.Errorf("when the wait was over: %+v", got)
			}
			c.send("GET", "/v1/notifications", "HTTP/1.1", "", "")
			_, res := c.get(http.StatusOK)
			tag := res.Header.Get("ETag")
			if tag == "" {
				t.Fatalf("no ETag: %v", res.Header)
			}
			c.send("GET", "/v1/notifications", "HTTP/1.1", "Prefer: wait=1\r\nIf-None-Match: "+tag+"\r\n", "")
			c.get(http.StatusNotModified)
			c.send("GET", "/v1/notifications", "HTTP/1.1", "", "")
			c.get(http.StatusOK)
			c.send("GET", "/v1/notifications?wait=50&version="+first.Version, "HTTP/1.1", "", "")
			rests(t, 1)
			_ = c.conn.Close()
			rests(t, 0)
		})
	}
}

func join(all []string) (s string) {
	for i, a := range all {
		if i > 0 {
			s += ","
		}
		s += a
	}
	return s
}

// What is not a plain HTTP/1.1 request on a connection that stays waits as it
// always did.
func TestWaitingInTheServer(t *testing.T) {
	in := apptest.Start(t, storetest.SQLite(t))
	hook := in.Source("office", "generic", nil)
	token := in.User("anna", "office", "101")
	version := in.Poll(token, "").Version
	for n, tt := range []struct{ name, method, proto, head, body string }{
		{"HTTP/1.0", "GET", "HTTP/1.0", "", ""},
		{"a connection that ends", "GET", "HTTP/1.1", "Connection: close\r\n", ""},
		{"a body that nobody reads", "GET", "HTTP/1.1", "", "GET / HTTP/1.1\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dialRaw(t, in, nil, token)
			c.send(tt.method, "/v1/notifications?wait=50&version="+version, tt.proto, tt.head, tt.body)
			eventually(t, "the poll waits", 60*time.Second, func() bool { return in.App.Waiting() == 1 })
			if resting(t) != 0 {
				t.Error("it rests on its connection")
			}
			ring(in, hook, n)
			s, _ := c.get(http.StatusOK)
			version = s.Version
			if tt.body == "" {
				c.ended()
			}
		})
	}
}

// A request that is sent before the answer to the waiting one ends the
// connection behind that answer: the client sends it again, as HTTP wants.
func TestWaitingAndAnotherRequest(t *testing.T) {
	in := apptest.Start(t, storetest.SQLite(t))
	hook := in.Source("office", "generic", nil)
	token := in.User("anna", "office", "101")
	version := in.Poll(token, "").Version
	for n, late := range []bool{false, true} {
		c := dialRaw(t, in, nil, token)
		c.send("GET", "/v1/notifications?wait=50&version="+version, "HTTP/1.1", "", "")
		if late {
			rests(t, 1)
		}
		c.send("GET", "/v1/me", "HTTP/1.1", "", "")
		eventually(t, "the poll waits", 60*time.Second, func() bool { return in.App.Waiting() == 1 && resting(t) == 0 })
		ring(in, hook, n)
		s, res := c.get(http.StatusOK)
		if version = s.Version; late && !res.Close {
			t.Errorf("answer %+v, header %v; want Connection: close", s, res.Header)
		}
		if res.Close {
			c.ended()
		} else {
			c.get(http.StatusOK) // both stood in the server's buffer
		}
	}
}

// A program that stops answers what rests on connections, and ends them; those
// that are idle behind such an answer do not keep it.
func TestWaitingAtTheEnd(t *testing.T) {
	said := &screen{}
	in := apptest.Start(t, storetest.SQLite(t), func(o *app.Options) {
		o.Config.Drain, o.Log = 100*time.Millisecond, slog.New(slog.NewTextHandler(said, nil))
	})
	in.Source("office", "generic", nil)
	token := in.User("anna", "office", "101")
	version := in.Poll(token, "").Version
	idle, waits := dialRaw(t, in, nil, token), dialRaw(t, in, nil, token)
	idle.send("GET", "/v1/notifications?wait=1&version="+version, "HTTP/1.1", "", "")
	idle.get(http.StatusOK)
	waits.send("GET", "/v1/notifications?wait=50&version="+version, "HTTP/1.1", "", "")
	rests(t, 1)
	in.Stop()
	if told := said.String(); strings.Contains(told, "cut off") || !strings.Contains(told, "msg=stopped") { // by their idle connections, after ten seconds
		t.Errorf("stopping told %s", told)
	}
	if s, res := waits.get(http.StatusOK); s.State != "unchanged" || !res.Close {
		t.Errorf("answer %+v, header %v; want unchanged and Connection: close", s, res.Header)
	}
	waits.ended()
	idle.ended()
}
