package zummer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrNoZummer is when somebody else answers at the address: a proxy, a page of
// another program.
var ErrNoZummer = errors.New("what answered is no Zummer")

// Error is a refusal of the service.
type Error struct {
	Status    int    // of HTTP
	Code      string // stable, e.g. session_conflict, moved_on, unknown_user
	Detail    string // in words
	RequestID string // under which the service's log has it
	// Retryable says that the same request may be answered later.
	Retryable bool
	// RetryAfter is the least pause before that; 0: none was named.
	RetryAfter time.Duration
	// Fields are what is wrong with which field, of a 422.
	Fields []FieldError
}

// FieldError is what is wrong with one field.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the service answers %d", e.Status)
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	for _, f := range e.Fields {
		if !strings.Contains(e.Detail, f.Field+": "+f.Message) && !strings.Contains(e.Detail, f.Field+" "+f.Message) {
			fmt.Fprintf(&b, "; %s %s", f.Field, f.Message)
		}
	}
	return b.String()
}

// StatusOf is the HTTP status of a refusal; 0 when err is none.
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// CodeOf is the stable code of a refusal; "" when err is none.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// errorOf reads a refusal. What stands between us and the service (a proxy)
// may have written it, so nothing but the status is relied on.
func errorOf(res *http.Response, body []byte) *Error {
	var p struct {
		Code      string       `json:"code"`
		Detail    string       `json:"detail"`
		RequestID string       `json:"request_id"`
		Retryable bool         `json:"retryable"`
		Errors    []FieldError `json:"errors"`
	}
	_ = json.Unmarshal(body, &p) // what is no JSON says nothing
	e := &Error{Status: res.StatusCode, Code: p.Code, Detail: p.Detail, RequestID: p.RequestID, Retryable: p.Retryable, Fields: p.Errors, RetryAfter: retryAfter(res.Header)}
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.Retryable = true
	}
	if e.Detail == "" {
		e.Detail = http.StatusText(res.StatusCode)
	}
	return e
}

// retryAfter reads Retry-After, seconds or a date.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.Atoi(v); err == nil && s > 0 {
		return min(time.Duration(s)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}

// maxRetryAfter bounds what a broken clock on the way can ask for.
const maxRetryAfter = 10 * time.Minute

// retryable reports whether the same request may do better later: it was not
// answered, or the service said so.
func retryable(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Retryable
	}
	return true
}
