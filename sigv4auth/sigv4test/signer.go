package sigv4test

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// The scope that a new Signer signs for.
const (
	Region  = "us-east-1"
	Service = "execute-api"
)

// Payload is how a Signer covers the body of a request.
type Payload uint8

const (
	// Digest covers the body's SHA-256, which the request declares in X-Amz-Content-Sha256 only for
	// service s3.
	Digest Payload = iota
	// DeclaredDigest covers the body's SHA-256, and declares it in X-Amz-Content-Sha256.
	DeclaredDigest
	// Unsigned declares UNSIGNED-PAYLOAD: the signature does not cover the body, which is neither
	// read nor buffered.
	Unsigned
)

// String returns "digest", "declared-digest" or "unsigned".
func (p Payload) String() string {
	switch p {
	case Digest:
		return "digest"
	case DeclaredDigest:
		return "declared-digest"
	case Unsigned:
		return "unsigned"
	}
	return "unknown"
}

// MarshalText returns what String does.
func (p Payload) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Signer is a caller: an access key, and how requests are signed with it. It is a value: change the
// copy to sign in another way. It is safe for concurrent use as long as Now is.
type Signer struct {
	_ [0]func()

	// Credential is the access key, as a store holds it. With a SessionToken, requests present it.
	Credential sigv4auth.Credential

	// Region and Service are the credential scope. For service s3, the path is encoded once, as
	// Amazon S3 has it.
	Region, Service string

	// Presign, if not 0, puts the signature into the query: a presigned URL, valid for so long, in
	// whole seconds. 0: it is in the Authorization header.
	Presign time.Duration

	// Payload is how the body is covered. Zero: Digest.
	Payload Payload

	// Now returns the time at which requests are signed, for instance that of a Clock. nil:
	// time.Now.
	Now func() time.Time
}

// NewSigner returns a caller with a new key, which signs for [Region] and [Service] in the
// Authorization header. arn is who it is, for instance arn:aws:iam::111122223333:user/alice. The
// key of a user or an account's root is a long-term one; the sessions of roles and of federated
// users have temporary credentials with a session token, which never expire until a test sets
// Credential.Expires.
//
// Key, secret and token are random: a program that comes to trust them by mistake opens to nobody.
func NewSigner(arn string) Signer {
	c := sigv4auth.Credential{
		AccessKeyID: "AKIA" + rand.Text()[:16],
		Secret:      sigv4auth.NewSecret(rand.Text() + rand.Text()),
		Principal:   iampolicy.Principal{ARN: arn},
	}
	if strings.Contains(arn, ":assumed-role/") || strings.Contains(arn, ":federated-user/") {
		c.AccessKeyID = "ASIA" + c.AccessKeyID[len("AKIA"):]
		c.SessionToken = sigv4auth.NewSecret(strings.Repeat(rand.Text(), 8) + "//+==")
		c.Session = &sigv4auth.Session{}
	}
	return Signer{Credential: c, Region: Region, Service: Service}
}

// Config returns a Config that accepts what s signs: its scope, its one credential, its clock, its
// way to cover the body, and presigned URLs only if it makes them. A test adds what its service
// has, and for several callers a store of their credentials:
// sigv4auth.StaticCredentials(alice.Credential, bob.Credential).
func (s Signer) Config() sigv4auth.Config {
	cfg := sigv4auth.Config{
		Region: s.Region, Service: s.Service, Credentials: sigv4auth.StaticCredentials(s.Credential), MaxPresignExpiry: s.Presign,
		Now: s.Now,
	}
	if s.Payload == Unsigned {
		cfg.Payloads = sigv4auth.InsecureUnsigned
	}
	if s.Service == serviceS3 {
		cfg.Path = sigv4auth.PathS3
	}
	return cfg
}
