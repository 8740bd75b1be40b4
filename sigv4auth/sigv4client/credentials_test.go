package sigv4client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestRefreshedBeforeTheyExpire: temporary credentials, as AssumeRole's provider returns them, are
// asked for once, again before they expire, and not with each request where they live shortly.
func TestRefreshedBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		life time.Duration
		want int // of 20 requests
	}{
		{"an hour", time.Hour, 1},
		{"just over a minute", time.Minute + time.Second, 1},
		{"less than a minute", 30 * time.Second, 1},
	} {
		s := serve(t, rider, nil)
		asked := 0
		c := s.client(t, func(c *sigv4client.Config) {
			c.Credentials = provider(func(context.Context) (aws.Credentials, error) {
				asked++
				k := keyOf(s.caller)
				k.CanExpire, k.Expires = true, time.Now().Add(tt.life)
				return k, nil
			})
		})
		for range 20 {
			if status, text := do(t, c, request(t, "GET", s.URL, nil)); status != http.StatusOK {
				t.Fatal(status, text)
			}
		}
		if asked != tt.want {
			t.Errorf("%s: asked %d times; want %d", tt.name, asked, tt.want)
		}
	}
	// What comes late to one of the requests that share it is asked for once more.
	late := serve(t, rider, nil)
	asked := 0
	lateClient := late.client(t, func(c *sigv4client.Config) {
		c.Credentials = provider(func(context.Context) (aws.Credentials, error) {
			asked++
			k := keyOf(late.caller)
			k.CanExpire, k.Expires = true, time.Now().Add(time.Duration(asked*2-3)*time.Hour)
			return k, nil
		})
	})
	if status, text := do(t, lateClient, request(t, "GET", late.URL, nil)); status != http.StatusOK || asked != 2 {
		t.Errorf("%d %s, asked %d times", status, text, asked)
	}
	// Of 100 milliseconds, half is used: no request is signed with what is about to expire.
	s := serve(t, rider, nil)
	var expires time.Time
	c := s.client(t, func(c *sigv4client.Config) {
		c.Credentials = provider(func(context.Context) (aws.Credentials, error) {
			k := keyOf(s.caller)
			expires = time.Now().Add(100 * time.Millisecond)
			k.CanExpire, k.Expires = true, expires
			return k, nil
		})
		sender := http.DefaultTransport
		c.Next = next(func(r *http.Request) (*http.Response, error) {
			if time.Until(expires) < 0 {
				t.Log("slow: a request left after its credentials had expired")
			}
			return sender.RoundTrip(r)
		})
	})
	first := time.Time{}
	for range 30 {
		do(t, c, request(t, "GET", s.URL, nil))
		if first.IsZero() {
			first = expires
		}
		time.Sleep(5 * time.Millisecond)
	}
	if !expires.After(first) {
		t.Error("the credentials were not replaced")
	}
}

// TestProviderErrors: what the provider says is wrapped and told, nothing is sent, and the key is
// not part of it.
func TestProviderErrors(t *testing.T) {
	t.Parallel()
	down := errors.New("sts is down")
	s := serve(t, rider, nil)
	fails := provider(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, down })
	past := keyOf(s.caller)
	past.CanExpire, past.Expires = true, time.Now().Add(-time.Minute)
	for _, tt := range []struct {
		name string
		c    aws.CredentialsProvider
		says string
		is   error
	}{
		{"one that fails", fails, "the credentials provider failed", down},
		{"a cache of one that fails", aws.NewCredentialsCache(fails), "sts is down", down},
		{"no key", always(aws.Credentials{}), "no access key", nil},
		{"no secret", always(aws.Credentials{AccessKeyID: "AKIA"}), "no access key", nil},
		{"the SDK's static provider without a key", credentials.NewStaticCredentialsProvider("", "", ""), "static credentials are empty", nil},
		{"expired", always(past), "expired at " + past.Expires.UTC().Format(time.RFC3339), nil},
		{"expired, in a cache", aws.NewCredentialsCache(always(past)), "expired at ", nil},
	} {
		c := s.client(t, func(c *sigv4client.Config) { c.Credentials = tt.c })
		_, err := c.Do(request(t, "GET", s.URL, nil))
		if !isReason(err, sigv4client.ErrCredentials) || !strings.Contains(err.Error(), tt.says) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && strings.Contains(err.Error(), past.SecretAccessKey) {
			t.Errorf("%s: the secret is in the error", tt.name)
		}
		tr := c.Transport.(*sigv4client.Transport)
		if _, err := tr.Presign(request(t, "GET", s.URL, nil), time.Minute); !isReason(err, sigv4client.ErrCredentials) {
			t.Errorf("%s: a link: %v", tt.name, err)
		}
	}
	if n := len(s.received.Seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	cfg := s.config()
	cfg.Credentials = aws.AnonymousCredentials{}
	if _, err := sigv4client.New(cfg); err == nil || !strings.Contains(err.Error(), "anonymous") {
		t.Error(err)
	}
	// A request whose context ends while the provider is asked says so.
	ctx, cancel := context.WithCancel(t.Context())
	waits := s.client(t, func(c *sigv4client.Config) {
		c.Credentials = provider(func(context.Context) (aws.Credentials, error) {
			cancel()
			time.Sleep(20 * time.Millisecond)
			return aws.Credentials{}, down
		})
	})
	if _, err := waits.Do(request(t, "GET", s.URL, nil).WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestAFailedRefreshIsNotTheEnd: while credentials have not expired, a provider that fails costs no
// request.
func TestAFailedRefreshIsNotTheEnd(t *testing.T) {
	t.Parallel()
	s := serve(t, rider, nil)
	var down atomic.Bool
	var asked atomic.Int64
	expires := time.Now().Add(2 * time.Second)
	c := s.client(t, func(c *sigv4client.Config) {
		c.Credentials = provider(func(context.Context) (aws.Credentials, error) {
			asked.Add(1)
			if down.Load() {
				return aws.Credentials{}, errors.New("sts is down")
			}
			k := keyOf(s.caller)
			k.CanExpire, k.Expires = true, expires
			return k, nil
		})
	})
	get := func() error {
		response, err := c.Do(request(t, "GET", s.URL, nil))
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	down.Store(true)
	for time.Until(expires) > 200*time.Millisecond {
		if err := get(); err != nil && time.Now().Before(expires) {
			t.Fatalf("%v before they expire, %v", time.Until(expires), err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n := asked.Load(); n < 2 || n > 10 {
		t.Errorf("the provider was asked %d times", n)
	}
	time.Sleep(time.Until(expires) + 10*time.Millisecond)
	if err := get(); !isReason(err, sigv4client.ErrCredentials) || !strings.Contains(err.Error(), "sts is down") {
		t.Errorf("once they have expired: %v", err)
	}
}

// stable is a provider with an answer of its own for a refresh that fails, as that of EC2's roles.
type stable struct {
	aws.CredentialsProvider
	failed int
}

func (s *stable) HandleFailToRefresh(_ context.Context, c aws.Credentials, _ error) (aws.Credentials, error) {
	s.failed++
	c.Expires = time.Now().Add(time.Hour)
	return c, nil
}

// TestAProviderThatHandlesFailures: its answer counts.
func TestAProviderThatHandlesFailures(t *testing.T) {
	t.Parallel()
	s := serve(t, rider, nil)
	asked := 0
	p := &stable{CredentialsProvider: provider(func(context.Context) (aws.Credentials, error) {
		if asked++; asked > 1 {
			return aws.Credentials{}, errors.New("down")
		}
		k := keyOf(s.caller)
		k.CanExpire, k.Expires = true, time.Now().Add(50*time.Millisecond)
		return k, nil
	})}
	c := s.client(t, func(c *sigv4client.Config) { c.Credentials = p })
	for range 3 {
		if status, text := do(t, c, request(t, "GET", s.URL, nil)); status != http.StatusOK {
			t.Fatal(status, text)
		}
		time.Sleep(60 * time.Millisecond)
	}
	if asked != 2 || p.failed != 1 {
		t.Errorf("asked %d times, and %d failures were handled", asked, p.failed)
	}
}

// TestExpiredAtTheServer: credentials that the server takes for expired are replaced, and the
// request is sent again, once; of many at the same time, the provider is asked few times.
func TestExpiredAtTheServer(t *testing.T) {
	t.Parallel()
	for _, dialect := range []func(http.ResponseWriter, *http.Request, error){
		sigv4auth.WriteAPIGatewayError, sigv4auth.WriteS3Error,
		func(w http.ResponseWriter, r *http.Request, err error) {
			sigv4auth.WriteS3Error(withoutErrorType{w}, r, err)
		},
	} {
		fresh := sigv4test.NewSigner(rider)
		s := serve(t, rider, nil)
		stale := s.caller
		stale.Credential.Expires = time.Now().Add(-time.Second)
		cfg := stale.Config()
		cfg.Credentials, cfg.Denied = sigv4auth.StaticCredentials(stale.Credential, fresh.Credential), dialect
		auth, err := sigv4auth.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		s.received.Answer = auth.Handler(s.spy).ServeHTTP

		var asked atomic.Int64
		c := s.client(t, func(c *sigv4client.Config) {
			c.Credentials = provider(func(context.Context) (aws.Credentials, error) {
				k := keyOf(stale)
				if asked.Add(1) > 1 {
					k = keyOf(fresh)
				}
				k.CanExpire, k.Expires = true, time.Now().Add(time.Hour) // by a clock that is slow
				return k, nil
			})
		})
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				response, err := c.Do(request(t, "POST", s.URL, strings.NewReader("x")))
				if err != nil {
					t.Error(err)
					return
				}
				_ = response.Body.Close()
				if response.StatusCode != http.StatusOK {
					t.Error(response.StatusCode)
				}
			})
		}
		all.Wait()
		if n := asked.Load(); n < 2 || n > 11 {
			t.Errorf("the provider was asked %d times", n)
		}
		// A provider that has no others: the refusal is returned.
		s.received.Forget()
		c = s.client(t, func(c *sigv4client.Config) { c.Credentials = always(keyOf(stale)) })
		if status, text := do(t, c, request(t, "POST", s.URL, strings.NewReader("x"))); status < 400 || !strings.Contains(text, "expired") {
			t.Error(status, text)
		}
		if n := len(s.received.Seen()); n != 1 {
			t.Errorf("sent %d times", n)
		}
	}
}

// TestExpiredForEver: a request is sent again once, whatever the provider has.
func TestExpiredForEver(t *testing.T) {
	t.Parallel()
	var requests []*http.Request
	asked := 0
	tr := transport(t, sigv4client.Config{
		Credentials: provider(func(context.Context) (aws.Credentials, error) {
			asked++
			k := keyOf(sigv4test.NewSigner(rider))
			k.CanExpire, k.Expires = true, time.Now().Add(time.Hour)
			return k, nil
		}),
		Region: "us-east-1", Service: "execute-api", Endpoints: []string{"https://api.example.com"},
		Next: answers(&requests, refusal(403, time.Now(), "ExpiredTokenException", "{}")),
	})
	do(t, &http.Client{Transport: tr}, request(t, "GET", "https://api.example.com/", nil))
	if len(requests) != 2 || asked != 2 {
		t.Errorf("sent %d times, and the provider was asked %d times", len(requests), asked)
	}
}

// TestNothingSecretIsPrinted: a Config, a Transport, a client with it, a link, an error and an
// answer, under every verb, hold neither the secret, nor the token, nor a signature.
func TestNothingSecretIsPrinted(t *testing.T) {
	t.Parallel()
	s := serve(t, rider, func(c *sigv4auth.Config) { c.MaxPresignExpiry = time.Hour })
	key := keyOf(s.caller)
	cfg := s.config()
	cfg.Credentials = credentials.StaticCredentialsProvider{Value: key}
	tr := transport(t, cfg)
	client := &http.Client{Transport: tr}
	response, err := client.Do(request(t, "GET", s.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // nothing is read
	link, err := tr.Presign(request(t, "GET", s.URL+"/prod?a=1", nil), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	_, otherErr := client.Do(request(t, "GET", "http://other.example", nil))
	if len(response.Request.Header) != 0 {
		t.Errorf("the answer's request has %v", response.Request.Header)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "link", link, "transport", tr, "config", cfg, "client", client)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "link", link, "transport", tr, "config", cfg, "client", client)
	texts := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{cfg, &cfg, tr, client, *client, link, &link, otherErr, struct{ L sigv4client.Link }{link}} {
			texts = append(texts, fmt.Sprintf(verb, v))
		}
	}
	for _, text := range texts {
		for _, secret := range []string{key.SecretAccessKey, key.SessionToken[:20], "Signature=", fmt.Sprintf("%x", key.SecretAccessKey)} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
	}
	if got := fmt.Sprint(link); !strings.HasPrefix(got, "GET "+s.URL+"/prod (presigned, until 20") {
		t.Error(got)
	}
	if got := fmt.Sprint((*sigv4client.Transport)(nil)); got != "<nil>" {
		t.Error(got)
	}
}

// TestReasons: they print as words.
func TestReasons(t *testing.T) {
	t.Parallel()
	text, err := sigv4client.ErrOtherHost.MarshalText()
	if err != nil || string(text) != "OtherHost" || sigv4client.ErrOtherHost.String() != "OtherHost" {
		t.Errorf("%s %v", text, err)
	}
	if got := sigv4client.ErrOtherHost.Error(); got != "sigv4client: OtherHost" {
		t.Error(got)
	}
}
