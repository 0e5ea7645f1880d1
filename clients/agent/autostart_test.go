package agent

import (
	"strings"
	"testing"
)

// TestAutostart: the texts are ready to copy, whatever the program's path is.
func TestAutostart(t *testing.T) {
	for _, c := range []struct {
		system, program string
		russian         bool
		want            []string
	}{
		{"linux", "/opt/zummer", false, []string{"# A systemd user unit", "\nExecStart=\"/opt/zummer\" agent run\n", "\nRestart=on-failure\n", "systemctl --user enable", "# Or without systemd: ~/.config/autostart/", "\nExec=\"/opt/zummer\" agent run\n"}},
		{"linux", "/opt/zummer", true, []string{"# Служба пользователя systemd", "# Или без systemd"}},
		{"linux", `/opt/my "apps"/50% $HOME/zummer`, false, []string{`ExecStart="/opt/my \"apps\"/50%% $$HOME/zummer" agent run`, `Exec="/opt/my \\"apps\\"/50%% \\$HOME/zummer" agent run`}},
		{"darwin", "/Applications/A & B/zummer", false, []string{"# The file ~/Library/LaunchAgents/", "<string>/Applications/A &amp; B/zummer</string><string>agent</string><string>run</string>", "launchctl bootstrap gui/"}},
		{"darwin", "/usr/local/bin/zummer", true, []string{"# Файл ~/Library/LaunchAgents/"}},
		{"windows", `C:\Program Files\Zummer\zummer.exe`, false, []string{`-Value '"C:\Program Files\Zummer\zummer.exe" agent run'`, "HKCU:", "Remove-ItemProperty", "# To undo"}},
		{"windows", `C:\Users\O'Neil\zummer.exe`, true, []string{`'"C:\Users\O''Neil\zummer.exe" agent run'`, "# Убрать", "терминальном сервере"}},
	} {
		text, err := Autostart(c.system, c.program, c.russian)
		for _, want := range c.want {
			if err != nil || !strings.Contains(text, want) {
				t.Errorf("%s, %s: no %q in %s (%v)", c.system, c.program, want, text, err)
			}
		}
	}
	if text, err := Autostart("plan9", "/bin/zummer", false); err == nil {
		t.Errorf("plan9: %s", text)
	}
}
