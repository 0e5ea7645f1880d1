package agent

import (
	"fmt"
	"strings"
)

// Autostart says in words and ready to copy how the agent starts with the
// desktop of a system (GOOS).
func Autostart(system, program string, russian bool) (string, error) {
	pick := func(ru, en string) string {
		if russian {
			return ru
		}
		return en
	}
	switch system {
	case "linux":
		unit := fmt.Sprintf("[Unit]\nDescription=Zummer agent\nPartOf=graphical-session.target\nAfter=graphical-session.target\n\n[Service]\nExecStart=%s agent run\nRestart=on-failure\nRestartSec=5\n\n[Install]\nWantedBy=graphical-session.target\n", unitQuote(program))
		desktop := fmt.Sprintf("[Desktop Entry]\nType=Application\nName=Zummer agent\nExec=%s agent run\nX-GNOME-Autostart-enabled=true\nNoDisplay=true\n", desktopQuote(program))
		return pick("# Служба пользователя systemd: ~/.config/systemd/user/zummer-agent.service\n", "# A systemd user unit: ~/.config/systemd/user/zummer-agent.service\n") + unit +
			pick("# затем: ", "# then: ") + "systemctl --user daemon-reload && systemctl --user enable --now zummer-agent\n\n" +
			pick("# Или без systemd: ~/.config/autostart/zummer-agent.desktop\n", "# Or without systemd: ~/.config/autostart/zummer-agent.desktop\n") + desktop, nil
	case "darwin":
		plist := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>zummer.agent</string>
<key>ProgramArguments</key><array><string>%s</string><string>agent</string><string>run</string></array>
<key>RunAtLoad</key><true/><key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
<key>LimitLoadToSessionType</key><string>Aqua</string>
</dict></plist>
`, strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(program))
		return pick("# Файл ~/Library/LaunchAgents/zummer.agent.plist\n", "# The file ~/Library/LaunchAgents/zummer.agent.plist\n") + plist +
			pick("# затем: ", "# then: ") + "launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/zummer.agent.plist\n", nil
	case "windows":
		return pick("# В PowerShell, от имени самого пользователя (на терминальном сервере — в сеансе каждого):\n", "# In PowerShell, as the user (on a terminal server in each one's session):\n") +
			fmt.Sprintf("Set-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name ZummerAgent -Value '\"%s\" agent run'\n", strings.ReplaceAll(program, "'", "''")) +
			pick("# Убрать: ", "# To undo: ") + "Remove-ItemProperty -Path 'HKCU:\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' -Name ZummerAgent\n", nil
	}
	return "", fmt.Errorf("nothing is known of autostart on %s", system)
}

func unitQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`).Replace(s) + `"`
}

func desktopQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\\\`, `"`, `\\"`, "`", "\\\\`", `$`, `\\$`, `%`, `%%`).Replace(s) + `"`
}
