package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// wire is one kept-alive HTTP/1.1 connection, written and read by hand: ten
// thousand of them in the load generator must cost less than what they
// measure. It is used by one goroutine; only hangUp may be called from others.
type wire struct {
	addr   string
	header string // fixed header lines, each with CRLF
	conn   net.Conn
	live   atomic.Pointer[net.Conn] // conn, for hangUp
	br     *bufio.Reader
	out    []byte
	body   []byte
}

// do sends one request and reads the whole answer, which stays valid until the
// next do. It dials when there is no connection. After an error the connection
// is closed.
func (w *wire) do(method, path string, body []byte, limit time.Duration) (status int, answer []byte, err error) {
	if w.conn == nil {
		if err := w.dial(); err != nil {
			return 0, nil, err
		}
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	w.out = append(w.out[:0], method...)
	w.out = append(append(w.out, ' '), path...)
	w.out = append(append(append(w.out, " HTTP/1.1\r\nHost: "...), w.addr...), "\r\n"...)
	w.out = append(append(w.out, w.header...), "Content-Type: application/json\r\nContent-Length: "...)
	w.out = append(strconv.AppendInt(w.out, int64(len(body)), 10), "\r\n\r\n"...)
	w.out = append(w.out, body...)
	if err := w.conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return 0, nil, err
	}
	if _, err := w.conn.Write(w.out); err != nil {
		return 0, nil, err
	}
	return w.read()
}

func (w *wire) dial() error {
	c, err := net.DialTimeout("tcp", w.addr, 10*time.Second)
	if err != nil {
		return err
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // ports must not run out over many runs
	}
	w.conn = c
	w.live.Store(&c)
	if w.br == nil {
		w.br = bufio.NewReaderSize(c, 2048)
	} else {
		w.br.Reset(c)
	}
	return nil
}

func (w *wire) read() (status int, body []byte, err error) {
	line, err := w.br.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, nil, fmt.Errorf("not HTTP/1.1: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("no status in %q", line)
	}
	length, last := -1, false
	for {
		if line, err = w.br.ReadSlice('\n'); err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := strings.Cut(string(line), ":")
		switch {
		case strings.EqualFold(name, "Content-Length"):
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return 0, nil, err
			}
		case strings.EqualFold(name, "Connection"):
			last = strings.EqualFold(strings.TrimSpace(value), "close")
		}
	}
	if length < 0 && status != 204 && status != 304 {
		return 0, nil, errors.New("an answer without Content-Length")
	}
	length = max(length, 0)
	if cap(w.body) < length {
		w.body = make([]byte, length)
	}
	w.body = w.body[:length]
	if _, err := io.ReadFull(w.br, w.body); err != nil {
		return 0, nil, err
	}
	if last {
		w.close()
	}
	return status, w.body, nil
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// hangUp ends a do that waits, from another goroutine.
func (w *wire) hangUp() {
	if c := w.live.Load(); c != nil {
		_ = (*c).Close()
	}
}
