package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// deployment is everything that is open while the example serves.
type deployment struct {
	handler http.Handler
	healthy http.Handler // the health check alone
	banner  banner       // what is served, and to whom, as it is at the start

	stdout  io.Writer
	journal *journal
	lock    *folderLock
	keys    *filestore.Store
	sealed  *sts.Store
	rides   *rideStore
	watch   *dataWatch
	codes   *courier
	pools   *signIn // nil: nobody can sign in
}

// open opens the data folder, which it makes at the first start, and builds the handler. Whether it
// fails or not, close is to be called.
func (d *deployment) open(ctx context.Context, opts options, addr net.Addr) (err error) {
	if err := os.MkdirAll(opts.data, 0o700); err != nil {
		return err
	}
	if d.lock, err = lockFolder(opts.data); err != nil {
		return err
	}
	a, err := bootstrap(opts.data, opts.region)
	if err != nil {
		return err
	}
	d.journal.ofAPI(a)
	if d.keys, err = filestore.Open(filestore.Config{
		Dir: opts.data, Report: d.journal.problem, Edited: d.journal.edited,
		Actions: knownActions(a), // so that a misspelt action in a policy is reported
	}); err != nil {
		return err
	}
	ring, err := openRing(opts.ring, opts.data, d.journal.Logger)
	if err != nil {
		return err
	}
	if d.sealed, err = sts.NewStore(sts.StoreConfig{Ring: ring, Roles: d.keys, Credentials: d.keys, Policies: d.keys}); err != nil {
		return err
	}
	writeError := probe(opts.data)
	if writeError != nil && !unwritable(writeError) {
		return writeError
	}
	if writeError != nil {
		d.journal.Warn("the data folder cannot be written: rides are shown as they are, and what would change something "+
			"is answered with 503; keys and policies hold as they are in the folder", "error", writeError)
	}
	if d.rides, err = openRides(ctx, opts.data, writeError, d.journal.Logger); err != nil {
		return err
	}
	d.rides.files.keep(d.lock)
	if err := d.openPools(ctx, opts, a, addr, ring, writeError); err != nil {
		return err
	}
	if err := d.rides.watch(ctx); err != nil {
		return err
	}
	healthy := health(d.rides, d.journal.Logger)
	d.healthy = onlyHealth(healthy)
	if d.handler, err = newHandler(opts, a, d.rides, healthy, d.sealed, d.pools, d.journal); err != nil {
		return err
	}
	principals, err := readPrincipals(opts.data)
	if err != nil {
		return err
	}
	if writeError == nil {
		if err := moveRides(ctx, opts.data, &principals, d.rides, d.journal.Logger); err != nil {
			return err
		}
	}
	here := endpoint(addr)
	user := longTerm(&principals, a, riderUser)
	rider, err := assumed(ctx, stsClient{handler: d.handler, endpoint: here, region: a.Region}, d.keys, a, user)
	if err != nil {
		return err
	}
	if err := writeAWSConfig(opts.data, a, user); err != nil {
		return err
	}
	who := callers(rider, a, &principals)
	for i := range who {
		if err := who[i].writeEnv(opts.data, a, here); unwritable(err) {
			who[i].withoutFile("no new env file: the data folder cannot be written; one of an earlier start holds as long as its keys do")
		} else if err != nil {
			return err
		}
	}
	if err := writePoolEnv(opts.data, a, here); err != nil && !unwritable(err) {
		return err
	}
	d.banner = newBanner(opts, a, here, who, &principals, d.pools != nil)
	d.watch = watchData(d.journal.Logger, d.readAtStart(opts.data, who), func() { _ = d.rides.files.check() }) // which tells by itself
	return nil
}

// openPools opens the pools, and says where they cannot be. Rides are asked for without them, too.
func (d *deployment) openPools(ctx context.Context, opts options, a api, addr net.Addr, ring *keyring.Ring, writeError error) (err error) {
	if a.pools == (pools{}) {
		return nil // the banner says so
	}
	var out io.Writer
	if isLoopback(addr) {
		out = d.stdout
	}
	d.codes = newCourier(opts.deliver, out, d.journal.Logger)
	if !d.codes.able() {
		d.journal.Warn("the address is not a loopback address, and there is no -deliver: nobody is sent a code, so that nobody can sign up")
	}
	d.pools, err = newSignIn(ctx, opts, a, issuerAt(opts, addr), d.rides.accounts, ring, d.sealed, d.codes, d.journal)
	if errors.Is(err, errOtherRing) || err != nil && writeError != nil {
		d.journal.Error("nobody can sign in", "error", err)
		return nil
	}
	return err
}

// readAtStart are the files that only a start reads or writes.
func (d *deployment) readAtStart(dir string, who []caller) []watchedFile {
	files := []watchedFile{{
		path:   filepath.Join(dir, apiFile),
		advice: "the policies depend on it: put it back before the next start, which fails without it",
		edited: "it takes effect at the next start",
	}, {
		path: filepath.Join(dir, ridesFile), held: true,
		advice: "the rides are served as long as the program runs: let it be read again before the next start",
	}}
	for i := range who {
		if path := envPath(dir, who[i].name); who[i].accessKeyID != "" {
			if _, err := os.Stat(path); err == nil {
				files = append(files, watchedFile{path: path, advice: "the next start writes it anew"})
			}
		}
	}
	return files
}

// close closes what is open, once nothing is served any more.
func (d *deployment) close() (err error) {
	if d.watch != nil {
		d.watch.close() // before what it looks at
	}
	if d.pools != nil {
		d.pools.close()
	}
	if d.codes != nil {
		d.codes.close()
	}
	if d.rides != nil {
		err = d.rides.close()
	}
	if d.keys != nil {
		err = errors.Join(err, d.keys.Close())
	}
	d.journal.close()
	return errors.Join(err, d.lock.release()) // last: what was the program's is closed
}
