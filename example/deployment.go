package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"

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
	keys    principals
	sealed  *sts.Store
	rides   *rideStore
	watch   *dataWatch
	codes   *courier
	pools   *signIn // nil: nobody can sign in

	directory *principalDirectory // keys; nil: they are in files
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
	a, err := bootstrap(opts)
	if err != nil {
		return err
	}
	d.journal.ofAPI(a)
	writeError := probe(opts.data)
	if writeError != nil && !unwritable(writeError) {
		return writeError
	}
	if writeError != nil {
		d.journal.Warn("the data folder cannot be written: rides are shown as they are, and what would change something "+
			"is answered with 503; keys and policies hold as they are in the folder", "error", writeError)
	}
	ring, err := openRing(opts.ring, opts.data, d.journal.Logger)
	if err != nil {
		return err
	}
	if d.rides, err = openRides(ctx, opts.data, writeError, d.journal.Logger); err != nil {
		return err
	}
	d.rides.files.keep(d.lock)
	if err := d.openPrincipals(ctx, opts, a, addr, ring, writeError); err != nil {
		return err
	}
	if err := d.openPools(ctx, opts, a, addr, ring, writeError); err != nil {
		return err
	}
	if err := d.rides.watch(ctx); err != nil {
		return err
	}
	healthy := health(d.rides, d.keys, d.journal.Logger)
	d.healthy = onlyHealth(healthy)
	if d.handler, err = newHandler(opts, a, d.rides, healthy, d.sealed, d.directory, d.pools, d.journal); err != nil {
		return err
	}
	who, err := d.writeFiles(ctx, opts, a, endpoint(addr))
	if err != nil {
		return err
	}
	d.banner = newBanner(ctx, opts, a, endpoint(addr), who, d.keys, d.pools != nil)
	d.watch = watchData(d.journal.Logger, d.readAtStart(opts.data, who), func() { _ = d.rides.files.check() }) // which tells by itself
	return nil
}

// openPrincipals opens who there is and what they may do, and the store of sessions in front of it.
func (d *deployment) openPrincipals(ctx context.Context, opts options, a api, addr net.Addr, ring *keyring.Ring, writeError error) error {
	config := sts.StoreConfig{Ring: ring}
	var view principalsView // with a directory nobody: whom old rides are of was found out when it was filled
	if opts.store == filesStore {
		files, err := openPrincipalFiles(opts.data, a, d.journal)
		if err != nil {
			return err
		}
		d.keys = files
		view = files.view
	} else {
		var err error
		if d.directory, err = openPrincipalDirectory(ctx, opts, a, addr, d.rides, ring, writeError, d.journal); err != nil {
			return err
		}
		d.keys, config.ManagedPolicies = d.directory, d.directory
	}
	if writeError == nil {
		if err := moveRides(ctx, opts.data, &view, d.rides, d.journal.Logger); err != nil {
			return err
		}
	}
	config.Roles, config.Credentials, config.Policies = d.keys, d.keys, d.keys
	var err error
	d.sealed, err = sts.NewStore(config)
	return err
}

// writeFiles writes what clients need, and returns the callers.
func (d *deployment) writeFiles(ctx context.Context, opts options, a api, here string) ([]caller, error) {
	user := d.keys.caller(ctx, riderUser)
	rider, err := assumed(ctx, stsClient{handler: d.handler, endpoint: here, region: a.Region}, d.keys, a, user)
	if err != nil {
		return nil, err
	}
	if err := writeAWSConfig(opts.data, a, user); err != nil {
		return nil, err
	}
	who := []caller{rider, d.keys.caller(ctx, dispatcherUser), d.keys.caller(ctx, newcomerUser)}
	if d.directory != nil {
		who = append(who, d.keys.caller(ctx, operatorUser))
	}
	for i := range who {
		if err := who[i].writeEnv(opts.data, a, here); unwritable(err) {
			who[i].withoutFile("no new env file: the data folder cannot be written; one of an earlier start holds as long as its keys do")
		} else if err != nil {
			return nil, err
		}
	}
	if err := writePoolEnv(opts.data, a, here); err != nil && !unwritable(err) {
		return nil, err
	}
	return who, nil
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
	if d.keys != nil { // before the database, which they may be in
		if err := d.keys.Close(); err != nil {
			d.journal.Warn("when keys and roles were last used was not kept", "error", err)
		}
	}
	if d.rides != nil {
		err = errors.Join(err, d.rides.close())
	}
	d.journal.close()
	return errors.Join(err, d.lock.release()) // last: what was the program's is closed
}
