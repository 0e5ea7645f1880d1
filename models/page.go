package models

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// PageCursor names the place in one version of a set after offset rows. It is
// opaque to clients: [A-Za-z0-9_-] only.
func PageCursor(version string, offset int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(version + "/" + strconv.Itoa(offset)))
}

// ParsePageCursor is the inverse of PageCursor; ok is false for anything else.
func ParsePageCursor(s string) (version string, offset int, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return "", 0, false
	}
	version, text, found := strings.Cut(string(b), "/")
	offset, err = strconv.Atoi(text)
	if !found || err != nil || offset < 0 {
		return "", 0, false
	}
	return version, offset, true
}
