package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zummer/models"
)

// Sessions keeps the sessions of github.com/alexedwards/scs in our database: it
// is the library's CtxStore, and its Codec. Values may be int64 and string; those
// that models names as SignInAdmin and so on are columns too.
//
// A session ends Idle after it was last written, so whoever uses it has to write
// SignInSeen now and then. One that was ended by somebody stays ended, also when
// a request that had read it before writes it back: only a new one, whose
// SignInSeen is its SignInMade, is inserted.
type Sessions struct {
	Store Store
	Idle  time.Duration
}

// values is the stored form.
type values struct {
	Deadline int64             `json:"deadline"`
	Numbers  map[string]int64  `json:"numbers"`
	Texts    map[string]string `json:"texts,omitempty"`
}

// Encode implements scs.Codec.
func (s *Sessions) Encode(deadline time.Time, all map[string]any) ([]byte, error) {
	v := values{Deadline: deadline.UnixMilli(), Numbers: map[string]int64{}, Texts: map[string]string{}}
	for name, x := range all {
		switch x := x.(type) {
		case int64:
			v.Numbers[name] = x
		case string:
			v.Texts[name] = x
		default:
			return nil, fmt.Errorf("a session cannot hold %s of type %T", name, x)
		}
	}
	return json.Marshal(v)
}

// Decode implements scs.Codec.
func (s *Sessions) Decode(b []byte) (time.Time, map[string]any, error) {
	var v values
	if err := json.Unmarshal(b, &v); err != nil {
		return time.Time{}, nil, fmt.Errorf("read a session: %w", err)
	}
	all := map[string]any{}
	for name, n := range v.Numbers {
		all[name] = n
	}
	for name, t := range v.Texts {
		all[name] = t
	}
	return time.UnixMilli(v.Deadline).UTC(), all, nil
}

// FindCtx implements scs.CtxStore.
func (s *Sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	in, err := s.Store.SignIn(ctx, Hash(token))
	if models.IsNotFound(err) {
		return nil, false, nil
	}
	return in.Data, err == nil, err
}

// CommitCtx implements scs.CtxStore.
func (s *Sessions) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	var v values
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("read a session: %w", err)
	}
	made, seen := v.Numbers[models.SignInMade], v.Numbers[models.SignInSeen]
	in := models.SignIn{TokenHash: Hash(token), AdminID: v.Numbers[models.SignInAdmin], Data: b, From: v.Texts[models.SignInFrom], Agent: v.Texts[models.SignInAgent],
		MadeAt: time.UnixMilli(made), SeenAt: time.UnixMilli(seen), ExpiresAt: expiry}
	if in.AdminID == 0 || made == 0 {
		return errors.New("a session of nobody is not kept")
	}
	if idle := in.SeenAt.Add(s.Idle); s.Idle > 0 && idle.Before(in.ExpiresAt) {
		in.ExpiresAt = idle
	}
	if made == seen {
		return s.Store.InsertSignIn(ctx, in)
	}
	_, err := s.Store.UpdateSignIn(ctx, in)
	return err
}

// DeleteCtx implements scs.CtxStore.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	return s.Store.DeleteSignIn(ctx, Hash(token))
}

// Find implements scs.Store; the library calls FindCtx instead.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements scs.Store; the library calls CommitCtx instead.
func (s *Sessions) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// Delete implements scs.Store; the library calls DeleteCtx instead.
func (s *Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
