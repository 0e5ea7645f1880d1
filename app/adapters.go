package app

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/alexedwards/scs/v2"

	"zummer/app/internal/auth"
	"zummer/app/internal/inbox"
	"zummer/app/internal/setup"
	"zummer/handlers"
	"zummer/handlers/pbx"
	"zummer/models"
	"zummer/models/store"
)

// The adapters below give the store's transaction the shape that each use case
// declared; Go does not convert func(*store.Tx) error by itself.

// inboxStore is the store as the inbox needs it.
type inboxStore struct{ *store.Store }

// Write implements inbox.Store.
func (s inboxStore) Write(ctx context.Context, fn func(inbox.Tx) error) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error { return fn(tx) })
}

// setupStore is the store as setup needs it.
type setupStore struct{ *store.Store }

// Write implements setup.Store.
func (s setupStore) Write(ctx context.Context, fn func(setup.Tx) error) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error { return fn(tx) })
}

// authStore is the store as auth needs it.
type authStore struct{ *store.Store }

// Write implements auth.Store.
func (s authStore) Write(ctx context.Context, fn func(auth.Tx) error) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error { return fn(tx) })
}

// sessions keeps the sign-ins of administrators. The library's own idle time
// would write each time that one is read; auth.Sessions has another one.
func sessions(st *store.Store, cfg Config) *scs.SessionManager {
	own := &auth.Sessions{Store: authStore{st}, Idle: cfg.AdminIdle}
	return &scs.SessionManager{Lifetime: cfg.AdminSession, Store: own, Codec: own,
		Cookie: scs.SessionCookie{Name: "zummer", HttpOnly: true, Path: "/admin", SameSite: http.SameSiteLaxMode, Persist: true}}
}

// kinds lists the adapters for setup, which checks a source's settings.
func kinds() []setup.Kind {
	var out []setup.Kind
	for _, a := range pbx.Kinds() {
		k := setup.Kind{Name: a.Kind(), Validate: func(settings map[string]any, secret string) error {
			own, err := pbx.CheckCommon(a, settings)
			if err != nil {
				return err
			}
			return a.CheckSettings(own, secret)
		}}
		info := a.Info()
		for _, f := range info.Settings {
			if f.Type == "secret" {
				k.Secrets = append(k.Secrets, f.Name)
			}
			if f.Place {
				k.Places = append(k.Places, f.Name)
			}
		}
		k.SendsSecret = info.Secret != nil && info.Secret.Sent
		out = append(out, k)
	}
	return out
}

// silentSources lists the sources whose system does not always tell the end of a
// call that nobody answered.
func (a *App) silentSources() []int64 {
	var out []int64
	for id, s := range a.directory().Sources {
		if pbx.SilentEnd(s.Kind, s.Settings) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// parseStored runs a source's adapter over a journal entry, for replay. What
// was verified at receipt is not verified again.
func parseStored(c Config) func(*models.Source, *models.Webhook) ([]models.Event, error) {
	return func(s *models.Source, w *models.Webhook) ([]models.Event, error) {
		a, ok := pbx.Lookup(s.Kind)
		if !ok {
			return nil, models.Errorf(models.Invalid, "source %s is of a kind that this version does not know", s.Slug)
		}
		path, query, _ := strings.Cut(w.Path, "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			return nil, models.Errorf(models.Malformed, "the stored address cannot be read")
		}
		header := http.Header{}
		for k, v := range w.Headers {
			header.Set(k, v)
		}
		res, err := a.Parse(pbx.Request{Method: w.Method, Path: path, Query: values, Header: header, Body: w.Body},
			handlers.SourceConfig(s, c.Timezone, c.Region, w.ReceivedAt))
		if err != nil {
			return nil, fmt.Errorf("parse webhook %d again: %w", w.ID, err)
		}
		return res.Events, nil
	}
}
