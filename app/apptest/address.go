package apptest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
)

// Ports of Address: below those that the kernel gives to connections, one of
// which may else have it meanwhile.
const firstPort, ports = 15_000, 17_000

// turn is where Address goes on, so that no two tests of a process get the same.
var turn = func() *atomic.Uint32 {
	n := &atomic.Uint32{}
	n.Store(rand.Uint32N(ports))
	return n
}()

// Address is one on loopback where nobody listens, for who listens there later
// or again.
func Address(t testing.TB) string {
	t.Helper()
	var last error
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+int(turn.Add(1)%ports)))
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
