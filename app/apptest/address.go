package apptest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Address is one on loopback where nobody listens, for who listens there later
// or again: its port is below those that the kernel gives to connections, one of
// which may else have it meanwhile.
func Address(t testing.TB) string {
	t.Helper()
	var last error
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(15_000+rand.IntN(17_000)))
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", address)
		if last = err; err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatalf("no free port on loopback: %v", last)
	return ""
}
