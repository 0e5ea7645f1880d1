package agent

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// TestOwnersIn: whose a socket is, as the kernel's tables say it.
func TestOwnersIn(t *testing.T) {
	const head = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
	line := func(local, remote string, uid int) string {
		return fmt.Sprintf(" 1152: %s %s 07 00000000:00000000 00:00000000 00000000 %5d        0 1 2 0 0\n", local, remote, uid)
	}
	const none, none6 = "00000000:0000", "00000000000000000000000000000000:0000"
	const port, from = uint16(0x1F90), "127.0.0.1:40000" // 9C40
	for _, c := range []struct {
		name, udp, udp6 string
		want            owner
	}{
		{"nobody", "", "", ownerNone},
		{"another port", line("0100007F:1F91", none, 7), "", ownerNone},
		{"another address", line("0200A8C0:1F90", none, 7), "", ownerNone},
		{"ours", line("0100007F:1F90", none, 1000), "", ownerUs},
		{"ours, of all addresses", line("00000000:1F90", none, 1000), "", ownerUs},
		{"another user's", line("0100007F:1F90", none, 7), "", ownerOther},
		{"another user's, of all addresses", line("00000000:1F90", none, 7), "", ownerOther},
		{"a service of the system", line("00000000:1F90", none, 0), "", ownerOther},
		{"ours, and another user's behind it", line("0100007F:1F90", none, 1000) + line("0100007F:1F90", none, 7), "", ownerOther},
		{"another user's, and ours behind it", line("0100007F:1F90", none, 7) + line("00000000:1F90", none, 1000), "", ownerOther},
		{"another user's of IPv6, that gets IPv4 too", line("0100007F:1F90", none, 1000), line("00000000000000000000000000000000:1F90", none6, 7), ownerOther},
		{"ours of IPv6", "", line("00000000000000000000000000000000:1F90", none6, 1000), ownerUs},
		{"ours of IPv4 in IPv6", "", line("0000000000000000FFFF00000100007F:1F90", none6, 1000), ownerUs},
		{"one that asks another port", line("0100007F:1F90", "0100007F:0035", 7), "", ownerNone},
		{"one that is connected to us", line("0100007F:1F90", "0100007F:9C40", 7), "", ownerOther},
		{"a line that is cut", " 1152: 0100007F:1F90 00000000:0000 07\n", "", ownerNone},
	} {
		folder := t.TempDir() + "/"
		write := func(name, text string) {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(head+text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("udp", c.udp)
		if c.udp6 != "" {
			write("udp6", c.udp6)
		}
		if got := udpOwnerIn(folder, 1000, netip.MustParseAddrPort(from), port); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if got := udpOwnerIn(t.TempDir()+"/", 1000, netip.MustParseAddrPort(from), port); got != ownerUnknown {
		t.Errorf("a system that does not tell: %d", got)
	}
}

// TestOwnersHere: the same of real sockets of this user.
func TestOwnersHere(t *testing.T) {
	from := netip.MustParseAddrPort("127.0.0.1:1")
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		c, err := net.ListenPacket("udp", address)
		if err != nil {
			t.Fatal(err)
		}
		port := uint16(c.LocalAddr().(*net.UDPAddr).Port)
		if got := udpOwner(from, port); got != ownerUs {
			t.Errorf("%s: %d", address, got)
		}
		c.Close()
		if got := udpOwner(from, port); got != ownerNone {
			t.Errorf("%s, closed: %d", address, got)
		}
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, mapped := range []bool{false, true} {
		address := l.Addr().String()
		if mapped {
			_, port, _ := net.SplitHostPort(address)
			address = "[::ffff:127.0.0.1]:" + port
		}
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		at, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := tcpOwner(addressOf(at.RemoteAddr().String()), addressOf(at.LocalAddr().String())); got != ownerUs {
			t.Errorf("a client of ours at %s: %d", address, got)
		}
		peer, here := addressOf(at.RemoteAddr().String()), addressOf(at.LocalAddr().String())
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.ReadAll(at)
		if got := tcpOwner(peer, here); got != ownerUs {
			t.Errorf("a client that has closed its side, at %s: %d", address, got)
		}
		c.Close()
		if got := tcpOwner(peer, here); got != ownerNone {
			t.Errorf("a client that is gone, at %s: %d", address, got)
		}
		at.Close()
	}
	if got := tcpOwner(netip.MustParseAddrPort("127.0.0.1:1"), addressOf(l.Addr().String())); got != ownerNone {
		t.Errorf("no connection: %d", got)
	}
}

// TestPeersIn: whose the other end of a connection is. One that its program has
// closed is nobody's, though the table names root.
func TestPeersIn(t *testing.T) {
	line := func(local, remote string, uid, inode int) string {
		return fmt.Sprintf("   0: %s %s 01 00000000:00000000 00:00000000 00000000 %5d        0 %d 1 0 20 4 0 10 -1\n", local, remote, uid, inode)
	}
	const here, peer = "0100007F:1F90", "0100007F:9C40"
	listener, ours := line(here, "00000000:0000", 1000, 5), line(here, peer, 1000, 6)
	for _, c := range []struct {
		name, tcp string
		want      owner
	}{
		{"ours", listener + ours + line(peer, here, 1000, 7), ownerUs},
		{"the other user's", listener + ours + line(peer, here, 7, 8), ownerOther},
		{"root's", listener + ours + line(peer, here, 0, 9), ownerUs},
		{"one that was closed", listener + ours + line(peer, here, 0, 0), ownerNone},
		{"one that is gone", listener + ours, ownerNone},
		{"one that was reset", listener, ownerNone},
		{"a table without us", line("0100007F:0001", "00000000:0000", 7, 1), ownerUnknown},
		{"an empty table", "", ownerUnknown},
	} {
		folder := t.TempDir() + "/"
		if err := os.WriteFile(filepath.Join(folder, "tcp"), []byte(c.tcp), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := tcpOwnerIn(folder, 1000, netip.MustParseAddrPort("127.0.0.1:40000"), netip.MustParseAddrPort("127.0.0.1:8080")); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
