package userpool

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	signingKeyBits   = 2048
	signingKeyPrefix = "signing key "

	// keyLifetime is how long a key signs. The next one is published for keyAnnounced before.
	keyLifetime  = 30 * 24 * time.Hour
	keyAnnounced = time.Hour
	// keysRead is how old what was read of the keys may be: much less than keyAnnounced, so that
	// every process knows a key before another one signs with it.
	keysRead = time.Minute
	// keyOver is how long a key is published after the next one took over: the last token that it
	// signed lasts for maxTokensFor, and the clock of whoever verifies it may be behind.
	keyOver = maxTokensFor + 5*time.Minute
)

// signingKey is a key that tokens are signed with. It is immutable.
type signingKey struct {
	number      int
	from, until time.Time // it signs from, until; zero: there is no next one
	public      jose.JSONWebKey
	signer      jose.Signer
}

func (k *signingKey) over(now time.Time) bool {
	return !k.until.IsZero() && !now.Before(k.until.Add(keyOver))
}

// signingKeys are the keys as they were read last.
type signingKeys struct {
	mu   sync.Mutex
	read time.Time
	all  []*signingKey // in the order in which they sign
}

// Format writes what it is, whatever the verb: the rest is secret.
func (*signingKeys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("userpool.signingKeys")) }

// signingKeys returns the keys, in the order in which they sign. If they cannot be read again,
// those that were read last are good.
func (p *Pool) signingKeys(ctx context.Context) ([]*signingKey, error) {
	p.keys.mu.Lock()
	defer p.keys.mu.Unlock()
	now := p.now()
	if age := now.Sub(p.keys.read); p.keys.all != nil && age >= 0 && age < keysRead {
		return p.keys.all, nil
	}
	all, err := p.readSigningKeys(ctx)
	switch {
	case err == nil:
		p.keys.all, p.keys.read = all, now
	case p.keys.all == nil:
		return nil, err
	default:
		p.cfg.Failed(ctx, err)
	}
	return p.keys.all, nil
}

func (p *Pool) readSigningKeys(ctx context.Context) (all []*signingKey, err error) {
	rows, err := p.store.secrets(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		number, ok := strings.CutPrefix(row.name, signingKeyPrefix)
		if !ok {
			continue
		}
		k, err := p.openSigningKey(row)
		if err != nil {
			return nil, err
		}
		if k.number, err = strconv.Atoi(number); err != nil {
			return nil, fmt.Errorf("userpool: a signing key that is called %q", row.name)
		}
		if len(all) > 0 {
			all[len(all)-1].until = k.from
		}
		all = append(all, k)
	}
	if len(all) == 0 {
		return nil, errors.New("userpool: there is no signing key")
	}
	return all, nil
}

func (p *Pool) openSigningKey(row *secretRow) (*signingKey, error) {
	broken := func(why string) error { return fmt.Errorf("userpool: the %s %s", row.name, why) }
	der, err := p.openSecret(row)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	private, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, broken("is no RSA key in PKCS #8")
	}
	k := &signingKey{from: row.from, public: jose.JSONWebKey{Key: private.Public(), Algorithm: string(jose.RS256), Use: "sig"}}
	print, err := k.public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, broken("has no thumbprint")
	}
	k.public.KeyID = base64.RawURLEncoding.EncodeToString(print)
	// Cognito's tokens have no typ.
	k.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: private, KeyID: k.public.KeyID}}, nil)
	if err != nil {
		return nil, broken("cannot sign")
	}
	return k, nil
}

// current returns the key that signs now.
func (p *Pool) current(ctx context.Context) (*signingKey, error) {
	all, err := p.signingKeys(ctx)
	if err != nil {
		return nil, err
	}
	now := p.now()
	for i := len(all) - 1; i >= 0; i-- {
		if !now.Before(all[i].from) {
			return all[i], nil
		}
	}
	return all[0], nil // the clock went backwards
}

// rotateSigningKeys makes the first key, and the next one if the last has signed for long enough,
// and removes those whose tokens are over. Of processes that come here together one makes a key.
func (p *Pool) rotateSigningKeys(ctx context.Context) error {
	now := p.now()
	all, err := p.readSigningKeys(ctx)
	if err != nil {
		rows, listing := p.store.secrets(ctx)
		if listing != nil || len(rows) > 1 { // there are keys, that cannot be read
			return err
		}
		return p.addSigningKey(ctx, 1, now)
	}
	last := all[len(all)-1]
	if now.Sub(last.from) >= keyLifetime-keyAnnounced {
		if err := p.addSigningKey(ctx, last.number+1, now.Add(keyAnnounced)); err != nil {
			return err
		}
	}
	for _, k := range all {
		if k.over(now) {
			if err := p.store.removeSecret(ctx, signingKeyPrefix+strconv.Itoa(k.number)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Pool) addSigningKey(ctx context.Context, number int, from time.Time) error {
	key, err := rsa.GenerateKey(rand.Reader, signingKeyBits)
	if err != nil {
		return fmt.Errorf("userpool: a signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("userpool: a signing key: %w", err)
	}
	return p.addSecret(ctx, signingKeyPrefix+strconv.Itoa(number), der, from)
}
