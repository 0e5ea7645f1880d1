//go:build !linux && !windows

package agent

import "net/netip"

func udpOwner(netip.AddrPort, uint16) owner { return ownerUnknown }

func tcpOwner(_, _ netip.AddrPort) owner { return ownerUnknown }
