package oidc

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Config is what [New] makes a [Verifier] of. Its zero value is refused: it has no provider.
type Config struct {
	_ [0]func()
	// Providers are the issuers whose tokens are accepted, each issuer once. There is at least one,
	// unless there is a Lookup.
	Providers []Provider
	// Lookup returns the provider of an issuer that is none of Providers, as it is now, and false
	// where there is none: for instance what a directory has of it. It is called for each token of
	// such an issuer, before anything is known of who sent it, and must return at once. A provider
	// that is invalid is none. Its keys are kept as those of Providers, until its Audiences change
	// or it is gone. nil: there are no others.
	Lookup func(issuer string) (Provider, bool)
	// Leeway is how far ahead of ours an issuer's clock may be: a token is valid that much before
	// its iat and nbf. It does not lengthen the life of a token: exp is exact. Zero: 1 minute. At
	// most 5 minutes; a negative one is none.
	Leeway time.Duration
	// FetchTimeout bounds the fetch of an issuer's keys, with its discovery document. Zero: 5 s. At
	// most 1 minute.
	FetchTimeout time.Duration
	// RefreshKeys is the age at which fetched keys are fetched anew, while tokens are still
	// verified with them. A key that the issuer withdraws is refused at the latest after this time,
	// while the issuer can be reached. Zero: 15 minutes. At least 1 minute.
	RefreshKeys time.Duration
	// KeepKeys is the age at which fetched keys end, if they could not be fetched anew. Zero: 24
	// hours. At least RefreshKeys, and at most 7 days.
	KeepKeys time.Duration
	// MaxWaiting is how many calls may wait for the keys of one provider at once; more are refused
	// with sts.ErrIDPCommunication, which SDKs take as a reason to try again. It should be less
	// than how many tokens are looked at at one time, so that those whose key is known find room
	// while an issuer hangs. Zero: 8, half of what an sts.Endpoint looks at.
	MaxWaiting int
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// Provider is an OpenID Connect issuer, as IAM's OIDC identity providers are.
type Provider struct {
	_ [0]func()
	// Issuer is the issuer's URL, exactly as its tokens have it in iss: https://HOST[:PORT][/PATH],
	// at most 255 characters. Its discovery document is Issuer/.well-known/openid-configuration.
	Issuer string
	// Audiences are the client IDs for which tokens are accepted: 1 to 100. A token has one of them
	// in aud, and in azp if it has that.
	Audiences []string
	// Algorithms are the signature algorithms that are accepted, of RS256, RS384, RS512, PS256,
	// PS384, PS512, ES256, ES384, ES512 and EdDSA. nil: RS256, ES256 and ES384. What the issuer
	// says that it supports counts for nothing.
	Algorithms []string
	// Keys is the issuer's JSON Web Key Set, for an issuer that cannot be reached. Nothing is
	// fetched for the provider then, and its keys never end. nil: they are fetched.
	Keys []byte
	// Signer signs the issuer's tokens in this process, and its keys are the provider's, as they
	// are at each token: nothing is fetched. Its issuer has to be this one. nil: there is none. It
	// cannot be combined with Keys.
	Signer *Signer
	// RootCAs are the authorities that the issuer's certificate may be of. nil: the system's. It
	// cannot be combined with Transport.
	RootCAs *x509.CertPool
	// Transport makes the requests to the issuer. nil: one like http.DefaultTransport, which obeys
	// HTTPS_PROXY, of the Verifier's own. Whichever it is, redirects are not followed, and answers
	// are bounded.
	Transport http.RoundTripper
	// InsecureLoopback permits an Issuer of http:// on localhost, 127.0.0.0/8 or ::1, and keys
	// there. Whoever can listen on the port can then sign tokens of this provider. It is for tests.
	InsecureLoopback bool
}

const (
	defaultLeeway       = time.Minute
	maxLeeway           = 5 * time.Minute
	defaultFetchTimeout = 5 * time.Second
	maxFetchTimeout     = time.Minute
	defaultRefreshKeys  = 15 * time.Minute
	minRefreshKeys      = time.Minute
	defaultKeepKeys     = 24 * time.Hour
	maxKeepKeys         = 7 * 24 * time.Hour
	defaultMaxWaiting   = 8
	maxIssuerURL        = 255
	maxClientIDs        = 100
)

// provider is a Provider, compiled. Only keys changes.
type provider struct {
	issuer     string
	name       string // without the scheme
	audiences  []string
	algorithms []jose.SignatureAlgorithm
	loopback   bool // InsecureLoopback
	client     *http.Client
	closeIdle  func()

	keyAud, keySub, keyAzp, keyOaud string
	claims, claimKeys               []string // claims that become keys, and the keys' full names

	keys keyCache
}

// fill puts defaults in place of zeros, and returns every mistake in the durations.
func (c *Config) fill() error {
	var errs []error
	duration := func(field string, d *time.Duration, zero, least, most time.Duration) {
		if *d == 0 {
			*d = zero
		}
		if *d < least || *d > most {
			errs = append(errs, fmt.Errorf("oidc: Config.%s is %v; it must be %v to %v", field, *d, least, most))
		}
	}
	if c.Leeway < 0 { // none
		c.Leeway = 0
	} else {
		duration("Leeway", &c.Leeway, defaultLeeway, 0, maxLeeway)
	}
	duration("FetchTimeout", &c.FetchTimeout, defaultFetchTimeout, time.Millisecond, maxFetchTimeout)
	duration("RefreshKeys", &c.RefreshKeys, defaultRefreshKeys, minRefreshKeys, maxKeepKeys)
	duration("KeepKeys", &c.KeepKeys, max(defaultKeepKeys, min(c.RefreshKeys, maxKeepKeys)), c.RefreshKeys, maxKeepKeys)
	if c.MaxWaiting == 0 {
		c.MaxWaiting = defaultMaxWaiting
	}
	if c.MaxWaiting < 0 {
		errs = append(errs, fmt.Errorf("oidc: Config.MaxWaiting is %d; it must not be negative", c.MaxWaiting))
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return errors.Join(errs...)
}

// compile returns the provider, or every mistake in it. n is its place in Config.Providers.
func (p *Provider) compile(n int) (*provider, error) {
	var errs []error
	mistake := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("oidc: Config.Providers[%d].%w", n, fmt.Errorf(format, args...)))
	}
	c := &provider{issuer: p.Issuer, audiences: slices.Clone(p.Audiences), loopback: p.InsecureLoopback}
	if err := checkIssuer(p.Issuer, p.InsecureLoopback); err != nil {
		mistake("Issuer: %w", err)
	}
	_, c.name, _ = strings.Cut(p.Issuer, "://")
	if len(c.audiences) == 0 || len(c.audiences) > maxClientIDs {
		mistake("Audiences has %d client IDs; it must have 1 to %d", len(c.audiences), maxClientIDs)
	}
	for i, a := range c.audiences {
		if a == "" || len(a) > maxAudience || !plainText(a) {
			mistake("Audiences[%d] is empty, too long or has control characters", i)
		}
	}
	c.algorithms = defaultAlgorithms
	if p.Algorithms != nil {
		c.algorithms = nil
	}
	for i, name := range p.Algorithms {
		if _, known := algorithms[jose.SignatureAlgorithm(name)]; !known {
			mistake("Algorithms[%d]: %q is none that can be allowed", i, name)
		}
		c.algorithms = append(c.algorithms, jose.SignatureAlgorithm(name))
	}
	if len(c.algorithms) == 0 {
		mistake("Algorithms is empty; nil stands for the usual ones")
	}
	if p.Keys != nil {
		set, err := parseKeys(p.Keys)
		if err != nil {
			mistake("Keys: %w", err)
		} else if len(set.keys) == 0 {
			mistake("Keys has no key that verifies one of the algorithms that can be allowed")
		}
		c.keys.inline = set
	}
	if p.Signer != nil {
		if p.Keys != nil {
			mistake("Signer and Keys are both set")
		}
		if p.Signer.issuer != p.Issuer {
			mistake("Signer: it is that of another issuer, %q", p.Signer.issuer)
		}
		c.keys.signer = p.Signer
	}
	if p.RootCAs != nil && p.Transport != nil {
		mistake("RootCAs and Transport are both set")
	}
	c.keyAud, c.keySub, c.keyAzp, c.keyOaud = c.name+":aud", c.name+":sub", c.name+":azp", c.name+":oaud"
	c.claims = append([]string{"amr", "email"}, claimsOf(c.name)...)
	for _, claim := range c.claims {
		c.claimKeys = append(c.claimKeys, c.name+":"+claim)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c.client, c.closeIdle = newClient(p.Transport, p.RootCAs)
	return c, nil
}

// registered returns those of a token's audiences that the provider has, in the token's order.
func (p *provider) registered(audiences []string) (list []string) {
	for _, a := range audiences {
		if slices.Contains(p.audiences, a) {
			list = append(list, a)
		}
	}
	return list
}

// checkIssuer refuses what is no issuer's URL by section 2 of OpenID Connect Core, and what could
// be written in another way too.
func checkIssuer(issuer string, loopback bool) error {
	if len(issuer) > maxIssuerURL {
		return fmt.Errorf("it is longer than %d characters", maxIssuerURL)
	}
	if err := checkURL(issuer, loopback); err != nil {
		return err
	}
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.String() != issuer || u.Host != strings.ToLower(u.Host) || strings.Contains(issuer+"/", "/../"):
		return errors.New("it is not written as URLs usually are, with the host in lower case")
	case strings.Contains(issuer, "?"):
		return errors.New("it has a query")
	}
	return nil
}

// checkURL refuses URLs that nothing is fetched from. What an issuer names is fetched by TLS only,
// with a certificate for that name, which the metadata services of clouds do not have.
func checkURL(text string, loopback bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return errors.New("it is no URL with a host")
	case u.User != nil || strings.Contains(text, "#"):
		return errors.New("it has a user or a fragment")
	case u.Scheme == "https", u.Scheme == "http" && loopback && onLoopback(u.Hostname()):
		return nil
	default:
		return errors.New("it does not begin with https://")
	}
}

func onLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
