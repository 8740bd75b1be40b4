package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	defaultRegion    = "us-east-1"
	maxPresignExpiry = 7 * 24 * time.Hour // AWS's own bound
	maxMaxStale      = 15 * time.Minute   // the directory's

	diagnosesPerMinute = 60
)

// Where users, keys and policies are kept.
const (
	directoryStore = "directory"
	filesStore     = "files"
)

// options are what the command line says.
type options struct {
	addr    string
	health  string         // "": none but that of addr
	proxies []netip.Prefix // whose connections are not bounded by peer
	data    string         // absolute
	store   string         // directoryStore or filesStore
	ring    string         // absolute
	region  string         // "": that of the data folder, or in a new one defaultRegion
	origins []string
	url     string // what clients reach the program at; "": the address that it serves at
	deliver string // the program that sends codes to users; "": they are printed, if nobody else can ask for them
	presign time.Duration
	// maxStale is how long known keys are good while the database cannot be read.
	maxStale time.Duration
	// restored serves users, keys and policies of a backup.
	restored bool
	operator string // another operator that is made; "": none
	// diagnose logs why the signatures of refused requests do not verify.
	diagnose bool
	// explain logs why policies deny requests.
	explain bool
	level   slog.Level
}

// parseOptions reads the command line. Help goes to stdout, and is then the error flag.ErrHelp.
func parseOptions(args []string, stdout io.Writer) (opts options, err error) {
	fs := flag.NewFlagSet("example", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // a mistake is one line, which run writes
	fs.StringVar(&opts.addr, "addr", "127.0.0.1:8080", "serve on this `host:port`; port 0 takes a free one")
	fs.StringVar(&opts.health, "health", "",
		"answer GET /healthz on this `host:port` as well, which clients cannot keep busy; none if empty")
	proxies := fs.String("proxies", "", "the `networks` of your own reverse proxies, such as 10.0.0.0/24,127.0.0.1: "+
		"any other address may have "+strconv.Itoa(maxConnections/4)+" connections; who signs in behind them is counted by "+
		"the address that they tell in X-Forwarded-For")
	fs.StringVar(&opts.data, "data", "./wildgate-data",
		"keep principals, policies and rides in this `folder`; the first start writes it")
	fs.StringVar(&opts.store, "store", directoryStore, "keep users, keys and policies in the `place`: directory, which is rides.db, "+
		"for aws iam to show and change; or files, which are principals.json and policies/, for you to edit")
	fs.StringVar(&opts.operator, "operator", "", "make another operator, a user of this new `name` with a key in NAME.env, "+
		"for when no operator's key can be used any more")
	fs.BoolVar(&opts.restored, "restored", false, "serve a rides.db from before the last changes of users, keys and policies, "+
		"as after a restore: keys that were deleted since are good again")
	fs.DurationVar(&opts.maxStale, "max-stale", 5*time.Minute, "let keys and policies that are known count for this `duration` "+
		"while rides.db cannot be read, up to 15m")
	fs.StringVar(&opts.ring, "ring", "", "keep the keys that seal session tokens in this `file`, outside of the data folder; "+
		"the first start writes it (default the name of the data folder, with "+ringSuffix+" behind it)")
	fs.StringVar(&opts.region, "region", "",
		"the AWS `region` that requests are signed for (default "+defaultRegion+", or the one that the data folder was made for)")
	fs.DurationVar(&opts.presign, "presign", 0, "accept presigned URLs that live up to this `duration`; 0 refuses them")
	fs.BoolVar(&opts.diagnose, "diagnose", false,
		"log why the signatures of refused requests do not verify, of up to "+strconv.Itoa(diagnosesPerMinute)+
			" requests a minute: each costs about a hundred verifications")
	fs.BoolVar(&opts.explain, "explain", false, "log why policies deny a request, a sentence a line: "+
		"which statement allows it nearly, and what that lacks; they tell what policies say")
	fs.TextVar(&opts.level, "log-level", slog.LevelInfo,
		"log what has at least this `level`: DEBUG, INFO, WARN or ERROR; an admitted request is an INFO line, a refused one WARN, "+
			"and DEBUG says more of each")
	fs.StringVar(&opts.url, "url", "", "the `URL` that clients reach this program at, such as https://rides.example behind a proxy "+
		"with TLS, which the tokens of the user pool name (default http:// and the address)")
	fs.StringVar(&opts.deliver, "deliver", "", "hand the codes of who signs up to this `program`, as JSON on its standard input, "+
		"to mail them; without one, codes are printed on standard output if -addr is a loopback address, and nobody can sign up if not")
	origins := fs.String("cors", "",
		"let web pages of these `origins` call the service: https://a.example,http://localhost:5173, or * for all; none if empty")
	fs.Usage = func() {} // called for mistakes, too
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fs.SetOutput(stdout)
			_, _ = fmt.Fprint(stdout, "Usage: go run ./example [flags]\n\n"+
				"Serves the Wild Rydes ride service behind AWS signatures and IAM policies, until SIGINT or SIGTERM.\n\n")
			fs.PrintDefaults()
		}
		return options{}, err
	}
	if fs.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	// Without a port in it, net.Listen would take "" for every address of the machine.
	if _, _, err := net.SplitHostPort(opts.addr); err != nil {
		return options{}, fmt.Errorf("-addr: %w", err)
	}
	if opts.health != "" {
		if _, _, err := net.SplitHostPort(opts.health); err != nil {
			return options{}, fmt.Errorf("-health: %w", err)
		}
	}
	if opts.proxies, err = parseNetworks(*proxies); err != nil {
		return options{}, fmt.Errorf("-proxies: %w", err)
	}
	if opts.region != "" && !isRegion(opts.region) {
		return options{}, fmt.Errorf("-region: %q is no region", opts.region)
	}
	if opts.presign < 0 || opts.presign > maxPresignExpiry || opts.presign%time.Second != 0 {
		return options{}, fmt.Errorf("-presign: %v is not a whole number of seconds from 0 to %v", opts.presign, maxPresignExpiry)
	}
	if opts.store != directoryStore && opts.store != filesStore {
		return options{}, fmt.Errorf("-store: %q is neither %s nor %s", opts.store, directoryStore, filesStore)
	}
	if opts.maxStale < time.Second || opts.maxStale > maxMaxStale {
		return options{}, fmt.Errorf("-max-stale: %v is not from 1s to %v", opts.maxStale, maxMaxStale)
	}
	if opts.origins, err = parseOrigins(*origins); err != nil {
		return options{}, fmt.Errorf("-cors: %w", err)
	}
	if err := checkURL(opts.url); err != nil {
		return options{}, fmt.Errorf("-url: %w", err)
	}
	if opts.deliver != "" {
		if opts.deliver, err = exec.LookPath(opts.deliver); err != nil {
			return options{}, fmt.Errorf("-deliver: %w", err)
		}
	}
	if opts.data == "" {
		return options{}, fmt.Errorf("-data: a folder is needed")
	}
	if opts.data, err = filepath.Abs(opts.data); err != nil {
		return options{}, fmt.Errorf("-data: %w", err)
	}
	if opts.ring == "" {
		opts.ring = opts.data + ringSuffix
	}
	if opts.ring, err = filepath.Abs(opts.ring); err != nil {
		return options{}, fmt.Errorf("-ring: %w", err)
	}
	return opts, nil
}

// isRegion keeps what policies and ARNs have a meaning for, as ':' and '*', out of the region.
var isRegion = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`).MatchString

// checkURL takes a URL that has nothing but scheme and host: the paths are the program's.
func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || text != u.Scheme+"://"+u.Host || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%q is no URL such as https://rides.example, without a path", text)
	}
	if addr, err := netip.ParseAddr(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !addr.IsLoopback()) {
		return fmt.Errorf("%q is http:// and not of this machine: passwords would go over the network in plain text", text)
	}
	return nil
}

// parseNetworks takes a list of networks, and of addresses.
func parseNetworks(list string) (networks []netip.Prefix, err error) {
	if list == "" {
		return nil, nil
	}
	for text := range strings.SplitSeq(list, ",") {
		text = strings.TrimSpace(text)
		network, err := netip.ParsePrefix(text)
		if err != nil {
			addr, err := netip.ParseAddr(text)
			if err != nil || addr.Zone() != "" {
				return nil, fmt.Errorf("%q is no network such as 10.0.0.0/24", text)
			}
			network = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		if network.Addr().Is4In6() {
			return nil, fmt.Errorf("%q is a network of IPv4: write it so", text)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// parseOrigins takes a list of origins as browsers send them (RFC 6454, section 6.1). An origin in
// another form would never match, or, with a wildcard in it, match pages that its author did not
// think of.
func parseOrigins(list string) (origins []string, err error) {
	if list == "" {
		return nil, nil
	}
	for origin := range strings.SplitSeq(list, ",") {
		origin = strings.TrimSpace(origin)
		if origin != "*" {
			u, err := url.Parse(origin)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+u.Host ||
				origin != strings.ToLower(origin) || strings.Contains(origin, "*") {
				return nil, fmt.Errorf("%q is no origin such as https://rides.example, in lower case and without a path", origin)
			}
		}
		origins = append(origins, origin)
	}
	return origins, nil
}
