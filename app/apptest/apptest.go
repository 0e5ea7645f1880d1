// Package apptest runs the whole program inside of a test: the real server on
// a loopback port, on a real database, reached over HTTP only.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"zummer/app"
	zummer "zummer/clients/go"
	"zummer/models"
)

// AdminToken lets tests in as the administrator.
const AdminToken = "test-admin-token-0123456789"

// Instance is one running program.
type Instance struct {
	T   testing.TB
	URL string // http://127.0.0.1:PORT, https with a certificate
	App *app.App
	// Client sends the requests: one that trusts the certificate; nil:
	// http.DefaultClient.
	Client *http.Client

	stop context.CancelFunc
	done chan struct{}
	err  error
	once sync.Once
}

// Config is the configuration that tests start from.
func Config() app.Config {
	return app.Config{Listen: "127.0.0.1:0", AdminToken: AdminToken, PollInterval: 5 * time.Second, LongPoll: 25 * time.Second, LongPollMax: 50 * time.Second,
		MaxWaiting: 1000, Timezone: "Europe/Moscow", Region: "RU", Retention: app.Span(30 * 24 * time.Hour), AdminIdle: 8 * time.Hour, AdminSession: 168 * time.Hour}
}

// Start runs the program on dsn until the test ends; change may adjust the
// options before. It fails the test when the program cannot start.
func Start(t testing.TB, dsn string, change ...func(*app.Options)) *Instance {
	t.Helper()
	opt := app.Options{Config: Config(), Database: app.Database{Database: dsn, DBPool: 8}, Log: slog.New(slog.DiscardHandler), PasswordCost: bcrypt.MinCost}
	for _, fn := range change {
		fn(&opt)
	}
	a, err := app.New(context.Background(), opt)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	in := &Instance{T: t, URL: "http://" + a.Addr().String(), App: a, stop: stop, done: make(chan struct{})}
	if opt.Config.TLSCert != "" {
		in.URL = "https://" + a.Addr().String()
	}
	go func() {
		in.err = a.Run(ctx)
		close(in.done)
	}()
	t.Cleanup(in.Stop)
	return in
}

// For is the same running program for a subtest, whose failures are t's. Only
// the one that Start gave may be stopped.
func (in *Instance) For(t testing.TB) *Instance {
	return &Instance{T: t, URL: in.URL, App: in.App, Client: in.Client}
}

// Stop ends the program and waits for it; more than once is harmless.
func (in *Instance) Stop() {
	in.once.Do(func() {
		in.stop()
		<-in.done
		if in.err != nil {
			in.T.Errorf("the program ended with %v", in.err)
		}
	})
}

// Answer is a response that was read.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body into a generic value.
func (a Answer) JSON(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		t.Fatalf("the answer is no JSON object: %v\n%s", err, a.Body)
	}
	return v
}

// Do sends a request with a bearer token ("": none). body may be nil, a string
// (sent as it is), or a value that becomes JSON. headers are pairs.
func (in *Instance) Do(method, path, token string, body any, headers ...string) Answer {
	in.T.Helper()
	a, err := in.Try(context.Background(), method, path, token, body, headers...)
	if err != nil {
		in.T.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// Try is Do for requests that may fail.
func (in *Instance) Try(ctx context.Context, method, path, token string, body any, headers ...string) (Answer, error) {
	var r io.Reader
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case []byte:
		r = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return Answer{}, err
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, in.URL+path, r)
	if err != nil {
		return Answer{}, err
	}
	if r != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := in.Client
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return Answer{res.StatusCode, res.Header, text}, err
}

// SDK is our own client of the running program with a token.
func (in *Instance) SDK(token string) *zummer.Client {
	return &zummer.Client{URL: in.URL, Token: token, HTTP: in.Client, Name: "apptest"}
}

// Admin sends a request as the administrator and expects a 2xx.
func (in *Instance) Admin(method, path string, body any) map[string]any {
	in.T.Helper()
	a := in.Do(method, path, AdminToken, body)
	if a.Status/100 != 2 {
		in.T.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	if len(a.Body) == 0 {
		return nil
	}
	return a.JSON(in.T)
}

// Password is of every administrator that Administrator makes.
const Password = "password of the tests"

// Administrator makes an administrator of a role, named after it ("" is role
// admin), who is not masked.
func (in *Instance) Administrator(role string) (login string) {
	in.T.Helper()
	if role == "" {
		role = models.RoleAdmin
	}
	masked, password := false, Password
	all, err := in.App.Administrators().Admins(context.Background())
	if err != nil {
		in.T.Fatalf("list the administrators: %v", err)
	}
	for _, a := range all {
		if a.Login == role {
			return role
		}
	}
	if _, err := in.App.Administrators().PutAdmin(context.Background(), models.Actor{Who: "test"}, role, models.AdminInput{Role: &role, Masked: &masked, Password: &password}); err != nil {
		in.T.Fatalf("make an administrator: %v", err)
	}
	return role
}

// SignIn signs an administrator of a role ("" is admin) in to the pages, made
// if there is none, and returns the cookie as a pair of header and value.
func (in *Instance) SignIn(role string) (header, value string) {
	in.T.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if in.Client != nil {
		client.Transport = in.Client.Transport
	}
	res, err := client.PostForm(in.URL+"/admin/sign-in", url.Values{"login": {in.Administrator(role)}, "password": {Password}})
	if err != nil {
		in.T.Fatalf("sign in: %v", err)
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		if c.Name == "zummer" {
			return "Cookie", "zummer=" + c.Value
		}
	}
	in.T.Fatalf("sign in: %s, and no cookie", res.Status)
	return "", ""
}

// Page reads a page as an administrator of a role ("" is admin) and expects a
// 200.
func (in *Instance) Page(path, role string) string {
	in.T.Helper()
	header, value := in.SignIn(role)
	a := in.Do("GET", path, "", nil, header, value)
	if a.Status != http.StatusOK {
		in.T.Fatalf("%s: %d %s", path, a.Status, a.Body)
	}
	return string(a.Body)
}

// User makes a user with extensions of source (which must exist) and returns
// a poll token.
func (in *Instance) User(login, source string, extensions ...string) (token string) {
	in.T.Helper()
	ctx, admin := context.Background(), in.SDK(AdminToken).Admin()
	_, err := admin.PutUser(ctx, login, zummer.UserInput{Name: login})
	for i := 0; i < len(extensions) && err == nil; i++ {
		_, err = admin.PutExtension(ctx, source, extensions[i], login)
	}
	var made zummer.Token
	if err == nil {
		made, err = admin.NewToken(ctx, login, zummer.TokenInput{Name: "test", Scopes: []string{"poll"}})
	}
	if err != nil {
		in.T.Fatalf("make user %s: %v", login, err)
	}
	return made.Text
}

// Source makes a source and returns the path of its hook.
func (in *Instance) Source(slug, kind string, more map[string]any) (hook string) {
	in.T.Helper()
	body := map[string]any{"kind": kind, "name": slug}
	for k, v := range more {
		body[k] = v
	}
	hookURL := in.Admin("PUT", "/v1/admin/sources/"+slug, body)["hook_url"].(string)
	_, path, _ := strings.Cut(hookURL, "/hooks/")
	return "/hooks/" + path
}

// Row is one notification as a poll gives it.
type Row struct {
	ID     string         `json:"id"`
	Rev    int            `json:"rev"`
	Kind   string         `json:"kind"`
	Action string         `json:"action"`
	Title  string         `json:"title"`
	Text   string         `json:"text"`
	Phone  string         `json:"phone"`
	Name   string         `json:"name"`
	Data   map[string]any `json:"data"`
	Call   map[string]any `json:"call"`
	Object map[string]any `json:"object"`

	Session string `json:"session"`
}

// Set is the answer to a poll.
type Set struct {
	State   string `json:"state"`
	Version string `json:"version"`
	Next    string `json:"next"`
	Rows    []Row  `json:"notifications"`
	Acks    []struct {
		ID     string `json:"id"`
		Rev    int    `json:"rev"`
		Result string `json:"result"`
	} `json:"acks"`
	PollAfterMS int `json:"poll_after_ms"`
}

// Poll polls with query (such as "version=V&wait=5") and expects 200.
func (in *Instance) Poll(token, query string) Set {
	in.T.Helper()
	a := in.Do("GET", "/v1/notifications?"+query, token, nil)
	if a.Status != http.StatusOK {
		in.T.Fatalf("poll %s: %d %s", query, a.Status, a.Body)
	}
	var s Set
	if err := json.Unmarshal(a.Body, &s); err != nil {
		in.T.Fatalf("poll %s: %v\n%s", query, err, a.Body)
	}
	return s
}

// Until polls with wait until ok says that the set is the one that was waited
// for, or fails after a minute with the last one.
func (in *Instance) Until(token string, what string, ok func(Set) bool) Set {
	in.T.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	var s Set
	for q := (zummer.PollQuery{}); ; q = (zummer.PollQuery{Version: s.Version, Wait: time.Second}) {
		got, err := in.SDK(token).Poll(ctx, q)
		if err != nil {
			in.T.Fatalf("no %s: %v; the last set: %+v", what, err, s)
		}
		if got.State != zummer.StateUnchanged {
			s = setOf(in.T, got)
		}
		if ok(s) {
			return s
		}
	}
}

// setOf is what a test sees of an SDK's set.
func setOf(t testing.TB, got zummer.Set) Set {
	t.Helper()
	s := Set{State: string(got.State), Version: got.Version, Next: got.Next}
	text, err := json.Marshal(got.Rows)
	if err == nil {
		err = json.Unmarshal(text, &s.Rows)
	}
	if err != nil {
		t.Fatalf("the rows of a poll: %v", err)
	}
	return s
}
