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

// defaultRefusals are the statuses with which a verifier, or the HTTP server below it, refuses a
// request.
const defaultRefusals = "400,401,403,411,413,414,417,431,501,503,505"

// help is what -h prints.
const help = `Usage: sigv4probe -url URL [flags]

Checks an HTTP endpoint that verifies AWS Signature Version 4: sends it requests that are
signed correctly, changed or hostile, and reports which it wrongly admits or refuses.

The access key comes from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, its session token
from AWS_SESSION_TOKEN. It must be allowed GET, POST, PUT and DELETE on the URL and on
everything below it. The requests are real: the endpoint's data may be changed and deleted.

The endpoint:
  -url URL            where it is: http or https, with the path of a resource
  -remote             allow an endpoint that is not on this machine; ask its owner first
  -ca FILE            trust the certificate authorities in this PEM file for https,
                      instead of the system's
  -region NAME        region of the credential scope (default: AWS_REGION,
                      AWS_DEFAULT_REGION or us-east-1)
  -service NAME       service of the credential scope (default execute-api)
  -path-style STYLE   how its clients sign paths: strict, normalized, encoded or s3, as
                      sigv4auth.PathStyle describes them (default strict; for the
                      service s3, s3)
  -body TEXT          a body that it accepts in a POST and a PUT (default {"check":true})
  -content-type TYPE  the body's media type (default application/json)
  -refusals LIST      the statuses with which it refuses a request (default
                      ` + defaultRefusals + `)

The checks:
  -run REGEXP         make only the checks whose name matches
  -streaming          check bodies in signed and in unsigned chunks too
  -sigv4a             check AWS4-ECDSA-P256-SHA256 too
  -rate N             send at most so many requests a second (default 100)
  -limit N            send at most so many requests (default 1000)
  -duration TIME      stop after this time (default 1m)
  -timeout TIME       wait this long for an answer (default 5s)

The report:
  -v                  list every check, with its reason
  -json               write JSON

Exit status:
  0  no fault was found
  1  the endpoint wrongly admits or wrongly refuses something
  2  no fault was found, but the checks could not be made or were not finished
`

// options are what one run does. They hold the secret, so they are never printed.
type options struct {
	url                      *url.URL
	address                  string // to dial: resolved once, so that the address that was checked is the one that is used
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

// path is that of the URL, as it goes onto the wire.
func (o *options) path() string {
	if p := o.url.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

// parseFlags reads the command line and the environment, and resolves the endpoint's name. For -h
// it returns flag.ErrHelp.
func parseFlags(ctx context.Context, args []string) (*options, error) {
	o := &options{
		accessKey: os.Getenv("AWS_ACCESS_KEY_ID"),
		secret:    os.Getenv("AWS_SECRET_ACCESS_KEY"),
		token:     os.Getenv("AWS_SESSION_TOKEN"),
		only:      regexp.MustCompile(""),
	}
	flags := flag.NewFlagSet("sigv4probe", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run reports errors, and prints the help
	flags.Func("url", "", func(text string) (err error) { o.url, err = parseEndpoint(text); return err })
	remote := flags.Bool("remote", false, "")
	flags.Func("ca", "", func(file string) (err error) { o.roots, err = readRoots(file); return err })
	flags.StringVar(&o.region, "region", cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1"), "")
	flags.StringVar(&o.service, "service", "execute-api", "")
	flags.Func("path-style", "", func(text string) (err error) { o.style, err = parsePathStyle(text); return err })
	flags.StringVar(&o.content, "body", `{"check":true}`, "")
	flags.StringVar(&o.contentType, "content-type", "application/json", "")
	refusals := flags.String("refusals", defaultRefusals, "")
	flags.Func("run", "", func(text string) (err error) { o.only, err = regexp.Compile(text); return err })
	flags.BoolVar(&o.streaming, "streaming", false, "")
	flags.BoolVar(&o.sigv4a, "sigv4a", false, "")
	flags.Float64Var(&o.rate, "rate", 100, "")
	flags.IntVar(&o.limit, "limit", 1000, "")
	flags.DurationVar(&o.duration, "duration", time.Minute, "")
	flags.DurationVar(&o.timeout, "timeout", 5*time.Second, "")
	flags.BoolVar(&o.verbose, "v", false, "")
	flags.BoolVar(&o.json, "json", false, "")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if o.style == "" {
		o.style = pathStrict
		if o.service == "s3" {
			o.style = pathS3
		}
	}
	var errs []error
	invalid := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	invalid(flags.NArg() > 0, "unexpected argument %q; -url names the endpoint", flags.Arg(0))
	invalid(o.url == nil, "-url is required")
	invalid(o.accessKey == "" || o.secret == "", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set")
	invalid(o.region == "" || o.service == "" || o.content == "", "-region, -service and -body must not be empty")
	invalid(!(o.rate > 0 && o.rate <= maxRate), "-rate must be above 0 and at most %d", maxRate)
	invalid(o.limit < 1 || o.timeout <= 0, "-limit and -timeout must be positive")
	invalid(o.duration <= 0 || o.duration > maxDuration, "-duration must be positive and at most %v", maxDuration)
	var err error
	if o.refusals, err = parseStatuses(*refusals); err != nil {
		errs = append(errs, fmt.Errorf("-refusals: %w", err))
	}
	if len(errs) == 0 {
		errs = append(errs, o.resolve(ctx, *remote))
	}
	return o, errors.Join(errs...)
}

// parseEndpoint does not quote what it refuses, which may hold a password.
func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, errors.New("not a URL such as http://127.0.0.1:8080/path")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("it must have neither a user nor a fragment")
	}
	return u, nil
}

func parsePathStyle(text string) (pathStyle, error) {
	if style := pathStyle(text); slices.Contains(pathStyles, style) {
		return style, nil
	}
	return "", fmt.Errorf("not one of %v", pathStyles)
}

func parseStatuses(list string) (statuses []int, err error) {
	for text := range strings.SplitSeq(list, ",") {
		status, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || status < 300 || status > 599 {
			return nil, fmt.Errorf("%q is not a status from 300 to 599", text)
		}
		statuses = append(statuses, status)
	}
	return statuses, nil
}

func readRoots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("the file holds no certificate")
	}
	return roots, nil
}

// resolve finds the address to dial. Every address that the endpoint's name has must be on this
// machine, unless remote allows others.
func (o *options) resolve(ctx context.Context, remote bool) error {
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", o.url.Hostname())
	if err != nil || len(addresses) == 0 {
		return fmt.Errorf("cannot resolve the endpoint's name %q: %w", o.url.Hostname(), err)
	}
	for _, a := range addresses {
		if !a.Unmap().IsLoopback() && !remote {
			return fmt.Errorf("%q is not on this machine; -remote allows it, if its owner agrees", o.url.Hostname())
		}
	}
	port := cmp.Or(o.url.Port(), map[string]string{"http": "80", "https": "443"}[o.url.Scheme])
	o.address = net.JoinHostPort(addresses[0].Unmap().String(), port)
	return nil
}
