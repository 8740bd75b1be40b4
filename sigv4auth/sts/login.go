package sts

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

// What EKS has: the prefix of its tokens, the header that names the cluster, and the longest life.
const (
	loginPrefix   = "k8s-aws-v1."
	loginHeader   = "x-k8s-aws-id"
	maxLoginLife  = 15 * time.Minute
	maxLoginToken = 8 << 10 // a session token of 4,096 bytes, escaped and in base64
)

// LoginConfig configures a [Login].
type LoginConfig struct {
	_ [0]func()

	// Credentials finds whose signature a URL has. It is required.
	Credentials sigv4auth.CredentialStore

	// Region is the region that URLs are signed for, and Regions are others. Region is required.
	Region  string
	Regions []string

	// Hosts are those of the STS endpoints that URLs may be of, for instance
	// sts.us-east-1.amazonaws.com. They are not called. One is required.
	Hosts []string

	// ServerID is the name of this server, which the signature of a URL has to cover: a URL that
	// was made for another is worth nothing here. It is required.
	ServerID string

	// ServerIDHeader is the header that a URL is signed with, which holds ServerID. Empty:
	// x-k8s-aws-id, as EKS has it.
	ServerIDHeader string

	// MaxExpiry is the longest X-Amz-Expires that is accepted. 0: 15 minutes, which is the most. A
	// URL without one is refused, as aws-iam-authenticator does, although STS would admit it.
	MaxExpiry time.Duration

	// Lifetime is how long a URL logs in from the time that it is signed for, in place of its
	// X-Amz-Expires. EKS takes 15 minutes, whatever the URL says: "aws eks get-token" signs for a
	// minute, and kubectl uses the token for 14. At most 15 minutes. 0: as long as the URL says.
	Lifetime time.Duration

	// Observe says who is told of logins.
	Observe sigv4auth.Observe

	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// Login verifies presigned URLs of GetCallerIdentity, by which clients show a server who they are
// without showing it their credentials, as "aws eks get-token" makes them. AWS's STS, or another,
// is not called: the URL's signature is verified as that endpoint would. It is safe for concurrent
// use.
//
// A URL is a bearer token until it expires: take it over TLS only, and log it never.
type Login struct {
	cfg       LoginConfig
	verifiers sync.Pool // of *loginVerifier
}

// NewLogin returns a Login, or every mistake in cfg.
func NewLogin(cfg LoginConfig) (*Login, error) {
	var mistakes []error
	mistake := func(field, problem string) {
		mistakes = append(mistakes, errors.New("sts: LoginConfig."+field+" "+problem))
	}
	if len(cfg.Hosts) == 0 {
		mistake("Hosts", "is required")
	}
	if cfg.ServerID == "" || strings.TrimSpace(cfg.ServerID) != cfg.ServerID {
		mistake("ServerID", "is required, without spaces around")
	}
	if cfg.MaxExpiry < 0 || cfg.MaxExpiry > maxLoginLife {
		mistake("MaxExpiry", "is more than 15 minutes, or negative")
	}
	if cfg.Lifetime < 0 || cfg.Lifetime > maxLoginLife {
		mistake("Lifetime", "is more than 15 minutes, or negative")
	}
	if cfg.Credentials == nil {
		mistake("Credentials", "is required")
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	if cfg.MaxExpiry == 0 {
		cfg.MaxExpiry = maxLoginLife
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ServerIDHeader == "" {
		cfg.ServerIDHeader = loginHeader
	}
	l := &Login{cfg: cfg}
	v, err := l.newVerifier()
	if err != nil {
		return nil, err
	}
	l.verifiers.Put(v)
	return l, nil
}

// loginVerifier verifies one URL at a time, as of an instant.
type loginVerifier struct {
	auths *signedapi.Regional
	at    time.Time
}

func (l *Login) newVerifier() (*loginVerifier, error) {
	v := new(loginVerifier)
	var err error
	v.auths, err = signedapi.NewRegional(sigv4auth.Config{
		Region: l.cfg.Region, Service: serviceName, Credentials: unexpired{l.cfg.Credentials, l.cfg.Now}, Hosts: l.cfg.Hosts,
		MaxPresignExpiry: l.cfg.MaxExpiry, RequiredHeaders: []string{l.cfg.ServerIDHeader}, Observe: l.cfg.Observe,
		Now: func() time.Time { return v.at },
	}, l.cfg.Regions)
	return v, err
}

// unexpired is a store whose credentials expire by the clock, whatever instant a URL is verified
// at.
type unexpired struct {
	sigv4auth.CredentialStore
	now func() time.Time
}

func (u unexpired) Credential(ctx context.Context, accessKeyID, sessionToken string) (sigv4auth.Credential, error) {
	c, err := u.CredentialStore.Credential(ctx, accessKeyID, sessionToken)
	if err == nil && !c.Expires.IsZero() && !u.now().Before(c.Expires) {
		return sigv4auth.Credential{}, fmt.Errorf("sts: the credentials of a login: %w", sigv4auth.ErrExpiredToken)
	}
	return c, err
}

// Verify returns who has made a token: the URL itself, or k8s-aws-v1. and the URL in base64 as EKS
// has it. An error is always an [*sigv4auth.Error], and says in its Detail what is wrong.
func (l *Login) Verify(ctx context.Context, token string) (sigv4auth.Identity, error) {
	now := l.cfg.Now()
	r, err := l.request(ctx, token)
	if err != nil {
		return sigv4auth.Identity{}, err
	}
	at := now
	if l.cfg.Lifetime > 0 {
		// The date is the signature's, or is refused with it.
		signed, err := time.Parse("20060102T150405Z", r.URL.Query().Get("X-Amz-Date"))
		switch {
		case err == nil && !now.Before(signed.Add(l.cfg.Lifetime)):
			return sigv4auth.Identity{}, &sigv4auth.Error{
				Reason: sigv4auth.ErrRequestExpired, Message: "The token has expired", Detail: "it is older than LoginConfig.Lifetime",
			}
		case err == nil && now.After(signed):
			at = signed
		}
	}
	v, ok := l.verifiers.Get().(*loginVerifier)
	if !ok {
		if v, err = l.newVerifier(); err != nil {
			return sigv4auth.Identity{}, signedapi.Failed("making a verifier", err) // unreachable: NewLogin has made one
		}
	}
	defer l.verifiers.Put(v)
	v.at = at
	id, err := v.auths.All()[v.auths.Of(r)].Verify(r)
	if err != nil {
		return sigv4auth.Identity{}, err
	}
	id.VerifiedAt = now
	return id, nil
}

// request returns the request that a token is for.
func (l *Login) request(ctx context.Context, token string) (*http.Request, error) {
	malformed := func(detail string) error {
		return &sigv4auth.Error{Reason: sigv4auth.ErrMalformedRequest, Message: "The token is malformed", Detail: detail}
	}
	if len(token) > maxLoginToken {
		return nil, malformed("it is longer than 8 KiB")
	}
	if encoded, ok := strings.CutPrefix(token, loginPrefix); ok {
		text, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(encoded, "="))
		if err != nil {
			return nil, malformed("it is not base64")
		}
		token = string(text)
	}
	u, err := url.ParseRequestURI(token)
	switch {
	case err != nil: // whose text holds the URL
		return nil, malformed("it is no URL")
	case u.Scheme != "https" || u.User != nil || u.Path != "/" && u.Path != "":
		return nil, malformed("it is no URL of https://HOST/")
	}
	if detail := checkLoginQuery(u.RawQuery); detail != "" {
		return nil, malformed(detail)
	}
	r := &http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host, RequestURI: u.RequestURI(), Header: http.Header{}, Body: http.NoBody,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	r.Header.Set(l.cfg.ServerIDHeader, l.cfg.ServerID)
	return r.WithContext(ctx), nil
}

// checkLoginQuery says what is wrong with the parameters of a URL. None is there but those of
// GetCallerIdentity and of the signature: what is signed for anything else is no login.
func checkLoginQuery(query string) (detail string) {
	action, version := 0, 0
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		switch name {
		case "Action":
			if action++; value != "GetCallerIdentity" {
				return "its Action is not GetCallerIdentity"
			}
		case "Version":
			if version++; value != apiVersion {
				return "its Version is not " + apiVersion
			}
		case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Region-Set", "X-Amz-Security-Token",
			"X-Amz-Signature", "X-Amz-SignedHeaders":
		default:
			return "it has other parameters than those of a presigned GetCallerIdentity"
		}
	}
	if action != 1 || version != 1 {
		return "its Action or its Version is missing, or given twice"
	}
	return ""
}
