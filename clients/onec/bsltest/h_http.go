package bsltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// connection is HTTPСоединение; it keeps its sockets as the platform's does.
type connection struct {
	host, user, password string
	port                 int
	timeout              time.Duration // 0: none
	secure               bool
	client               *http.Client
}

// request is HTTPЗапрос.
type request struct {
	resource string
	headers  *mapping
	body     []byte
}

// response is HTTPОтвет.
type response struct {
	code    int
	headers *mapping
	body    []byte
	file    string
}

func (*connection) TypeName() string { return "HTTPСоединение" }
func (*request) TypeName() string    { return "HTTPЗапрос" }
func (*response) TypeName() string   { return "HTTPОтвет" }

func newConnection(c *Call) any {
	x := &connection{host: c.Str(0), port: 80, user: c.Str(2), password: c.Str(3), timeout: time.Duration(c.Num(5).float() * float64(time.Second))}
	if x.host == "" || strings.ContainsAny(x.host, "/ ") {
		throw("Неправильное имя сервера (%s)", x.host)
	}
	if c.Given(6) {
		switch s := c.Arg(6).(type) {
		case bool: // 8.2, and the web client; the others take an object only
			if !c.W.level.less(version{8, 3, 0, 0}) && c.f.here() != WebClient {
				c.Mismatch(6)
			}
			x.secure = s
		case *openSSL:
			x.secure = true
		default:
			c.Mismatch(6)
		}
	}
	if x.secure {
		x.port = 443
	}
	if c.Given(1) {
		x.port = c.Int(1)
	}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 2, Proxy: nil, TLSClientConfig: c.W.TLS}
	x.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	c.W.closers = append(c.W.closers, transport.CloseIdleConnections)
	return x
}

// encodeResource leaves what is encoded already, as the platform does.
func encodeResource(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if r := s[i]; r > ' ' && r < 0x7f && !strings.ContainsRune(`"<>\^`+"`{|}", rune(r)) {
			b.WriteByte(r)
		} else {
			fmt.Fprintf(&b, "%%%02X", r)
		}
	}
	return b.String()
}

// prepared is a request that no longer needs the World's thread.
type prepared struct {
	client  *http.Client
	req     *http.Request
	timeout time.Duration
	file    string
}

func (x *connection) prepare(w *World, method string, r *request, file string) *prepared {
	scheme := "http"
	if x.secure {
		scheme = "https"
	}
	resource := r.resource
	if !strings.HasPrefix(resource, "/") {
		resource = "/" + resource
	}
	target := fmt.Sprintf("%s://%s%s", scheme, net.JoinHostPort(x.host, fmt.Sprint(x.port)), encodeResource(resource))
	req, err := http.NewRequestWithContext(w.context(), method, target, bytes.NewReader(r.body))
	if err != nil {
		throw("Неправильный адрес ресурса (%s)", r.resource)
	}
	if len(r.body) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header.Set("User-Agent", "1C+Enterprise/8.3")
	for _, k := range r.headers.keys {
		req.Header.Set(str(k), str(r.headers.get(k)))
	}
	if x.user != "" || x.password != "" {
		req.SetBasicAuth(x.user, x.password)
	}
	return &prepared{x.client, req, w.patient(x.timeout), file}
}

// do sends and reads all; the second result is the text of an exception.
func (p *prepared) do() (*response, string) {
	ctx := p.req.Context()
	if p.timeout > 0 {
		limited, cancel := within(ctx, p.timeout)
		defer cancel()
		ctx = limited
	}
	got, err := p.client.Do(p.req.WithContext(ctx))
	if err != nil {
		return nil, networkError(ctx, err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return nil, networkError(ctx, err)
	}
	r := &response{code: got.StatusCode, headers: newMapping(), body: body}
	for name, values := range got.Header {
		r.headers.set(name, strings.Join(values, ", "))
	}
	r.headers.set("Content-Length", fmt.Sprint(len(body)))
	if p.file != "" {
		if err := os.WriteFile(p.file, body, 0o600); err != nil {
			return nil, "Ошибка записи файла (" + p.file + ")"
		}
		r.file, r.body = p.file, nil
	}
	return r, ""
}

// networkError is how the platform tells of a failed request.
func networkError(ctx context.Context, err error) string {
	var timeout net.Error
	var name *net.DNSError
	switch {
	case errors.As(err, &name): // however long it took to find out
		return "Ошибка работы с Интернет: Couldn't resolve host name (" + name.Error() + ")"
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "Ошибка работы с Интернет: Превышено время ожидания"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "Ошибка работы с Интернет: Сервер закрыл соединение, не прислав ответа"
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return "Ошибка работы с Интернет: Couldn't connect to server (" + err.Error() + ")"
}

// send is a synchronous request: the thread it runs on stands still.
func (x *connection) send(c *Call, method string, r *request, file string) any {
	p := x.prepare(c.W, method, r, file)
	var got *response
	var failed string
	c.W.block(func() { got, failed = p.do() })
	if failed != "" {
		throw("%s", failed)
	}
	return got
}

// sendAsync is the same in the background.
func (x *connection) sendAsync(c *Call, method string, r *request, file string) any {
	p := x.prepare(c.W, method, r, file)
	promise := &Promise{}
	c.W.background(func() func() {
		got, failed := p.do()
		return func() {
			if failed != "" {
				c.W.settle(promise, nil, &Exception{Text: failed})
				return
			}
			c.W.settle(promise, got, nil)
		}
	})
	return promise
}
