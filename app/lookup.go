package app

import (
	"time"

	"zummer/app/internal/crm"
	"zummer/app/internal/setup"
)

// newLookup is the client that asks the CRM who has a number; nil when the
// configuration names no CRM. observe is told of every question.
func newLookup(cfg Config, s *setup.Setup, observe func(outcome string, took time.Duration)) (*crm.Client, error) {
	if cfg.LookupURL == "" {
		return nil, nil
	}
	return crm.New(crm.Options{URL: string(cfg.LookupURL), Secret: string(cfg.LookupSecret), Contact: s.ReadContact, Observe: observe})
}
