package handlers

import (
	"sync"
	"time"
)

// keptRefusals is how many refused webhooks are remembered.
const keptRefusals = 200

// Why a webhook was refused.
const (
	RefusedSource    = "unknown_source"
	RefusedToken     = "wrong_token"
	RefusedInactive  = "inactive_source"
	RefusedSignature = "wrong_signature"
	RefusedAddress   = "wrong_address"
	RefusedTooLarge  = "too_large"
)

// Refusal is one webhook that was turned away. It holds no token and no body.
type Refusal struct {
	At         time.Time
	Source     string // as the address named it, cut to 64 characters
	Method     string
	RemoteAddr string
	Status     int
	Reason     string
	Detail     string // what the adapter said about the signature
}

// refusals is a ring in memory; refused webhooks are never written down one by
// one, so that nobody can fill a disk with them.
type refusals struct {
	mu    sync.Mutex
	ring  [keptRefusals]Refusal
	total int64
}

func (r *refusals) add(x Refusal) {
	r.mu.Lock()
	r.ring[r.total%keptRefusals] = x
	r.total++
	r.mu.Unlock()
}

// Refused returns the last 200 refused webhooks, newest first, and how many
// there were since the start.
func (a *API) Refused() (last []Refusal, total int64) {
	r := &a.refused
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(r.total, keptRefusals)
	last = make([]Refusal, 0, n)
	for i := range n {
		last = append(last, r.ring[(r.total-1-i)%keptRefusals])
	}
	return last, r.total
}
