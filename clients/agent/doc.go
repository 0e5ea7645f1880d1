// Package agent is the program that sits on a user's desktop: it polls for one
// user, shows who calls as a desktop notification, opens the object, tells
// other programs of the same desktop, and answers local clients that cannot
// speak modern TLS.
//
// Nothing that comes from the network is ever run, or becomes part of a
// command line but as one argument: see [Links].
//
// docs/clients/agent.md is for those who set it up.
package agent
