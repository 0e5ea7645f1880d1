package agent

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/windows"
)

// shellOpen gives a link to the program that is registered for its scheme. There
// is no command line: the link is a string of the call, in any alphabet.
func shellOpen(link string) error {
	verb, err := windows.UTF16PtrFromString("open")
	if err != nil {
		return err
	}
	what, err := windows.UTF16PtrFromString(link)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // a handler may want COM, which is a thread's
	defer runtime.UnlockOSThread()
	if err := windows.CoInitializeEx(0, windows.COINIT_APARTMENTTHREADED|windows.COINIT_DISABLE_OLE1DDE); err == nil {
		defer windows.CoUninitialize()
	}
	if err := windows.ShellExecute(0, verb, what, nil, nil, windows.SW_SHOWNORMAL); err != nil {
		return fmt.Errorf("ShellExecute: %w", err)
	}
	return nil
}
