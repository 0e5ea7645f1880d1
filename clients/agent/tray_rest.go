//go:build !windows

package agent

func newShellTray(func(int)) (Tray, error) { return nil, errNoTray }

func newBalloons(Told) (Notifier, error) { return nil, errNoTray }
