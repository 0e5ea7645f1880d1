package app_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"time"
)

// count puts something before the service that counts what is asked, and gives
// its address.
func (c *crm) count() string {
	c.Helper()
	to, err := url.Parse(c.in.URL)
	if err != nil {
		c.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // pages break off polls all day
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		poll := r.Method == http.MethodPost && r.URL.Path == "/v1/notifications/poll"
		c.mu.Lock()
		if poll {
			c.begun++
			c.held++
		} else {
			c.asked = append(c.asked, r.Method+" "+r.URL.Path)
		}
		c.mu.Unlock()
		proxy.ServeHTTP(w, r)
		c.mu.Lock()
		defer c.mu.Unlock()
		if poll {
			c.held--
		}
	}))
	c.Cleanup(server.Close)
	c.Cleanup(server.CloseClientConnections)
	return server.URL
}

// onePoll fails when the pages hold more or less than one poll, or ask anew
// while nothing happens.
func (c *crm) onePoll(what string) {
	c.Helper()
	polls := func() (begun, held int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.begun, c.held
	}
	for try := 1; ; try++ { // a slow machine takes a while until it is quiet
		eventually(c.T, what+": one poll that waits", 60*time.Second, func() bool { _, held := polls(); return held == 1 })
		<-time.After(500 * time.Millisecond) // what was cut off a moment ago is made up for
		before, _ := polls()
		<-time.After(2 * time.Second)
		begun, held := polls()
		if held == 1 && begun-before <= 1 {
			break
		}
		if try == 4 {
			c.Errorf("%s: %d polls wait, and %d were asked in two quiet seconds; want one and none", what, held, begun-before)
			break
		}
	}
	if waiting, all := c.waiting(); waiting > 1 || all != 1 {
		c.Errorf("%s: %d sessions, %d of them wait; want one", what, all, waiting)
	}
}
