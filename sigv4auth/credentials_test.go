package sigv4auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestRefusedKey: keys that are unknown, expired or without their token: section G.
func TestRefusedKey(t *testing.T) {
	t.Parallel()
	runAll(t, []refusalTest{
		{
			name: "an unknown key", s: signing{keyID: "AKIAUNKNOWN"},
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized, text: `{"message":"The security token included in ` +
				`the request is invalid."}`,
		},
		{
			name: "the wrong secret", s: signing{secret: "x"},
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 102: a temporary key without its token", s: signing{keyID: tempKeyID},
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 102: another token", s: signing{keyID: tempKeyID, token: testToken[1:]},
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 102: a token with a long-term key", s: signing{token: testToken},
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 102: the token is not signed", s: signing{keyID: tempKeyID}, change: setHeader("X-Amz-Security-Token", testToken),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{
			name: "an empty token", change: setHeader("X-Amz-Security-Token", ""),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 41: a token with a line feed", s: temporary(), change: setHeader("X-Amz-Security-Token", testToken+"\nx-amz-z:1"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "control character",
		},
		{
			name: "threat 41: a token with a line feed, which the key has", s: signing{keyID: tempKeyID, token: "a\nb"},
			config: withToken("a\nb"),
			code:   sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "control character",
		},
		{name: "threat 101: an expired session", s: temporary(), config: func(c *sigv4auth.Config) {
			c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
				AccessKeyID: tempKeyID, Secret: sigv4auth.NewSecret(testSecret), SessionToken: sigv4auth.NewSecret(testToken),
				Expires: testNow, Principal: rolePrincipal,
			})
		}, code: sigv4auth.ErrExpiredToken, status: 403, typ: "ExpiredTokenException"},
		{
			name: "threat 102: an empty token, presigned", r: rides, s: presigned,
			change: target("limit=10", "limit=10&X-Amz-Security-Token="), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "order: an expired session before its signature", s: signing{
				keyID: tempKeyID, token: testToken, secret: "x", at: testNow.Add(time.Hour),
			}, config: func(c *sigv4auth.Config) { c.Now = func() time.Time { return testNow.Add(time.Hour) } },
			code: sigv4auth.ErrExpiredToken, status: 403, typ: "ExpiredTokenException",
		},
	})
}

// withToken makes token that of the temporary credentials.
func withToken(token string) func(*sigv4auth.Config) {
	return func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: tempKeyID, Secret: sigv4auth.NewSecret(testSecret), SessionToken: sigv4auth.NewSecret(token),
			Principal: rolePrincipal,
		})
	}
}

// TestTokenWithSpaces: threat 40. A token that is not canonical as it is, is signed in its
// canonical form, like any other header.
func TestTokenWithSpaces(t *testing.T) {
	t.Parallel()
	const token = "a  b   c"
	a := newAuthenticator(t, withToken(token))
	if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), signing{keyID: tempKeyID, token: token})); err != nil {
		t.Error(err)
	}
	r := sign(t, request("GET", "/prod/rides", ""), signing{keyID: tempKeyID, token: token})
	r.Header.Set("X-Amz-Security-Token", "a b c")
	if _, err := a.Verify(r); !errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
		t.Errorf("another token of the same canonical form: %v; want ErrUnrecognizedClient", err)
	}
}

// TestStoreIsNotAskedForMalformedIDs: threat 14, and the event does not repeat them.
func TestStoreIsNotAskedForMalformedIDs(t *testing.T) {
	t.Parallel()
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = auditInto(&e, &n)
		c.Credentials = sigv4test.StoreFunc(func(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
			t.Errorf("the store was asked for %q", id)
			return sigv4auth.Credential{}, nil
		})
	})
	for _, id := range []string{"AKIA'OR'1", strings.Repeat("A", 129), ""} {
		r := sign(t, ride(), signing{})
		authorization(testKeyID, id)(r)
		if _, err := a.Verify(r); !errors.Is(err, sigv4auth.ErrUnrecognizedClient) || e.AccessKeyID != "" {
			t.Errorf("%q: %v, %+v", id, err, e)
		}
	}
	// The longest there is.
	id := strings.Repeat("A", 128)
	a = newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: id, Secret: sigv4auth.NewSecret(testSecret),
			Principal: userPrincipal,
		})
	})
	if _, err := a.Verify(sign(t, ride(), signing{keyID: id, secret: testSecret})); err != nil {
		t.Error(err)
	}
}
