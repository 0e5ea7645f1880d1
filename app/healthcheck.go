package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// healthcheckCmd is the HEALTHCHECK of a container: by the settings of serve it
// finds the instance beside it.
type healthcheckCmd struct {
	URL       string `arg:"" optional:"" help:"Address of the instance; default: the one that serve would listen on with these settings."`
	Listen    string `env:"ZUMMER_LISTEN" default:"127.0.0.1:8080" hidden:""`
	TLSCert   string `env:"ZUMMER_TLS_CERT" hidden:""`
	TLSDomain string `env:"ZUMMER_TLS_DOMAIN" hidden:""`
}

// Run asks /readyz.
func (c *healthcheckCmd) Run(e *env) error {
	client := &http.Client{Timeout: 5 * time.Second}
	url := c.URL
	if url == "" {
		url = "http://" + reachable(c.Listen)
		if c.TLSCert != "" || c.TLSDomain != "" {
			url = "https://" + reachable(c.Listen)
			// The certificate is for the name that others call it by. Nothing
			// is told to the instance, so nothing is lost to an impostor.
			client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: c.TLSDomain, MinVersion: tls.VersionTLS12}} //nolint:gosec // the instance of the same container, by its loopback address
		}
	}
	ctx, cancel := context.WithTimeout(e.ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("not reachable: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", res.Status)
	}
	return nil
}

// reachable turns an address to listen on into one to connect to: a server on
// every address of the machine is on its loopback too.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip, err := netip.ParseAddr(cmp.Or(host, "0.0.0.0")); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1" // a server on [::] takes this as well
	}
	return net.JoinHostPort(host, port)
}
