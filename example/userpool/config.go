package userpool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// Config configures a [Pool].
type Config struct {
	_ [0]func()

	// DB is where the pool is kept: SQLite (3.24 or later) or PostgreSQL, as
	// [github.com/wildgate/wildgate/ridesvc.SQLStore] has it, beside whatever else is there. The
	// caller configures it for its driver, and closes it once no request is under way. Required.
	DB *sql.DB

	// Ring seals what is secret in the database, and what clients are given to bring back. A key
	// that it replaces has to open until [Pool.Maintain] has run in each process, and a minute
	// more. Required.
	Ring *keyring.Ring

	// ID is the pool's, for instance us-east-1_Example01: the region, an underscore, and 1 to 55
	// letters and digits in all. Salted into every password: it never changes. Required.
	ID string

	// Name is what DescribeUserPool calls the pool. Empty: its ID.
	Name string

	// AccountID is the account that the pool's ARN is of. Required, as Region, which is the region
	// in it.
	AccountID, Region string

	// Issuer is the URL that tokens have in iss, without a slash at its end. It ends in /ID, and
	// [Pool.Published] has to be reached below it. https://, or http:// of a loopback address.
	// Required.
	Issuer string

	// Clients are the applications. One is required.
	Clients []Client

	// Password is what passwords have to be like. The zero value is Cognito's default.
	Password PasswordPolicy

	// CustomAttributes are those that users may have beside the standard ones, without custom: in
	// front.
	CustomAttributes []string

	// RequireEmail refuses a sign-up without an address, who could not be sent a code. false:
	// an administrator confirms who has none.
	RequireEmail bool

	// Deliver sends a code or a temporary password to a user. It SHOULD queue and return: how long
	// it takes tells a caller whether a user exists. An error is a CodeDeliveryFailureException
	// for a user who signs up, is reported to Failed, and tells nobody else anything. It is called
	// from many goroutines at once. Required.
	Deliver func(ctx context.Context, d Delivery) error

	// ClientIP returns a client's address, for the limits. nil: [sigv4auth.PeerIP].
	ClientIP func(r *http.Request) (netip.Addr, bool)

	// Limits bounds what callers who have shown nothing can cause. The zero value is usable.
	Limits Limits

	// Failed is told of what went wrong that is answered with InternalErrorException, or not
	// answered at all. Errors hold no password, code or token. It is called on the request's
	// goroutine. nil: nobody.
	Failed func(ctx context.Context, err error)

	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// Client is an application, as CreateUserPoolClient makes them. Its refresh tokens are rotated,
// always.
type Client struct {
	_ [0]func()
	// ID is what clients send as ClientId: 1 to 128 letters, digits, underscores and pluses.
	// Required.
	ID string
	// Name is what DescribeUserPoolClient calls it. Empty: its ID.
	Name string
	// Secret is what SECRET_HASH is made with. Empty: there is none, as for applications whose
	// code anybody can read.
	Secret sigv4auth.Secret
	// NoPasswords refuses USER_PASSWORD_AUTH, in which the password itself is sent.
	NoPasswords bool
	// TokensFor is how long ID and access tokens last: 5 minutes to a day. 0: an hour.
	TokensFor time.Duration
	// RefreshFor is how long a user stays signed in: an hour to 10 years. 0: 30 days.
	RefreshFor time.Duration
	// RetryGrace is how long a refresh token still gets the answer that it got when it was used,
	// for clients that did not hear it: at most a minute. 0: 10 seconds; a negative one is none.
	RetryGrace time.Duration
}

// PasswordPolicy is what passwords have to be like: PasswordPolicyType in the Cognito user pools
// API Reference.
type PasswordPolicy struct {
	_ [0]func()
	// MinLength is from 6 to 99 characters. 0: 8.
	MinLength int
	// What a password need not have.
	NoUppercase, NoLowercase, NoNumbers, NoSymbols bool
	// TemporaryFor is how long the password of AdminCreateUser is good for. 0: 7 days.
	TemporaryFor time.Duration
}

// Limits are what New makes of zero values as it says.
type Limits struct {
	_ [0]func()
	// PerMinute is how many unsigned requests a client may make in a minute, by its IPv4 address
	// or its IPv6 network of 64 bits. 0: 300.
	PerMinute int
	// Failures is how many wrong passwords and codes a client may send before it has to wait, a
	// second at first, and twice as long each time up to 15 minutes. 0: 50. That a user's name has
	// to wait after 5, in the same way, is Cognito's.
	Failures int
	// Powers is how many powers are computed at one time, modulo N and for signing tokens: each
	// takes a processor for some milliseconds, and is followed by a rest that is as long. 0: half
	// of the processors.
	Powers int
	// Waiting is how many requests may wait for that. More are refused with
	// TooManyRequestsException. 0: 256.
	Waiting int
}

// checked returns the configuration with its defaults, or every mistake in it.
func (c Config) checked() (Config, error) {
	var wrong []error
	mistake := func(field, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("userpool: Config."+field+": "+format, args...))
	}
	if c.DB == nil {
		mistake("DB", "it is required")
	}
	if c.Ring == nil {
		mistake("Ring", "it is required")
	}
	if c.Deliver == nil {
		mistake("Deliver", "it is required")
	}
	region, rest, _ := strings.Cut(c.ID, "_")
	if len(c.ID) > 55 || region == "" || rest == "" || !isWord(region, "-") || !isWord(rest, "") {
		mistake("ID", "%q is not a region, an underscore, and letters and digits, 55 characters in all", c.ID)
	}
	if len(c.AccountID) != 12 || strings.Trim(c.AccountID, "0123456789") != "" {
		mistake("AccountID", "%q is not 12 digits", c.AccountID)
	}
	if c.Region == "" || !isWord(c.Region, "-") {
		mistake("Region", "%q is no region", c.Region)
	}
	if err := checkIssuer(c.Issuer, c.ID); err != nil {
		mistake("Issuer", "%v", err)
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	if c.ClientIP == nil {
		c.ClientIP = sigv4auth.PeerIP
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Failed == nil {
		c.Failed = func(context.Context, error) {}
	}
	if len(c.Clients) == 0 {
		mistake("Clients", "one is required")
	}
	clients := make([]Client, len(c.Clients))
	for i, client := range c.Clients {
		var err error
		if clients[i], err = client.checked(); err != nil {
			mistake(fmt.Sprintf("Clients[%d]", i), "%v", err)
		}
		for j := range i {
			if clients[j].ID == client.ID {
				mistake(fmt.Sprintf("Clients[%d]", i), "the ID stands there twice")
			}
		}
	}
	c.Clients = clients
	for _, name := range c.CustomAttributes {
		if name == "" || len(name) > 20 || !isWord(name, "_") {
			mistake("CustomAttributes", "%q is not 1 to 20 letters, digits and underscores", name)
		}
	}
	if c.Password.MinLength == 0 {
		c.Password.MinLength = 8
	}
	if c.Password.MinLength < 6 || c.Password.MinLength > 99 {
		mistake("Password.MinLength", "%d is not 6 to 99", c.Password.MinLength)
	}
	if c.Password.TemporaryFor == 0 {
		c.Password.TemporaryFor = 7 * 24 * time.Hour
	}
	if c.Password.TemporaryFor < 0 {
		mistake("Password.TemporaryFor", "it is negative")
	}
	limits, err := c.Limits.checked()
	if err != nil {
		mistake("Limits", "%v", err)
	}
	c.Limits = limits
	return c, errors.Join(wrong...)
}

// The bounds and defaults of a client's times.
const (
	defaultTokensFor  = time.Hour
	minTokensFor      = 5 * time.Minute
	maxTokensFor      = 24 * time.Hour
	defaultRefreshFor = 30 * 24 * time.Hour
	minRefreshFor     = time.Hour
	maxRefreshFor     = 10 * 365 * 24 * time.Hour
	defaultGrace      = 10 * time.Second
	maxGrace          = time.Minute
)

func (c Client) checked() (Client, error) {
	if c.ID == "" || len(c.ID) > 128 || !isWord(c.ID, "_+") {
		return c, fmt.Errorf("ID: %q is not 1 to 128 letters, digits, underscores and pluses", c.ID)
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	if c.TokensFor == 0 {
		c.TokensFor = defaultTokensFor
	}
	if c.TokensFor < minTokensFor || c.TokensFor > maxTokensFor || c.TokensFor%time.Second != 0 {
		return c, errors.New("TokensFor: it is not 5 minutes to a day, in whole seconds")
	}
	if c.RefreshFor == 0 {
		c.RefreshFor = defaultRefreshFor
	}
	if c.RefreshFor < minRefreshFor || c.RefreshFor > maxRefreshFor {
		return c, errors.New("RefreshFor: it is not an hour to 10 years")
	}
	switch {
	case c.RetryGrace == 0:
		c.RetryGrace = defaultGrace
	case c.RetryGrace < 0:
		c.RetryGrace = 0
	case c.RetryGrace > maxGrace:
		return c, errors.New("RetryGrace: it is more than a minute")
	}
	return c, nil
}

func (l Limits) checked() (Limits, error) {
	if l.PerMinute < 0 || l.Failures < 0 || l.Powers < 0 || l.Waiting < 0 {
		return l, errors.New("one is negative")
	}
	for _, field := range []struct {
		value *int
		zero  int
	}{
		{&l.PerMinute, defaultPerMinute}, {&l.Failures, defaultFailures}, {&l.Powers, defaultPowers()}, {&l.Waiting, defaultWaiting},
	} {
		if *field.value == 0 {
			*field.value = field.zero
		}
	}
	return l, nil
}

// checkIssuer refuses an issuer whose tokens nobody could verify, or anybody could make.
func checkIssuer(issuer, id string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%q is not https://HOST[:PORT][/PATH]/ID", issuer)
	case !strings.HasSuffix(u.Path, "/"+id):
		return fmt.Errorf("%q does not end in the pool's ID", issuer)
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("%q is not https://", issuer)
	}
	if addr, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !addr.IsLoopback()) {
		return fmt.Errorf("%q is http:// and not of this machine", issuer)
	}
	return nil
}

// isWord reports whether a text has ASCII letters, digits and those of others only.
func isWord(s, others string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r) {
			return false
		}
	}
	return true
}
