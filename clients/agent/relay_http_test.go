package agent

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	zummer "zummer/clients/go"
)

// served is a relay of a test that listens, with a service of the test's own
// behind it.
type served struct {
	*relay
	t    *testing.T
	addr string
	log  *strings.Builder
}

func serve(t *testing.T, upstream http.HandlerFunc, change func(*relay)) *served {
	t.Helper()
	service := httptest.NewServer(upstream)
	service.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(service.Close)
	cfg, err := NewConfig(service.URL, "the-token")
	if err != nil {
		t.Fatal(err)
	}
	client, err := Client(cfg, "agent-test")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, log: &strings.Builder{}}
	s.relay = newRelay(cfg, client, client.NewSession("desk"), slog.New(slog.NewTextHandler(s.log, nil)))
	if change != nil {
		change(s.relay)
	}
	s.connected(true)
	s.set([]zummer.Notification{{ID: "100", Rev: 1, Kind: "note", Action: zummer.Show, Title: "Заметка"}})
	addr, stop, err := s.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	s.addr = addr
	return s
}

func (s *served) dial() *net.TCPConn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	return c.(*net.TCPConn)
}

// say sends a request as it stands and reads until the relay closes.
func (s *served) say(request string, closeWrite bool) (*http.Response, string) {
	s.t.Helper()
	c := s.dial()
	if _, err := io.WriteString(c, request); err != nil {
		s.t.Fatal(err)
	}
	if closeWrite {
		_ = c.CloseWrite()
	}
	text, err := io.ReadAll(c)
	if err != nil && (len(text) == 0 || strings.HasPrefix(string(text), "HTTP/1.1 431")) && len(request) > maxHeader { // what was not read makes a reset of the end
		return &http.Response{StatusCode: http.StatusRequestHeaderFieldsTooLarge}, ""
	}
	if err != nil {
		s.t.Fatalf("%q: %v", request[:min(len(request), 80)], err)
	}
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(text))), nil)
	if err != nil {
		s.t.Fatalf("%q is answered %q: %v", request[:min(len(request), 80)], text, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(res.TransferEncoding) > 0 {
		s.t.Errorf("%q is answered in chunks", request[:min(len(request), 80)])
	}
	return res, string(body)
}

// TestRelayOldRequests: clients that know little of HTTP are answered in one
// piece, with its length, and the connection is closed; what leads here by a
// name of DNS, or is no client's, is refused.
func TestRelayOldRequests(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, nil)
	key := "Authorization: Bearer " + s.config.Relay.Secret + "\r\n"
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("x:"+s.config.Relay.Secret)) + "\r\n"
	const poll = "/v1/notifications?format=text"
	for _, c := range []struct {
		name, request string
		half          bool // the client closes its side
		status        int
	}{
		{"HTTP/1.0 without a host", "GET " + poll + " HTTP/1.0\r\n" + key + "\r\n", false, 200},
		{"HTTP/1.0, its side closed", "GET " + poll + " HTTP/1.0\r\n" + key + "\r\n", true, 200},
		{"a host without the port", "GET " + poll + " HTTP/1.0\r\nHost: 127.0.0.1\r\n" + key + "\r\n", false, 200},
		{"HTTP/1.1, a host without the port", "GET " + poll + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + key + "\r\n", false, 200},
		{"HTTP/1.1 that would keep the connection", "GET " + poll + " HTTP/1.1\r\nHost: 127.0.0.1:" + s.port + "\r\nConnection: keep-alive\r\n" + key + "\r\n", false, 200},
		{"localhost", "GET " + poll + " HTTP/1.0\r\nHost: localhost\r\n" + key + "\r\n", false, 200},
		{"in capitals, with the port", "GET " + poll + " HTTP/1.0\r\nHost: LocalHost:" + s.port + "\r\n" + key + "\r\n", false, 200},
		{"as of a proxy", "GET http://127.0.0.1:" + s.port + poll + " HTTP/1.0\r\n" + key + "\r\n", false, 200},
		{"the secret as a password", "GET " + poll + " HTTP/1.0\r\n" + basic + "\r\n", false, 200},
		{"a form", "POST /v1/notifications/poll HTTP/1.0\r\nHost: 127.0.0.1\r\n" + key + "Content-Length: 11\r\n\r\nformat=text", false, 200},
		{"a form of no kind, its side closed", "POST /v1/notifications/poll HTTP/1.0\r\n" + key + "Content-Type: nonsense\r\nContent-Length: 11\r\n\r\nformat=text", true, 200},

		{"HTTP/1.1 without a host", "GET " + poll + " HTTP/1.1\r\n" + key + "\r\n", false, 400},
		{"a foreign name", "GET " + poll + " HTTP/1.0\r\nHost: evil.example\r\n" + key + "\r\n", false, 403},
		{"a foreign name, our port", "GET " + poll + " HTTP/1.0\r\nHost: evil.example:" + s.port + "\r\n" + key + "\r\n", false, 403},
		{"a name that begins as ours", "GET " + poll + " HTTP/1.0\r\nHost: 127.0.0.1.evil.example\r\n" + key + "\r\n", false, 403},
		{"a name that begins as ours, our port", "GET " + poll + " HTTP/1.0\r\nHost: localhost.evil.example:" + s.port + "\r\n" + key + "\r\n", false, 403},
		{"a dot behind", "GET " + poll + " HTTP/1.0\r\nHost: localhost.:" + s.port + "\r\n" + key + "\r\n", false, 403},
		{"another port", "GET " + poll + " HTTP/1.0\r\nHost: 127.0.0.1:1\r\n" + key + "\r\n", false, 403},
		{"an empty port", "GET " + poll + " HTTP/1.0\r\nHost: 127.0.0.1:\r\n" + key + "\r\n", false, 403},
		{"another address of the loopback", "GET " + poll + " HTTP/1.0\r\nHost: 127.0.0.2:" + s.port + "\r\n" + key + "\r\n", false, 403},
		{"a page", "GET " + poll + " HTTP/1.0\r\nOrigin: http://127.0.0.1:" + s.port + "\r\n" + key + "\r\n", false, 403},

		{"no token", "GET " + poll + " HTTP/1.0\r\n\r\n", false, 401},
		{"an empty one", "GET " + poll + " HTTP/1.0\r\nAuthorization: Bearer \r\n\r\n", false, 401},
		{"one that is none", "GET " + poll + " HTTP/1.0\r\nAuthorization: Bearer a\tb\r\n\r\n", false, 401},
		{"a password that is none", "GET " + poll + " HTTP/1.0\r\nAuthorization: Basic " + base64.StdEncoding.EncodeToString([]byte("x:a\r\nb")) + "\r\n\r\n", false, 401},
		{"another one", "GET " + poll + " HTTP/1.0\r\nAuthorization: Bearer nonsense\r\n\r\n", false, 401},

		{"the administrator's side", "GET /v1/admin/users HTTP/1.0\r\n" + key + "\r\n", false, 404},
		{"all users", "GET /v1/relay/notifications HTTP/1.0\r\n" + key + "\r\n", false, 404},
		{"what only begins as a client's", "GET /v1/meter HTTP/1.0\r\n" + key + "\r\n", false, 404},
		{"beside", "GET /v1/me/../admin/users HTTP/1.0\r\n" + key + "\r\n", false, 404},
		{"beside, encoded", "GET /v1/me/%2e%2e/admin/users HTTP/1.0\r\n" + key + "\r\n", false, 404},
		{"too long a body", "POST /v1/notifications/poll HTTP/1.0\r\n" + key + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", maxBody+1, strings.Repeat("x", maxBody+1)), false, 413},
		{"too long a head", "GET " + poll + " HTTP/1.0\r\nX-Long: " + strings.Repeat("x", maxHeader+4300) + "\r\n\r\n", false, 431},
		{"half a body", "POST /v1/notifications/poll HTTP/1.0\r\n" + key + "Content-Length: 100\r\n\r\nformat=text", true, 400},
	} {
		res, body := s.say(c.request, c.half)
		if res.StatusCode != c.status {
			t.Errorf("%s: %d %q, want %d", c.name, res.StatusCode, body, c.status)
			continue
		}
		if c.status == 400 || c.status == 431 {
			continue // of net/http itself
		}
		if res.ContentLength != int64(len(body)) || !res.Close || c.status == 200 && !strings.Contains(body, "Заметка") {
			t.Errorf("%s: %v %q", c.name, res.Header, body)
		}
		if c.status != 200 && strings.Contains(body, "Заметка") {
			t.Errorf("%s: %d with %q", c.name, res.StatusCode, body)
		}
	}
}

// TestRelayForeigner: where the system says that a client is another user's, the
// secret is none, and the user's own token is that of anybody.
func TestRelayForeigner(t *testing.T) {
	var who owner
	var asked []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Authorization"))
		fmt.Fprint(w, "of the service")
	}, func(r *relay) { r.peer = func(_, _ netip.AddrPort) owner { return who } })
	for _, c := range []struct {
		who    owner
		token  string
		status int
		want   string
	}{
		{ownerUs, s.config.Relay.Secret, 200, "Заметка"},
		{ownerUnknown, s.config.Relay.Secret, 200, "Заметка"},
		{ownerOther, s.config.Relay.Secret, 401, "unauthorized"},
		{ownerNone, s.config.Relay.Secret, 401, "unauthorized"},
		{ownerUs, s.config.Token, 200, "Заметка"},
		{ownerOther, s.config.Token, 200, "of the service"},
		{ownerOther, "her-token", 200, "of the service"},
	} {
		who = c.who
		if res, body := s.say("GET /v1/notifications HTTP/1.0\r\nAuthorization: Bearer "+c.token+"\r\n\r\n", false); res.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%+v: %d %s", c, res.StatusCode, body)
		}
	}
	if got := strings.Join(asked, ","); got != "Bearer the-token,Bearer her-token" {
		t.Errorf("the service was asked with %s", got)
	}
	if !strings.Contains(s.log.String(), "another user of this machine has the pairing secret") {
		t.Errorf("the log: %s", s.log)
	}
}

// TestRelayStreams: a recording of any length is passed on while it comes, to
// clients that know no chunks too; one that breaks off is not taken for whole.
func TestRelayStreams(t *testing.T) {
	const long, short = 66 << 20, 6 << 20 // above 64 MiB it was once cut
	var mu sync.Mutex
	read := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		wait := read
		mu.Unlock()
		if r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("what the service may answer in: %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Type", "audio/mpeg")
		w.Header().Set("Content-Disposition", `attachment; filename="call-7.mp3"`)
		if r.Header.Get("Range") == "bytes=5-9" {
			w.Header().Set("Content-Range", "bytes 5-9/100")
			w.WriteHeader(http.StatusPartialContent)
			fmt.Fprint(w, "56789")
			return
		}
		length := short
		if r.URL.Query().Get("long") != "" {
			length = long
		}
		if r.URL.Query().Get("length") != "" {
			w.Header().Set("Content-Length", fmt.Sprint(length))
		}
		piece := make([]byte, 1<<20)
		for n := 0; n < length; n += len(piece) {
			if _, err := w.Write(piece); err != nil {
				return
			}
			if n == 4<<20 {
				_ = http.NewResponseController(w).Flush()
				<-wait // until the client has begun to read
				if r.URL.Query().Get("break") != "" {
					panic(http.ErrAbortHandler)
				}
			}
		}
	}, nil)
	for _, c := range []struct {
		query, version string
		whole          bool
	}{
		{"length=1&long=1", "1.0", true}, {"length=1", "1.1", true}, {"", "1.0", true}, {"", "1.1", true},
		{"length=1&break=1", "1.0", false}, {"length=1&break=1", "1.1", false}, {"break=1", "1.0", false}, {"break=1", "1.1", false},
	} {
		want := int64(short)
		if strings.Contains(c.query, "long") {
			want = long
		}
		mu.Lock()
		read = make(chan struct{})
		begun := read
		mu.Unlock()
		conn := s.dial()
		fmt.Fprintf(conn, "GET /v1/calls/7/recording?%s HTTP/%s\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n", c.query, c.version, s.config.Relay.Secret)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.TransferEncoding) > 0 || res.Header.Get("Content-Type") != "audio/mpeg" || !strings.Contains(res.Header.Get("Content-Disposition"), "call-7.mp3") || (res.ContentLength == want) != strings.HasPrefix(c.query, "length") {
			t.Errorf("%+v: %v, length %d", c, res.Header, res.ContentLength)
		}
		if _, err := io.ReadFull(res.Body, make([]byte, 1000)); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		close(begun)
		n, err := io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if c.whole && (err != nil || n+1000 != want) {
			t.Errorf("%+v: %d bytes, %v", c, n+1000, err)
		}
		if !c.whole && err == nil {
			t.Errorf("%+v: %d bytes are taken for the whole", c, n+1000)
		}
	}
	res, body := s.say("GET /v1/calls/7/recording HTTP/1.0\r\nRange: bytes=5-9\r\nAuthorization: Bearer "+s.config.Relay.Secret+"\r\n\r\n", false)
	if res.StatusCode != http.StatusPartialContent || body != "56789" || res.Header.Get("Content-Range") != "bytes 5-9/100" || res.ContentLength != 5 {
		t.Errorf("a range: %d %v %q", res.StatusCode, res.Header, body)
	}
}

// TestRelayWaiting: what waits for the service is bounded, of one client and of
// all; others go on, and this user's polls are answered at once all the while.
func TestRelayWaiting(t *testing.T) {
	release := make(chan struct{})
	came := make(chan struct{}, maxPassing)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		came <- struct{}{}
		<-release
		fmt.Fprint(w, "{}")
	}, nil)
	var all sync.WaitGroup
	pending := 0
	wait := func(token string) {
		pending++
		all.Go(func() {
			if res, body := s.say("GET /v1/notifications?wait=25 HTTP/1.0\r\nAuthorization: Bearer "+token+"\r\n\r\n", false); res.StatusCode != 200 {
				t.Errorf("%s: %d %s", token, res.StatusCode, body)
			}
		})
		<-came
	}
	refused := func(token string, status int, code string) {
		t.Helper()
		if res, body := s.say("GET /v1/notifications?wait=25 HTTP/1.0\r\nAuthorization: Bearer "+token+"\r\n\r\n", false); res.StatusCode != status || res.Header.Get("Retry-After") == "" || !strings.Contains(body, code) {
			t.Errorf("%s: %d %v %s", token, res.StatusCode, res.Header, body)
		}
	}
	for range maxPassingOfOne {
		wait("first")
	}
	refused("first", http.StatusTooManyRequests, "too_many")
	for n := 0; pending < maxPassing; n++ {
		wait(fmt.Sprint("client-", n/maxPassingOfOne))
	}
	refused("yet-another", http.StatusServiceUnavailable, "busy")
	if res, body := s.say("GET /v1/notifications?wait=25 HTTP/1.0\r\nAuthorization: Bearer "+s.config.Relay.Secret+"\r\n\r\n", false); res.StatusCode != 200 || !strings.Contains(body, "Заметка") {
		t.Errorf("this user's poll: %d %s", res.StatusCode, body)
	}
	close(release)
	all.Wait()
	for range 6000 { // the last one leaves after its answer
		s.passing.mu.Lock()
		left, of := s.passing.all, len(s.passing.of)
		s.passing.mu.Unlock()
		if left == 0 && of == 0 {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Errorf("it still counts %+v", s.passing.of)
}

// TestRelayConnections: those who open connections and say nothing do not keep
// the user out, and are shown the door.
func TestRelayConnections(t *testing.T) {
	var mu sync.Mutex
	foreign := map[netip.AddrPort]bool{}
	s := serve(t, http.NotFound, func(r *relay) {
		r.peer = func(peer, _ netip.AddrPort) owner {
			mu.Lock()
			defer mu.Unlock()
			if foreign[peer] {
				return ownerOther
			}
			return ownerUs
		}
	})
	open := func(other bool) net.Conn {
		d := net.Dialer{}
		mu.Lock()
		defer mu.Unlock()
		c, err := d.DialContext(t.Context(), "tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		foreign[addressOf(c.LocalAddr().String())] = other
		return c
	}
	closed := func(c net.Conn, within time.Duration) bool {
		_ = c.SetReadDeadline(time.Now().Add(within))
		_, err := c.Read(make([]byte, 1))
		ne, ok := err.(net.Error) //nolint:errorlint // a test's own connection
		return err != nil && (!ok || !ne.Timeout())
	}
	var silent []net.Conn
	for try := 1; ; try++ {
		began := time.Now()
		for range maxConnections / 2 {
			silent = append(silent, open(true))
		}
		if !closed(open(true), 20*time.Second) {
			t.Fatal("another user takes more than half of the connections")
		}
		if time.Since(began) < headerTime { // before any of them was shown the door for its silence
			break
		}
		if try == 5 {
			t.Fatal("another user takes more than half of the connections, until they were silent for too long")
		}
	}
	if res, _ := s.say("GET /v1/notifications HTTP/1.0\r\nAuthorization: Bearer "+s.config.Relay.Secret+"\r\n\r\n", false); res.StatusCode != 200 {
		t.Errorf("this user is answered %d", res.StatusCode)
	}
	if !closed(silent[0], 20*headerTime) {
		t.Error("a connection that says nothing stays open")
	}
}
