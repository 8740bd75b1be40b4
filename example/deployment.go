package main

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/http"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// deployment is everything that is open while the example serves.
type deployment struct {
	handler http.Handler
	banner  banner // what is served, and to whom, as it is at the start

	journal *journal
	keys    *filestore.Store
	rides   *sql.DB
}

// open opens the data folder, which it makes at the first start, and builds the handler. Whether it fails or not, close is to be called.
func (d *deployment) open(ctx context.Context, opts options, addr net.Addr) (err error) {
	a, err := bootstrap(opts.data, opts.region)
	if err != nil {
		return err
	}
	if d.keys, err = filestore.Open(filestore.Config{Dir: opts.data, Report: d.journal.problem}); err != nil {
		return err
	}
	rides, store, err := openRides(ctx, opts.data)
	if err != nil {
		return err
	}
	d.rides = rides
	if d.handler, err = newHandler(opts, a, rides, store, d.keys, d.journal); err != nil {
		return err
	}
	principals, err := readPrincipals(opts.data)
	if err != nil {
		return err
	}
	who, err := callers(ctx, d.keys, a, &principals)
	if err != nil {
		return err
	}
	here := endpoint(addr)
	for i := range who {
		if err := who[i].writeEnv(opts.data, a, here); err != nil {
			return err
		}
	}
	d.banner = newBanner(opts, a, here, who, &principals)
	return nil
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
