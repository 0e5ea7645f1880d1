package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// register is what a floor server keeps: the least that Zummer's inbox could
// be. Users count from 1.
type register interface {
	// accept stores an event and returns when it is durable.
	accept(ctx context.Context, user int64, e event, body []byte) error
	// poll applies acks durably, then answers with what is pending, waiting
	// for something when there is nothing new.
	poll(ctx context.Context, user int64, q pollRequest) (pollAnswer, error)
	pending(ctx context.Context) (int, error)
	close() error
}

// serveFloor is the server process of a floor: bare net/http around a
// register. It says on standard output where it listens, and ends when its
// standard input does.
func serveFloor(ctx context.Context, open func(context.Context) (register, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	reg, err := open(ctx)
	if err != nil {
		return err
	}
	defer reg.close() //nolint:errcheck // the process ends
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: floorMux(reg), ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return ctx }}
	fmt.Println(l.Addr())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return srv.Close()
	}
}

func floorMux(reg register) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/bench/{token}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var e event
		if err := json.Unmarshal(body, &e); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		n, err := strconv.Atoi(e.Extension)
		if err == nil {
			err = reg.accept(r.Context(), int64(n-firstExtension+1), e, body)
		}
		answer(w, struct{}{}, err)
	})
	mux.HandleFunc("POST /v1/notifications/poll", func(w http.ResponseWriter, r *http.Request) {
		user, err := strconv.ParseInt(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer u"), 10, 64)
		if err != nil {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		var q pollRequest
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			err = json.Unmarshal(body, &q)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		set, err := reg.poll(r.Context(), user, q)
		answer(w, set, err)
	})
	mux.HandleFunc("GET /pending", func(w http.ResponseWriter, r *http.Request) {
		n, err := reg.pending(r.Context())
		answer(w, map[string]int{"pending": n}, err)
	})
	return mux
}

// answer writes v as JSON, or the error as 503.
func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "floor:", err)
		}
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b)
}

// parseAcks reads ID.REV texts.
func parseAcks(acks []string) ([]int64, []ackResult, error) {
	ids, results := make([]int64, 0, len(acks)), make([]ackResult, 0, len(acks))
	for _, a := range acks {
		head, tail, _ := strings.Cut(a, ".")
		id, err := strconv.ParseInt(head, 10, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("ack %q: %w", a, err)
		}
		rev, err := strconv.Atoi(tail)
		if err != nil {
			return nil, nil, fmt.Errorf("ack %q: %w", a, err)
		}
		ids, results = append(ids, id), append(results, ackResult{head, rev, "processed"})
	}
	return ids, results, nil
}

// floorTarget runs a floor as a process of this same binary.
type floorTarget struct {
	title    string
	role     string // of the child
	postgres string // DSN of the superuser; "": SQLite
}

func (t floorTarget) name() string { return t.title }

func (t floorTarget) start(ctx context.Context, _ int) (running, error) {
	db, err := newDatabase(ctx, t.postgres)
	if err != nil {
		return nil, err
	}
	r := &runningFloor{database: db, role: t.role}
	if err := r.launch(ctx); err != nil {
		return nil, errors.Join(err, db.drop())
	}
	return r, nil
}

// runningFloor is a started floor.
type runningFloor struct {
	*database
	role   string
	proc   *process
	listen string
}

func (r *runningFloor) launch(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r.proc, r.listen, err = launch(ctx, self, []string{"-role", r.role, "-dsn", r.dsn}, nil, nil)
	return err
}

func (r *runningFloor) addr() string       { return r.listen }
func (r *runningFloor) pid() int           { return r.proc.cmd.Process.Pid }
func (r *runningFloor) hook() string       { return "/hooks/bench/secret" }
func (r *runningFloor) token(i int) string { return "u" + strconv.Itoa(i+1) }

func (r *runningFloor) pending(context.Context) (int, error) {
	var out struct{ Pending int }
	err := call(r.listen, "", "GET", "/pending", nil, &out)
	return out.Pending, err
}

func (r *runningFloor) restart(ctx context.Context) error {
	if err := r.proc.end(); err != nil {
		return err
	}
	return r.launch(ctx)
}

func (r *runningFloor) stop() error { return errors.Join(r.proc.end(), r.drop()) }
