package sigv4auth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// changingStore holds one credential, which a test changes while a request is under way.
type changingStore struct {
	credential sigv4auth.Credential
	err        error
	panics     bool
	lookups    int
}

func (s *changingStore) Credential(context.Context, string, string) (sigv4auth.Credential, error) {
	s.lookups++
	if s.panics {
		panic("a store")
	}
	if s.err != nil {
		return sigv4auth.Credential{}, s.err
	}
	return s.credential, nil
}

// slowBody runs arrive once the first byte of it is asked for.
type slowBody struct {
	io.Reader
	arrive func()
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.arrive != nil {
		b.arrive()
		b.arrive = nil
	}
	return b.Reader.Read(p)
}

func (*slowBody) Close() error { return nil }

// session is the credential that temporary signs with.
func session() sigv4auth.Credential {
	return sigv4auth.Credential{
		AccessKeyID: tempKeyID, Secret: sigv4auth.NewSecret(testSecret), SessionToken: sigv4auth.NewSecret(testToken),
		Expires: testNow.Add(time.Hour), Principal: rolePrincipal, Session: &sigv4auth.Session{Tags: map[string]string{"team": "old"}},
	}
}

var another = sigv4auth.NewSecret("another")

// meanwhile is what happens to a credential while a body arrives.
var meanwhile = []struct {
	name   string
	change func(*changingStore)
	code   sigv4auth.Reason // of the refusal; "": admitted
}{
	{"nothing", func(*changingStore) {}, ""},
	{"the key is revoked", func(s *changingStore) { s.err = sigv4auth.ErrUnrecognizedClient }, sigv4auth.ErrUnrecognizedClient},
	{"the session is over", func(s *changingStore) { s.credential.Expires = testNow.Add(time.Second) }, sigv4auth.ErrExpiredToken},
	{"the secret is replaced", func(s *changingStore) { s.credential.Secret = another }, sigv4auth.ErrSignatureMismatch},
	{"there is no secret", func(s *changingStore) { s.credential.Secret = sigv4auth.Secret{} }, sigv4auth.ErrUnrecognizedClient},
	{"the token is replaced", func(s *changingStore) { s.credential.SessionToken = another }, sigv4auth.ErrUnrecognizedClient},
	{"the role is made again", func(s *changingStore) { s.credential.Principal.UserID = "AROAANOTHER:bob" }, sigv4auth.ErrUnrecognizedClient},
	{"the key becomes another's", func(s *changingStore) { s.credential.Principal.ARN += "by" }, sigv4auth.ErrUnrecognizedClient},
	{"the store fails", func(s *changingStore) { s.err = errors.New("connection refused") }, sigv4auth.ErrServiceUnavailable},
	{"the store returns another key", func(s *changingStore) { s.credential.AccessKeyID = "AKIAOTHER" }, sigv4auth.ErrServiceUnavailable},
	{"the store panics", func(s *changingStore) { s.panics = true }, sigv4auth.ErrInternalFailure},
}

// TestSlowBody: threat 233. What counts is the credential as it is once the body is whole, in each
// mode in which the body is read before the handler runs.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	withDigest, undeclared, presigned, v4a := temporary(), temporary(), temporary(), temporary()
	withDigest.digestHeader, presigned.presign, v4a.regions = true, time.Minute, "*"
	v4aDigest := v4a
	v4aDigest.digestHeader = true
	unsigned := func(presign time.Duration) func(*testing.T) *http.Request {
		return func(*testing.T) *http.Request {
			return sigv4test.Signer{
				Credential: session(), Region: testRegion, Service: "s3", Presign: presign,
				Payload: sigv4test.Unsigned, Now: sigv4test.NewClock(testNow).Now,
			}.Sign(ride())
		}
	}
	signed := func(s signing) func(*testing.T) *http.Request {
		return func(t *testing.T) *http.Request { return sign(t, ride(), s) }
	}
	modes := map[string]func(*testing.T) *http.Request{
		"digest announced": signed(withDigest), "digest not announced": signed(undeclared), "presigned": signed(presigned),
		"SigV4A": signed(v4a), "SigV4A, digest announced": signed(v4aDigest),
		"unsigned": unsigned(0), "unsigned, presigned": unsigned(time.Minute),
		"behind a proxy": func(t *testing.T) *http.Request {
			r := sign(t, ride(), withDigest)
			r.Host = "backend"
			r.Header["X-Forwarded-Host"] = []string{"other.example.com, example.com"}
			return r
		},
		"in HTTP's chunks": func(t *testing.T) *http.Request {
			r := sign(t, ride(), withDigest)
			r.ContentLength = -1
			return r
		},
	}
	for mode, made := range modes {
		for _, tt := range meanwhile {
			for took, looked := range map[time.Duration]bool{
				0: false, time.Second: false, time.Second + 1: true, 10 * time.Second: true, -time.Nanosecond: true,
			} {
				if took < 0 && tt.code == sigv4auth.ErrExpiredToken {
					continue // by a clock that was set back it has not expired
				}
				t.Run(mode+", "+tt.name+", "+took.String(), func(t *testing.T) {
					t.Parallel()
					clock, store := sigv4test.NewClock(testNow), &changingStore{credential: session()}
					var event sigv4auth.Event
					events := 0
					r := made(t)
					a := newAuthenticator(t, func(c *sigv4auth.Config) {
						c.Credentials, c.Now, c.Algorithms, c.Observe.Audit = store, clock.Now, sigv4auth.SigV4A, auditInto(&event, &events)
						c.Proxies = sigv4auth.TrustedProxies{Networks: peerNetwork, HostHeader: "X-Forwarded-Host"}
						if mode == "unsigned" || mode == "unsigned, presigned" {
							c.Service, c.Payloads = "s3", sigv4auth.InsecureUnsigned
						}
					})
					r.Body = &slowBody{r.Body, func() { clock.Advance(took); tt.change(store) }}
					var handler spy
					w := httptest.NewRecorder()
					a.Handler(&handler).ServeHTTP(w, r)
					code, lookups := tt.code, 2
					if !looked {
						code, lookups = "", 1
					}
					if event.Reason != code || (handler.ran == 1) != (code == "") || events != 1 || store.lookups != lookups {
						t.Errorf("%d %s, %+v; the handler ran %d times; %d lookups", w.Code, w.Body, event, handler.ran, store.lookups)
					}
					if code == "" && handler.body != rideBody {
						t.Errorf("the handler read %q", handler.body)
					}
					if !event.Time.Equal(testNow) {
						t.Errorf("the request's instant is %v", event.Time)
					}
				})
			}
		}
	}
}

// TestSlowBodyOfNobody: threats 211 and 233. A key that is unknown, or not signed with, is refused
// after a slow body as it is after a fast one; one that is made meanwhile is admitted.
func TestSlowBodyOfNobody(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		secret string
		change func(*changingStore)
		code   sigv4auth.Reason
	}{
		"unknown":         {"", func(*changingStore) {}, sigv4auth.ErrUnrecognizedClient},
		"wrong signature": {"x", func(s *changingStore) { s.err = nil }, sigv4auth.ErrSignatureMismatch},
		"made meanwhile":  {"", func(s *changingStore) { s.err = nil }, ""},
	} {
		clock, store := sigv4test.NewClock(testNow), &changingStore{credential: session(), err: sigv4auth.ErrUnrecognizedClient}
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Credentials, c.Now = store, clock.Now })
		s := temporary()
		s.secret = tt.secret
		r := sign(t, ride(), s)
		r.Body = &slowBody{r.Body, func() { clock.Advance(2 * time.Second); tt.change(store) }}
		_, err := a.Verify(r)
		refused := sigv4auth.AsError(err)
		if (refused == nil) != (tt.code == "") || refused != nil && refused.Reason != tt.code || store.lookups != 2 {
			t.Errorf("%s: %v after %d lookups", name, err, store.lookups)
		}
	}
}

// TestIdentityIsOfTheLastLookup: what the handler learns of the caller, and policies decide by, is
// what the store said last.
func TestIdentityIsOfTheLastLookup(t *testing.T) {
	t.Parallel()
	for _, declared := range []bool{true, false} {
		clock, store := sigv4test.NewClock(testNow), &changingStore{credential: session()}
		store.credential.Revision = "1"
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Credentials, c.Now = store, clock.Now })
		s := temporary()
		s.digestHeader = declared
		r := sign(t, ride(), s)
		r.Body = &slowBody{r.Body, func() {
			clock.Advance(2 * time.Second)
			store.credential.Principal.Tags = map[string]string{"team": "new"}
			store.credential.Session, store.credential.Revision = nil, "2"
		}}
		id, err := a.Verify(r)
		if _, ok := id.Session(); err != nil || ok || id.Principal.Tags["team"] != "new" || id.Revision != "2" ||
			!id.VerifiedAt.Equal(testNow) {
			t.Errorf("%+v, %v", id, err)
		}
	}
}

// revisionStore decides for the revision that it is at, and says of all others that they are gone.
type revisionStore struct {
	at     string
	set    iampolicy.Set
	asked  []string
	answer func(id sigv4auth.Identity) error // before anything else; nil => nothing
}

func (s *revisionStore) Policies(_ context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	s.asked = append(s.asked, id.Revision)
	if s.answer != nil {
		if err := s.answer(id); err != nil {
			return iampolicy.Set{}, "", err
		}
	}
	if id.Revision != s.at {
		return iampolicy.Set{}, "", errors.Join(errors.New("revision "+s.at), sigv4auth.ErrRevisionGone)
	}
	return s.set, s.at, nil
}

// TestRevisionGone: threat 234. Where the policies of the credential's state are gone, the
// credential is looked up once more, and the request is decided by what it is then.
func TestRevisionGone(t *testing.T) {
	t.Parallel()
	allowRide := iampolicy.Set{Identity: []*iampolicy.Policy{parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)}}
	// Between the lookup and the question for policies the store goes on to revision 2.
	for _, tt := range meanwhile {
		for _, mode := range []string{"digest", "undeclared", "presigned", "GET", "streaming"} {
			t.Run(tt.name+", "+mode, func(t *testing.T) {
				t.Parallel()
				store := &changingStore{credential: session()}
				if mode == "streaming" {
					store.credential = sigv4auth.Credential{
						AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret),
						Principal: rolePrincipal,
					}
					if tt.code == sigv4auth.ErrExpiredToken {
						return // the key does not expire
					}
				}
				store.credential.Revision = "1"
				clock := sigv4test.NewClock(testNow)
				policies := &revisionStore{at: "1", set: allowRide}
				policies.answer = func(sigv4auth.Identity) error {
					if len(policies.asked) == 1 {
						policies.at, store.credential.Revision = "2", "2"
						tt.change(store)
						clock.Advance(time.Second)
					}
					return nil
				}
				var event sigv4auth.Event
				events := 0
				a := newAuthenticator(t, func(c *sigv4auth.Config) {
					streamingConfig(c)
					c.Credentials, c.Now, c.Observe.Audit = store, clock.Now, auditInto(&event, &events)
				})
				s := temporary()
				body := rideBody
				var r *http.Request
				switch mode {
				case "GET":
					r, body = sign(t, request("GET", "/prod/ride", ""), s), ""
				case "streaming":
					r = upload{mode: modeSigned, data: rideBody, target: ""}.request(t)
				default:
					s.digestHeader = mode == "digest"
					if mode == "presigned" {
						s.presign = time.Minute
					}
					r = sign(t, ride(), s)
				}
				z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: policies, Target: func(*http.Request) (string, string) {
					return testAPI.Target(ride())
				}})
				var handler spy
				w := httptest.NewRecorder()
				a.Require(z.Check)(&handler).ServeHTTP(w, r)
				if event.Reason != tt.code || (handler.ran == 1) != (tt.code == "") || events != 1 || store.lookups != 2 {
					t.Errorf("%d %s, %+v; the handler ran %d times; %d lookups", w.Code, w.Body, event, handler.ran, store.lookups)
				}
				if tt.code != "" {
					if len(policies.asked) != 1 {
						t.Errorf("policies were asked for at %v", policies.asked)
					}
					return
				}
				if !slices.Equal(policies.asked, []string{"1", "2"}) || event.PolicyRevision != "2" ||
					event.Decision.Outcome != iampolicy.Allow {
					t.Errorf("asked for %v; %+v", policies.asked, event)
				}
				id, ok := sigv4auth.IdentityFrom(handler.r.Context())
				if !ok || id.Revision != "2" || !id.VerifiedAt.Equal(testNow) || id.PayloadMode != event.PayloadMode ||
					handler.body != body {
					t.Errorf("the handler got %+v and %q", id, handler.body)
				}
			})
		}
	}
}

// TestRevisionStaysGone: a second time is the store's failure, and a lone Check has no second time.
// Both are 503 with Retry-After, in every dialect, and never admitted.
func TestRevisionStaysGone(t *testing.T) {
	t.Parallel()
	store := &changingStore{credential: session()}
	store.credential.Revision = "1"
	gone := &revisionStore{at: "2"}
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: gone})
	for name, denied := range map[string]func(http.ResponseWriter, *http.Request, error){
		"": nil, "S3": sigv4auth.WriteS3Error, "query": sigv4auth.WriteQueryError,
	} {
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Credentials, c.Denied = store, denied })
		var handler spy
		w := httptest.NewRecorder()
		gone.asked, store.lookups = nil, 0
		a.Require(z.Check)(&handler).ServeHTTP(w, sign(t, ride(), temporary()))
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || handler.ran != 0 ||
			strings.TrimSuffix(w.Header().Get("X-Amzn-Errortype"), "Exception") != "ServiceUnavailable" {
			t.Errorf("%s: %d %v %s; the handler ran %d times", name, w.Code, w.Header(), w.Body, handler.ran)
		}
		if !slices.Equal(gone.asked, []string{"1", "1"}) || store.lookups != 2 {
			t.Errorf("policies were asked for at %v, the credential %d times", gone.asked, store.lookups)
		}
	}
	r := sign(t, ride(), temporary())
	id, err := newAuthenticator(t, func(c *sigv4auth.Config) { c.Credentials = store }).Verify(r)
	if err != nil {
		t.Fatal(err)
	}
	refused := sigv4auth.AsError(z.Check(r, id))
	if !errors.Is(refused, sigv4auth.ErrRevisionGone) || refused.HTTPStatus() != 503 || refused.Message != "Service Unavailable" {
		t.Errorf("a lone Check: %v", refused)
	}
}

// TestRevisionOfOwnChecks: a Check of the service's own, and its condition keys, can be of a state
// that is gone, too.
func TestRevisionOfOwnChecks(t *testing.T) {
	t.Parallel()
	store := &changingStore{credential: session()}
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Credentials = store })
	gone := func(calls *int) error {
		if *calls++; *calls == 1 {
			return errors.Join(sigv4auth.ErrRevisionGone, errors.New("hunter2"))
		}
		return nil
	}
	checked, filled := 0, 0
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
		Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)),
		Context:  func(*http.Request, sigv4auth.Identity, *iampolicy.Context) error { return gone(&filled) },
	})
	for name, check := range map[string]sigv4auth.Check{
		"a Check":        func(*http.Request, sigv4auth.Identity) error { return gone(&checked) },
		"condition keys": z.Check,
	} {
		var handler spy
		w := httptest.NewRecorder()
		a.Require(check)(&handler).ServeHTTP(w, sign(t, ride(), temporary()))
		if handler.ran != 1 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// TestRevisionIsHandedOn: Identity has the credential's revision, also through StaticCredentials,
// and StaticPolicies are of every state.
func TestRevisionIsHandedOn(t *testing.T) {
	t.Parallel()
	c := session()
	c.Revision = "r7"
	a := newAuthenticator(t, func(cfg *sigv4auth.Config) { cfg.Credentials = sigv4auth.StaticCredentials(c) })
	id, err := a.Verify(sign(t, ride(), temporary()))
	if err != nil || id.Revision != "r7" {
		t.Fatalf("%+v, %v", id, err)
	}
	policies := sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{
		id.Principal.PrincipalARN(): {parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)},
	})
	if set, _, err := policies.Policies(t.Context(), id); err != nil || len(set.Identity) != 1 {
		t.Errorf("%+v, %v", set, err)
	}
}

// TestStoreFailsAtTheSecondLookup: a store that fails once the body is there is a 503, whatever the
// signature is (threats 109 and 233).
func TestStoreFailsAtTheSecondLookup(t *testing.T) {
	t.Parallel()
	clock := sigv4test.NewClock(testNow)
	lookups := 0
	store := sigv4test.StoreFunc(func(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
		if lookups++; lookups > 1 {
			return sigv4auth.Credential{}, errors.New("the store is down")
		}
		return sigv4auth.Credential{AccessKeyID: id, Secret: sigv4auth.NewSecret("another secret"), Principal: userPrincipal}, nil
	})
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Credentials, c.Now = store, clock.Now })
	r := sign(t, ride(), signing{})
	r.Body = slowly{r.Body, func() { clock.Advance(2 * time.Second) }}
	_, err := a.Verify(r)
	if !errors.Is(err, sigv4auth.ErrServiceUnavailable) || lookups != 2 {
		t.Errorf("after %d lookups: %v", lookups, err)
	}
}

// slowly is a body that takes its time.
type slowly struct {
	io.ReadCloser
	wait func()
}

func (b slowly) Read(p []byte) (int, error) {
	b.wait()
	return b.ReadCloser.Read(p)
}

// TestOneCheckOfADenial: a denial is asked for once. Only a state that is gone is asked for again.
func TestOneCheckOfADenial(t *testing.T) {
	t.Parallel()
	checks := 0
	h := newAuthenticator(t, nil).Require(func(*http.Request, sigv4auth.Identity) error {
		checks++
		return sigv4auth.ErrAccessDenied
	})(&spy{})
	h.ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	if checks != 1 {
		t.Errorf("%d checks", checks)
	}
}
