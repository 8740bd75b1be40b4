package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/connlimit"
)

// What a client may take (threats 219, 221 and 248). Whoever opens connections and is slow, or
// sends nothing, holds one for as long as these say, and for less once places are short; memory is
// bounded.
const (
	maxConnections    = 512
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = time.Minute
	maxHeaderBytes    = 64 << 10 // a session token of 16 KiB and a target of 32 KiB, the most that the middleware takes, and the rest
	drainTimeout      = 10 * time.Second

	maxHealthConnections = 16
)

// site is a handler and where it is served.
type site struct {
	listener net.Listener
	handler  http.Handler
	limits   connlimit.Config
}

// server makes a server for it, and the listener to serve on.
func (s *site) server(log *slog.Logger) (*http.Server, net.Listener, error) {
	limiter, err := connlimit.New(s.limits)
	if err != nil {
		return nil, nil, err
	}
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		// Otherwise "OPTIONS *" is answered before anybody has decided on it (threat 46).
		DisableGeneralOptionsHandler: true,
	}
	return server, limiter.Protect(server, s.listener), nil
}

// serve serves all sites until ctx ends, and then until the requests that are under way have been
// answered, for drainTimeout at the most. It closes the listeners.
func serve(ctx context.Context, log *slog.Logger, sites ...site) (err error) {
	servers := make([]*http.Server, len(sites))
	listeners := make([]net.Listener, len(sites))
	for i := range sites {
		if servers[i], listeners[i], err = sites[i].server(log); err != nil {
			return err
		}
	}
	ended := make(chan error, len(sites))
	for i, server := range servers {
		go func() { ended <- server.Serve(listeners[i]) }()
	}
	running := len(servers)
	select {
	case err = <-ended: // one cannot accept any more: the others end with it
		running--
	case <-ctx.Done():
		log.Info("stopping: requests that are under way are answered first", "at_most", drainTimeout)
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	for _, server := range servers {
		if err := server.Shutdown(drain); err != nil {
			log.Warn("some connections were cut", "error", err)
			_ = server.Close() // nothing is left to tell
		}
	}
	for range running {
		if ending := <-ended; err == nil && !errors.Is(ending, http.ErrServerClosed) {
			err = ending
		}
	}
	return err
}

// isLoopback reports whether only this machine can reach the address.
func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// endpoint returns the URL of the server, as seen from this machine.
func endpoint(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		a = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	return "http://" + a.String()
}
