// Package app is the program put together: configuration, the commands, the
// server, and the wiring of all other packages. It is the only one that knows
// them all, and nothing imports it but main.
//
// The map:
//
//	models            the nouns and their rules; no I/O
//	models/phone      raw numbers
//	models/store      the database; the only GORM code
//	app/internal/...  the use cases: inbox (the register), routing (rules),
//	                  hub (waiting polls), setup (sources, users, …), auth
//	handlers          the HTTP surface; handlers/pbx: one file a kind of PBX
//	jobs              what happens by the clock
//	web               pages
//
// Data goes one way in (hooks, inbox.Accept, one batched transaction) and one
// way out (inbox.Poll, woken by the hub); nothing calls back up.
package app
