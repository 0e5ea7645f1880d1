package app_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"zummer/app"
)

// TestAgentAutostart: what is printed starts the agent with the flags that it
// would run with now, wherever it is started from.
func TestAgentAutostart(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	t.Chdir(t.TempDir())
	here, err := filepath.Abs("second profile.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		env    string // ZUMMER_LOG_LEVEL
		args   []string
		code   int
		want   []string
		absent string
	}{
		{"the usual configuration", "", []string{"--system", "linux"}, 0, []string{" agent run\n"}, "agent run --"},
		{"a file of this folder", "", []string{"--system", "linux", "--config", "second profile.json"}, 0, []string{`agent run --config "` + here + `"` + "\n"}, "--log"},
		{"a file elsewhere, on macOS", "", []string{"--system", "darwin", "--config", "/Users/ivanov/a.json"}, 0, []string{"<string>--config</string><string>/Users/ivanov/a.json</string></array>"}, ""},
		{"a file elsewhere, on Windows", "", []string{"--system", "windows", "--config", `D:\my profile\a.json`}, 0, []string{` agent run --config "D:\my profile\a.json"'`}, ""},
		{"how the log is written", "", []string{"--system", "linux", "--log", "json", "--log-level", "debug"}, 0, []string{" agent run --log json --log-level debug\n"}, ""},
		{"how much the environment wants logged", "warn", []string{"--system", "linux"}, 0, []string{" agent run --log-level warn\n"}, ""},
		{"a file that is not there", "", []string{"--config", "nosuch.json"}, 0, []string{" agent run", "warning: with this configuration the agent does not start: ", "nosuch.json: it is not there: zummer agent login makes it"}, ""},
		{"a file of another system, which is not looked for", "", []string{"--system", "windows", "--config", `D:\nosuch.json`}, 0, []string{" agent run"}, "warning"},
		{"a path of another system", "", []string{"--system", "windows", "--config", "second profile.json"}, 1, []string{`--config: must be a full path on windows, not "second profile.json"`}, "HKCU"},
	} {
		t.Setenv("ZUMMER_LOG_LEVEL", "info")
		if c.env != "" {
			t.Setenv("ZUMMER_LOG_LEVEL", c.env)
		}
		var out bytes.Buffer
		code := app.MainWith(context.Background(), append([]string{"agent", "autostart"}, c.args...), strings.NewReader(""), &out, &out)
		for _, want := range c.want {
			if code != c.code || !strings.Contains(out.String(), want) {
				t.Errorf("%s: %d, no %q in %s", c.name, code, want, &out)
			}
		}
		if c.absent != "" && strings.Contains(out.String(), c.absent) {
			t.Errorf("%s: %q in %s", c.name, c.absent, &out)
		}
	}
}
