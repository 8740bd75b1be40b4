package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	ridesFile = "rides.db"
	// Of SQLite's writers one writes at a time: more connections would only wait, and hold memory.
	maxDatabaseConnections = 8
)

// openRides opens the database of the rides, as the comment on ridesvc.SQLStore advises.
func openRides(ctx context.Context, dir string) (db *sql.DB, store *ridesvc.SQLStore, err error) {
	path := filepath.Join(dir, ridesFile)
	// SQLite would make the file readable by all, and gives its other files the mode of this one.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := f.Close(); err != nil {
		return nil, nil, err
	}
	// On Windows the path begins with a drive, which is no authority.
	dsn := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/"), RawQuery: url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}.Encode()}
	if db, err = sql.Open("sqlite", dsn.String()); err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(maxDatabaseConnections)
	db.SetMaxIdleConns(maxDatabaseConnections)
	if store, err = ridesvc.NewSQLStore(ctx, db); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, store, nil
}

// riderOf names the rider: the federated subject, else the session name, else the user name. A request that nobody has verified
// has no rider, and neither has one of the account's root (threat 148).
func riderOf(r *http.Request) (string, error) {
	id, ok := sigv4auth.IdentityFrom(r.Context())
	if !ok {
		return "", errors.New("the request was not verified: the service is not mounted behind the middleware")
	}
	if session, ok := id.Session(); ok && session.Federated != nil && session.Federated.Subject != "" {
		return session.Federated.Subject, nil
	}
	if name := id.Principal.SessionName(); name != "" {
		return name, nil
	}
	if name := id.Principal.UserName(); name != "" {
		return name, nil
	}
	return "", errors.New("the caller is neither a session nor a user")
}
