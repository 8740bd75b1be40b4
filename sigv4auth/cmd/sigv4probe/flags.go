package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxRate     = 1000
	maxDuration = 10 * time.Minute
)

// defaultRefusals are the statuses by which a verifier, or the HTTP server below it, refuses a request.
const defaultRefusals = "400,401,403,411,413,414,417,431,501,503,505"

// options are what one run does. They hold the secret, so they are never printed.
type options struct {
	url                      *url.URL
	address                  string // what is dialled: resolved once, so that the address that was checked is the one that is used
	accessKey, secret, token string
	region, service          string
	style                    pathStyle
	content, contentType     string
	streaming, sigv4a        bool
	only                     *regexp.Regexp
	refusals                 []int
	roots                    *x509.CertPool // nil: the system's
	rate                     float64
	limit                    int
	duration, timeout        time.Duration
	verbose, json            bool
}

// path is that of the target, as it goes onto the wire.
func (o *options) path() string {
	if p := o.url.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

func parseOptions(ctx context.Context, args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("sigv4probe", flag.ContinueOnError)
	flags.SetOutput(stderr)
	target := flags.String("url", "", "`URL` of the endpoint: the path is one that the key may GET, POST, PUT and DELETE, with anything below it")
	remote := flags.Bool("remote", false, "allow a target that is not on this machine; only with its owner's consent")
	flags.StringVar(&o.accessKey, "access-key", os.Getenv("AWS_ACCESS_KEY_ID"), "access key `ID`; the secret comes from AWS_SECRET_ACCESS_KEY or -secret-file, a session token from AWS_SESSION_TOKEN or -token-file")
	secretFile := flags.String("secret-file", "", "`file` with the secret access key")
	tokenFile := flags.String("token-file", "", "`file` with the session token")
	flags.StringVar(&o.region, "region", cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1"), "region of the credential scope")
	flags.StringVar(&o.service, "service", "execute-api", "service of the credential scope")
	style := flags.String("path", "", "how clients of the service sign paths: strict, normalized, encoded or s3 (default strict; for the service s3, s3)")
	flags.StringVar(&o.content, "body", `{"check":true}`, "body of the good requests that have one; the endpoint must take it")
	flags.StringVar(&o.contentType, "content-type", "application/json", "its Content-Type")
	flags.BoolVar(&o.streaming, "streaming", false, "check payloads in chunks (STREAMING-...), too")
	flags.BoolVar(&o.sigv4a, "sigv4a", false, "check SigV4A, too")
	only := flags.String("run", "", "run only checks whose name matches this `regexp`")
	refusals := flags.String("refusals", defaultRefusals, "statuses by which the endpoint refuses")
	roots := flags.String("ca", "", "PEM `file` with the authorities to trust for https")
	flags.Float64Var(&o.rate, "rate", 100, "requests a second, at most")
	flags.IntVar(&o.limit, "limit", 1000, "requests in all, at most")
	flags.DurationVar(&o.duration, "duration", time.Minute, "time in all, at most")
	flags.DurationVar(&o.timeout, "timeout", 5*time.Second, "time for one answer")
	flags.BoolVar(&o.verbose, "v", false, "list the checks that found nothing, too")
	flags.BoolVar(&o.json, "json", false, "report as JSON")
	if asksForHelp(args) {
		args = []string{"-h"}
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}

	var mistakes []error
	mistake := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf("target: "+format, args...)) }
	if flags.NArg() > 0 {
		mistake("unexpected argument %q", flags.Arg(0))
	}
	o.secret = fromFile(*secretFile, os.Getenv("AWS_SECRET_ACCESS_KEY"), mistake)
	o.token = fromFile(*tokenFile, os.Getenv("AWS_SESSION_TOKEN"), mistake)
	if o.accessKey == "" || o.secret == "" {
		mistake("an access key and its secret are required: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or -access-key and -secret-file")
	}
	if o.region == "" || o.service == "" || o.content == "" {
		mistake("-region, -service and -body must not be empty")
	}
	o.style = pathStyle(*style)
	if o.style == "" {
		o.style = pathStrict
		if o.service == "s3" {
			o.style = pathS3
		}
	}
	if !slices.Contains(pathStyles, o.style) {
		mistake("-path %q is none of %v", *style, pathStyles)
	}
	if !(o.rate > 0 && o.rate <= maxRate) {
		mistake("-rate must lie above 0, and not above %d", maxRate)
	}
	if o.limit < 1 || o.timeout <= 0 || o.duration <= 0 || o.duration > maxDuration {
		mistake("-limit, -timeout and -duration must be positive, and -duration at most %v", maxDuration)
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		mistake("-run: %w", err)
	}
	for text := range strings.SplitSeq(*refusals, ",") {
		status, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || status < 300 || status > 599 {
			mistake("-refusals: %q is no status of a refusal", text)
		}
		o.refusals = append(o.refusals, status)
	}
	if *roots != "" {
		pem, err := os.ReadFile(*roots)
		o.roots = x509.NewCertPool()
		if err != nil || !o.roots.AppendCertsFromPEM(pem) {
			mistake("-ca %q holds no certificate that can be read", *roots)
		}
	}
	if err := o.locate(ctx, *target, *remote); err != nil {
		mistakes = append(mistakes, err)
	}
	return o, errors.Join(mistakes...)
}

// asksForHelp finds the request for help behind -url as well, where a URL belongs and the flag would take it for one.
func asksForHelp(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool { return slices.Contains([]string{"-h", "--h", "-help", "--help"}, arg) })
}

// locate parses and resolves the target. Every address that its name has must be on this machine, unless remote allows others.
func (o *options) locate(ctx context.Context, target string, remote bool) error {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return fmt.Errorf("target: -url %q is no URL such as http://127.0.0.1:8080/path", target)
	}
	if u.User != nil || u.Fragment != "" {
		return errors.New("target: -url must hold neither a user nor a fragment")
	}
	o.url = u
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil || len(addresses) == 0 {
		return fmt.Errorf("target: cannot resolve %q: %w", u.Hostname(), err)
	}
	for _, a := range addresses {
		if !a.Unmap().IsLoopback() && !remote {
			return fmt.Errorf("target: %q is not on this machine; -remote allows it, with the consent of who runs it", u.Hostname())
		}
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	o.address = net.JoinHostPort(addresses[0].Unmap().String(), port)
	return nil
}

// fromFile returns the first line of the file, or otherwise if there is no file.
func fromFile(name, otherwise string, mistake func(string, ...any)) string {
	if name == "" {
		return otherwise
	}
	b, err := os.ReadFile(name)
	if err != nil {
		mistake("%w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(line)
}
