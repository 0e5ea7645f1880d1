//go:build !windows

package agent

func newShellTray(func(int)) (Tray, error) { return nil, errNoTray }
