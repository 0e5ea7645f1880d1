package onectest_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

const guide = "../../docs/clients/1c.md"

// TestGuide walks docs/clients/1c.md as far as no 1C platform is needed: its
// own commands, the settings form in an empty infobase, and a call of Mango,
// signed as Mango signs.
func TestGuide(t *testing.T) {
	raw, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, n := range []string{"①", "②", "③", "④", "⑤", "⑥"} {
		if !strings.Contains(text, n+" ") {
			t.Errorf("the field %s is not there", n)
		}
	}
	if strings.Contains(text, "⑦") {
		t.Error("there are more than six fields to type")
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, strings.TrimSpace(m[1]))
	}
	if len(blocks) != 5 {
		t.Fatalf("%d blocks of commands, want 5: variables, keys, source, token, simulator", len(blocks))
	}
	in := apptest.Start(t, storetest.SQLite(t))
	typed := blocks[0] + "\n" + strings.NewReplacer("уникальный-код-атс", "mango-code-1", "ключ-для-подписи", "mango-salt-1").Replace(blocks[1]) + "\n"
	if !strings.Contains(typed, "mango-code-1") || !strings.Contains(typed, "mango-salt-1") {
		t.Fatalf("the two values of Mango have no place: %s", typed)
	}
	source := shell(t, in, typed+blocks[2])
	if !regexp.MustCompile(`"hook_url":"[^"]+/hooks/mango/[^"]+"`).MatchString(source) || strings.Contains(source, "mango-salt-1") {
		t.Fatalf("the source: %s", source)
	}
	token := regexp.MustCompile(`"token":"([^"]+)"`).FindStringSubmatch(shell(t, in, typed+blocks[3]))
	if token == nil {
		t.Fatal("no token")
	}
	s := &service{Instance: in, key: token[1]}

	b := newBase(t, managedKinds[0], true)
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	b.settings(in.URL, token[1], "101") // ④ ⑤ ⑥
	b.until("the test card", func() bool { return slices.Contains(b.opened(), "ОбщаяФорма.ЗмрКарточка") })
	card := b.Screen.Opened[len(b.Screen.Opened)-1].Form
	if err := b.FormCall(card, "Готово", nil); err != nil {
		t.Fatal(err)
	}
	b.until("no card any more", func() bool { return len(s.pending()) == 0 })
	b.Screen.Opened = nil

	command := strings.Fields(strings.SplitN(blocks[4], "zummer ", 2)[1])
	if !strings.Contains(blocks[4], `ZUMMER_SIMULATE_SECRET="$MANGO_KEY"`) {
		t.Fatalf("the simulator's secret: %s", blocks[4])
	}
	t.Setenv("ZUMMER_SIMULATE_SECRET", "mango-salt-1")
	t.Setenv("ZUMMER_ADMIN_TOKEN", apptest.AdminToken)
	done := make(chan string, 1)
	go func() {
		var out bytes.Buffer
		code := app.Main(context.Background(), append(command, "--url", in.URL, "--speed", "8"), &out, &out)
		if code != 0 {
			done <- out.String()
			return
		}
		done <- ""
	}()
	b.until("the toast while it rings", func() bool { return len(b.Screen.Toasts) > 0 && b.Screen.Toasts[0].Key != "" })
	b.until("the card with the number, at the answer", func() bool { return slices.Contains(b.opened(), "ОбщаяФорма.ЗмрКарточка") })
	if n := b.Screen.Opened[0].Form.Attr("Телефон"); n != "+79031234567" {
		t.Errorf("the card shows %v", n)
	}
	select {
	case failed := <-done:
		if failed != "" {
			t.Errorf("the simulator: %s", failed)
		}
	case <-time.After(30 * time.Second):
		t.Error("the simulator does not end")
	}
	b.quiet()
}

// TestGuideNames: what the documents name is there.
func TestGuideNames(t *testing.T) {
	modules := map[string]string{}
	for _, file := range []string{"managed/CommonModules/ЗмрКлиентПереопределяемый", "managed/CommonModules/ЗмрКлиент", "server/CommonModules/ЗмрСерверПереопределяемый", "server/CommonModules/ЗмрСервер"} {
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

// shell runs commands of a document against the instance.
func shell(t *testing.T, in *apptest.Instance, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "set -eu\n"+strings.ReplaceAll(script, "http://127.0.0.1:8080", in.URL))
	cmd.Env = append(os.Environ(), "ADMIN="+apptest.AdminToken)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s\n%s%s", err, script, &out, &errs)
	}
	return out.String()
}
