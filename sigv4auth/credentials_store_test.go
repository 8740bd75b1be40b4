package sigv4auth_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestStores: what a store may answer, and what becomes of the request.
func TestStores(t *testing.T) {
	t.Parallel()
	good := sigv4auth.Credential{AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal}
	other := good
	other.AccessKeyID = "AKIAOTHER"
	empty := good
	empty.Secret = sigv4auth.NewSecret("")
	tests := []struct {
		name   string
		answer func() (sigv4auth.Credential, error)
		code   sigv4auth.Reason // "" => admitted
		status int
		text   string
	}{
		{"the key", func() (sigv4auth.Credential, error) { return good, nil }, "", 204, ""},
		{"unknown, wrapped", func() (sigv4auth.Credential, error) {
			return sigv4auth.Credential{}, errors.Join(errors.New("no row"), sigv4auth.ErrUnrecognizedClient)
		}, sigv4auth.ErrUnrecognizedClient, 403, "invalid."},
		{
			"expired, wrapped", func() (sigv4auth.Credential, error) { return sigv4auth.Credential{}, sigv4auth.ErrExpiredToken },
			sigv4auth.ErrExpiredToken, 403, "expired",
		},
		{
			"threat 109: the store fails",
			func() (sigv4auth.Credential, error) { return good, errors.New("connection refused: password=hunter2") },
			sigv4auth.ErrServiceUnavailable, 503, "Service Unavailable",
		},
		{
			"threat 109: the store times out", func() (sigv4auth.Credential, error) { return good, context.DeadlineExceeded },
			sigv4auth.ErrServiceUnavailable, 503, "Service Unavailable",
		},
		{
			"threat 216: another key than asked for", func() (sigv4auth.Credential, error) { return other, nil },
			sigv4auth.ErrServiceUnavailable, 503, "Service Unavailable",
		},
		{"threats 15 and 244: an empty secret", func() (sigv4auth.Credential, error) { return empty, nil }, sigv4auth.ErrUnrecognizedClient, 403, "invalid."},
		{"the zero credential", func() (sigv4auth.Credential, error) { return sigv4auth.Credential{}, nil }, sigv4auth.ErrServiceUnavailable, 503, ""},
		{"threat 227: a panic", func() (sigv4auth.Credential, error) { panic("password=hunter2") }, sigv4auth.ErrInternalFailure, 500, "Internal server error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var event sigv4auth.Event
			events := 0
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential,
					error,
				) {
					return tt.answer()
				})
				c.Observe.Audit = auditInto(&event, &events)
			})
			var handler spy
			w := httptest.NewRecorder()
			a.Handler(&handler).ServeHTTP(w, sign(t, ride(), signing{}))
			if (handler.ran == 1) != (tt.code == "") || w.Code != tt.status || event.Reason != tt.code || events != 1 {
				t.Errorf("the handler ran %d times; %d %s; event %+v", handler.ran, w.Code, w.Body, event)
			}
			if !strings.Contains(w.Body.String(), tt.text) || strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("body %s", w.Body)
			}
			if got := w.Header().Get("Retry-After"); (got != "") != (tt.status == 503) {
				t.Errorf("Retry-After %q with status %d", got, w.Code)
			}
			if _, err := a.Verify(sign(t, ride(), signing{})); err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("threat 116: the error's text holds what the store said: %v", err)
			}
		})
	}
}

// TestLookup: a store is asked only for a request that is well formed, timely and correctly scoped
// (threat 222), with what the request says.
func TestLookup(t *testing.T) {
	t.Parallel()
	type call struct{ id, token string }
	var calls []call
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		inner := c.Credentials
		c.Credentials = sigv4test.StoreFunc(func(ctx context.Context, id, token string) (sigv4auth.Credential, error) {
			calls = append(calls, call{id, token})
			return inner.Credential(ctx, id, token)
		})
	})
	for _, s := range []signing{{at: testNow.Add(-time.Hour)}, {region: "eu-west-1"}, {service: "s3"}} {
		if _, err := a.Verify(sign(t, ride(), s)); err == nil || len(calls) > 0 {
			t.Errorf("%+v: %v; store calls %v", s, err, calls)
		}
	}
	if _, err := a.Verify(sign(t, ride(), temporary())); err != nil {
		t.Error(err)
	}
	if len(calls) != 1 || calls[0] != (call{tempKeyID, testToken}) {
		t.Errorf("store calls %v", calls)
	}
}

// TestRotation: two live keys of one principal work, and a key whose secret was replaced signs no
// more (threats 104 and 118), though its derived key is cached.
func TestRotation(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(
			sigv4auth.Credential{AccessKeyID: "AKIAOLD", Secret: sigv4auth.NewSecret("old"), Principal: userPrincipal},
			sigv4auth.Credential{AccessKeyID: "AKIANEW", Secret: sigv4auth.NewSecret("new"), Principal: userPrincipal},
		)
	})
	for id, secret := range map[string]string{"AKIAOLD": "old", "AKIANEW": "new"} {
		got, err := a.Verify(sign(t, ride(), signing{keyID: id, secret: secret}))
		if err != nil || got.Principal.ARN != userPrincipal.ARN || got.AccessKeyID != id {
			t.Errorf("%s: %v, %v", id, got, err)
		}
	}

	secret := "first"
	a = newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = rotatingStore(&secret)
	})
	for range 2 { // the second from the cache
		if _, err := a.Verify(sign(t, ride(), signing{secret: "first"})); err != nil {
			t.Fatal(err)
		}
	}
	secret = "second"
	if _, err := a.Verify(sign(t, ride(), signing{secret: "first"})); !errors.Is(err, sigv4auth.ErrSignatureMismatch) {
		t.Errorf("threat 104: the replaced secret: %v", err)
	}
	if _, err := a.Verify(sign(t, ride(), signing{secret: "second"})); err != nil {
		t.Errorf("the new secret: %v", err)
	}
}

// rotatingStore holds one key, whose secret is what secret points to.
func rotatingStore(secret *string) sigv4auth.CredentialStore {
	return sigv4test.StoreFunc(func(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
		return sigv4auth.Credential{AccessKeyID: id, Secret: sigv4auth.NewSecret(*secret), Principal: userPrincipal}, nil
	})
}

func TestFromAWS(t *testing.T) {
	t.Parallel()
	expires := testNow.Add(time.Hour)
	tests := []struct {
		name     string
		provider aws.CredentialsProvider
		s        signing
		code     sigv4auth.Reason
	}{
		{"static", credentials.NewStaticCredentialsProvider(testKeyID, testSecret, ""), signing{}, ""},
		{"static with a token", credentials.NewStaticCredentialsProvider(tempKeyID, testSecret, testToken), temporary(), ""},
		{"another key", credentials.NewStaticCredentialsProvider("AKIAOTHER", testSecret, ""), signing{}, sigv4auth.ErrUnrecognizedClient},
		{"expired by the verifier's clock", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret, CanExpire: true, Expires: testNow}, nil
		}), signing{}, sigv4auth.ErrExpiredToken},
		{"not yet expired", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret, CanExpire: true, Expires: expires}, nil
		}), signing{}, ""},
		{"threat 109: the provider fails", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("no route to host")
		}), signing{}, sigv4auth.ErrServiceUnavailable},
		{"threat 15: the provider returns nothing", aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: testKeyID}, nil
		}), signing{}, sigv4auth.ErrUnrecognizedClient},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Credentials = sigv4auth.FromAWS(tt.provider, userPrincipal) })
			id, err := a.Verify(sign(t, ride(), tt.s))
			if tt.code == "" && (err != nil || id.Principal.ARN != userPrincipal.ARN) {
				t.Errorf("%+v, %v", id, err)
			}
			if tt.code != "" && !errors.Is(err, tt.code) {
				t.Errorf("%v; want %v", err, tt.code)
			}
		})
	}
}

// TestCallerOwnsNothing: what a store's caller changes afterwards, and what a handler changes in
// its identity, reaches nobody else.
func TestCallerOwnsNothing(t *testing.T) {
	t.Parallel()
	tags := map[string]string{"team": "a"}
	session := sigv4auth.Session{
		Tags:      map[string]string{"cost": "1"},
		Federated: &sigv4auth.FederatedIdentity{Provider: "p", Methods: []string{"m"}},
	}
	p := userPrincipal
	p.Tags = tags
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: p, Session: &session,
		})
	})
	tags["team"], session.Tags["cost"], session.Federated.Subject = "evil", "evil", "evil"
	for range 2 {
		id, err := a.Verify(sign(t, ride(), signing{}))
		if err != nil {
			t.Fatal(err)
		}
		s, _ := id.Session()
		if id.Principal.Tags["team"] != "a" || s.Tags["cost"] != "1" || s.Federated.Subject != "" || s.Federated.Methods[0] != "m" {
			t.Fatalf("changed: %+v %+v", id.Principal, s)
		}
		id.Principal.Tags["team"], s.Tags["cost"], s.Federated.Subject, s.Federated.Methods[0] = "evil", "evil", "evil", "evil"
	}
}

// countingBody counts what is read of a body.
type countingBody struct {
	r    io.Reader
	read int
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.read += n
	return n, err
}

func (*countingBody) Close() error { return nil }

// TestUnknownKeyCostsTheSame: a request with an unknown key makes the server do what one with a
// wrong signature does: the same reads, before and after the digest is known, and the same
// allocations. The hashing in between is one code path: threat 211.
func TestUnknownKeyCostsTheSame(t *testing.T) {
	a := newAuthenticator(t, nil)
	unknown, wrong := signing{keyID: "AKIAUNKNOWNEXAMPLE00"}, signing{secret: "x"}
	for _, declared := range []bool{false, true} {
		unknown.digestHeader, wrong.digestHeader = declared, declared
		var reads, allocations [2]int
		for i, s := range []signing{unknown, wrong} {
			r := sign(t, ride(), s)
			text, _ := io.ReadAll(r.Body)
			body := &countingBody{}
			verify := func() {
				body.r, body.read = strings.NewReader(rideBody), 0
				r.Body = body
				if _, err := a.Verify(r); err == nil {
					t.Fatal("admitted")
				}
			}
			verify()
			reads[i] = body.read
			allocations[i] = int(testing.AllocsPerRun(100, verify))
			if want := map[bool]int{true: 0, false: len(text)}[declared]; body.read != want {
				t.Errorf("%+v: %d bytes of the body were read; want %d", s, body.read, want)
			}
		}
		if reads[0] != reads[1] || allocations[0] != allocations[1] && !raceDetector {
			t.Errorf("declared %t: unknown key and wrong signature: %v bytes read, %v allocations", declared, reads, allocations)
		}
	}
}

// TestFailingStoreSparesTheBody: threat 109. A signature that covers a digest which the request
// does not carry needs the body, but not when there is no key to check it with.
func TestFailingStoreSparesTheBody(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential, error) {
			return sigv4auth.Credential{}, errors.New("connection refused")
		})
	})
	r := sign(t, ride(), signing{})
	r.Body = io.NopCloser(untouched{t, "the store fails"})
	if _, err := a.Verify(r); !errors.Is(err, sigv4auth.ErrServiceUnavailable) {
		t.Errorf("%v; want ErrServiceUnavailable", err)
	}
}
