// Example is a whole deployment of Wildgate in one binary: the Wild Rydes ride service, which
// admits a request only if its signature is right and an IAM policy allows it, the sign-in of its
// riders, and an API of IAM for who may do what, on SQLite.
//
//	go run ./example
//
// The first start writes the folder, ./wildgate-data, with random keys for four callers: a rider, a
// dispatcher, a newcomer, and an operator, who says with aws iam who there is and what they may do;
// and with a user pool and an identity pool, for everybody else. Each start prints what is served;
// README.md has the commands. The folder holds
//
//	rides.db            the rides, who has signed up, and users, roles, keys and policies; the program's
//	directory.revision  which change of users, keys and policies was answered last; the program's
//	api.json            region, account and ID of the API, which the policies name, and the IDs of the pools
//	NAME.env            the keys of each caller, for a shell to source; written at each start
//	pool.env            the IDs of the pools, likewise
//	aws.config          profiles of AWS clients, for AWS_CONFIG_FILE; written at each start
//	wildgate.lock       locked by the program that runs: a second one on the folder ends at once
//
// With -store files users, keys and policies are in principals.json and policies/ instead, for the
// operator to edit, also while the program runs. Without it, a folder that has these is taken over,
// once.
//
// Beside it lies the ring, ./wildgate-data.ring: the keys that seal the temporary credentials, the
// secrets of access keys, and what is kept of passwords.
//
// Only the first start makes rides.db: later one that is missing was lost, and the program says so
// and ends. While it runs, rides.db and the files beside it must stay in their places; if not,
// nothing is answered from them until they are back. If another program writes to them, nothing is
// until a backup was restored.
//
// Requests of AWS's query protocol to / go to IAM or STS, those of AWS JSON to the pools, so that
// AWS_ENDPOINT_URL is all that stock clients need; each decides about its own. GET /healthz and the
// user pool's keys are open. Everything else is decided by signature and policy before it is looked
// for.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/wildgate/wildgate/sigv4auth/connlimit"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// From the first signal on they have their usual effect again: a second one does not wait for
	// the drain.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run serves until ctx ends, and returns the exit status. What an operator can mend is one line on
// stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	opts, err := parseOptions(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "example: %v; -h lists the flags\n", err)
		return 2
	}
	if err := deploy(ctx, opts, stdout, newLog(stderr, opts.level)); err != nil {
		_, _ = fmt.Fprintf(stderr, "example: %v\n", err)
		return 1
	}
	return 0
}

// newLog writes lines of text.
func newLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: shortTime}))
}

// deploy opens everything, tells what is served, and serves it until ctx ends.
func deploy(ctx context.Context, opts options, stdout io.Writer, log *slog.Logger) (err error) {
	// The address comes first: a second process on the same one must not touch the folder of the
	// first.
	listener, err := net.Listen("tcp", opts.addr)
	if err != nil {
		return fmt.Errorf("cannot serve there: %w; choose another address with -addr", err)
	}
	defer func() { _ = listener.Close() }() // fails where the server has closed it
	// As a load balancer asks for it: what keeps all connections of the service busy must not make
	// it look dead.
	var healthListener net.Listener
	if opts.health != "" {
		if healthListener, err = net.Listen("tcp", opts.health); err != nil {
			return fmt.Errorf("cannot answer health checks there: %w; choose another address with -health", err)
		}
		defer func() { _ = healthListener.Close() }() // as above
	}
	d := deployment{stdout: stdout, journal: newJournal(log)}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.open(ctx, opts, listener.Addr()); err != nil {
		return fmt.Errorf("cannot use the data folder %s: %w", opts.data, err)
	}
	if !isLoopback(listener.Addr()) {
		log.Warn("the address is not a loopback address, and http is plain text: any intermediary reads the rides, and can send "+
			"a signed request again within 5 minutes; put TLS in front",
			"address", listener.Addr().String())
	}
	if err := d.banner.write(stdout); err != nil {
		return fmt.Errorf("cannot print what is served: %w", err)
	}
	sites := []site{{listener, d.handler, connlimit.Config{Max: maxConnections, Trusted: opts.proxies}}}
	if healthListener != nil {
		log.Info("health checks are answered on an address of their own, too", "address", healthListener.Addr().String())
		// The balancer may be one address, and slow clients give way as above.
		sites = append(sites, site{healthListener, d.healthy, connlimit.Config{Max: maxHealthConnections, PerPeer: maxHealthConnections}})
	}
	return serve(ctx, log, sites...)
}
