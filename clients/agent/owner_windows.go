package agent

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	iphlpapi     = windows.NewLazySystemDLL("iphlpapi.dll")
	procUDPTable = iphlpapi.NewProc("GetExtendedUdpTable")
	procTCPTable = iphlpapi.NewProc("GetExtendedTcpTable")
)

// The tables with the number of the process: of UDP, and all of TCP.
const (
	udpTableOwner = 1
	tcpTableAll   = 5
)

func udpOwner(_ netip.AddrPort, port uint16) owner {
	found, untold := ownerNone, false
	for _, family := range []uintptr{windows.AF_INET, windows.AF_INET6} {
		rows, size := 12, 4 // address, port, process
		if family == windows.AF_INET6 {
			rows, size = 28, 16 // address, scope, port, process
		}
		table, err := socketTable(procUDPTable, family, udpTableOwner, rows)
		if err != nil && family == windows.AF_INET6 {
			continue // a system without IPv6
		}
		if err != nil {
			return ownerUnknown
		}
		for _, row := range table {
			ip, _ := netip.AddrFromSlice(row[:size])
			if ip = ip.Unmap(); tablePort(row[rows-8:]) != port || !ip.IsLoopback() && !ip.IsUnspecified() {
				continue
			}
			switch processOwner(binary.LittleEndian.Uint32(row[rows-4:])) {
			case ownerOther:
				return ownerOther
			case ownerUs:
				found = ownerUs
			default:
				untold = true
			}
		}
	}
	if untold {
		return ownerUnknown
	}
	return found
}

func tcpOwner(peer, here netip.AddrPort) owner {
	table, err := socketTable(procTCPTable, windows.AF_INET, tcpTableAll, 24) // state, address, port, address, port, process
	if err != nil {
		return ownerUnknown
	}
	ours := false
	for _, row := range table {
		ip, _ := netip.AddrFromSlice(row[4:8])
		local := netip.AddrPortFrom(ip, tablePort(row[8:]))
		ip, _ = netip.AddrFromSlice(row[12:16])
		remote := netip.AddrPortFrom(ip, tablePort(row[16:]))
		ours = ours || local == here
		if local != peer || remote != here {
			continue
		}
		if pid := binary.LittleEndian.Uint32(row[20:]); pid != 0 {
			return processOwner(pid)
		}
		return ownerNone // closed by its program
	}
	if ours { // the table has our side: the other one is gone
		return ownerNone
	}
	return ownerUnknown
}

// tablePort is a port as the tables have it.
func tablePort(b []byte) uint16 { return binary.BigEndian.Uint16(b) }

// socketTable is a table of the system cut into its rows.
func socketTable(proc *windows.LazyProc, family, class uintptr, row int) ([][]byte, error) {
	if err := proc.Find(); err != nil {
		return nil, err
	}
	size := uint32(16 << 10)
	for range 5 { // it may grow between two calls
		buffer := make([]byte, size)
		code, _, _ := proc.Call(uintptr(unsafe.Pointer(&buffer[0])), uintptr(unsafe.Pointer(&size)), 0, family, class, 0)
		switch errno := syscall.Errno(code); errno {
		case windows.ERROR_SUCCESS:
			n := int(binary.LittleEndian.Uint32(buffer))
			out := make([][]byte, 0, n)
			for i := range n {
				if at := 4 + i*row; at+row <= len(buffer) {
					out = append(out, buffer[at:at+row])
				}
			}
			return out, nil
		case windows.ERROR_INSUFFICIENT_BUFFER:
			size += 4 << 10
		default:
			return nil, errno
		}
	}
	return nil, errors.New("the table grows and grows")
}

// processOwner is whose a process is: this desktop session's or another one's.
// The list of processes needs no right to open them. In session 0 services of
// many users run, so nothing is told there.
func processOwner(pid uint32) owner {
	if int(pid) == os.Getpid() {
		return ownerUs
	}
	var own uint32
	if err := windows.ProcessIdToSessionId(uint32(os.Getpid()), &own); err != nil || own == 0 {
		return ownerUnknown
	}
	size := uint32(256 << 10)
	for range 5 {
		buffer := make([]byte, size)
		err := windows.NtQuerySystemInformation(windows.SystemProcessInformation, unsafe.Pointer(&buffer[0]), size, &size)
		if errors.Is(err, windows.STATUS_INFO_LENGTH_MISMATCH) {
			size += 64 << 10
			continue
		}
		if err != nil {
			return ownerUnknown
		}
		for at := uintptr(0); at+unsafe.Sizeof(windows.SYSTEM_PROCESS_INFORMATION{}) <= uintptr(len(buffer)); {
			p := (*windows.SYSTEM_PROCESS_INFORMATION)(unsafe.Pointer(&buffer[at]))
			if uint32(p.UniqueProcessID) == pid {
				if p.SessionID == own {
					return ownerUs
				}
				return ownerOther
			}
			if p.NextEntryOffset == 0 {
				break
			}
			at += uintptr(p.NextEntryOffset)
		}
		return ownerUnknown // it has just ended
	}
	return ownerUnknown
}
