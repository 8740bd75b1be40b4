package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	healthPath    = "/healthz"
	healthTimeout = 2 * time.Second
)

// health answers GET and HEAD /healthz: whether the database of the rides can be read, and is the
// one in the data folder, and whether anybody is known. It is open to anyone, and says nothing
// else.
func health(rides *rideStore, who sigv4auth.RoleStore, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
		defer cancel()
		status, body := http.StatusOK, `{"status":"ok"}`
		err := rides.healthy(ctx)
		if err == nil {
			// No role has an empty ARN: what is found out is whether one that had it would be.
			if _, err = who.Role(ctx, ""); errors.Is(err, sigv4auth.ErrNoSuchRole) {
				err = nil
			}
		}
		if err != nil {
			if r.Context().Err() == nil && !errors.Is(err, errNotInPlace) { // which is told once
				log.LogAttrs(r.Context(), slog.LevelError, "nothing can be served", slog.Any("error", err))
			}
			status, body = http.StatusServiceUnavailable, `{"status":"unavailable"}`
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // net/http drops it for HEAD; else the client has gone
	}
}

// onlyHealth answers what isHealth, and nothing else.
func onlyHealth(healthy http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isHealth(r) {
			http.NotFound(w, r)
			return
		}
		healthy.ServeHTTP(w, r)
	})
}

// isHealth reports whether r is for health. Only one spelling of the path is: another one is
// decided on like any path.
func isHealth(r *http.Request) bool {
	return r.URL.EscapedPath() == healthPath && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}
