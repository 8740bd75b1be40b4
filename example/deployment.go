package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// deployment is everything that is open while the example serves.
type deployment struct {
	opts       options
	api        api
	endpoint   string
	callers    []caller
	principals principalsView // as they were at the start
	handler    http.Handler

	journal *journal
	keys    *filestore.Store
	rides   *sql.DB
}

// open opens the data folder, which it makes at the first start, and builds the handler. On an error nothing stays open.
func open(ctx context.Context, opts options, addr net.Addr, log *slog.Logger) (d *deployment, err error) {
	d = &deployment{opts: opts, endpoint: endpoint(addr), journal: newJournal(log)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.api, err = bootstrap(opts.data, opts.region); err != nil {
		return nil, err
	}
	if d.keys, err = filestore.Open(filestore.Config{Dir: opts.data, Report: d.journal.problem}); err != nil {
		return nil, err
	}
	if d.principals, err = readPrincipals(opts.data); err != nil {
		return nil, err
	}
	rides, store, err := openRides(ctx, opts.data)
	if err != nil {
		return nil, err
	}
	d.rides = rides
	if d.handler, err = newHandler(opts, d.api, rides, store, d.keys, d.journal); err != nil {
		return nil, err
	}
	if d.callers, err = callers(ctx, d.keys, d.api, &d.principals); err != nil {
		return nil, err
	}
	for i := range d.callers {
		if err := d.callers[i].writeEnv(opts.data, d.api, d.endpoint); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// close closes what is open, once nothing is served any more.
func (d *deployment) close() (err error) {
	if d.rides != nil {
		err = d.rides.Close()
	}
	if d.keys != nil {
		err = errors.Join(err, d.keys.Close())
	}
	d.journal.close()
	return err
}
