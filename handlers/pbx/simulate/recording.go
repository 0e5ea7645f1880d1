package simulate

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zummer/handlers/pbx"
)

// Recorded is one request of a recording.
type Recorded struct {
	At      time.Time // when it was received
	Request pbx.Request
}

const mark = "; ==== "

// ReadRecording reads raw HTTP requests, each preceded by a line
// "; ==== TIME BYTES", TIME in RFC 3339. BYTES counts the request without the
// line break after it; without BYTES a request ends before the next mark, or
// at the end, less one line break. Lines that begin with ";" before the first
// mark are a header.
func ReadRecording(r io.Reader) ([]Recorded, error) {
	data, err := io.ReadAll(io.LimitReader(r, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("read a recording: %w", err)
	}
	var out []Recorded
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		head, ok := strings.CutPrefix(strings.TrimRight(string(line), "\r"), mark)
		if !ok {
			if t := bytes.TrimSpace(line); len(t) > 0 && (t[0] != ';' || len(out) > 0) {
				return nil, fmt.Errorf("read a recording: request %d: expected a line %q", len(out)+1, mark)
			}
			data = rest
			continue
		}
		stamp, size, counted := strings.Cut(strings.TrimSpace(head), " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			return nil, fmt.Errorf("read a recording: request %d: %w", len(out)+1, err)
		}
		n := end(rest)
		if counted {
			if n, err = strconv.Atoi(size); err != nil || n < 0 || n > len(rest) {
				return nil, fmt.Errorf("read a recording: request %d: %q bytes of %d", len(out)+1, size, len(rest))
			}
		}
		req, err := readRequest(rest[:n])
		if err != nil {
			return nil, fmt.Errorf("read a recording: request %d: %w", len(out)+1, err)
		}
		out, data = append(out, Recorded{At: at, Request: req}), rest[n:]
	}
	return out, nil
}

// end is where an uncounted request ends.
func end(data []byte) int {
	if i := bytes.Index(data, []byte("\n"+mark)); i >= 0 {
		data = data[:i+1]
	}
	data = bytes.TrimSuffix(data, []byte("\n"))
	return len(bytes.TrimSuffix(data, []byte("\r")))
}

// readRequest splits one raw request; everything after the empty line is body.
func readRequest(raw []byte) (pbx.Request, error) {
	r := bufio.NewReader(bytes.NewReader(raw))
	tp := textproto.NewReader(r)
	first, err := tp.ReadLine()
	if err != nil {
		return pbx.Request{}, fmt.Errorf("no request line: %w", err)
	}
	part := strings.Fields(first)
	if len(part) != 3 {
		return pbx.Request{}, fmt.Errorf("request line %q", first)
	}
	target, err := url.ParseRequestURI(part[1])
	if err != nil {
		return pbx.Request{}, fmt.Errorf("request target: %w", err)
	}
	header, err := tp.ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return pbx.Request{}, fmt.Errorf("request header: %w", err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return pbx.Request{}, fmt.Errorf("request body: %w", err)
	}
	return pbx.Request{Method: part[0], Path: target.Path, Query: target.Query(), Header: http.Header(header), Body: body}, nil
}

// To makes the recorded request once more, addressed to hook. The recorded
// path and the headers that belong to one connection stay behind.
func (r Recorded) To(hook string) (*http.Request, error) {
	u, err := url.Parse(hook)
	if err != nil {
		return nil, fmt.Errorf("address of the hook: %w", err)
	}
	u.RawQuery = r.Request.Query.Encode()
	req, err := http.NewRequest(r.Request.Method, u.String(), bytes.NewReader(r.Request.Body)) //nolint:noctx // the caller adds one
	if err != nil {
		return nil, fmt.Errorf("repeat a recorded request: %w", err)
	}
	req.Header = r.Request.Header.Clone()
	for _, name := range []string{"Host", "Content-Length", "Connection", "Expect", "Transfer-Encoding"} {
		req.Header.Del(name)
	}
	return req, nil
}
