package bsltest

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"
)

// winHTTP is COM's WinHttp.WinHttpRequest.5.1: what UPP 1.3 programs use to
// ask without stopping the window.
type winHTTP struct {
	w       *World
	method  string
	url     string
	async   bool
	headers http.Header
	timeout time.Duration // of the whole; the sum of SetTimeouts is close enough
	sent    *comRequest   // nil before Send
}

// comRequest is one Send: got and failed are read only after done is closed.
type comRequest struct {
	done   chan struct{}
	cancel context.CancelFunc
	got    *response
	failed string
}

func (*winHTTP) TypeName() string { return "COMОбъект" }

func comHost() Host {
	return Host{Types: []*Type{{Names: "COMОбъект COMObject", Since: "-web", Min: 1, Max: 2, New: func(c *Call) any {
		name := fold(c.Str(0))
		if c.W.Target.NoCOM || name != "winhttp.winhttprequest.5.1" && name != "msxml2.xmlhttp" && name != "msxml2.xmlhttp.6.0" {
			throw("Ошибка при вызове конструктора (COMОбъект): -2147221005(0x800401F3): Недопустимая строка с указанием класса")
		}
		return &winHTTP{w: c.W, headers: http.Header{}, timeout: 90 * time.Second}
	}}}}
}

func comError(what string) {
	throw("Произошла исключительная ситуация (WinHttp.WinHttpRequest): %s", what)
}

// CallMethod is the object's methods; COM knows no case.
func (x *winHTTP) CallMethod(c *Call, name string) (any, bool) {
	switch fold(name) {
	case "open":
		x.method, x.url, x.async = strings.ToUpper(c.Str(0)), c.Str(1), c.Bool(2)
		x.sent, x.headers = nil, http.Header{}
	case "setrequestheader":
		if x.url == "" {
			comError("Невозможно вызвать метод до вызова метода Open")
		}
		x.headers.Set(c.Str(0), c.Str(1))
	case "settimeouts":
		x.timeout = time.Duration(c.Int(0)+c.Int(1)+c.Int(2)+c.Int(3)) * time.Millisecond
	case "setcredentials":
		r := http.Request{Header: x.headers}
		r.SetBasicAuth(c.Str(0), c.Str(1))
	case "send":
		x.send(c)
	case "waitforresponse":
		return x.wait(c), true
	case "abort":
		if x.sent != nil {
			x.sent.cancel()
		}
		x.sent = nil
	case "getresponseheader":
		x.must()
		v := x.sent.got.headers.get(http.CanonicalHeaderKey(c.Str(0)))
		if v == any(Undefined) {
			comError("Запрошенный заголовок не найден")
		}
		return v, true
	case "getallresponseheaders":
		x.must()
		var b strings.Builder
		for _, k := range x.sent.got.headers.keys {
			b.WriteString(str(k) + ": " + str(x.sent.got.headers.get(k)) + "\r\n")
		}
		return b.String(), true
	case "option", "setproxy", "setautologonpolicy", "setclientcertificate":
	default:
		return nil, false
	}
	return Undefined, true
}

// SetField takes Option(…) = … and the like without doing anything.
func (x *winHTTP) SetField(_ *Call, name string, _ any) bool {
	return strings.EqualFold(name, "Option")
}

func (x *winHTTP) send(c *Call) {
	if x.url == "" {
		comError("Невозможно вызвать метод до вызова метода Open")
	}
	body := []byte(c.Str(0))
	ctx, cancel := context.WithCancel(x.w.context())
	req, err := http.NewRequestWithContext(ctx, x.method, x.url, bytes.NewReader(body))
	if err != nil || req.URL.Host == "" {
		cancel()
		comError("URL-адрес недопустим")
	}
	if len(body) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	} else if x.headers.Get("Content-Type") == "" {
		x.headers.Set("Content-Type", "text/plain; charset=utf-8")
	}
	req.Header = x.headers.Clone()
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "Mozilla/4.0 (compatible; Win32; WinHttp.WinHttpRequest.5)")
	}
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true, TLSClientConfig: x.w.TLS}
	p := &prepared{&http.Client{Transport: transport}, req, x.w.patient(x.timeout), ""}
	r := &comRequest{done: make(chan struct{}), cancel: cancel}
	x.sent = r
	finish := func() {
		r.got, r.failed = p.do()
		if strings.Contains(r.failed, "Превышено") {
			r.failed = "Время ожидания операции истекло"
		}
		cancel()
		close(r.done)
	}
	if !x.async {
		x.w.block(finish)
		if r.failed != "" {
			comError(r.failed)
		}
		return
	}
	x.w.background(func() func() { // counted as under way, so that Settle waits for it
		finish()
		return func() {}
	})
}

// wait is WaitForResponse(seconds): without an argument it waits for ever.
func (x *winHTTP) wait(c *Call) any {
	if x.sent == nil {
		comError("Невозможно вызвать метод до вызова метода Send")
	}
	if c.Given(0) && c.Int(0) >= 0 {
		x.w.block(func() {
			timer := time.NewTimer(time.Duration(c.Int(0)) * time.Second)
			defer timer.Stop()
			if c.Int(0) == 0 {
				return
			}
			select {
			case <-x.sent.done:
			case <-timer.C:
			}
		})
	} else {
		x.w.block(func() { <-x.sent.done })
	}
	if !x.ready() {
		return false
	}
	if x.sent.failed != "" {
		comError(x.sent.failed)
	}
	return true
}

func (x *winHTTP) ready() bool {
	if x.sent == nil {
		return false
	}
	select {
	case <-x.sent.done:
		return true
	default:
		return false
	}
}

// must is an exception while the answer is not there.
func (x *winHTTP) must() {
	if !x.ready() || x.sent.got == nil {
		comError("Данные, необходимые для завершения операции, еще не доступны")
	}
}

// Field is the object's properties.
func (x *winHTTP) Field(_ *Call, name string) (any, bool) {
	switch fold(name) {
	case "status":
		x.must()
		return count(x.sent.got.code), true
	case "statustext":
		x.must()
		return http.StatusText(x.sent.got.code), true
	case "responsetext":
		x.must()
		return decode(x.sent.got.body, str(x.sent.got.headers.get("Content-Type"))), true
	case "responsebody":
		x.must()
		a := &array{}
		for _, b := range x.sent.got.body {
			a.items = append(a.items, count(int(b)))
		}
		return a, true
	case "readystate": // of MSXML2.XMLHTTP
		switch {
		case x.ready():
			return count(4), true
		case x.sent != nil:
			return count(1), true
		}
		return count(0), true
	}
	return nil, false
}
