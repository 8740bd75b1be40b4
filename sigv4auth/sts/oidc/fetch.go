package oidc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	coreos "github.com/coreos/go-oidc/v3/oidc"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// Limits of what an issuer may answer.
const (
	maxDocument        = 512 << 10 // a discovery document or a key set has fewer bytes, decompressed
	maxResponseHeaders = 32 << 10
)

// newClient returns the client of one provider, and what closes its idle connections.
func newClient(transport http.RoundTripper, roots *x509.CertPool) (*http.Client, func()) {
	closeIdle := func() {}
	if transport == nil {
		own := &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: maxResponseHeaders,
		}
		transport, closeIdle = own, own.CloseIdleConnections
	}
	return &http.Client{
		Transport: transport,
		// An issuer that redirects names other issuers' keys, or an address that is not for us.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, closeIdle
}

// boundedTransport bounds the answers of one fetch, and remembers whether the issuer could be
// reached: what package oidc of go-oidc returns as an error holds what the issuer answered, which
// nobody is shown.
type boundedTransport struct {
	next        http.RoundTripper
	unreachable bool
}

func (b *boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "wildgate-sts-oidc")
	res, err := b.next.RoundTrip(r)
	if err != nil {
		b.unreachable = true
		return nil, err
	}
	b.unreachable = res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500
	res.Body = &boundedBody{body: res.Body, left: maxDocument, owner: b}
	return res, nil
}

type boundedBody struct {
	body  io.ReadCloser
	left  int64
	owner *boundedTransport
}

var errTooLarge = errors.New("the document is too large")

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.owner.unreachable = true
	}
	return n, err
}

func (b *boundedBody) Close() error { return b.body.Close() }

// fetch fetches the discovery document and then the keys of a provider.
func (p *provider) fetch(ctx context.Context) (*keySet, *sts.TokenError) {
	bounded := &boundedTransport{next: p.client.Transport}
	client := &http.Client{Transport: bounded, CheckRedirect: p.client.CheckRedirect}
	failed := func(detail string) *sts.TokenError {
		if bounded.unreachable {
			return unreachable("the issuer could not be reached: " + detail)
		}
		return noKey(detail)
	}
	// go-oidc checks that the document is this issuer's own.
	discovered, err := coreos.NewProvider(coreos.ClientContext(ctx, client), p.issuer)
	if _, other := errors.AsType[*coreos.IssuerMismatchError](err); other {
		return nil, failed("the discovery document is another issuer's")
	} else if err != nil {
		return nil, failed("the discovery document was not answered, or cannot be read")
	}
	var raw json.RawMessage
	if err := discovered.Claims(&raw); err != nil {
		return nil, failed("the discovery document cannot be read")
	}
	document, err := parseObject(string(raw), fetchLimits)
	if err != nil {
		return nil, failed("the discovery document is not one strict JSON object")
	}
	uri, is := document.member("jwks_uri")
	if !is || uri.kind != jsonString || checkURL(uri.text, p.loopback) != nil {
		return nil, failed("the discovery document has no jwks_uri that may be fetched")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, uri.text, http.NoBody)
	if err != nil {
		return nil, failed("the discovery document has no jwks_uri that may be fetched")
	}
	res, err := client.Do(r)
	if err != nil {
		return nil, failed("the keys were not answered")
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, failed("the keys were not answered, or are too large")
	}
	set, err := parseKeys(body)
	if err != nil {
		return nil, failed("the keys are not a JSON Web Key Set")
	}
	return set, nil
}

// noKey is the refusal of a token whose key its issuer does not publish.
func noKey(detail string) *sts.TokenError {
	return invalid("Couldn't retrieve verification key from your identity provider,  "+
		"please reference AssumeRoleWithWebIdentity documentation for requirements", detail)
}

func unreachable(detail string) *sts.TokenError {
	return &sts.TokenError{
		Code: sts.ErrIDPCommunication,
		Message: "The identity provider (IdP) could not be reached to verify the incoming identity token. " +
			"Retry the request a limited number of times.",
		Detail: detail,
	}
}
