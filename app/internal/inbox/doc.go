// Package inbox holds the use cases that change or read a pending set: Accept,
// Poll, Acknowledge, Claim, Release, Publish, Expire, Administrate, Replay, Route (of what
// waited unrouted). Read this package first.
//
// Every change goes through one batcher: concurrent operations are collected
// and written in one transaction in a fixed order (batch.go), so that a commit
// is shared, no two batches deadlock, and a version names exactly one body of
// one user's set. Reads (poll.go) register with the hub first, look second and
// wait third; they trust the version cache (cache.go) only while it is known
// to be fresh.
package inbox
