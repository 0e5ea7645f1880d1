// Package conformance tries a client of the service. A Kit listens on a loopback
// address and speaks the client side of the contract from a script: answers are
// lost, the service restarts, a revision goes stale, pages move, and more. It
// says in words which rule a client broke.
//
// The client only has to poll it as it would poll the service: a row that it
// shall open is acknowledged by its id and rev. What it opens and shows can be
// reported too (Kit.Opened, Kit.Shown, or the addresses beneath /kit/), and then
// more is seen: a form that opens twice, a picture that was dropped.
//
// The answers come from the service's own encoders (package handlers), in all
// three formats; only the register behind them is a script.
//
//	kit, err := conformance.New(conformance.Options{})
//	go runMyClient(kit.URL(), kit.Token())
//	report := kit.Run(ctx)
//	if !report.OK() { … report.Violations … }
//
// zummer simulate client-test is this package on the command line.
package conformance
