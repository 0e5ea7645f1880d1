//go:build !windows

package agent

import "errors"

// shellOpen is of Windows only.
func shellOpen(string) error { return errors.ErrUnsupported }
