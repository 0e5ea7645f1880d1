// Package simulate plays a telephone system: it makes the requests that a PBX
// of a given kind would send for a scenario, and reads recordings of real
// ones. It is pure; whoever calls it sends the requests and waits between them.
package simulate
