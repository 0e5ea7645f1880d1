package agent

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// lockFile locks f for this handle; the system lets go when it closes.
func lockFile(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errHeld
	}
	return err
}

// hideWindow lets a program of text run without a window of its own.
func hideWindow(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
}

var (
	procConsoleList = kernel.NewProc("GetConsoleProcessList")
	procFreeConsole = kernel.NewProc("FreeConsole")
)

// LeaveConsole closes a console window that was opened for this program alone,
// as one is at sign-in; false: there is none, or somebody works in it.
func LeaveConsole() bool {
	var ids [2]uint32
	n, _, _ := procConsoleList.Call(uintptr(unsafe.Pointer(&ids[0])), uintptr(len(ids)))
	if n != 1 {
		return false
	}
	ok, _, _ := procFreeConsole.Call()
	return ok != 0
}
