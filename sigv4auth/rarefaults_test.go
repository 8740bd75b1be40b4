package sigv4auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/metrics"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
)

// failingMeter fails to make one instrument, after the next left ones.
type failingMeter struct {
	instruments
	left int
}

type instruments = metrics.Meter

func (m *failingMeter) Meter(string, ...metrics.MeterOption) metrics.Meter { return m }

func (m *failingMeter) fails() error {
	if m.left--; m.left == -1 {
		return errors.New("no instrument")
	}
	return nil
}

func (m *failingMeter) Int64Counter(name string, opts ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	if err := m.fails(); err != nil {
		return nil, err
	}
	return m.instruments.Int64Counter(name, opts...)
}

func (m *failingMeter) Float64Histogram(name string, opts ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	if err := m.fails(); err != nil {
		return nil, err
	}
	return m.instruments.Float64Histogram(name, opts...)
}

// TestMeterFails: a meter that cannot make an instrument is a mistake of the configuration, and not
// a meter less.
func TestMeterFails(t *testing.T) {
	t.Parallel()
	const instruments = 4
	for n := range instruments + 1 {
		cfg := testConfig()
		cfg.Observe.Meter = &failingMeter{instruments: metrics.NopMeterProvider{}.Meter(""), left: n}
		if _, err := sigv4auth.New(cfg); (err == nil) != (n == instruments) {
			t.Errorf("a meter that makes %d instruments: %v", n, err)
		}
	}
}

// TestRareFaults: each of these is refused for its own reason, not for what it leads to.
func TestRareFaults(t *testing.T) {
	t.Parallel()
	verify := func(a *sigv4auth.Authenticator, r *http.Request) error {
		_, err := a.Verify(r)
		return err
	}
	presigned := func(old, with string) error {
		r := sign(t, request("GET", "/prod/rides", ""), signing{presign: 60e9})
		r.RequestURI = strings.Replace(r.RequestURI, old, with, 1)
		return verify(newAuthenticator(t, func(cfg *sigv4auth.Config) { cfg.MaxPresignExpiry = time.Hour }), r)
	}
	plain, streaming := newAuthenticator(t, nil), newAuthenticator(t, streamingConfig)
	for name, tt := range map[string]struct {
		want sigv4auth.Reason
		err  func() error
	}{
		"threat 23: a presigned URL that signs host twice": {sigv4auth.ErrMalformedRequest, func() error {
			return presigned("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host%3Bhost")
		}},
		"a presigned URL whose date is none": {sigv4auth.ErrIncompleteSignature, func() error { return presigned("X-Amz-Date=2", "X-Amz-Date=x") }},
		"a declared body that ends early": {sigv4auth.ErrIncompleteBody, func() error {
			r := sign(t, ride(), signing{digestHeader: true})
			r.Body = http.NoBody
			return verify(plain, r)
		}},
		"a scheme of other clients with too many fields": {sigv4auth.ErrMalformedRequest, func() error {
			r := ride()
			r.Header.Set("Authorization", "Digest "+strings.Repeat("a=b,", 16)+"a=b")
			return verify(plain, r)
		}},
		"two dates, and no X-Amz-Date": {sigv4auth.ErrMalformedRequest, func() error {
			r := sign(t, ride(), signing{})
			r.Header.Del("X-Amz-Date")
			r.Header["Date"] = []string{testNow.Format(http.TimeFormat), testNow.Format(http.TimeFormat)}
			return verify(plain, r)
		}},
		"signed headers with another separator": {sigv4auth.ErrMalformedRequest, func() error {
			r := sign(t, ride(), signing{})
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "host;", "host:", 1))
			return verify(plain, r)
		}},
		"threat 65: two announcements of a trailer": {sigv4auth.ErrMalformedRequest, func() error {
			r := upload{mode: modeSigned, data: rideBody}.request(t)
			r.Header["X-Amz-Trailer"] = []string{"x-amz-checksum-crc32", "x-amz-checksum-crc32"}
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "x-amz-decoded-content-length", "x-amz-decoded-content-length;x-amz-trailer", 1))
			return verify(streaming, r)
		}},
		"a presigned request with chunks": {sigv4auth.ErrMalformedRequest, func() error {
			r := request("PUT", "/prod/upload", "")
			r.Header.Set("X-Amz-Content-Sha256", modeSigned)
			r.Header.Set("X-Amz-Decoded-Content-Length", "0")
			r = sign(t, r, signing{presign: 60e9})
			r.Header.Set("X-Amz-Content-Sha256", modeSigned)
			r.Header.Set("X-Amz-Decoded-Content-Length", "0")
			return verify(streaming, r)
		}},
	} {
		if err := tt.err(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", name, err, tt.want)
		}
	}
}

// TestRareDenials is TestRareFaults for authorization.
func TestRareDenials(t *testing.T) {
	t.Parallel()
	policy := func(kind iampolicy.PolicyType, principal string) *iampolicy.Policy {
		p, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", `+principal+` "Action": "*", "Resource": "*"}}`), kind)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	resource := policy(iampolicy.ResourcePolicy, `"Principal": "*",`)
	for name, tt := range map[string]struct {
		want   int
		cfg    sigv4auth.AuthorizerConfig
		change func(*http.Request)
	}{
		"a path that somebody rewrote to hold a control character": {http.StatusBadRequest, sigv4auth.AuthorizerConfig{}, func(r *http.Request) { r.URL.Path += "\x01" }},
		"two resource policies": {http.StatusServiceUnavailable, sigv4auth.AuthorizerConfig{
			ResourcePolicy: resource, Policies: setStore{iampolicy.Set{Resource: resource}},
		}, func(*http.Request) {}},
	} {
		if tt.cfg.Policies == nil {
			tt.cfg.Policies = setStore{iampolicy.Set{Identity: []*iampolicy.Policy{policy(iampolicy.IdentityPolicy, "")}}}
		}
		tt.cfg.Target = sigv4auth.APIGateway{Region: testRegion, AccountID: "111122223333", APIID: "rides", Stage: "prod"}.Target
		z, err := sigv4auth.NewAuthorizer(tt.cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := sign(t, ride(), signing{})
		tt.change(r)
		var handler spy
		w := httptest.NewRecorder()
		newAuthenticator(t, nil).Require(z.Check)(&handler).ServeHTTP(w, r)
		if w.Code != tt.want || handler.ran != 0 {
			t.Errorf("%s: status %d, the handler ran %d times; want %d and never", name, w.Code, handler.ran, tt.want)
		}
	}
}

// setStore returns the same policies for everybody.
type setStore struct{ set iampolicy.Set }

func (s setStore) Policies(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
	return s.set, "1", nil
}

// TestDiagnoseWithoutBody: a request whose Body is nil, as tests make them, is one without a body.
func TestDiagnoseWithoutBody(t *testing.T) {
	t.Parallel()
	r := sign(t, request("GET", "/prod/rides", ""), signing{})
	r.Body, r.Host = nil, "other.example.com"
	r.Header.Set("X-Forwarded-Host", "example.com")
	d := newAuthenticator(t, nil).Diagnose(r)
	if d.Verifies == false || !d.Has(diagnosis.CauseHost) {
		t.Error(d)
	}
}
