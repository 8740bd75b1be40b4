package main

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"time"
)

const (
	healthPath    = "/healthz"
	healthTimeout = 2 * time.Second
)

// health answers GET and HEAD /healthz: whether the database of the rides can be read. It is open to anyone, and says nothing else.
func health(db *sql.DB, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
		defer cancel()
		status, body := http.StatusOK, `{"status":"ok"}`
		var rides bool
		if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM rides)`).Scan(&rides); err != nil {
			if r.Context().Err() == nil {
				log.LogAttrs(r.Context(), slog.LevelError, "the database cannot be read", slog.Any("error", err))
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

// isHealth reports whether r is for health. Only one spelling of the path is: another one is decided on like any path.
func isHealth(r *http.Request) bool {
	return r.URL.EscapedPath() == healthPath && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}
