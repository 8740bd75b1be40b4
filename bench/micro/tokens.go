package micro

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const riderRole = "arn:aws:iam::" + workload.Account + ":role/Rider"

// The names of the parts of tokens.
const (
	OpenedPlain = "opened, a role's session"
	OpenedFull  = "opened, with tags and a federated identity"
	CachedPOST  = "cached, header POST"
	CachedGET   = "cached, header GET"
)

// tokens hold a session token that no cache has against the bare opening of its bytes, and a
// request by a session whose token is in the cache against one by a static credential that is the
// same in everything.
func tokens() []Part {
	riding := sts.Session{Kind: sts.RoleSession, RoleARN: riderRole, Name: "alice"}
	full := riding
	full.Tags = map[string]string{"Project": "wild-rydes", "CostCenter": "4711"}
	full.Federated = &sigv4auth.FederatedIdentity{
		Provider: "cognito-identity.amazonaws.com", Subject: "us-east-1:12345678-1234-1234-1234-123456790ab",
		Audience: "us-east-1:12345678-ffff-ffff-ffff-123456", Methods: []string{"authenticated"},
	}
	return []Part{
		opening(OpenedPlain, riding),
		opening(OpenedFull, full),
		cached(CachedPOST, riding, workload.ReferenceBy),
		cached(CachedGET, riding, workload.BodilessBy),
	}
}

// opening is the part of a token that has to be opened. The base opens the same bytes with the same
// key and nonce.
func opening(name string, session sts.Session) Part {
	return Part{
		Group: Tokens, Name: name,
		New: func() ([]measure.Side, error) {
			keys := keyring.New(workload.Now)
			store, err := newStore(keys, 1)
			if err != nil {
				return nil, err
			}
			// Of two that take turns, a cache of one never has the next.
			var two [2]sigv4auth.Credential
			for i := range two {
				if two[i], err = issued(store, session); err != nil {
					return nil, err
				}
			}
			bare, err := bareOpening(keys, two[0])
			if err != nil {
				return nil, err
			}
			texts := [2]string{two[0].SessionToken.Reveal(), two[1].SessionToken.Reveal()}
			if _, err := store.Session(two[0].AccessKeyID, texts[1]); err == nil {
				return nil, errors.New("a token opens under another access key")
			}
			ctx, next := context.Background(), 0
			return []measure.Side{
				{Name: "bare AEAD", Run: bare},
				{Name: "least", Run: leastOpening(bare, two[0])},
				{Name: "wildgate", Run: sure(func() error {
					_, err := store.Credential(ctx, two[next].AccessKeyID, texts[next])
					next = 1 - next
					return err
				})},
			}, nil
		},
	}
}

// cached is the part of a request by a session that is in the cache.
func cached(name string, session sts.Session, by func(workload.Key) *workload.Case) Part {
	return Part{
		Group: Sessions, Name: name,
		New: func() ([]measure.Side, error) {
			store, err := newStore(keyring.New(workload.Now), 0)
			if err != nil {
				return nil, err
			}
			c, err := issued(store, session)
			if err != nil {
				return nil, err
			}
			return asStatic(store, c, by)
		},
	}
}

// asStatic is a request by a credential of a store, and by the same one as a static credential.
func asStatic(store sigv4auth.CredentialStore, c sigv4auth.Credential, by func(workload.Key) *workload.Case) ([]measure.Side, error) {
	good, err := by(workload.Key{ID: c.AccessKeyID, Secret: c.Secret.Reveal(), Token: c.SessionToken.Reveal()}).Good("execute-api")
	if err != nil {
		return nil, err
	}
	verifying := func(credentials sigv4auth.CredentialStore) (func(), error) {
		a, err := contender.NewAuthenticatorOf(workload.Setting{}, credentials)
		if err != nil {
			return nil, err
		}
		verify := func() error {
			_, err := a.Verify(good[0].Again())
			return err
		}
		return sure(verify), verify()
	}
	static, err := verifying(sigv4auth.StaticCredentials(c))
	if err != nil {
		return nil, err
	}
	ours, err := verifying(store)
	return sides("static credential", static, "wildgate", ours), err
}

// newStore returns a Store whose ring is checked as one with a file is. The cost of the role's
// store is the caller's own: here there is none.
func newStore(keys keyring.Keys, cacheSize int) (*sts.Store, error) {
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }, CheckEvery: time.Second})
	if err != nil {
		return nil, err
	}
	return sts.NewStore(sts.StoreConfig{
		Ring: ring, Roles: contender.OneRole{ARN: riderRole, ID: "AROARIDER"}, CacheSize: cacheSize,
		Now: func() time.Time { return workload.Now },
	})
}

func issued(store *sts.Store, session sts.Session) (sigv4auth.Credential, error) {
	i, err := store.Issue(context.Background(), sts.Grant{Session: session, Duration: time.Hour})
	return i.Credential, err
}

// leastOpening returns what nobody who opens a token can leave out beside the cipher: to read the
// text, and to make the credential that outlives the request, without reading or checking anything
// of what was sealed.
func leastOpening(bare func(), c sigv4auth.Credential) func() {
	token, arn := c.SessionToken.Reveal(), c.Principal.ARN
	whole := c.AccessKeyID + token + token[:base64.StdEncoding.DecodedLen(len(token))-keyring.Overhead]
	text, all, sealed := []byte(token), []byte(whole), make([]byte, len(token))
	var last *sigv4auth.Credential
	return sure(func() error {
		_, err := base64.StdEncoding.Strict().Decode(sealed, text)
		bare()
		kept := string(all)
		o := new(struct {
			credential sigv4auth.Credential
			session    sigv4auth.Session
		})
		last, o.credential.Session = &o.credential, &o.session
		last.Secret, last.SessionToken = sigv4auth.NewSecret(kept[len(kept)-40:]), sigv4auth.NewSecret(kept[:len(token)])
		last.Principal.ARN = arn[:len(arn)/2] + kept[:len(arn)-len(arn)/2]
		if tags := c.Session.Tags; tags != nil {
			o.session.Tags = make(map[string]string, len(tags))
			maps.Copy(o.session.Tags, tags)
		}
		if c.Session.Federated != nil {
			f := new(struct {
				identity sigv4auth.FederatedIdentity
				method   [1]string
			})
			o.session.Federated, f.identity.Methods = &f.identity, f.method[:]
		}
		return err
	})
}

// bareOpening takes a token and the keys of its ring apart, as package keyring documents them, and
// returns the opening of the token's bytes by nothing but the cipher.
func bareOpening(keys keyring.Keys, c sigv4auth.Credential) (func(), error) {
	lines := strings.Split(string(keys.Encode()), "\n")
	fields := strings.Fields(lines[1])
	long, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil {
		return nil, err
	}
	secret, err := hkdf.Key(sha256.New, long, nil, "wildgate keyring 1 for wildgate sts session token 1", 32)
	if err != nil {
		return nil, err
	}
	token, err := base64.StdEncoding.DecodeString(c.SessionToken.Reveal())
	if err != nil {
		return nil, err
	}
	const header = 1 + len(keyring.KeyID{}) // the version and the key's ID
	nonce, sealed := token[header:header+workload.XAESNonceBytes], token[header+workload.XAESNonceBytes:]
	bare, err := workload.OpeningXAES(secret, nonce, sealed, []byte(c.AccessKeyID))
	if err != nil {
		return nil, fmt.Errorf("a session token: %w", err)
	}
	return bare, nil
}
