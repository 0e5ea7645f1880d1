package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// target is a server that can be measured. All of them speak the requests of
// contract.go.
type target interface {
	// name stands in the report: "floor A, PostgreSQL".
	name() string
	// start runs the server as a process of its own on a fresh database with
	// that many users.
	start(ctx context.Context, users int) (running, error)
}

// running is a started server.
type running interface {
	addr() string       // host:port, loopback
	pid() int           // of the server process
	hook() string       // path that takes an event
	token(i int) string // bearer token of user i
	// pending counts the rows that nobody has acknowledged.
	pending(ctx context.Context) (int, error)
	// restart stops the process as an operator would, and starts it on the
	// same database.
	restart(ctx context.Context) error
	// transactions counts what the database has done so far; ok is false when
	// it does not say.
	transactions(ctx context.Context) (n int64, ok bool)
	// stop ends the process and removes the database.
	stop() error
}

// process is a child that says where it listens.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer     // closing it ends a floor, also when we are killed
	done  chan struct{} // closed when the process has ended, with err
	err   error
}

// launch starts a program. For a floor (ready nil) the first line of its output
// is its address; ready, when given, waits until the program answers.
func launch(ctx context.Context, path string, args, env []string, ready func(context.Context) error) (*process, string, error) {
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // G204: the programs are ours
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	var out io.ReadCloser
	if ready == nil {
		if out, err = cmd.StdoutPipe(); err != nil {
			return nil, "", err
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start %s: %w", path, err)
	}
	p := &process{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	addr := ""
	if out != nil {
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			_ = cmd.Process.Kill()
			return nil, "", fmt.Errorf("%s %s did not say where it listens: %w", path, strings.Join(args, " "), errors.Join(err, cmd.Wait()))
		}
		addr = strings.TrimSpace(line)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	if ready != nil {
		if err := p.await(ctx, ready); err != nil {
			return nil, "", errors.Join(err, p.end())
		}
	}
	return p, addr, nil
}

// await asks ready until it agrees, the process ends or a minute is over.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("the server ended: %w", errors.Join(p.err, err))
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// end stops the process and waits for it.
func (p *process) end() error {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return nil // how a stopped server exits is not ours to judge
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
		return errors.New("the server did not stop within 30 s and was killed")
	}
}

// freeAddr finds a free port of the loopback.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
