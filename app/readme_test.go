package app_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// TestReadme follows both READMEs word for word: the four requests and the one
// that rings, then the client in sh, which prints the call and acknowledges it.
func TestReadme(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"README.md", "README.ru.md"} {
		t.Run(file, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, dsn string) {
				in := apptest.Start(t, dsn)
				lines := commands(t, file, "/v1/admin/sources/office")
				if len(lines) != 6 {
					t.Fatalf("the block has %d lines, want the variables, four requests and the one that rings: %q", len(lines), lines)
				}
				env := []string{"ADMIN=" + apptest.AdminToken}
				answers := sh(t, env, in, lines[:5])
				hook := regexp.MustCompile(`"hook_url":"([^"]+)"`).FindStringSubmatch(answers)
				token := regexp.MustCompile(`"token":"([^"]+)"`).FindStringSubmatch(answers)
				if hook == nil || token == nil {
					t.Fatalf("the four requests answered %s", answers)
				}
				screen := shClient(t, in, token[1])
				if got := sh(t, append(env, "HOOK="+hook[1]), in, append(lines[:1:1], lines[5])); got != `{"ok":true}` {
					t.Fatalf("the call answered %s", got)
				}
				screen.find(t, `(?m)^\d+\.1 +call\.ringing +indicate +\+79031234567 `)
				in.Do("POST", strings.TrimPrefix(hook[1], in.URL), "", map[string]any{"event": "answered", "call": "1", "extension": "101", "phone": "+79031234567"})
				screen.find(t, `(?m)^\d+\.\d+ +call\.answered +resolve +\+79031234567 `)
				in.Until(token[1], "empty list after the client's acknowledgement", func(s apptest.Set) bool { return len(s.Rows) == 0 })

				// The three curl lines of a client.
				poll := commands(t, file, `format=text&wait=25`)
				got := sh(t, []string{"TOKEN=" + token[1], "V=none"}, in, append(lines[:1:1], poll...))
				if n := strings.Count(got, "Z1\t"); n != 3 || strings.Contains(got, "E1\t") {
					t.Errorf("the three lines answered %q", got)
				}
			})
		})
	}
}

// commands are the lines of the sh block of a README that has the given text.
func commands(t *testing.T, file, with string) []string {
	t.Helper()
	text, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(m[1], with) {
			return strings.Split(strings.TrimSpace(m[1]), "\n")
		}
	}
	t.Fatalf("%s has no sh block with %s", file, with)
	return nil
}

// sh runs lines as they stand, but with the address of in.
func sh(t *testing.T, env []string, in *apptest.Instance, lines []string) string {
	t.Helper()
	script := "set -eu\n" + strings.ReplaceAll(strings.Join(lines, "\n"), "http://127.0.0.1:8080", in.URL)
	if !strings.Contains(script, in.URL) {
		script = "Z=" + in.URL + "\n" + script
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s\n%s%s", err, script, &out, &errs)
	}
	return out.String()
}

// shClient runs scripts/client.sh until the test ends.
func shClient(t *testing.T, in *apptest.Instance, token string) *screen {
	t.Helper()
	out := &screen{}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "sh", "../scripts/client.sh")
	cmd.Env = append(os.Environ(), "ZUMMER="+in.URL, "TOKEN="+token)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
	})
	return out
}

// TestReadmesAreOne: the Russian README has the same parts, commands, addresses
// and links as the English one.
func TestReadmesAreOne(t *testing.T) {
	t.Parallel()
	parts := func(file string) (out []string) {
		text, err := os.ReadFile("../" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?m)^#+ |^```[a-z]*$|`[A-Za-z0-9_/.:=?%& -]+`|\\]\\([^)#]+|^\\d\\. |^\\| |^- ").FindAllString(string(text), -1) {
			out = append(out, strings.TrimSpace(m))
		}
		return out
	}
	count := func(list []string) map[string]int {
		out := map[string]int{}
		for _, s := range list {
			out[s]++
		}
		delete(out, "](README.md")
		delete(out, "](README.ru.md")
		return out
	}
	en, ru := count(parts("README.md")), count(parts("README.ru.md"))
	for s, n := range en {
		if ru[s] != n {
			t.Errorf("%s stands %d times in README.md, %d times in README.ru.md", s, n, ru[s])
		}
	}
	for s, n := range ru {
		if en[s] == 0 {
			t.Errorf("%s stands %d times in README.ru.md only", s, n)
		}
	}
}
