package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/clients/agent"
	zummer "zummer/clients/go"
)

// desktop is one running agent.
type desktop struct {
	t     *testing.T
	cfg   agent.Config
	place agent.Place
	file  string // of the session
	stop  func()

	mu    sync.Mutex
	links []string
	out   strings.Builder
	logs  strings.Builder
}

// Write keeps the agent's standard output.
func (d *desktop) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out.Write(p)
}

func (d *desktop) printed() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out.String()
}

func (d *desktop) opened() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.links...)
}

type lockedLog struct{ d *desktop }

func (l lockedLog) Write(p []byte) (int, error) {
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	return l.d.logs.Write(p)
}

// seatAgent runs an agent of a user until the test ends.
func seatAgent(t *testing.T, in *apptest.Instance, token string, change func(*agent.Config)) *desktop {
	t.Helper()
	d, done := startAgent(t, in, token, change)
	t.Cleanup(func() {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the agent ended with %v", err)
		}
		if _, err := os.Stat(d.file); err == nil {
			t.Error("the session's file is left behind")
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, number := range []string{"9031234567", "903 123-45-67", "903%20123", "9161112233"} {
			if strings.Contains(d.logs.String(), number) {
				t.Errorf("a number in the log: %s", d.logs.String())
			}
		}
	})
	t.Cleanup(d.stop)
	return d
}

// startAgent is seatAgent for one that may end by itself; done is told how.
func startAgent(t *testing.T, in *apptest.Instance, token string, change func(*agent.Config)) (d *desktop, done chan error) {
	t.Helper()
	cfg, err := agent.NewConfig(in.URL, token)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Notify, cfg.Tray, cfg.Links.Hosts, cfg.Relay.Enabled = false, false, []string{"crm.example"}, true
	if change != nil {
		change(&cfg)
	}
	d = &desktop{t: t, cfg: cfg, file: filepath.Join(t.TempDir(), "place.json")}
	a := agent.Agent{Config: cfg, Name: "agent-test", Russian: true, Log: slog.New(agent.MaskLog(slog.NewTextHandler(lockedLog{d}, &slog.HandlerOptions{Level: slog.LevelDebug}))), Stdout: d, Place: d.file,
		Open: func(_ context.Context, link string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.links = append(d.links, link)
			if strings.Contains(link, "cannot") {
				return fmt.Errorf("open %s: no program", link)
			}
			return nil
		}}
	ctx, cancel := context.WithCancel(context.Background())
	d.stop = cancel
	t.Cleanup(cancel)
	done = make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	eventually(t, "the session's file", 60*time.Second, func() bool {
		text, err := os.ReadFile(d.file)
		return err == nil && json.Unmarshal(text, &d.place) == nil
	})
	if st, err := os.Stat(d.file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the session's file: %v, %v", st.Mode(), err)
	}
	if cfg.Relay.Enabled {
		eventually(t, "a picture", 60*time.Second, func() bool {
			status, _ := d.ask("GET", "/v1/notifications", cfg.Relay.Secret, "")
			return status == 200
		})
	}
	return d, done
}

// ask is one request to the relay.
func (d *desktop) ask(method, path, token, body string, headers ...string) (int, string) {
	d.t.Helper()
	req, err := http.NewRequest(method, d.place.Relay+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// note publishes a row for a user.
func note(t *testing.T, in *apptest.Instance, user string, action zummer.Action, title, link string) zummer.Notification {
	t.Helper()
	p := zummer.Publication{User: user, Kind: "note", Action: action, Title: title}
	if link != "" {
		p.Object = &zummer.Object{Type: "Документ", Name: "Интерес", UID: "51012ccc-397d-11de-b595-00055d80a2b9", Title: title, URL: link}
	}
	made, err := in.SDK(apptest.AdminToken).Publish(t.Context(), p)
	if err != nil || len(made) != 1 {
		t.Fatalf("publish: %v, %v", made, err)
	}
	return made[0].Notification
}

// outcomeOf waits for what became of a row.
func outcomeOf(t *testing.T, in *apptest.Instance, token, id string) (outcome zummer.Outcome) {
	t.Helper()
	eventually(t, "an outcome of "+id, 60*time.Second, func() bool {
		rows, _, _, err := in.SDK(token).History(t.Context(), time.Time{}, time.Time{}, "", 50)
		for _, n := range rows {
			if err == nil && n.ID == id && n.State == "processed" {
				outcome = n.Outcome
				return true
			}
		}
		return false
	})
	return outcome
}

// TestAgentOpens: what the service asks for is opened through the list of
// hosts, and the ack says what became of it.
func TestAgentOpens(t *testing.T) {
	t.Parallel()
	in, _, token := manned(t)
	d := seatAgent(t, in, token, func(c *agent.Config) { c.Relay.Enabled = false; c.Stdout = true })
	good := note(t, in, "ivanov", zummer.Open, "Интерес 17", "https://crm.example/i/17")
	if o := outcomeOf(t, in, token, good.ID); o != zummer.Opened {
		t.Errorf("a link that may be opened: %s", o)
	}
	evil := note(t, in, "ivanov", zummer.Open, "Интерес 18 +79031234567", "https://evil.example/i/18")
	if o := outcomeOf(t, in, token, evil.ID); o != zummer.Failed {
		t.Errorf("a link that may not: %s", o)
	}
	if got := d.opened(); len(got) != 1 || got[0] != "https://crm.example/i/17" {
		t.Errorf("opened: %q", got)
	}
	eventually(t, "a line of each row", 60*time.Second, func() bool { return strings.Count(d.printed(), "\n") >= 2 }) // they are written beside all else
	lines := strings.Split(strings.TrimSpace(d.printed()), "\n")
	var row zummer.Notification
	if len(lines) != 2 || json.Unmarshal([]byte(lines[0]), &row) != nil || row.Title != "Интерес 17" {
		t.Errorf("standard output: %q", lines)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if strings.Contains(d.logs.String(), "9031234567") {
		t.Errorf("a number in the log: %s", d.logs.String())
	}
}

// TestAgentLogs: at no level, and by no error, does a number leave in a log,
// whatever part of a row or a request it is in.
func TestAgentLogs(t *testing.T) {
	t.Parallel()
	in, hook, token := manned(t)
	d := seatAgent(t, in, token, func(c *agent.Config) { // which looks at the log at its end
		c.Command = []string{"/nonexistent/+79031234567"}
		c.UDP.Enabled, c.Stdout = true, true
	})
	for i, link := range []string{"https://evil.example/?p=+79031234567", "https://crm.example/cannot/89031234567", "https://crm.example/cannot?p=8%20903%20123-45-67"} {
		n := note(t, in, "ivanov", zummer.Open, fmt.Sprint("+79031234567 № ", i), link)
		if o := outcomeOf(t, in, token, n.ID); o != zummer.Failed {
			t.Errorf("%s: %s", link, o)
		}
	}
	tell(in, hook, "ringing", "c1", "101", "+79031234567")
	eventually(t, "the call", 60*time.Second, func() bool {
		_, body := d.ask("GET", "/v1/notifications", d.place.Secret, "")
		return strings.Contains(body, "+79031234567")
	})
	for _, path := range []string{"/v1/calls?phone=+79031234567", "/v1/calls/79031234567/recording", "/v1/notifications/79031234567/x?p=8%20903%20123-45-67"} {
		d.ask("GET", path, d.place.Secret, "")
	}
	in.Stop()
	for _, path := range []string{"/v1/calls?phone=+79031234567", "/v1/calls/79031234567/recording"} {
		if status, body := d.ask("GET", path, d.place.Secret, ""); status != 503 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	d.ask("GET", "/v1/notifications?ack=79031234567.1", d.place.Secret, "")
	eventually(t, "what there is to say", 60*time.Second, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, want := range []string{"output=command", "a link is refused", "a link could not be opened", "got no answer", "not connected"} {
			if !strings.Contains(d.logs.String(), want) {
				return false
			}
		}
		return true
	})
}

// TestAgentOutputs: a port of the loopback and a command are told of each row;
// nothing of the row is on the command line.
func TestAgentOutputs(t *testing.T) {
	t.Parallel()
	in, hook, token := manned(t)
	listener, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.LocalAddr().(*net.UDPAddr).Port
	file := filepath.Join(t.TempDir(), "row.json")
	seatAgent(t, in, token, func(c *agent.Config) {
		c.UDP = agent.Output{Enabled: true, Port: port}
		c.Command = []string{"sh", "-c", `cat >"$1.part" && mv "$1.part" "$1"`, "sh", file}
	})
	tell(in, hook, "ringing", "c1", "101", "+79031234567")
	buffer := make([]byte, 64<<10)
	_ = listener.SetReadDeadline(time.Now().Add(60 * time.Second))
	n, _, err := listener.ReadFrom(buffer)
	if err != nil {
		t.Fatal(err)
	}
	if c := strings.Split(string(buffer[:n]), "\t"); len(c) != 12 || c[0] != "ZUMMER1" || c[1] != "new" || c[3] != "call.ringing" || c[6] != "ringing" || c[7] != "+79031234567" {
		t.Errorf("datagram: %q", c)
	}
	eventually(t, "the command", 60*time.Second, func() bool {
		var row zummer.Notification
		text, err := os.ReadFile(file)
		return err == nil && json.Unmarshal(text, &row) == nil && row.Kind == "call.ringing" && row.Phone == "+79031234567"
	})
}

// TestAgentRelay: forty users share a machine. Each one's local client sees its
// user's rows only, in every format; an ack is answered when the service has it.
func TestAgentRelay(t *testing.T) {
	t.Parallel()
	in, _, ivanov := manned(t)
	petrova := in.User("petrova", "office", "102")
	one, two := seatAgent(t, in, ivanov, nil), seatAgent(t, in, petrova, nil)
	if one.place.Relay == two.place.Relay || one.place.Secret == two.place.Secret || one.place.Secret == "" {
		t.Fatalf("two sessions share: %+v %+v", one.place, two.place)
	}
	mine := note(t, in, "ivanov", zummer.Show, `Для <Иванова> & "Ко"`, "")
	note(t, in, "petrova", zummer.Show, "Для Петровой", "")
	sees := func(d *desktop, token, path, want, never string) {
		t.Helper()
		eventually(t, want+" at "+path, 60*time.Second, func() bool {
			status, body := d.ask("GET", path, token, "")
			if strings.Contains(body, never) {
				t.Fatalf("somebody else's row: %s", body)
			}
			return status == 200 && strings.Contains(body, want)
		})
	}
	for _, format := range []string{"json", "xml", "text"} {
		path := "/v1/notifications?format=" + format
		sees(one, one.place.Secret, path, "Иванова", "Петровой")
		sees(two, two.place.Secret, path, "Петровой", "Иванова")
		sees(one, petrova, path, "Петровой", "Иванова") // her own token on his relay
		sees(one, ivanov, path, "Иванова", "Петровой")
		for what, token := range map[string]string{"no token": "", "the other's secret": two.place.Secret, "nonsense": "x"} {
			if status, body := one.ask("GET", path, token, ""); status != 401 || strings.Contains(body, "Иванова") {
				t.Errorf("%s, %s: %d %s", what, format, status, body)
			}
		}
	}
	_, body := one.ask("GET", "/v1/notifications?format=xml", one.place.Secret, "")
	var picture struct {
		State   string `xml:"state,attr"`
		Version string `xml:"version,attr"`
		Rows    []struct {
			ID    string `xml:"id,attr"`
			Title string `xml:"title,attr"`
		} `xml:"n"`
	}
	if err := xml.Unmarshal([]byte(body), &picture); err != nil || len(picture.Rows) != 1 || picture.Rows[0].ID != mine.ID || picture.Rows[0].Title != mine.Title || picture.State != "reset" {
		t.Fatalf("xml: %+v, %v in %s", picture, err, body)
	}
	if _, body := one.ask("GET", "/v1/notifications?format=text&version="+picture.Version, one.place.Secret, ""); !strings.HasPrefix(body, "Z1\t"+picture.Version+"\t1\t\tunchanged\n") {
		t.Errorf("nothing new: %q", body)
	}
	if status, body := two.ask("GET", "/v1/notifications?format=text&ack="+mine.Key().String()+".d", two.place.Secret, ""); status != 200 || !strings.Contains(body, "\tnot_found\n") {
		t.Errorf("an ack of somebody else's row: %d %q", status, body)
	}
	status, body := one.ask("GET", "/v1/notifications?format=text&version="+picture.Version+"&ack="+mine.Key().String()+".d", one.place.Secret, "")
	if status != 200 || !strings.Contains(body, "A\t"+mine.Key().String()+"\tprocessed\n") || strings.Contains(body, "Иванова") || !strings.Contains(body, "\tset\n") {
		t.Errorf("an ack: %d %q", status, body)
	}
	if rows := in.Poll(ivanov, "").Rows; len(rows) != 0 {
		t.Errorf("the service still has %v", rows)
	}

	in.Stop()
	eventually(t, "a refusal", 60*time.Second, func() bool {
		status, _ := one.ask("GET", "/v1/notifications?format=text", one.place.Secret, "")
		return status == 503
	})
}

// TestAgentRelayGuards: pages of a browser and names that lead here by DNS are
// refused, whatever they know.
func TestAgentRelayGuards(t *testing.T) {
	t.Parallel()
	in, _, token := manned(t)
	d := seatAgent(t, in, token, nil)
	port := d.place.Relay[strings.LastIndex(d.place.Relay, ":")+1:]
	for _, c := range []struct {
		name, path string
		headers    []string
		status     int
	}{
		{"its own name", "/v1/notifications", []string{"Host", "127.0.0.1:" + port}, 200},
		{"localhost", "/v1/notifications", []string{"Host", "localhost:" + port}, 200},
		{"a foreign name", "/v1/notifications", []string{"Host", "evil.example:" + port}, 403},
		{"another port", "/v1/notifications", []string{"Host", "127.0.0.1:1"}, 403},
		{"a page", "/v1/notifications", []string{"Origin", "https://evil.example"}, 403},
		{"a page without origin", "/v1/notifications", []string{"Origin", "null"}, 403},
		{"a page's image", "/v1/notifications", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"the administrator's side", "/v1/admin/users", nil, 404},
		{"beside", "/v1/notifications/../admin/users", nil, 404},
		{"metrics", "/metrics", nil, 404},
		{"the user", "/v1/me", nil, 200},
	} {
		if status, body := d.ask("GET", c.path, d.place.Secret, "", c.headers...); status != c.status {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
	if status, _ := d.ask("GET", "/v1/notifications?ack=1.x", d.place.Secret, ""); status != 422 {
		t.Errorf("a wrong ack: %d", status)
	}
}

// TestAgentRelayOpener: the local client opens what the agent would; without
// one the agent passes on what it cannot open.
func TestAgentRelayOpener(t *testing.T) {
	t.Parallel()
	in, _, token := manned(t)
	d := seatAgent(t, in, token, nil)
	poll := func(session, more string) string {
		t.Helper()
		status, body := d.ask("POST", "/v1/notifications/poll", d.place.Secret, "session="+session+"&format=text"+more)
		if status != 200 {
			t.Fatalf("poll: %d %s", status, body)
		}
		return body
	}
	poll("onec", "")
	n := note(t, in, "ivanov", zummer.Open, "Интерес 17", "https://crm.example/i/17")
	eventually(t, "the row for the local client", 60*time.Second, func() bool { return strings.Contains(poll("onec", ""), "\tonec\t") })
	if body := poll("other", ""); strings.Contains(body, "\tonec\t") || strings.Contains(body, "\tother\t") || !strings.Contains(body, "Интерес 17") {
		t.Errorf("another local client: %q", body)
	}
	if status, body := d.ask("PUT", "/v1/notifications/"+n.ID+"/processed", d.place.Secret, `{"rev":`+strconv.Itoa(n.Rev)+`,"outcome":"opened"}`); status != 200 && !strings.Contains(body, "stale_rev") {
		t.Errorf("ack: %d %s", status, body)
	}
	if o := outcomeOf(t, in, token, n.ID); o != zummer.Opened {
		t.Errorf("outcome %s", o)
	}
	if got := d.opened(); len(got) != 0 {
		t.Errorf("the agent opened %q too", got)
	}
}

// TestAgentRelayClaims: a local client takes a row and gives it back, under its
// own name here and the agent's at the service.
func TestAgentRelayClaims(t *testing.T) {
	t.Parallel()
	in, _, token := manned(t)
	d := seatAgent(t, in, token, nil)
	n := note(t, in, "ivanov", zummer.Show, "Заметка", "")
	body := `{"rev":` + strconv.Itoa(n.Rev) + `,"session":"onec"}`
	status, text := d.ask("POST", "/v1/notifications/"+n.ID+"/claim", d.place.Secret, body)
	var c zummer.Claimed
	if err := json.Unmarshal([]byte(text), &c); err != nil || status != 200 || c.Session != "onec" {
		t.Fatalf("claim: %d %s", status, text)
	}
	if holder := in.Poll(token, "").Rows[0].Session; !strings.Contains(fmt.Sprint(holder), "-") {
		t.Errorf("the service's holder: %v", holder)
	}
	if status, text := d.ask("POST", "/v1/notifications/"+n.ID+"/release", d.place.Secret, body); status != 200 {
		t.Errorf("release: %d %s", status, text)
	}
	if status, text := d.ask("POST", "/v1/notifications/999999/claim", d.place.Secret, body); status != 404 {
		t.Errorf("no such row: %d %s", status, text)
	}
	if status, text := d.ask("POST", "/v1/notifications/"+n.ID+"/claim", "", body); status != 401 {
		t.Errorf("nobody's claim: %d %s", status, text)
	}
}

// TestAgentRelayOldClient: a client that knows HTTP/1.0 only gets one piece of
// known length and the end of the connection, whether it names a host or not.
func TestAgentRelayOldClient(t *testing.T) {
	t.Parallel()
	in, _, token := manned(t)
	d := seatAgent(t, in, token, nil)
	note(t, in, "ivanov", zummer.Show, "Заметка", "")
	for _, host := range []string{"", "Host: " + strings.TrimPrefix(d.place.Relay, "http://") + "\r\n"} {
		for _, secret := range []string{d.place.Secret, token} {
			eventually(t, "the note", 60*time.Second, func() bool {
				conn, err := net.Dial("tcp", strings.TrimPrefix(d.place.Relay, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
				fmt.Fprintf(conn, "GET /v1/notifications?format=xml HTTP/1.0\r\n%sAuthorization: Bearer %s\r\n\r\n", host, secret)
				all, err := io.ReadAll(conn) // until the relay closes
				if err != nil {
					t.Fatal(err)
				}
				res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(all))), nil)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				if err != nil || len(res.TransferEncoding) > 0 || res.ContentLength != int64(len(body)) || res.StatusCode != 200 || res.Header.Get("Content-Encoding") != "" || res.Header.Get("Content-Type") != "application/xml; charset=utf-8" {
					t.Fatalf("%s: %v", all, err)
				}
				return strings.Contains(string(body), `title="Заметка"`)
			})
		}
	}
}
