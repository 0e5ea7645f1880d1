//go:build unix

package agent

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// lockFile locks f for this open file; the kernel lets go when it closes.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errHeld
	}
	return err
}

// hideWindow: programs have no windows of their own here.
func hideWindow(*exec.Cmd) {}

// LeaveConsole is of Windows only.
func LeaveConsole() bool { return false }
