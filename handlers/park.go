package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// A poll that waits is taken from net/http, which would keep two goroutines and
// 10 KB of buffers for it: one goroutine rests in a read of the bare
// connection, writes the answer, and gives the connection back as if it had
// just been accepted (Deps.Resume). Whatever is unusual waits in net/http.

// parked is a waiting poll with its connection.
type parked struct {
	a      *API
	r      *pollRequest
	req    *http.Request // without body and context
	e      *echo.Echo
	path   string // the route's pattern
	format any    // that errors speak
	header http.Header
	began  time.Time
	conn   net.Conn
	early  bool // the client sent something while it waited
}

// park takes the connection over and waits for the answer on a goroutine of
// its own. When it says false, the caller waits.
func (a *API) park(c echo.Context, r *pollRequest, wait models.Waiting, began time.Time) bool {
	req := c.Request()
	if a.d.Resume == nil || !req.ProtoAtLeast(1, 1) || req.ProtoMajor != 1 || req.Close || !allRead(req) {
		return false
	}
	p := &parked{a: a, r: r, req: req, e: c.Echo(), path: c.Path(), format: c.Get(keyFormat), header: c.Response().Header(), began: began}
	conn, buffered, err := http.NewResponseController(c.Response()).Hijack()
	if err != nil {
		return false // not supported (tests): nothing happened
	}
	p.conn, p.early = conn, buffered.Reader.Buffered() > 0
	p.req = req.WithContext(context.WithoutCancel(req.Context()))
	p.req.Body = http.NoBody // it holds the buffers
	a.parked.Add(1)
	go p.run(wait) // ends when the poll is answered; Settle waits for it
	return true
}

// allRead reports that nothing of the request is left on the connection.
func allRead(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return true
	}
	if req.Method != http.MethodPost { // its body was not read at all
		return false
	}
	var b [1]byte
	n, err := req.Body.Read(b[:])
	return n == 0 && errors.Is(err, io.EOF)
}

// Settle waits, until ctx ends, for the polls that were taken from the server
// and are not answered yet: its Shutdown does not know them. Test calls end.
func (a *API) Settle(ctx context.Context) error {
	a.tests.stop()
	for a.parked.Load() > 0 {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d polls are not answered: %w", a.parked.Load(), ctx.Err())
		}
	}
	return nil
}

func (p *parked) run(wait models.Waiting) {
	defer p.a.parked.Add(-1)
	defer p.a.polls.Add(-1)
	defer func() { // here is no server to do it
		if r := recover(); r != nil {
			p.a.log.Error("panic in a waiting poll", "err", fmt.Sprintf("%v\n%s", r, debug.Stack()))
			_ = p.conn.Close()
		}
	}()
	var line models.Line
	if !p.early {
		line = p
	}
	var err error
	p.r.out.set, err = wait.Wait(p.req.Context(), line)
	if p.answer(err) {
		_ = p.conn.SetDeadline(time.Time{})
		if p.a.d.Resume(p.conn) {
			return
		}
	}
	if p.early {
		p.drain()
	}
	_ = p.conn.Close()
}

// drain reads what the client sends until it has the answer: closing over
// unread bytes resets a connection, and the answer may be lost with it.
func (p *parked) drain() {
	if half, ok := p.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = p.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	_, _ = io.CopyN(io.Discard, p.conn, 256<<10) // at worst it is reset
}

// answer writes the response; ok says that the connection may be used again.
func (p *parked) answer(err error) (ok bool) {
	if errors.Is(err, context.Canceled) {
		ctx, cancel := context.WithCancel(p.req.Context())
		cancel()
		p.req = p.req.WithContext(ctx) // as of any client that left
	}
	w := &heldResponse{header: p.header}
	c := p.e.NewContext(p.req, w)
	c.SetPath(p.path)
	if p.format != nil {
		c.Set(keyFormat, p.format)
	}
	p.a.finishPoll(c, p.r, err)
	p.a.observe(c, p.began)
	if p.req.Context().Err() != nil {
		return false
	}
	if p.early {
		w.header.Set("Connection", "close") // its next request may be lost in what was read
	}
	_ = p.conn.SetWriteDeadline(time.Now().Add(writeGrace))
	_, err = p.conn.Write(w.wire())
	return err == nil && w.header.Get("Connection") != "close"
}

// Arm implements models.Line.
func (p *parked) Arm() { _ = p.conn.SetReadDeadline(time.Time{}) }

// Poke implements models.Line.
func (p *parked) Poke() { _ = p.conn.SetReadDeadline(time.Unix(1, 0)) }

// Rest implements models.Line. A client that waits has nothing to send: what
// ends the read is its end, or Poke.
func (p *parked) Rest() (gone, ok bool) {
	var b [1]byte
	n, err := p.conn.Read(b[:])
	switch {
	case n > 0:
		p.early = true
		return false, false
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, true
	}
	return true, false
}

// heldResponse is a response that is written at its end.
type heldResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *heldResponse) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *heldResponse) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *heldResponse) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// wire is the response as HTTP/1.1 sends it.
func (w *heldResponse) wire() []byte {
	w.WriteHeader(http.StatusOK)
	w.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	w.header.Del(echo.HeaderContentLength)
	if w.status != http.StatusNotModified && w.status != http.StatusNoContent {
		w.header.Set(echo.HeaderContentLength, strconv.Itoa(w.body.Len()))
	}
	var out bytes.Buffer
	out.Grow(w.body.Len() + 512)
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\n", w.status, http.StatusText(w.status))
	_ = w.header.Write(&out) // a buffer takes everything
	out.WriteString("\r\n")
	out.Write(w.body.Bytes())
	return out.Bytes()
}
