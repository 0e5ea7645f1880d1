package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"zummer/app"
	zummer "zummer/clients/go"
)

// clientTest runs zummer simulate client-test with a client that is started when
// the address was printed. all is what it wrote where people look.
func clientTest(t *testing.T, client func(ctx context.Context, url, token string), args ...string) (code int, stdout, all string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	var out, told bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		address := regexp.MustCompile(`(http://127\.0\.0\.1:\d+)\n.*?: (\S+)\n`)
		buf, begun := make([]byte, 4096), false
		for {
			n, err := r.Read(buf)
			told.Write(buf[:n])
			if m := address.FindStringSubmatch(told.String()); m != nil && !begun {
				begun = true
				go client(ctx, m[1], m[2])
			}
			if err != nil {
				return
			}
		}
	}()
	code = app.Main(t.Context(), append([]string{"simulate", "client-test"}, args...), both(args, &out, w), w)
	w.Close()
	<-read
	return code, out.String(), told.String()
}

// both is where stdout goes: with --json apart from what people read.
func both(args []string, out *bytes.Buffer, told io.Writer) io.Writer {
	if strings.Contains(strings.Join(args, " "), "--json") {
		return out
	}
	return told
}

// TestClientTest: the conformance kit on the command line.
func TestClientTest(t *testing.T) {
	t.Parallel()
	good := func(ctx context.Context, url, token string) {
		c := &zummer.Client{URL: url, Token: token, Name: "good/1"}
		_ = c.Run(ctx, zummer.Handler{Open: func(context.Context, zummer.Notification) zummer.Outcome { return zummer.Opened }})
	}
	bad := func(ctx context.Context, url, token string) { // it acknowledges nothing
		c := &zummer.Client{URL: url, Token: token, Name: "bad/1"}
		_ = c.Run(ctx, zummer.Handler{Open: func(context.Context, zummer.Notification) zummer.Outcome { return zummer.Later }})
	}
	const patience = "15s" // one that a busy machine does not use up: the client comes, but acknowledges nothing
	for _, tc := range []struct {
		name   string
		client func(ctx context.Context, url, token string)
		args   string
		code   int
		has    []string
	}{
		{"a good client, in Russian", good, "--lang ru --step hello --step superseded", 0, []string{"[ok] hello", "[ok] superseded", "good/1 соблюдает договор", "/kit/opened?row="}},
		{"a good client, in English", good, "--lang en --step hello", 0, []string{"good/1 keeps the contract; steps: 1"}},
		{"a bad client", bad, "--lang ru --step hello --patience " + patience, 1, []string{"[!!] hello", "ack: Строку, которую надо открыть, не подтвердили", "bad/1 нарушает договор; нарушений: 1", "zummer: клиент нарушает договор"}},
		{"a token of one's own", good, "--lang en --step hello --token my-own-token", 0, []string{"Token: my-own-token"}},
		{"no client", func(context.Context, string, string) {}, "--lang en --start 100ms", 1, []string{"absent: The client did not come"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			code, _, all := clientTest(t, tc.client, strings.Fields(tc.args)...)
			if code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			for _, s := range tc.has {
				if !strings.Contains(all, s) {
					t.Errorf("it does not say %q:\n%s", s, all)
				}
			}
		})
	}
	t.Run("as JSON", func(t *testing.T) {
		t.Parallel()
		code, out, _ := clientTest(t, bad, "--json", "--step", "hello", "--patience", patience)
		var report struct {
			Client     string
			Steps      []struct{ Name, Result string }
			Violations []struct {
				Rule string
				Text struct{ RU, EN string }
			}
		}
		if err := json.Unmarshal([]byte(out), &report); err != nil || code != 1 {
			t.Fatalf("exit code %d, %v\n%s", code, err, out)
		}
		if len(report.Violations) != 1 || report.Violations[0].Rule != "ack" || report.Violations[0].Text.RU == "" || report.Steps[0].Result != "broken" || report.Client != "bad/1" {
			t.Errorf("report %+v", report)
		}
	})
	t.Run("a step that is not there", func(t *testing.T) {
		var errs bytes.Buffer
		if code := app.Main(t.Context(), []string{"simulate", "client-test", "--step", "nosuch"}, io.Discard, &errs); code != 1 || !strings.Contains(errs.String(), "lost-answer") {
			t.Errorf("exit code %d: %s", code, &errs)
		}
	})
	t.Run("it ends when it is interrupted", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, stop)
		if code := app.Main(ctx, []string{"simulate", "client-test"}, io.Discard, io.Discard); code == 0 {
			t.Error("exit code 0")
		}
	})
}
