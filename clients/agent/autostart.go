package agent

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Autostart says in words and ready to copy how the agent starts with the
// desktop of a system (GOOS). The program and the configuration are full paths
// of that system ("": the usual configuration); more are further words of the
// command line.
func Autostart(system, program, config string, more []string, russian bool) (string, error) {
	pick := func(ru, en string) string {
		if russian {
			return ru
		}
		return en
	}
	var words []string
	if config != "" {
		if !fullPath(system, config) {
			return "", fmt.Errorf(pick("--config: нужен полный путь на %s, а не %q", "--config: must be a full path on %s, not %q"), system, config)
		}
		words = append(words, "--config", config)
	}
	words = append(words, more...)
	for _, w := range append([]string{program}, words...) {
		if strings.ContainsFunc(w, unicode.IsControl) {
			return "", fmt.Errorf(pick("в пути %q управляющий знак: переименуйте", "the path %q has a control character: rename it"), w)
		}
	}
	switch system {
	case "linux":
		unit := fmt.Sprintf("[Unit]\nDescription=Zummer agent\nPartOf=graphical-session.target\nAfter=graphical-session.target\n\n[Service]\nExecStart=%s agent run%s\nRestart=on-failure\nRestartSec=5\n\n[Install]\nWantedBy=graphical-session.target\n", unitProgram(program), behind(words, unitQuote))
		desktop := fmt.Sprintf("[Desktop Entry]\nType=Application\nName=Zummer agent\nExec=%s agent run%s\nX-GNOME-Autostart-enabled=true\nNoDisplay=true\n", desktopQuote(program), behind(words, desktopQuote))
		return pick("# Служба пользователя systemd: ~/.config/systemd/user/zummer-agent.service\n", "# A systemd user unit: ~/.config/systemd/user/zummer-agent.service\n") + unit +
			pick("# затем: ", "# then: ") + "systemctl --user daemon-reload && systemctl --user enable --now zummer-agent\n\n" +
			pick("# Или без systemd: ~/.config/autostart/zummer-agent.desktop\n", "# Or without systemd: ~/.config/autostart/zummer-agent.desktop\n") + desktop, nil
	case "darwin":
		var list strings.Builder
		for _, w := range append([]string{program, "agent", "run"}, words...) {
			list.WriteString("<string>" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(w) + "</string>")
		}
		plist := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>zummer.agent</string>
<key>ProgramArguments</key><array>%s</array>
<key>RunAtLoad</key><true/><key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
<key>LimitLoadToSessionType</key><string>Aqua</string>
</dict></plist>
`, &list)
		return pick("# Файл ~/Library/LaunchAgents/zummer.agent.plist\n", "# The file ~/Library/LaunchAgents/zummer.agent.plist\n") + plist +
			pick("# затем: ", "# then: ") + "launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/zummer.agent.plist\n", nil
	case "windows":
		line := winQuote(program) + " agent run" + behind(words, winQuote)
		var long string
		if len(utf16.Encode([]rune(line))) > maxRun {
			long = pick("# Строка длиннее 260 знаков, Windows её не запустит: положите программу и настройки в папку с коротким путём.\n", "# The line is longer than 260 characters, and Windows does not start it: put the program and the configuration into a folder with a short path.\n")
		}
		return pick("# В PowerShell, от имени самого пользователя (на терминальном сервере — в сеансе каждого):\n", "# In PowerShell, as the user (on a terminal server in each one's session):\n") + long +
			"Set-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name ZummerAgent -Value " + shellQuote(line) + "\n" +
			pick("# Убрать: ", "# To undo: ") + "Remove-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name ZummerAgent\n", nil
	}
	return "", fmt.Errorf("nothing is known of autostart on %s", system)
}

// maxRun is how long a line under Run may be.
const maxRun = 260

// winPath is a full path of Windows: a drive's or a share's, with no character
// that no name there has.
var winPath = regexp.MustCompile(`^([A-Za-z]:[\\/]|\\\\[^\\/])[^"<>|?*]*$`)

func fullPath(system, path string) bool {
	if system == "windows" {
		return winPath.MatchString(path)
	}
	return strings.HasPrefix(path, "/")
}

// bare is a word that means the same on all systems without quotes.
var bare = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// behind are the words after others, quoted where they have to be.
func behind(words []string, quote func(string) string) string {
	var out strings.Builder
	for _, w := range words {
		if !bare.MatchString(w) {
			w = quote(w)
		}
		out.WriteString(" " + w)
	}
	return out.String()
}

// unitProgram is the first word of ExecStart: systemd puts no variables into it,
// and takes none with a quote or a backslash.
func unitProgram(s string) string {
	if strings.ContainsAny(s, `"'\`) {
		return "/usr/bin/env " + unitQuote(s)
	}
	return `"` + strings.ReplaceAll(s, "%", "%%") + `"`
}

func unitQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`).Replace(s) + `"`
}

func desktopQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\\\`, `"`, `\\"`, "`", "\\\\`", `$`, `\\$`, `%`, `%%`).Replace(s) + `"`
}

// winQuote is for a word without quotes of its own: a backslash means itself,
// but at the end.
func winQuote(s string) string {
	rest := strings.TrimRight(s, `\`)
	return `"` + s + strings.Repeat(`\`, len(s)-len(rest)) + `"`
}

// shellQuote makes a text of PowerShell, which takes typographic quotes for
// quotes too.
func shellQuote(s string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
}
