package contender

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

var wildgate = Verifier{Name: "wildgate", Service: "execute-api", New: newWildgate}

// Store returns the keys that are known in a setting, as Wildgate takes them.
func Store(s workload.Setting) sigv4auth.CredentialStore {
	caller := iampolicy.Principal{ARN: workload.Session}
	creds := make([]sigv4auth.Credential, 0, len(s.Known))
	for _, k := range s.Known {
		c := sigv4auth.Credential{AccessKeyID: k.ID, Secret: sigv4auth.NewSecret(k.Secret), Principal: caller, Expires: k.Expires}
		if k.Token != "" {
			c.SessionToken = sigv4auth.NewSecret(k.Token)
		}
		creds = append(creds, c)
	}
	return sigv4auth.StaticCredentials(creds...)
}

// NewAuthenticator returns Wildgate's verifier for service execute-api, set up as s says but for
// its mount, which is the caller's.
func NewAuthenticator(s workload.Setting) (*sigv4auth.Authenticator, error) {
	return NewAuthenticatorOf(s, Store(s))
}

// NewAuthenticatorOf does that with a store of its caller's in place of the keys of s.
func NewAuthenticatorOf(s workload.Setting, store sigv4auth.CredentialStore) (*sigv4auth.Authenticator, error) {
	cfg := sigv4auth.Config{
		Region: workload.Region, Service: "execute-api", MaxPresignExpiry: time.Hour, MaxBodyBytes: workload.MaxBody,
		KeyCacheSize: s.CacheSize,
		Hosts:        s.Hosts, Credentials: store, Now: func() time.Time { return workload.Now },
	}
	if s.Chunked {
		cfg.Payloads = sigv4auth.StreamingSigned | sigv4auth.InsecureStreamingUnsignedTrailer
	}
	if s.SigV4A {
		cfg.Algorithms = sigv4auth.SigV4A
	}
	return sigv4auth.New(cfg)
}

func newWildgate(s workload.Setting) (Check, error) {
	a, err := NewAuthenticator(s)
	if err != nil {
		return nil, err
	}
	if s.Mount != workload.Verify {
		return mounted(a, s.Mount)
	}
	return func(r *http.Request) error {
		if _, err := a.Verify(r); err != nil {
			return err
		}
		if s.Chunked { // any other body has been read by now
			_, err := io.Copy(io.Discard, r.Body)
			return err
		}
		return nil
	}, nil
}

// mounted asks through a handler that does nothing, behind the middleware.
func mounted(a *sigv4auth.Authenticator, m workload.Mount) (Check, error) {
	nothing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	h := a.Handler(nothing)
	if m == workload.Require {
		policy, err := iampolicy.Parse([]byte(wildRydes), iampolicy.IdentityPolicy)
		if err != nil {
			return nil, err
		}
		z, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
			Policies: sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{"arn:aws:iam::111122223333:role/Rider": {policy}}),
			Target:   sigv4auth.APIGateway{Region: workload.Region, AccountID: workload.Account, APIID: "rides", Stage: "prod"}.Target,

			ResourceAccount: sigv4auth.AccountInARN,
		})
		if err != nil {
			return nil, err
		}
		h = a.Require(z.Check)(nothing)
	}
	return func(r *http.Request) error {
		w := answers.Get().(*answer)
		defer answers.Put(w)
		w.status = 0 // not that of the request before
		if h.ServeHTTP(w, r); w.status != http.StatusNoContent {
			return fmt.Errorf("%w: status %d", errRefused, w.status)
		}
		return nil
	}, nil
}

// answer keeps nothing but the status, and is used again and again, so that none of its own
// allocations count.
type answer struct {
	header http.Header
	status int
}

var answers = sync.Pool{New: func() any { return &answer{header: http.Header{}} }}

func (w *answer) Header() http.Header         { return w.header }
func (w *answer) WriteHeader(status int)      { w.status = status }
func (w *answer) Write(b []byte) (int, error) { return len(b), nil }

const wildRydes = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke",` +
	`"Resource":"arn:aws:execute-api:*:*:*/*/*/ride"}]}`
