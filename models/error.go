package models

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an Error is. handlers turns a Kind into an
// HTTP status in one place; nothing else does.
type Kind int

// The kinds. The zero Kind is Internal, so a forgotten kind never looks like
// the caller's fault.
const (
	Internal     Kind = iota // 500: ours; the cause stays in the log
	Invalid                  // 422: the request is understood and wrong
	Malformed                // 400: the request cannot be read
	Unauthorized             // 401
	Forbidden                // 403: the token lacks the scope
	NotFound                 // 404, also for what belongs to somebody else
	Conflict                 // 409
	TooLarge                 // 413
	Unsupported              // 415
	TooMany                  // 429
	Unavailable              // 503: database away, queue full, draining
)

// FieldError names one wrong field of a request.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is the one error type that reaches a client. Message is written for
// the person who reads it; Cause is for the log and never leaves the server.
type Error struct {
	Kind    Kind
	Code    string        // stable machine word; "" means the kind's own word
	Message string        // public text
	Fields  []FieldError  // for Invalid
	Retry   time.Duration // for TooMany, Unavailable, Conflict; 0: no hint
	Cause   error         // may be nil
}

// Error implements error. It includes the cause: use PublicMessage for clients.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error of kind k with a public message. A %w operand becomes
// the cause and is also printed, so wrap only what the public may read.
func Errorf(k Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Message: err.Error(), Cause: nil}
}

// Coded is Errorf with a stable code.
func Coded(k Kind, code, format string, args ...any) *Error {
	e := Errorf(k, format, args...)
	e.Code = code
	return e
}

// InvalidField is a 422 that names one field.
func InvalidField(field, format string, args ...any) *Error {
	msg := fmt.Sprintf(format, args...)
	return &Error{Kind: Invalid, Message: field + ": " + msg, Fields: []FieldError{{Field: field, Message: msg}}}
}

// Away is the 503 for a database that cannot be reached, with its cause kept
// for the log.
func Away(cause error) *Error {
	return &Error{Kind: Unavailable, Code: "database_away", Message: "the database cannot be reached; try again", Retry: 5 * time.Second, Cause: cause}
}

// KindOf returns the kind of the first Error in err's chain, Internal if there
// is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// IsNotFound reports whether err says that something does not exist.
func IsNotFound(err error) bool { return KindOf(err) == NotFound }
