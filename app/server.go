package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/crypto/acme/autocert"
)

// server is one listening address.
type server struct {
	name     string
	listener net.Listener
	http     *http.Server
	resumed  *resumed // nil: none of its connections come back
}

// listen takes the addresses: the main one, the public one for hooks, the open
// one for metrics.
func (a *App) listen(ctx context.Context) (all []*server, err error) {
	main := echo.New()
	a.api.Register(main)
	hooks := echo.New()
	a.api.RegisterHooks(hooks)
	metrics := http.NewServeMux()
	metrics.Handle("/metrics", a.metrics.handler())
	secure, err := a.tls()
	if err != nil {
		return nil, err
	}
	for _, s := range []struct {
		name, flag, addr string
		handler          http.Handler
		tls              *tls.Config
	}{
		{"clients, administration and hooks", "--listen", a.cfg.Listen, main, secure},
		{"hooks only", "--hooks-listen", a.cfg.HooksListen, hooks, secure},
		{"metrics", "--metrics-listen", a.cfg.MetricsListen, metrics, nil},
	} {
		if s.addr == "" {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.addr)
		if err != nil {
			for _, open := range all {
				_ = open.listener.Close() // the first error is the one to tell
			}
			return nil, fmt.Errorf("listen for %s: %w\n(another address: %s HOST:PORT)", s.name, err, s.flag)
		}
		if s.tls != nil {
			l = tls.NewListener(l, s.tls)
		}
		all = append(all, &server{name: s.name, listener: l, http: &http.Server{
			Handler: s.handler,
			// A webhook's body and a slow client's headers have their limits;
			// answers have none of ours, since a poll sets its own.
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       30 * time.Second,
			IdleTimeout:       2 * time.Minute,
			MaxHeaderBytes:    64 << 10,
			ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelInfo), // broken handshakes of strangers, mostly
		}})
	}
	a.resumed.addr = all[0].listener.Addr()
	return append(all, &server{name: "clients that waited", listener: a.resumed, http: a.resumed.server(all[0].http), resumed: a.resumed}), nil
}

// tls is the configuration for an own or an automatic certificate; nil for
// plain HTTP. TLS 1.2 stays on: some PBXs have nothing newer.
func (a *App) tls() (*tls.Config, error) {
	switch {
	case a.cfg.TLSCert != "":
		pair, err := tls.LoadX509KeyPair(a.cfg.TLSCert, a.cfg.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("read the certificate: %w", err)
		}
		return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
	case a.cfg.TLSDomain != "":
		m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(a.cfg.TLSDomain), Cache: autocert.DirCache("zummer-certificates")}
		c := m.TLSConfig()
		c.MinVersion, c.NextProtos = tls.VersionTLS12, []string{"http/1.1", "acme-tls/1"}
		return c, nil
	}
	return nil, nil
}

func (s *server) serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", s.name, err)
	}
	return nil
}

func (s *server) shutdown(ctx context.Context) error {
	if s.resumed != nil {
		s.resumed.stop()
	}
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(err, s.http.Close())
	}
	return nil
}
