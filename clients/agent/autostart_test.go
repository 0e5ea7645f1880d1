package agent

import (
	"strings"
	"testing"
)

// TestAutostart: the texts are ready to copy, whatever the paths of the program
// and of its configuration are.
func TestAutostart(t *testing.T) {
	for _, c := range []struct {
		system, program, config string
		more                    []string
		russian                 bool
		want                    []string
	}{
		{"linux", "/opt/zummer", "", nil, false, []string{"# A systemd user unit", "\nExecStart=\"/opt/zummer\" agent run\n", "\nRestart=on-failure\n", "systemctl --user enable", "# Or without systemd: ~/.config/autostart/", "\nExec=\"/opt/zummer\" agent run\n"}},
		{"linux", "/opt/zummer", "", nil, true, []string{"# Служба пользователя systemd", "# Или без systemd"}},
		{"linux", "/opt/50% $HOME/zummer", "", nil, false, []string{`ExecStart="/opt/50%% $HOME/zummer" agent run`, `Exec="/opt/50%% \\$HOME/zummer" agent run`}}, // systemd puts no variables into the program
		{"linux", `/opt/my "apps"/zummer`, "", nil, false, []string{`ExecStart=/usr/bin/env "/opt/my \"apps\"/zummer" agent run`, `Exec="/opt/my \\"apps\\"/zummer" agent run`}},
		{"linux", "/opt/zummer", "/home/ivanov/second.json", nil, false, []string{"\nExecStart=\"/opt/zummer\" agent run --config \"/home/ivanov/second.json\"\n", "\nExec=\"/opt/zummer\" agent run --config \"/home/ivanov/second.json\"\n"}},
		{"linux", "/opt/zummer", "/home/ivanov/50% of \"it\" $HOME `x` \\.json", []string{"--log-level", "debug"}, false, []string{
			`ExecStart="/opt/zummer" agent run --config "/home/ivanov/50%% of \"it\" $$HOME ` + "`x`" + ` \\.json" --log-level debug` + "\n",
			`Exec="/opt/zummer" agent run --config "/home/ivanov/50%% of \\"it\\" \\$HOME ` + "\\\\`x\\\\`" + ` \\\\.json" --log-level debug` + "\n"}},
		{"darwin", "/Applications/A & B/zummer", "", nil, false, []string{"# The file ~/Library/LaunchAgents/", "<string>/Applications/A &amp; B/zummer</string><string>agent</string><string>run</string></array>", "launchctl bootstrap gui/"}},
		{"darwin", "/usr/local/bin/zummer", "", nil, true, []string{"# Файл ~/Library/LaunchAgents/"}},
		{"darwin", "/usr/local/bin/zummer", "/Users/ivanov/R&D <2>.json", []string{"--log", "json"}, false, []string{"<string>run</string><string>--config</string><string>/Users/ivanov/R&amp;D &lt;2&gt;.json</string><string>--log</string><string>json</string></array>"}},
		{"windows", `C:\Program Files\Zummer\zummer.exe`, "", nil, false, []string{`-Value '"C:\Program Files\Zummer\zummer.exe" agent run'`, "HKCU:", "Remove-ItemProperty", "# To undo"}},
		{"windows", `C:\Users\O'Neil\zummer.exe`, "", nil, true, []string{`'"C:\Users\O''Neil\zummer.exe" agent run'`, "# Убрать", "терминальном сервере"}},
		{"windows", `C:\z\zummer.exe`, `D:\Мои настройки\O'Neil, O’Neil 50%.json`, []string{"--log-level", "debug"}, false, []string{`'"C:\z\zummer.exe" agent run --config "D:\Мои настройки\O''Neil, O’’Neil 50%.json" --log-level debug'`}},
		{"windows", `C:\z\zummer.exe`, `\\server\profiles\ivanov\agent.json`, nil, false, []string{`--config "\\server\profiles\ivanov\agent.json"'`}},
		{"windows", `C:\z\zummer.exe`, `D:\` + strings.Repeat("x", 250) + ".json", nil, true, []string{"# Строка длиннее 260 знаков"}},
		{"windows", `C:\z\zummer.exe`, `D:\` + strings.Repeat("x", 250) + ".json", nil, false, []string{"# The line is longer than 260 characters"}},
	} {
		text, err := Autostart(c.system, c.program, c.config, c.more, c.russian)
		for _, want := range c.want {
			if err != nil || !strings.Contains(text, want) {
				t.Errorf("%s, %s, %s: no %q in %s (%v)", c.system, c.program, c.config, want, text, err)
			}
		}
	}
	for _, c := range []struct{ name, system, program, config string }{
		{"an unknown system", "plan9", "/bin/zummer", ""},
		{"a path that begins nowhere", "linux", "/opt/zummer", "agent.json"},
		{"a path of another system", "windows", `C:\z\zummer.exe`, "/home/ivanov/agent.json"},
		{"a path without its drive", "windows", `C:\z\zummer.exe`, `\agent.json`},
		{"a path that no file there has", "windows", `C:\z\zummer.exe`, `C:\a"b.json`},
		{"a path of two lines", "linux", "/opt/zummer", "/home/a\nExecStartPre=/bin/b"},
		{"a program of two lines", "darwin", "/opt/a\x01b", ""},
	} {
		if text, err := Autostart(c.system, c.program, c.config, nil, false); err == nil {
			t.Errorf("%s: %s", c.name, text)
		}
	}
	if text, err := Autostart("windows", `C:\z\zummer.exe`, `D:\agent.json`, nil, false); err != nil || strings.Contains(text, "260") {
		t.Errorf("a line that is short enough: %s, %v", text, err)
	}
}
