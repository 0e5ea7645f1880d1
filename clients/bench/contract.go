package main

import (
	"fmt"
	"strconv"
)

// The part of the HTTP contract that the load speaks. The floors answer the
// same requests in the same shape, so that all targets are asked alike and the
// load generator costs the same with each.

// pollRequest is the body of POST /v1/notifications/poll.
type pollRequest struct {
	Version string   `json:"version,omitempty"`
	Wait    int      `json:"wait"`
	Limit   int      `json:"limit"`
	Session string   `json:"session"`
	Ack     []string `json:"ack,omitempty"` // ID.REV
}

// pollAnswer is its answer.
type pollAnswer struct {
	State         string      `json:"state"`
	Version       string      `json:"version"`
	Next          string      `json:"next"`
	Notifications []pollRow   `json:"notifications"`
	Acks          []ackResult `json:"acks"`
	PollAfterMS   int         `json:"poll_after_ms"`
}

// pollRow is one notification; Data is what a client would show.
type pollRow struct {
	ID   string `json:"id"`
	Rev  int    `json:"rev"`
	Kind string `json:"kind"`
	Name string `json:"name"` // carries the number of the message: b123
	Data any    `json:"data,omitempty"`
}

type ackResult struct {
	ID     string `json:"id"`
	Rev    int    `json:"rev"`
	Result string `json:"result"`
}

// event is the part of a canonical event that a floor looks at.
type event struct {
	Call      string `json:"call"`
	Phone     string `json:"phone"`
	Name      string `json:"name"`
	Extension string `json:"extension"`
}

// firstExtension is the extension of user 0; user i has firstExtension+i.
const firstExtension = 10_000

// eventPad brings an event to about 400 bytes.
const eventPad = "the caller asked about an order; the caller asked about an order; the caller asked about an order; the caller asked about an order; "

// eventBody is message id for user: an answered call, which makes one row that
// stays until it is acknowledged.
func eventBody(buf []byte, id, user int) []byte {
	return fmt.Appendf(buf[:0], `{"event":"answered","id":"e-%d","call":"c-%d","direction":"in","phone":"+7903%07d","name":"b%d","did":"+74951234567","extension":"%d","data":{"note":"%s"}}`,
		id, id, id%10_000_000, id, firstExtension+user, eventPad)
}

// messageOf reads the number back out of a row; ok is false when the row is
// none of the load's.
func messageOf(name string) (id int, ok bool) {
	if len(name) < 2 || name[0] != 'b' {
		return 0, false
	}
	id, err := strconv.Atoi(name[1:])
	return id, err == nil && id >= 0
}
