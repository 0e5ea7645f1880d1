package agent

import (
	"net/http"
	"time"

	zummer "zummer/clients/go"
)

// What a local program is told while the agent has no picture to show. It is a
// 503 either way: the program's own secret is right, and it shall ask again.
var (
	errAway    = &zummer.Error{Status: http.StatusServiceUnavailable, Code: "upstream_away", Detail: "the service does not answer the agent", Retryable: true, RetryAfter: 5 * time.Second}
	errToken   = &zummer.Error{Status: http.StatusServiceUnavailable, Code: "agent_token_refused", Detail: "the service refuses the agent's token: take a new one and repeat zummer agent login", Retryable: true, RetryAfter: 10 * time.Second}
	errNoScope = &zummer.Error{Status: http.StatusServiceUnavailable, Code: "agent_token_refused", Detail: "the agent's token has no scope poll: ask the administrator for another one", Retryable: true, RetryAfter: 10 * time.Second}
)

// absence is why there is no picture.
func (r *relay) absence() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch zummer.StatusOf(r.why) {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ofAgent(r.why)
	}
	return errAway
}

// ofAgent makes of a refusal that is meant for the agent one for a program of its
// user: 401 would tell that one that its secret is wrong.
func ofAgent(err error) error {
	switch zummer.StatusOf(err) {
	case http.StatusUnauthorized:
		return errToken
	case http.StatusForbidden:
		return errNoScope
	}
	return err
}
