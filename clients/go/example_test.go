package zummer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	zummer "zummer/clients/go"
)

// A program that opens what its user shall open, and says so.
func ExampleClient_Run() {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	c := demoClient() // &zummer.Client{URL: "https://crm.example:8080", Token: "…"}

	_ = c.Run(ctx, zummer.Handler{
		Open: func(_ context.Context, n zummer.Notification) zummer.Outcome {
			fmt.Println("open", n.Title, n.Object.URL)
			defer stop() // an example ends here
			return zummer.Opened
		},
		Show: func(p zummer.Picture) {
			for _, n := range p.New {
				fmt.Println("new:", n.Kind, n.Title)
			}
		},
	})
	// Output:
	// new: call.answered ООО Ромашка
	// open ООО Ромашка https://crm.example/i/17
}

// asOnThePage is the program of docs/clients/go.md, so that it compiles.
func asOnThePage(ctx context.Context, token string, openForm func(*zummer.Object, string) error, draw func([]zummer.Notification), lamp func(bool, error)) error {
	c := &zummer.Client{URL: "https://crm.example:8080", Token: token, Name: "my-crm/1.0"}
	err := c.Run(ctx, zummer.Handler{
		Open: func(ctx context.Context, n zummer.Notification) zummer.Outcome {
			if err := openForm(n.Object, n.Phone); err != nil {
				return zummer.Failed
			}
			return zummer.Opened
		},
		Show:  func(p zummer.Picture) { draw(p.Rows) },
		State: func(st zummer.Status) { lamp(st.Connected, st.Err) },
	})
	return err
}

// TestPage: docs/clients/go.md shows that program, in both languages.
func TestPage(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for line := range strings.Lines(string(text)) {
			code, _, _ := strings.Cut(line, " // ")
			lines = append(lines, strings.TrimSpace(code))
		}
		return strings.Join(lines, "\n")
	}
	doc, here := read("../../docs/clients/go.md"), read("example_test.go")
	blocks := strings.Split(doc, "```go\n")[1:]
	for _, b := range blocks {
		code, _, _ := strings.Cut(b, "```")
		if !strings.Contains(here, code) {
			t.Errorf("example_test.go does not have:\n%s", code)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := asOnThePage(ctx, "t", nil, nil, nil); len(blocks) != 2 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d programs, %v", len(blocks), err)
	}
}

// A session has a name, hears of acks by hand, and may be busy.
func ExampleSession() {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	s := demoClient().NewSession("desk")
	_ = s.Run(ctx, zummer.Handler{
		Open: func(_ context.Context, n zummer.Notification) zummer.Outcome { return zummer.Later },
		Show: func(p zummer.Picture) {
			for _, n := range p.New { // a card that somebody closed
				s.Ack(n.Key(), zummer.Dismissed, "closed by the user")
			}
			if len(p.Gone) > 0 {
				fmt.Println("left:", len(p.Rows))
				stop()
			}
		},
	})
	// Output: left: 0
}

// A loop of one's own.
func ExampleClient_Poll() {
	ctx := context.Background()
	c := demoClient()
	set, err := c.PollWhole(ctx, zummer.PollQuery{Session: "my-1", Wait: 25 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set.State, len(set.Rows))
	// Output: reset 1
}

func ExampleClient_Publish() {
	made, err := demoClient().Publish(context.Background(), zummer.Publication{
		User: "ivanov", Kind: "mail.received", Action: zummer.Show, Title: "ООО Ромашка", Text: "Новое письмо",
		ExpiresIn: time.Hour, IdempotencyKey: "mail-4711",
	})
	fmt.Println(made[0].ID, made[0].User, err)
	// Output: 7 ivanov <nil>
}

func ExampleVerify() {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // an example's
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil || zummer.Verify(secret, r.Header, body) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody))
	fmt.Println(w.Code)
	// Output: 401
}

func ExampleAdmin() {
	ctx := context.Background()
	admin := demoClient().Admin()
	if _, err := admin.PutUser(ctx, "ivanov", zummer.UserInput{Name: "Иванов И."}); err != nil {
		fmt.Println(err)
		return
	}
	token, err := admin.NewToken(ctx, "ivanov", zummer.TokenInput{Name: "desk", Scopes: []string{"poll"}})
	fmt.Println(token.Text, err)
	// Output: zmr_example <nil>
}

func ExampleHook() {
	office := zummer.Hook{URL: demoURL + "/hooks/office/0123456789", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", HTTP: demoClient().HTTP}
	err := office.Send(context.Background(), zummer.Event{Type: "answered", Call: "c-77", Extension: "101", Phone: "+79031234567", At: time.Now()})
	fmt.Println(err)
	// Output: <nil>
}

const demoURL = "http://zummer.test"

// demoClient speaks to a service made by hand that has one row.
func demoClient() *zummer.Client {
	s := newService()
	m := row("7", 1, "open", "")
	m["object"] = map[string]any{"type": "Документ", "name": "Интерес", "url": "https://crm.example/i/17"}
	m["free"] = true
	s.rows = append(s.rows, m)
	return &zummer.Client{URL: demoURL, Token: "t", HTTP: &http.Client{Transport: demo{s}}}
}

// demo answers what the examples ask beside the polls.
type demo struct{ s *service }

func (d demo) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case r.URL.Path == "/v1/notifications" && r.Method == http.MethodPost:
		return reply(201, map[string]any{"items": []any{map[string]any{"id": "7", "rev": 1, "user": "ivanov"}}}), nil
	case r.URL.Path == "/v1/admin/users/ivanov/tokens":
		return reply(201, map[string]any{"id": "1", "token": "zmr_example"}), nil
	case r.URL.Path == "/v1/admin/users/ivanov":
		return reply(200, map[string]any{"login": "ivanov"}), nil
	case len(r.URL.Path) > 6 && r.URL.Path[:6] == "/hooks":
		return reply(204, nil), nil
	}
	return d.s.RoundTrip(r)
}
