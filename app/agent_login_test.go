package app_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zummer/app"
	"zummer/clients/agent"
)

// TestAgentLoginRefuses: login writes nothing that the other commands would not
// read, and says which field is wrong; the next login is not in its way.
func TestAgentLoginRefuses(t *testing.T) {
	in, _, token := manned(t)
	t.Setenv("LC_ALL", "C")
	file := filepath.Join(t.TempDir(), "agent.json")
	for _, c := range []struct {
		name string
		args []string
		want string // "": it is written
	}{
		{"an infobase with a space", []string{"--infobase", "e1c://server/srv1c/my base"}, "infobase"},
		{"an infobase with a place", []string{"--infobase", "e1c://server/srv1c/trade#e1cib/command/x"}, "infobase"},
		{"a host with its scheme", []string{"--host", "https://crm.example"}, "links.hosts["},
		{"a good one", []string{"--infobase", "e1c://server/srv1c/my%20base", "--host", "crm.example"}, ""},
		{"an infobase with a space, the next time", []string{"--infobase", "e1c://server/srv1c/my base"}, "infobase"},
		{"once more", nil, ""},
	} {
		before, _ := os.ReadFile(file)
		var out bytes.Buffer
		code := app.MainWith(context.Background(), append([]string{"agent", "login", "--config", file, "--url", in.URL}, c.args...), strings.NewReader(token+"\n"), &out, &out)
		after, _ := os.ReadFile(file)
		if c.want == "" {
			if _, err := agent.Load(file); err != nil || code != 0 {
				t.Errorf("%s: %d %s, %v", c.name, code, &out, err)
			}
			if want := `next: zummer agent check --config "` + file + `", then zummer agent run --config "` + file + `"; at start: zummer agent autostart --config "` + file + `"`; !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in %s", c.name, want, &out)
			}
			continue
		}
		if code == 0 || !strings.Contains(out.String(), c.want) || !bytes.Equal(before, after) {
			t.Errorf("%s: %d %s, %s", c.name, code, &out, after)
		}
	}
}
