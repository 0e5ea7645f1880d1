package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
)

// zummerProgram is the program under test, built from the module that bench
// is run in.
type zummerProgram struct{ dir, path string }

func (z *zummerProgram) build(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "zummer-bench-")
	if err != nil {
		return err
	}
	z.dir, z.path = dir, filepath.Join(dir, "zummer")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", z.path, "zummer").CombinedOutput(); err != nil { //nolint:gosec // G204: our own program
		z.remove()
		return fmt.Errorf("build zummer: %w\n%s", err, out)
	}
	return nil
}

func (z *zummerProgram) remove() { _ = os.RemoveAll(z.dir) }

// zummerTarget is Zummer itself, set up through its own HTTP interface. Users
// and tokens are made once; each start gets a copy of that database.
type zummerTarget struct {
	title    string
	program  *zummerProgram
	postgres string // DSN of the superuser; "": SQLite
	ready    *runningZummer
}

func (t *zummerTarget) name() string { return t.title }

func (t *zummerTarget) start(ctx context.Context, users int) (running, error) {
	if t.ready == nil {
		if err := t.prepare(ctx, users); err != nil {
			return nil, fmt.Errorf("set up Zummer: %w", err)
		}
	}
	r := *t.ready
	var err error
	if r.database, err = t.ready.copy(ctx); err != nil {
		return nil, err
	}
	if err := r.launch(ctx); err != nil {
		return nil, errors.Join(err, r.drop())
	}
	return &r, nil
}

// prepare makes the database that the others are copies of.
func (t *zummerTarget) prepare(ctx context.Context, users int) error {
	db, err := newDatabase(ctx, t.postgres)
	if err != nil {
		return err
	}
	r := &runningZummer{database: db, path: t.program.path, admin: rand.Text()}
	if r.listen, err = freeAddr(); err == nil {
		err = r.launch(ctx)
	}
	if err != nil {
		return errors.Join(err, db.drop())
	}
	if err := r.setUp(ctx, users); err != nil {
		return errors.Join(err, r.stop())
	}
	t.ready = r
	return r.proc.end()
}

// remove drops the database that the others were copies of.
func (t *zummerTarget) remove() {
	if t.ready != nil {
		_ = t.ready.drop() // a left-over database harms no figure
	}
}

// runningZummer is a started Zummer.
type runningZummer struct {
	*database
	path, listen, admin string
	hookPath            string
	tokens              []string
	proc                *process
}

func (r *runningZummer) launch(ctx context.Context) (err error) {
	env := []string{"ZUMMER_LISTEN=" + r.listen, "ZUMMER_DATABASE=" + r.dsn, "ZUMMER_ADMIN_TOKEN=" + r.admin, "ZUMMER_LOG=json", "ZUMMER_LOG_LEVEL=error", "ZUMMER_DRAIN=0s"}
	r.proc, _, err = launch(ctx, r.path, []string{"serve"}, env, func(context.Context) error {
		return call(r.listen, "", "GET", "/readyz", nil, nil)
	})
	return err
}

// setUp makes one source, the users with an extension each, and their tokens.
func (r *runningZummer) setUp(ctx context.Context, users int) error {
	w := &wire{addr: r.listen, header: "Authorization: Bearer " + r.admin + "\r\n"}
	defer w.close()
	var source struct {
		HookURL string `json:"hook_url"`
	}
	if err := w.call("PUT", "/v1/admin/sources/bench", []byte(`{"kind":"generic","name":"bench"}`), &source); err != nil {
		return err
	}
	u, err := url.Parse(source.HookURL)
	if err != nil {
		return err
	}
	r.hookPath = u.Path
	type extension struct {
		Source string `json:"source"`
		Number string `json:"number"`
	}
	type user struct {
		ExternalID string      `json:"external_id"`
		Login      string      `json:"login"`
		Name       string      `json:"name"`
		Extensions []extension `json:"extensions"`
	}
	const atOnce = 400 // a request is at most 64 KiB
	for from := 0; from < users; from += atOnce {
		var list []user
		for i := from; i < min(users, from+atOnce); i++ {
			list = append(list, user{"u" + strconv.Itoa(i), "user" + strconv.Itoa(i), "User " + strconv.Itoa(i), []extension{{"bench", strconv.Itoa(firstExtension + i)}}})
		}
		body, err := json.Marshal(map[string]any{"users": list})
		if err != nil {
			return err
		}
		if err := w.call("POST", "/v1/sync/users", body, nil); err != nil {
			return err
		}
	}
	return r.makeTokens(ctx, users)
}

func (r *runningZummer) makeTokens(ctx context.Context, users int) error {
	r.tokens = make([]string, users)
	var next atomic.Int64
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	for range 16 {
		wg.Go(func() {
			w := &wire{addr: r.listen, header: "Authorization: Bearer " + r.admin + "\r\n"}
			defer w.close()
			for i := int(next.Add(1)) - 1; i < users && failed.Load() == nil && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				var made struct {
					Token string `json:"token"`
				}
				if err := w.call("POST", "/v1/sync/users/u"+strconv.Itoa(i)+"/token", []byte(`{"ttl_s":86400}`), &made); err != nil {
					failed.Store(&err)
					return
				}
				r.tokens[i] = made.Token
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return ctx.Err()
}

func (r *runningZummer) addr() string       { return r.listen }
func (r *runningZummer) pid() int           { return r.proc.cmd.Process.Pid }
func (r *runningZummer) hook() string       { return r.hookPath }
func (r *runningZummer) token(i int) string { return r.tokens[i] }

func (r *runningZummer) pending(context.Context) (int, error) {
	var out struct{ Pending int }
	err := call(r.listen, r.admin, "GET", "/v1/admin/stats", nil, &out)
	return out.Pending, err
}

func (r *runningZummer) restart(ctx context.Context) error {
	if err := r.proc.end(); err != nil {
		return err
	}
	return r.launch(ctx)
}

func (r *runningZummer) stop() error { return errors.Join(r.proc.end(), r.drop()) }
