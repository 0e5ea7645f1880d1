package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// examples is a shop with what the scripts of docs/sources need: Zummer behind
// a gateway that can be told to fail, and the environment of a script.
type examples struct {
	*shop
	gate *gateway
}

// gateway stands between a script and Zummer. Of the next requests it answers
// as many with 503 as away says; with carried they have reached Zummer before.
type gateway struct {
	mu      sync.Mutex
	away    int
	carried bool
	keys    []string // Idempotency-Key of every request
	url     string
}

func newExamples(t *testing.T, dsn string) *examples {
	t.Helper()
	s := newShop(t, dsn)
	to, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.keys = append(g.keys, r.Header.Get("Idempotency-Key"))
		fails, carried := g.away > 0, g.carried
		g.away--
		g.mu.Unlock()
		if !fails || carried {
			answer := w
			if fails {
				answer = httptest.NewRecorder()
			}
			proxy.ServeHTTP(answer, r)
		}
		if fails {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return &examples{shop: s, gate: g}
}

// fail makes the next n requests fail; carried: after Zummer took them.
func (g *gateway) fail(n int, carried bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.away, g.carried, g.keys = n, carried, nil
}

// tried is how many requests came since fail, and whether all had one key.
func (g *gateway) tried() (n int, sameKey bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, k := range g.keys {
		if k == "" || k != g.keys[0] {
			return len(g.keys), false
		}
	}
	return len(g.keys), true
}

// tool fails the test without a program that the examples run on; scripts/test.sh
// installs it.
func tool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "" && os.Getenv("ZUMMER_TEST_POSTGRES") == "" {
			t.Skipf("%s is not there; `make test` installs it", name)
		}
		t.Fatalf("%s is not there: scripts/test.sh installs it", name)
	}
}

// command is a script of docs/sources with nothing in its environment but env.
func (x *examples) command(ctx context.Context, token string, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "../docs/sources/"+args[0], args[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "PYTHONDONTWRITEBYTECODE=1", "ZUMMER=" + x.gate.url, "TOKEN=" + token}, env...)
	cmd.WaitDelay = time.Second
	return cmd
}

// run runs a script to its end.
func (x *examples) run(t *testing.T, token, stdin string, env []string, args ...string) (code int, out, errs string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := x.command(ctx, token, env, args...)
	var o, e bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &o, &e
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", args, err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// one is the only row of a user's set.
func (x *examples) one(t *testing.T, token, kind string) apptest.Row {
	t.Helper()
	s := x.Poll(token, "")
	var found []apptest.Row
	for _, r := range s.Rows {
		if r.Kind != "note" { // of the shop
			found = append(found, r)
		}
	}
	if len(found) != 1 || found[0].Kind != kind {
		t.Fatalf("the set has %+v, want one row %s", found, kind)
	}
	return found[0]
}

func (x *examples) none(t *testing.T, token, when string) {
	t.Helper()
	for _, r := range x.Poll(token, "").Rows {
		if r.Kind != "note" {
			t.Errorf("%s the set has %+v", when, r)
		}
	}
}

// TestSourcesReadme follows docs/sources/README.md: the token, the publication,
// and the same again.
func TestSourcesReadme(t *testing.T) {
	t.Parallel()
	tool(t, "curl")
	storetest.Each(t, func(t *testing.T, dsn string) {
		x := newExamples(t, dsn)
		lines := commands(t, "docs/sources/README.md", "order-17")
		if len(lines) != 3 {
			t.Fatalf("the block has %d lines, want the variables, the token and the publication: %q", len(lines), lines)
		}
		made := regexp.MustCompile(`"token":"([^"]+)"`).FindStringSubmatch(sh(t, []string{"ADMIN=" + apptest.AdminToken}, x.Instance, lines[:2]))
		if made == nil {
			t.Fatal("no token was made")
		}
		env, publish := []string{"TOKEN=" + made[1]}, append(lines[:1:1], lines[2])
		first := sh(t, env, x.Instance, publish)
		if again := sh(t, env, x.Instance, publish); again != first {
			t.Errorf("the first time %s, again %s", first, again)
		}
		if row := x.one(t, x.ivanov, "order.paid"); row.Title != "Заказ 17 оплачен" || row.Action != "show" || row.Rev != 1 {
			t.Errorf("the row is %+v", row)
		}
	})
}

// TestMailExample: a message on stdin is a row; its thread collapses, a repeat
// changes nothing, and what Zummer cannot take now is left to the mail server.
func TestMailExample(t *testing.T) {
	t.Parallel()
	tool(t, "python3")
	storetest.Each(t, func(t *testing.T, dsn string) {
		x := newExamples(t, dsn)
		mail := func(id, more, subject string) string {
			return "From: =?utf-8?B?0JjQstCw0L0=?= <ivan@romashka.example>\r\nSubject: " + subject + "\r\nMessage-ID: <" + id + "@romashka.example>\r\n" + more +
				"Content-Type: text/plain; charset=koi8-r\r\n\r\n\xf0\xd2\xc9\xd7\xc5\xd4\r\n> quoted\r\nsecond line\r\n"
		}
		first := mail("1", "", "=?koi8-r?B?8NLJ18XU?=")
		for _, tt := range []struct {
			name, token, message string
			to                   string
			code, tries          int
			says                 string
		}{
			{"a wrong token is mended one day", "wrong", first, "ivanov", 75, 1, "401"},
			{"nobody of this name: never, and nothing bounces", x.publish, first, "stranger", 0, 1, "422"},
		} {
			x.gate.fail(0, false)
			code, _, errs := x.run(t, tt.token, tt.message, nil, "mail.py", "user", tt.to)
			if n, _ := x.gate.tried(); code != tt.code || n != tt.tries || !strings.Contains(errs, tt.says) {
				t.Errorf("%s: exit %d after %d tries, %s; want %d after %d, %s", tt.name, code, n, errs, tt.code, tt.tries, tt.says)
			}
			x.none(t, x.ivanov, tt.name)
		}
		x.gate.fail(2, false)
		if code, _, errs := x.run(t, x.publish, first, nil, "mail.py", "user", "ivanov"); code != 0 {
			t.Fatalf("after two 503: exit %d %s", code, errs)
		}
		if n, same := x.gate.tried(); n != 3 || !same {
			t.Errorf("it tried %d times, under one key: %t; want 3, true", n, same)
		}
		row := x.one(t, x.ivanov, "mail.received")
		if row.Rev != 1 || row.Title != "Привет" || row.Name != "Иван" || row.Text != "Привет second line" || row.Data["from"] != "ivan@romashka.example" {
			t.Errorf("the row is %+v", row)
		}
		x.run(t, x.publish, first, nil, "mail.py", "user", "ivanov")
		if again := x.one(t, x.ivanov, "mail.received"); again.Rev != 1 || again.ID != row.ID {
			t.Errorf("the mail server's repeat made %+v", again)
		}
		x.run(t, x.publish, mail("2", "References: <1@romashka.example> <7@romashka.example>\r\n", "Re: x"), nil, "mail.py", "user", "ivanov")
		if reply := x.one(t, x.ivanov, "mail.received"); reply.Rev != 2 || reply.ID != row.ID || reply.Title != "Re: x" {
			t.Errorf("an answer in the thread made %+v, want revision 2 of row %s", reply, row.ID)
		}
		x.run(t, x.publish, "From: <ivan@romashka.example>\r\nReferences: <1@romashka.example>\r\nMessage-ID: <4@romashka.example>\r\n\r\nУтром\r\n", nil, "mail.py", "user", "ivanov")
		if plain := x.one(t, x.ivanov, "mail.received"); plain.Rev != 3 || plain.Text != "Утром" {
			t.Errorf("a message that names no charset made %+v, want the text as UTF-8", plain)
		}
		x.gate.fail(9, false)
		if code, _, _ := x.run(t, x.publish, mail("3", "", "later"), nil, "mail.py", "user", "ivanov"); code != 75 {
			t.Errorf("while Zummer is away: exit %d, want 75", code)
		}
		x.gate.fail(0, false)
		if code, _, errs := x.run(t, x.publish, "no message at all \xff\xfe", nil, "mail.py", "user", "petrova"); code != 0 || x.one(t, x.petrova, "mail.received").Title != "(без темы)" {
			t.Errorf("what is hardly a message: exit %d %s", code, errs)
		}
		if code, _, errs := x.run(t, x.publish, first, nil, "mail.py", "group", "sales"); code != 0 {
			t.Errorf("the same message for others under the same token: exit %d %s", code, errs)
		}
	})
}

// TestMessengerExample: an update of a bot is a row of its chat; while Zummer
// cannot take it the messenger hears 503 and repeats it.
func TestMessengerExample(t *testing.T) {
	t.Parallel()
	tool(t, "python3")
	storetest.Each(t, func(t *testing.T, dsn string) {
		x := newExamples(t, dsn)
		bot := func(token, to string) func(secret, update string) int {
			t.Helper()
			ctx, stop := context.WithCancel(context.Background())
			out := &screen{}
			cmd := x.command(ctx, token, []string{"SECRET=s3cret", "TO=" + to, "LISTEN=127.0.0.1:0"}, "telegram.py")
			cmd.Stderr = out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				stop()
				_ = cmd.Wait() // it was killed
			})
			at := out.find(t, `listening at (http://[^/]+/)`)[1]
			return func(secret, update string) int {
				t.Helper()
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(update))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				_, _ = io.Copy(io.Discard, res.Body)
				return res.StatusCode
			}
		}
		update := func(id int, text string) string {
			return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":1,"chat":{"id":-55},"from":{"first_name":"Анна","last_name":"К.","username":"anna"},"text":%s}}`, id, strconv.Quote(text))
		}
		send, wrong, never := bot(x.publish, "user:ivanov"), bot("wrong", "user:ivanov"), bot(x.publish, "user:stranger")
		for _, tt := range []struct {
			name           string
			send           func(secret, update string) int
			secret, update string
			status         int
		}{
			{"somebody else", send, "guess", update(1, "x"), 401},
			{"no JSON", send, "s3cret", `{`, 400},
			{"not what it should be", send, "s3cret", `[]`, 400},
			{"nothing to tell", send, "s3cret", `{"update_id":2,"edited_message":{}}`, 200},
			{"a wrong token is mended one day", wrong, "s3cret", update(3, "x"), 503},
			{"nobody of this name: no use in hearing it again", never, "s3cret", update(4, "x"), 200},
		} {
			if got := tt.send(tt.secret, tt.update); got != tt.status {
				t.Errorf("%s: %d, want %d", tt.name, got, tt.status)
			}
		}
		x.none(t, x.ivanov, "before anything was right")
		x.gate.fail(1, true) // taken, and the answer lost
		if got := send("s3cret", update(10, "Здравствуйте")); got != 503 {
			t.Errorf("the answer was lost: %d, want 503", got)
		}
		if got := send("s3cret", update(10, "Здравствуйте")); got != 200 {
			t.Errorf("the messenger's repeat: %d, want 200", got)
		}
		if n, same := x.gate.tried(); n != 2 || !same {
			t.Errorf("%d requests, under one key: %t; want 2, true", n, same)
		}
		row := x.one(t, x.ivanov, "message.received")
		if row.Rev != 1 || row.Title != "Анна К." || row.Text != "Здравствуйте" || row.Object["url"] != "https://t.me/anna" || row.Data["chat"] != "-55" {
			t.Errorf("the row is %+v", row)
		}
		send("s3cret", update(11, "Вы здесь?"))
		if next := x.one(t, x.ivanov, "message.received"); next.ID != row.ID || next.Rev != 2 || next.Text != "Вы здесь?" {
			t.Errorf("the next message made %+v, want revision 2 of row %s", next, row.ID)
		}
		send("s3cret", `{"update_id":12,"message":{"chat":{"id":-55},"contact":{"phone_number":"79031234567"}}}`)
		if phone := x.one(t, x.ivanov, "message.received").Phone; phone != "+79031234567" {
			t.Errorf("a contact's phone is %q", phone)
		}
	})
}

// TestFormExample: a form's POST is a row for everybody in the group, once.
func TestFormExample(t *testing.T) {
	t.Parallel()
	tool(t, "curl")
	storetest.Each(t, func(t *testing.T, dsn string) {
		x := newExamples(t, dsn)
		post := func(token, group, form string) (out, errs string) {
			t.Helper()
			code, out, errs := x.run(t, token, form+"\n", []string{"REQUEST_METHOD=POST", "CONTENT_LENGTH=" + strconv.Itoa(len(form)), "GROUP=" + group}, "form.sh")
			if code != 0 {
				t.Fatalf("exit %d %s%s", code, out, errs)
			}
			return out, errs
		}
		form := url.Values{"id": {"5f3a"}, "name": {"Иван & Ко"}, "phone": {"8 (903) 123-45-67"}, "comment": {"Хочу «окна»;\r\nperhaps 100% + doors=2"}, "group": {"service"}}.Encode()
		for _, tt := range []struct{ name, token, group, form, status, says string }{
			{"without a phone", x.publish, "sales", "name=x&id=1", "422", ""},
			{"a wrong token is mended one day", "wrong", "sales", form, "503", "401"},
			{"no such group", x.publish, "nowhere", form, "422", "no such group"},
		} {
			if out, errs := post(tt.token, tt.group, tt.form); !strings.HasPrefix(out, "Status: "+tt.status+" ") || !strings.Contains(errs, tt.says) {
				t.Errorf("%s: %s%s; want %s, and %q", tt.name, out, errs, tt.status, tt.says)
			}
			x.none(t, x.ivanov, tt.name)
		}
		x.gate.fail(1, true) // taken, and the answer lost
		if out, errs := post(x.publish, "sales", form); !strings.HasPrefix(out, "Status: 303 ") || !strings.Contains(out, "\r\nLocation: /thanks.html\r\n\r\n") {
			t.Fatalf("it answers %q %s", out, errs)
		}
		if n, same := x.gate.tried(); n != 2 || !same {
			t.Errorf("it tried %d times, under one key: %t; want 2, true", n, same)
		}
		post(x.publish, "sales", form) // a double click
		for _, token := range []string{x.ivanov, x.petrova} {
			row := x.one(t, token, "form.received")
			if row.Action != "create" || row.Phone != "+79031234567" || row.Name != "Иван & Ко" || row.Text != "Хочу «окна»;  perhaps 100% + doors=2" || row.Title != "Заявка с сайта" ||
				row.Object["name"] != "Интерес" || row.Data["form"] != "5f3a" {
				t.Errorf("the row is %+v", row)
			}
		}
		x.gate.fail(99, false)
		if out, errs := post(x.publish, "sales", form+"&x=1"); !strings.HasPrefix(out, "Status: 503 ") || !strings.Contains(errs, "503") {
			t.Errorf("while Zummer is away: %s%s", out, errs)
		}
	})
}

// TestChatExample: who waits is a card of the group; taken, it leaves the
// others by way of a closing state and opens at the operator.
func TestChatExample(t *testing.T) {
	t.Parallel()
	tool(t, "curl")
	storetest.Each(t, func(t *testing.T, dsn string) {
		x := newExamples(t, dsn)
		chat := func(token, group string, want int, args ...string) string {
			t.Helper()
			code, _, errs := x.run(t, token, "", []string{"GROUP=" + group}, append([]string{"chat.sh"}, args...)...)
			if code != want {
				t.Fatalf("%v: exit %d %s, want %d", args, code, errs, want)
			}
			return errs
		}
		chat(x.publish, "sales", 2, "waiting", "c1")
		chat("wrong", "sales", 75, "waiting", "c1", "m1", "Анна", "Есть кто?")
		if errs := chat(x.publish, "nowhere", 1, "waiting", "c1", "m1", "Анна", "Есть кто?"); !strings.Contains(errs, "no such group") {
			t.Errorf("no such group: %s", errs)
		}
		x.none(t, x.ivanov, "before anything was right")
		x.gate.fail(1, true) // taken, and the answer lost
		chat(x.publish, "sales", 0, "waiting", "c1", "m1", "Анна & Ко", "Есть кто?")
		if n, same := x.gate.tried(); n != 2 || !same {
			t.Errorf("it tried %d times, under one key: %t; want 2, true", n, same)
		}
		row := x.one(t, x.petrova, "chat.waiting")
		if row.Rev != 1 || row.Action != "show" || row.Title != "Анна & Ко" || row.Text != "Есть кто?" || row.Object["url"] != "https://chat.example/operator#c1" {
			t.Errorf("the card is %+v", row)
		}
		chat(x.publish, "sales", 0, "waiting", "c1", "m2", "Анна & Ко", "Алло")
		if next := x.one(t, x.petrova, "chat.waiting"); next.ID != row.ID || next.Rev != 2 || next.Text != "Алло" {
			t.Errorf("the next message made %+v, want revision 2 of row %s", next, row.ID)
		}
		chat(x.publish, "sales", 0, "taken", "c1", "ivanov")
		if closing := x.one(t, x.petrova, "chat.taken"); closing.ID != row.ID || closing.Rev != 3 || closing.Action != "none" || closing.Title != "Взял ivanov" {
			t.Errorf("at a colleague it is %+v, want the closing state of row %s", closing, row.ID)
		}
		opens := 0
		for _, r := range x.Poll(x.ivanov, "").Rows {
			if r.Kind == "chat.opened" && r.Action == "open" && r.Object["url"] == "https://chat.example/operator#c1" {
				opens++
			}
		}
		if opens != 1 {
			t.Errorf("it opens %d times at the operator who took it, want once: %+v", opens, x.Poll(x.ivanov, "").Rows)
		}
	})
}
