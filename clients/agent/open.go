package agent

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// OpenLink gives a link that has been checked to the operating system. A
// program that still runs after five seconds has opened it.
func OpenLink(ctx context.Context, link string) error {
	argv, err := OpenCommand(runtime.GOOS, link)
	if err != nil {
		return err
	}
	if argv == nil {
		return shellOpen(link)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), argv[0], argv[1:]...) //nolint:gosec // checked by Links; no shell
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w", argv[0], err)
		}
	case <-time.After(5 * time.Second):
	}
	return nil
}
