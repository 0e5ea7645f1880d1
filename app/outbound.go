package app

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"zummer/handlers/pbx"
	"zummer/models"
)

// outbound sends our own requests to PBXs. A webhook can name an address to
// fetch a recording from, so a source reaches public addresses only, and those
// of its private network that an administrator listed. Redirects are not
// followed: who asked decides.
type outbound struct {
	public, private *http.Client
}

// errPrivate is a connection that was not made.
var errPrivate = errors.New("the address is on a private network that the source's setting private_hosts does not name")

// errNoHost is another one.
var errNoHost = errors.New("a name in private_hosts leads to an address that no PBX has")

func newOutbound() *outbound {
	client := func(control func(network, address string, _ syscall.RawConn) error) *http.Client {
		dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, Control: control}
		return &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 20 * time.Second,
				MaxIdleConns: 50, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
		}
	}
	return &outbound{public: client(onlyPublic), private: client(privateToo)}
}

// onlyPublic refuses a connection to what is not on the internet. It sees the
// address after the name was resolved, so a name cannot lead astray.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	peer, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	if !public(peer.Addr()) {
		return errPrivate
	}
	return nil
}

// privateToo is onlyPublic for the hosts that an administrator listed. They may
// be anywhere but where no PBX is: a name of somebody else's making must not
// lead to a cloud's metadata service.
func privateToo(_, address string, _ syscall.RawConn) error {
	peer, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	if ip := peer.Addr().Unmap(); !ip.IsGlobalUnicast() && !ip.IsLoopback() {
		return errNoHost
	}
	return nil
}

// notPublic are networks that netip does not call private and that lead to no
// public host: shared address space, benchmarks, documentation, translation.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, n := range notPublic {
		if n.Contains(ip) {
			return false
		}
	}
	return true
}

// of is the Doer of one source.
func (o *outbound) of(s *models.Source) pbx.Doer { return sourceDoer{o, s} }

type sourceDoer struct {
	out    *outbound
	source *models.Source
}

// Do implements pbx.Doer. Its errors name the host alone: they go into the log,
// and the rest of an address may be a key or a customer's number.
func (d sourceDoer) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" || req.URL.Hostname() == "" {
		return nil, fmt.Errorf("ask the PBX: %s://%s is no address to ask", req.URL.Scheme, req.URL.Hostname())
	}
	client := d.out.public
	if pbx.MayAsk(d.source.Settings, req.URL.Hostname()) {
		client = d.out.private
	}
	req.Header.Set("User-Agent", "zummer")
	res, err := client.Do(req)
	var long *url.Error
	if errors.As(err, &long) {
		err = fmt.Errorf("ask the PBX at %s: %w", req.URL.Hostname(), long.Err)
	}
	return res, err
}

// close ends idle connections.
func (o *outbound) close() {
	o.public.CloseIdleConnections()
	o.private.CloseIdleConnections()
}
