// Package models holds the nouns of Zummer and the rules that belong to them:
// what an event is, how a call changes, what a notification carries, when an
// acknowledgement counts. It imports nothing but the standard library and does
// no I/O, so every rule here can be tested as a table.
//
// The words are those of docs/architecture.md: source, webhook, event, call,
// leg, extension, user, notification, pending set, version, rev, session.
package models
