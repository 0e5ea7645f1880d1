package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/clients/agent"
	zummer "zummer/clients/go"
)

// asUser tells a copy of the test's program what to do in place of tests.
const asUser = "ZUMMER_TEST_AS_USER"

// TestAsUser is no test: it is a program of another user of the machine.
func TestAsUser(t *testing.T) {
	words := strings.Split(os.Getenv(asUser), "\n")
	switch words[0] {
	case "zummer": // the real program
		os.Exit(app.MainWith(t.Context(), words[1:], os.Stdin, os.Stdout, os.Stderr))
	case "listen": // at a port of UDP
		c, err := net.ListenPacket("udp", words[1])
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("listening")
		for buffer := make([]byte, 64<<10); ; {
			n, _, err := c.ReadFrom(buffer)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Printf("%s\n", buffer[:n])
		}
	case "ask": // a relay, with a token
		req, err := http.NewRequest(http.MethodGet, words[1]+"/v1/notifications?format=text", nil)
		if err != nil {
			t.Fatal(err)
		}
		if words[2] != "" {
			req.Header.Set("Authorization", "Bearer "+words[2])
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		fmt.Println(res.StatusCode, string(text), err)
	case "throw": // requests at a relay, and wait for no answer
		for i := range 40 {
			c, err := net.Dial("tcp", strings.TrimPrefix(words[1], "http://"))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(c, "GET /v1/notifications?session=thief&ack=%s HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", words[3], words[2])
			if i%2 == 0 {
				_ = c.(*net.TCPConn).SetLinger(0) // a reset
			}
			c.Close()
		}
	case "read": // a file
		text, err := os.ReadFile(words[1])
		fmt.Println(string(text), err)
	}
}

// account is a user of the operating system with a profile of its own.
type account struct {
	t      *testing.T
	exe    string
	id     uint32
	home   string
	config string
	place  agent.Place
	agent  *task
}

// task is a running program of an account.
type task struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	out bytes.Buffer
}

// Write keeps what the program prints.
func (p *task) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *task) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *task) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	ended := time.AfterFunc(60*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer ended.Stop()
	_ = p.cmd.Wait()
}

// command is a program of the account, in its own profile.
func (a *account) command(stdin string, words ...string) *task {
	p := &task{cmd: exec.Command(a.exe, "-test.run=^TestAsUser$")}
	p.cmd.Dir, p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = a.home, strings.NewReader(stdin), p, p
	p.cmd.Env = []string{asUser + "=" + strings.Join(words, "\n"), "HOME=" + a.home, "XDG_RUNTIME_DIR=" + filepath.Join(a.home, "run"), "XDG_SESSION_ID=1", "PATH=" + os.Getenv("PATH"), "LANG=C"}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: a.id, Gid: a.id}}
	return p
}

func (a *account) start(words ...string) *task {
	a.t.Helper()
	p := a.command("", words...)
	if err := p.cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(p.end)
	return p
}

func (a *account) do(stdin string, words ...string) string {
	a.t.Helper()
	p := a.command(stdin, words...)
	_ = p.cmd.Run() // what it prints says all
	return p.printed()
}

// newAccount signs a user of the service in on this machine, under an id of its
// own, and runs the program as the user would.
func newAccount(t *testing.T, exe string, id uint32, url, token string) *account {
	t.Helper()
	a := &account{t: t, exe: exe, id: id, home: filepath.Join(filepath.Dir(exe), fmt.Sprint("user-", id))}
	for _, folder := range []string{a.home, filepath.Join(a.home, "run")} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(folder, int(id), int(id)); err != nil {
			t.Fatal(err)
		}
	}
	a.config = filepath.Join(a.home, ".config", "zummer", "agent.json")
	if out := a.do(token+"\n", "zummer", "agent", "login", "--url", url, "--relay", "--udp"); !strings.Contains(out, a.config) {
		t.Fatalf("login: %s", out)
	}
	cfg, err := agent.Load(a.config)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Notify, cfg.Tray, cfg.OpenForms = false, false, false
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.config, text, 0o600); err != nil { // the owner stays
		t.Fatal(err)
	}
	a.agent = a.start("zummer", "agent", "run")
	eventually(t, "the session's file", 60*time.Second, func() bool {
		text, err := os.ReadFile(a.session())
		return err == nil && json.Unmarshal(text, &a.place) == nil
	})
	return a
}

func (a *account) session() string { return filepath.Join(a.home, "run", "zummer", "agent-1.json") }

// listen is the account's own listener of text messages.
func (a *account) listen(port int) *task {
	a.t.Helper()
	p := a.start("listen", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	eventually(a.t, "a listener", 60*time.Second, func() bool { return strings.Contains(p.printed(), "listening") })
	return p
}

func (a *account) ask(relay, token string) string {
	a.t.Helper()
	return a.do("", "ask", relay, token)
}

// TestAgentTwoUsers: two users of one machine, each with a profile and a session
// of its own. By the relay and by text messages each one's programs get that
// one's rows; what the other's try, with the other's secret too, gets nothing.
func TestAgentTwoUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("two users of the machine need root")
		}
		t.Skip("two users of the machine need root")
	}
	t.Parallel()
	in, hook, ivanov := manned(t)
	ringsLong(in)
	petrova := in.User("petrova", "office", "102")
	folder, err := os.MkdirTemp("", "zummer-users-") // that of the test is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(folder, "program")
	program, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, program, 0o755); err != nil {
		t.Fatal(err)
	}
	one, two := newAccount(t, exe, 41001, in.URL, ivanov), newAccount(t, exe, 41002, in.URL, petrova)
	ports := map[string]bool{}
	for _, a := range []*account{one, two} {
		ports[a.place.Relay[strings.LastIndex(a.place.Relay, ":")+1:]], ports[strconv.Itoa(a.place.UDP)] = true, true
	}
	if len(ports) != 4 || one.place.Secret == two.place.Secret {
		t.Fatalf("two sessions share: %+v %+v", one.place, two.place)
	}

	// Text messages.
	hers, his := two.listen(two.place.UDP), one.listen(one.place.UDP)
	tell(in, hook, "ringing", "c1", "101", "+79031234567")
	tell(in, hook, "ringing", "c2", "102", "+79161112233")
	eventually(t, "his message", 60*time.Second, func() bool { return strings.Contains(his.printed(), "+79031234567") })
	eventually(t, "her message", 60*time.Second, func() bool { return strings.Contains(hers.printed(), "+79161112233") })
	if strings.Contains(his.printed(), "9161112233") || strings.Contains(hers.printed(), "9031234567") {
		t.Errorf("one hears the other's calls: %s %s", his.printed(), hers.printed())
	}
	his.end()
	thief := two.listen(one.place.UDP) // she takes his port
	tell(in, hook, "ringing", "c3", "101", "+79037654321")
	eventually(t, "a refusal", 60*time.Second, func() bool { return strings.Contains(one.agent.printed(), "the port is another user's") })
	eventually(t, "the row at the relay", 60*time.Second, func() bool { return strings.Contains(one.ask(one.place.Relay, one.place.Secret), "+79037654321") })
	if got := thief.printed(); strings.Contains(got, "ZUMMER1") {
		t.Errorf("who took the port hears %s", got)
	}
	thief.end()
	his = one.listen(one.place.UDP)
	tell(in, hook, "ended", "c3", "101", "+79037654321")
	eventually(t, "his messages again", 60*time.Second, func() bool { return strings.Contains(his.printed(), "+79037654321") })

	// The relay.
	forHim := note(t, in, "ivanov", zummer.Show, "Для Иванова", "")
	note(t, in, "petrova", zummer.Show, "Для Петровой", "")
	for _, c := range []struct {
		name         string
		who          *account
		relay, token string
		want, never  string
	}{
		{"his secret", one, one.place.Relay, one.place.Secret, "Для Иванова", "Петровой"},
		{"her secret", two, two.place.Relay, two.place.Secret, "Для Петровой", "Иванова"},
		{"his token", one, one.place.Relay, ivanov, "Для Иванова", "Петровой"},
		{"her token at his relay", two, one.place.Relay, petrova, "Для Петровой", "Иванова"},
		{"her secret at his relay", two, one.place.Relay, two.place.Secret, "401", "Иванова"},
		{"his secret, stolen, at his relay", two, one.place.Relay, one.place.Secret, "401", "Иванова"},
		{"no token", two, one.place.Relay, "", "401", "Иванова"},
		{"no token, himself", one, one.place.Relay, "", "401", "Иванова"},
	} {
		eventually(t, c.name, 60*time.Second, func() bool {
			got := c.who.ask(c.relay, c.token)
			if strings.Contains(got, c.never) {
				t.Fatalf("%s: %s", c.name, got)
			}
			return strings.Contains(got, c.want)
		})
	}

	two.do("", "throw", one.place.Relay, one.place.Secret, fmt.Sprintf("%s.%d", forHim.ID, forHim.Rev)) // his secret, and nobody is there when it is looked at
	<-time.After(time.Second)                                                                           // it would be settled by now
	if !slices.ContainsFunc(in.Poll(ivanov, "").Rows, func(r apptest.Row) bool { return r.ID == forHim.ID }) {
		t.Error("she settles his row by a request that waits for no answer")
	}

	// The profiles.
	for _, file := range []string{one.config, one.session()} {
		if got := two.do("", "read", file); !strings.Contains(got, "permission denied") || strings.Contains(got, one.place.Secret) {
			t.Errorf("she reads %s: %s", file, got)
		}
		if got := one.do("", "read", file); !strings.Contains(got, one.place.Secret) {
			t.Errorf("he reads %s: %s", file, got)
		}
	}
	if got := one.do("", "zummer", "agent", "run"); !strings.Contains(got, "runs in this desktop session already") {
		t.Errorf("a second agent of one session: %s", got)
	}
	for _, a := range []*account{one, two} {
		if log := a.agent.printed(); strings.Contains(log, "9031234567") || strings.Contains(log, "9037654321") || strings.Contains(log, "9161112233") {
			t.Errorf("a number in the log: %s", log)
		}
	}
}
