package agent

import "net/netip"

// owner is whose a socket of this machine is.
type owner int

const (
	ownerUnknown owner = iota // the system does not tell
	ownerNone                 // there is no such socket
	ownerUs                   // this user's
	ownerOther                // another user's; worse than all
)

// Both are asked of the system at each use: sockets come and go.
//
//   - udpOwner: who would get a datagram that is sent from one of our sockets to
//     a port of 127.0.0.1. If several would, and one is another user's, it is
//     ownerOther.
//   - tcpOwner: whose the other end of a connection of the loopback is; ownerNone
//     for one that was closed as a whole: it may have been anybody's.
//
// On Linux a user is a user id; root is "us" as the other end of a connection,
// since root can read all that the answer says, and another one as a listener,
// since a service of the system writes down what it gets. On Windows it is a
// desktop session, which has one user. Elsewhere nothing is told.
type owners struct {
	udp func(from netip.AddrPort, port uint16) owner
	tcp func(peer, here netip.AddrPort) owner
}

var systemOwners = owners{udp: udpOwner, tcp: tcpOwner}
