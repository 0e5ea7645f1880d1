package agent

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
)

func udpOwner(from netip.AddrPort, port uint16) owner {
	return udpOwnerIn("/proc/net/", uint64(os.Geteuid()), from, port)
}

func tcpOwner(peer, here netip.AddrPort) owner {
	return tcpOwnerIn("/proc/net/", uint64(os.Geteuid()), peer, here)
}

func udpOwnerIn(folder string, uid uint64, from netip.AddrPort, port uint16) owner {
	found := ownerNone
	known := eachSocket(folder, "udp", func(s socket) {
		if s.local.Port() != port || !s.local.Addr().IsLoopback() && !s.local.Addr().IsUnspecified() {
			return
		}
		if s.remote.Port() != 0 && s.remote != from { // it is connected to somebody else
			return
		}
		if s.uid != uid {
			found = ownerOther
		} else if found == ownerNone {
			found = ownerUs
		}
	})
	if !known {
		return ownerUnknown
	}
	return found
}

func tcpOwnerIn(folder string, uid uint64, peer, here netip.AddrPort) owner {
	found, ours := ownerUnknown, false
	known := eachSocket(folder, "tcp", func(s socket) {
		ours = ours || s.local == here
		switch {
		case s.local != peer || s.remote != here:
		case s.inode == 0: // closed by its program: it shows as root's
			found = ownerNone
		case s.uid == uid || s.uid == 0:
			found = ownerUs
		default:
			found = ownerOther
		}
	})
	if known && ours && found == ownerUnknown { // the table has our side: the other one is gone
		return ownerNone
	}
	return found
}

// socket is a line of /proc/net/udp, tcp and those of IPv6.
type socket struct {
	local, remote netip.AddrPort
	uid, inode    uint64 // inode 0: no program has it open
}

// eachSocket gives the sockets of a protocol; false: the system does not tell.
func eachSocket(folder, protocol string, is func(socket)) bool {
	for _, version := range []string{"", "6"} {
		text, err := os.ReadFile(folder + protocol + version)
		if version == "6" && errors.Is(err, fs.ErrNotExist) {
			continue // a system without IPv6
		}
		if err != nil {
			return false
		}
		for line := range bytes.Lines(text) {
			if s, ok := socketOf(line); ok {
				is(s)
			}
		}
	}
	return true
}

// socketOf reads a line; false: it is the head of the table.
func socketOf(line []byte) (s socket, ok bool) {
	columns := bytes.Fields(line)
	if len(columns) < 10 {
		return s, false
	}
	local, ok1 := socketAddress(columns[1])
	remote, ok2 := socketAddress(columns[2])
	uid, err1 := strconv.ParseUint(string(columns[7]), 10, 64)
	inode, err2 := strconv.ParseUint(string(columns[9]), 10, 64)
	return socket{local, remote, uid, inode}, ok1 && ok2 && err1 == nil && err2 == nil
}

// socketAddress reads 0100007F:1F90: words of the machine's own order.
func socketAddress(text []byte) (a netip.AddrPort, ok bool) {
	host, port, ok := bytes.Cut(text, []byte(":"))
	if !ok || len(host) != 8 && len(host) != 32 {
		return a, false
	}
	raw := make([]byte, len(host)/2)
	if _, err := hex.Decode(raw, host); err != nil {
		return a, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	n, err := strconv.ParseUint(string(port), 16, 16)
	ip, fits := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), err == nil && fits
}
