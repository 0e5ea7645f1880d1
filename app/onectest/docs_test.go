package onectest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/clients/onec/bsltest"
	"zummer/models/store/storetest"
)

const guide = "../../docs/clients/1c.md"

// typed is what a person fills in on the way, in the order of the marks in the
// page: nothing else is typed.
var typed = []struct{ mark, placeholder, value string }{
	{"①", "https://zummer.example", ""}, // the address of the instance
	{"②", "уникальный-код-атс", "mango-code-1"},
	{"③", "ключ-для-подписи", "mango-salt-1"},
	{"④", "", "hook_url"},   // of step 2, at Mango
	{"⑤", "", "адрес ключ"}, // of step 3, in 1C
	{"⑥", "", "101"},        // in 1C
}

// TestGuide walks docs/clients/1c.md as far as no 1C platform is needed: its
// own commands, the settings form in an infobase that holds nothing, not even
// users, and a call of Mango, signed as Mango signs. What is walked is what
// stands in the page.
func TestGuide(t *testing.T) {
	t.Parallel()
	text := page(t)
	for i, f := range typed {
		if n := strings.Count(text, f.mark+" ") - strings.Count(text, "–"+f.mark+" "); n < 1 {
			t.Errorf("the field %s is asked for nowhere", f.mark)
		}
		if f.placeholder != "" && !strings.Contains(text, "'"+f.placeholder+"'") {
			t.Errorf("the field %d has no place %s", i+1, f.placeholder)
		}
	}
	if len(typed) > 6 || strings.ContainsAny(text, "⑦⑧⑨⑩") {
		t.Error("there are more than six fields to type")
	}
	blocks := fenced(text, "sh")
	if len(blocks) != 4 {
		t.Fatalf("%d blocks of commands, want 4: Zummer, source, key, simulator", len(blocks))
	}
	dsn := storetest.SQLite(t)
	began := time.Now()
	token := strings.TrimSpace(shell(t, "http://127.0.0.1", dsn, blocks[0]+"\necho \"$ADMIN\"")) // before it serves, as in the page
	in := apptest.Start(t, dsn)
	address := in.URL
	// A person has one window: what a block has set, the next one knows.
	var sofar strings.Builder
	fmt.Fprintf(&sofar, "%s\nADMIN='%s'\n", strings.SplitN(blocks[0], "\n", 2)[0], token)
	run := func(block string) string {
		t.Helper()
		for _, f := range typed[1:3] {
			block = strings.ReplaceAll(block, f.placeholder, f.value)
		}
		out := shell(t, address, dsn, sofar.String()+block)
		if first, _, _ := strings.Cut(block, "\n"); strings.HasPrefix(first, "MANGO_CODE=") {
			sofar.WriteString(first + "\n")
		}
		return out
	}
	source := run(blocks[1])
	hook := regexp.MustCompile(`"hook_url":"([^"]+/hooks/mango/[^"]+)"`).FindStringSubmatch(source)
	if hook == nil || !strings.HasPrefix(hook[1], in.URL) || strings.Contains(source, typed[2].value) {
		t.Fatalf("the source, which Mango has to reach at the typed address: %s", source)
	}
	pasted := strings.TrimSpace(run(blocks[2]))
	if !regexp.MustCompile(`^` + regexp.QuoteMeta(in.URL) + ` [A-Za-z0-9_.-]{20,}$`).MatchString(pasted) {
		t.Fatalf("the line for 1C: %q", pasted)
	}
	_, key, _ := strings.Cut(pasted, " ")
	s := &service{Instance: in, key: key}

	b := newBase(t, managedKinds[0], true)
	b.User = bsltest.User{UID: "00000000-0000-0000-0000-000000000000"} // nobody has been made
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	b.settings(pasted, "", typed[5].value)
	if got := fmt.Sprint(b.Screen.Forms[0].Attr("Адрес"), " ", b.Screen.Forms[0].Attr("Ключ"), " ", b.Screen.Forms[0].Attr("Итог")); strings.Contains(got, key) {
		t.Errorf("the key stays on the screen: %s", got)
	}
	b.until("the test card", func() bool { return slices.Contains(b.opened(), "ОбщаяФорма.ЗмрКарточка") })
	login := s.Admin("GET", "/v1/admin/users", nil)["items"].([]any)[0].(map[string]any)["login"].(string)
	waits := func() int {
		return len(s.Admin("GET", "/v1/admin/notifications?user="+login+"&state=pending", nil)["items"].([]any))
	}
	card := b.Screen.Opened[len(b.Screen.Opened)-1].Form
	if err := b.FormCall(card, "Готово", nil); err != nil {
		t.Fatal(err)
	}
	b.until("no card any more", func() bool { return waits() == 0 })
	b.Screen.Opened = nil

	// It rings until it was seen to ring, and goes on until its card was seen.
	rung, opened, connected := make(chan struct{}), make(chan struct{}), atomic.Bool{}
	p := newProxy(t, in.URL)
	p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var until chan struct{}
		switch {
		case !strings.Contains(r.URL.Path, "/hooks/"):
		case strings.Contains(string(body), "Connected"):
			connected.Store(true)
			until = rung
		case connected.Load():
			until = opened
		}
		if until != nil {
			select {
			case <-until:
			case <-r.Context().Done():
				return
			}
		}
		pass(w)
	})
	address = p.URL
	done := make(chan string, 1)
	go func() { done <- run(strings.TrimSpace(blocks[3]) + " --speed 8 --timeout 60s") }()
	b.until("the toast while it rings", func() bool { return len(b.Screen.Toasts) > 0 && b.Screen.Toasts[0].Key != "" })
	close(rung)
	b.until("the card with the number, at the answer", func() bool { return slices.Contains(b.opened(), "ОбщаяФорма.ЗмрКарточка") })
	close(opened)
	if n := b.Screen.Opened[0].Form.Attr("Телефон"); n != "+79031234567" {
		t.Errorf("the card shows %v", n)
	}
	select {
	case <-done:
	case <-time.After(2 * time.Minute): // longer than shell waits
		t.Error("the simulator does not end")
	}
	b.quiet()
	if took := time.Since(began); took > time.Minute {
		t.Logf("the machine's part took %s; the page says less than a minute", took)
	} else {
		t.Logf("the machine's part took %s", took.Round(time.Second))
	}
}

// TestGuideOnWindows: the commands for PowerShell send what the commands for sh
// send. They are read, not run: there is no PowerShell here.
func TestGuideOnWindows(t *testing.T) {
	text := page(t)
	blocks := fenced(text, "powershell")
	if len(blocks) != len(fenced(text, "sh")) {
		t.Fatalf("%d blocks for PowerShell, %d for sh", len(blocks), len(fenced(text, "sh")))
	}
	in := apptest.Start(t, storetest.SQLite(t))
	values := map[string]string{}
	var answers []string
	for _, block := range blocks {
		for _, f := range typed[1:3] {
			block = strings.ReplaceAll(block, f.placeholder, f.value)
		}
		for _, m := range regexp.MustCompile(`\$([A-Z_]+) = '([^']*)'`).FindAllStringSubmatch(block, -1) {
			values[m[1]] = m[2]
		}
		values["Z"] = in.URL
		for _, m := range regexp.MustCompile(`Invoke-RestMethod "([^"]+)" -Method (\w+) -Headers \$H -ContentType 'application/json' -Body "((?:[^"]|"")*)"`).FindAllStringSubmatch(block, -1) {
			expand := func(s string) string {
				return regexp.MustCompile(`\$[A-Z_]+`).ReplaceAllStringFunc(strings.ReplaceAll(s, `""`, `"`), func(name string) string {
					v, known := values[name[1:]]
					if !known {
						t.Errorf("%s is set nowhere", name)
					}
					return v
				})
			}
			address := strings.TrimPrefix(expand(m[1]), in.URL)
			var body any
			if err := json.Unmarshal([]byte(expand(m[3])), &body); err != nil {
				t.Fatalf("%s: %v", expand(m[3]), err)
			}
			a := in.Do(strings.ToUpper(m[2]), address, apptest.AdminToken, body)
			if a.Status/100 != 2 {
				t.Fatalf("%s %s: %d %s", m[2], address, a.Status, a.Body)
			}
			answers = append(answers, string(a.Body))
		}
	}
	if len(answers) != 2 || !strings.Contains(answers[0], `"hook_url":"`) || !strings.Contains(answers[1], `"token":"`) {
		t.Errorf("the answers are %v", answers)
	}
	src := in.Admin("GET", "/v1/admin/sources/mango", nil)
	if src["kind"] != "mango" || src["settings"].(map[string]any)["vpbx_api_key"] != "mango-code-1" {
		t.Errorf("the source is %v", src)
	}
	for i, words := range [][]string{{"admin token", "serve --tls-domain", "--listen 0.0.0.0:443", "$H = @{ Authorization = \"Bearer $ADMIN\" }"}, {").hook_url"}, {").token"}, {"ZUMMER_ADMIN_TOKEN = $ADMIN", "ZUMMER_SIMULATE_SECRET = $MANGO_KEY", "simulate direct --source mango --url $Z"}} {
		for _, w := range words {
			if !strings.Contains(blocks[i], w) {
				t.Errorf("block %d has no %s", i+1, w)
			}
		}
	}
}

// TestReadmeCopies: the commands that lay the folders over each other are there
// for sh, which runs them, and for PowerShell, which copies and removes the same.
func TestReadmeCopies(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(folder + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	posix, windows := fenced(string(readme), "sh"), fenced(string(readme), "powershell")
	if len(posix) != 1 || len(windows) != 1 {
		t.Fatalf("%d blocks for sh, %d for PowerShell", len(posix), len(windows))
	}
	words := func(text, pattern, separator string) (all []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			for name := range strings.SplitSeq(m[1], separator) {
				all = append(all, strings.Trim(strings.ReplaceAll(name, `\`, "/"), " /.*"))
			}
		}
		return all
	}
	sh := append(words(posix[0], `cp -r (.+?) D/`, " "), words(posix[0], `rm -r (\S+)`, " ")...)
	ps := append(words(windows[0], `Copy-Item (.+?) D -Recurse -Force`, ", "), words(windows[0], `Remove-Item (\S+) -Recurse`, " ")...)
	if want := []string{"server", "managed", "web", "D/CommonModules/ЗмрКлиентАсинх"}; !slices.Equal(sh, want) || !slices.Equal(ps, want) {
		t.Errorf("sh copies and removes %v, PowerShell %v, want %v", sh, ps, want)
	}
	dir := t.TempDir()
	for _, layer := range []string{"server", "managed", "web"} {
		if err := os.CopyFS(filepath.Join(dir, layer), os.DirFS(filepath.Join(folder, layer))); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "set -eu\n"+posix[0])
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w := bsltest.New(bsltest.Target{Version: "8.3.12.1412", Context: bsltest.ThinClient})
	t.Cleanup(w.Close)
	err = w.LoadDump(filepath.Join(dir, "D"))
	if err == nil {
		err = w.Link()
	}
	if err != nil {
		t.Errorf("what was copied together: %v", err)
	}
	if !strings.Contains(string(readme), "`Copy-Item legacy-8.3.6\\* D -Recurse -Force`") {
		t.Error("there is no such line for legacy-8.3.6")
	}
}

// page is the guide.
func page(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// fenced are the blocks of a language.
func fenced(text, language string) (blocks []string) {
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, strings.TrimSpace(m[1]))
	}
	return blocks
}

// TestGuideNames: what the documents name is there.
func TestGuideNames(t *testing.T) {
	modules := map[string]string{}
	for _, file := range []string{"managed/CommonModules/ЗмрКлиентПереопределяемый", "managed/CommonModules/ЗмрКлиент", "server/CommonModules/ЗмрСерверПереопределяемый", "server/CommonModules/ЗмрСервер", "server/CommonModules/ЗмрХранилище"} {
		raw, err := os.ReadFile(folder + "/" + file + "/Ext/Module.bsl")
		if err != nil {
			t.Fatal(err)
		}
		modules[file[strings.LastIndex(file, "/")+1:]] = string(raw)
	}
	readme, err := os.ReadFile(folder + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(Змр[А-Яа-я]+)\.([А-Яа-я]+)`).FindAllStringSubmatch(string(readme), -1) {
		if body, ok := modules[m[1]]; ok && !strings.Contains(body, " "+m[2]+"(") {
			t.Errorf("README.md names %s, which is not there", m[0])
		}
	}
	for _, name := range regexp.MustCompile("(?m)^\\|[^|]*\\| `([А-Яа-я]+)`").FindAllStringSubmatch(string(readme), -1) {
		if !strings.Contains(modules["ЗмрКлиентПереопределяемый"]+modules["ЗмрСерверПереопределяемый"], " "+name[1]+"(") {
			t.Errorf("README.md names %s, which no overridable module has", name[1])
		}
	}
}

// shell runs commands of a document as they stand there, but for the address.
// zummer is this very test, see TestMain; what would serve is served already.
func shell(t *testing.T, address, dsn, script string) string {
	t.Helper()
	bin := t.TempDir()
	const program = `#!/bin/sh
if [ "$1" = serve ]; then # it serves already; that serve knows these flags is all there is to see
	for word; do
		case $word in --*) "$SELF" serve --help | grep -q -e "$word" || echo "serve has no $word" ;; esac
	done
	exit
fi
exec "$SELF" "$@"
`
	if err := os.WriteFile(filepath.Join(bin, "zummer"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "set -eu\n"+strings.ReplaceAll(script, typed[0].placeholder, address)+"\nwait")
	cmd.Env = append(os.Environ(), asProgram+"=1", "SELF="+self, "ZUMMER_DATABASE="+dsn, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Errorf("%v: %s\n%s%s", err, script, &out, &errs)
	}
	if errs.Len() > 0 {
		t.Logf("%s\nsaid: %s", script, &errs)
	}
	return out.String()
}
