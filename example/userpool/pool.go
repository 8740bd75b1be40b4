package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wildgate/wildgate/internal/sqldb"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// Pool is a user pool. It is safe for concurrent use; several, in as many processes, are one pool
// if they have one database, ring and configuration.
type Pool struct {
	cfg   Config
	short string // the pool's ID behind its underscore, which passwords are hashed with
	arn   string

	store       *store
	boxes       boxes
	secrets     *secrets
	keys        signingKeys
	decoySealed atomic.Pointer[[]byte] // what is opened for nobody
	limiter     *limiter
	powers      *powers
	turns       *turns // of tries
}

// New returns a Pool, or every mistake in cfg. It brings the database's schema up to date, and
// makes the pool's secrets and signing key at the first start.
func New(ctx context.Context, cfg Config) (*Pool, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	if err := sqldb.Migrate(ctx, cfg.DB, "userpool_schema", migrations[:]); err != nil {
		return nil, fmt.Errorf("userpool: %w", err)
	}
	_, short, _ := strings.Cut(cfg.ID, "_")
	p := &Pool{
		cfg: cfg, short: short, arn: "arn:aws:cognito-idp:" + cfg.Region + ":" + cfg.AccountID + ":userpool/" + cfg.ID,
		store: &store{db: cfg.DB, pool: cfg.ID}, boxes: newBoxes(cfg.Ring), limiter: newLimiter(cfg.Limits), powers: newPowers(cfg.Limits),
		turns: newTurns(cfg.Limits.Waiting),
	}
	if p.secrets, err = p.loadSecrets(ctx); err != nil {
		return nil, err
	}
	if err := p.Maintain(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Format writes the pool's ID, whatever the verb: it holds secrets.
func (p *Pool) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "userpool.Pool("+p.cfg.ID+")") }

// ARN returns the pool's ARN, which cognito-idp:* policies name.
func (p *Pool) ARN() string { return p.arn }

// ProviderName returns what Logins of an identity pool call the pool: the issuer without its
// scheme.
func (p *Pool) ProviderName() string {
	_, name, _ := strings.Cut(p.cfg.Issuer, "://")
	return name
}

func (p *Pool) now() time.Time { return p.cfg.Now().UTC() }

// client returns the client with an ID, nil if there is none.
func (p *Pool) client(id string) *Client {
	for i := range p.cfg.Clients {
		if p.cfg.Clients[i].ID == id {
			return &p.cfg.Clients[i]
		}
	}
	return nil
}

// clientWithSecret returns a client that sends its secret, if it has one.
func (p *Pool) clientWithSecret(id, secret string) (*Client, error) {
	c := p.client(id)
	switch {
	case c == nil:
		return nil, errNoClient(id)
	case c.Secret.IsZero() && secret == "":
		return c, nil
	case c.Secret.IsZero() || !c.Secret.Equal(secret):
		return nil, notAuthorized("Unable to verify the secret of client " + id)
	}
	return c, nil
}

// clientFor returns a client that shows its secret, if it has one, by a hash for a user's name.
func (p *Pool) clientFor(id, name, secretHash string) (*Client, error) {
	c := p.client(id)
	if c == nil {
		return nil, errNoClient(id)
	}
	return c, c.checkHash(secretHash, name)
}

// checkHash refuses a SECRET_HASH that is for none of the names: "Computing secret hash values" in
// the Cognito Developer Guide.
func (c *Client) checkHash(secretHash string, names ...string) error {
	if c.Secret.IsZero() {
		if secretHash != "" {
			return notAuthorized("Client " + c.ID + " is not configured with a secret")
		}
		return nil
	}
	if secretHash == "" {
		return notAuthorized("Client " + c.ID + " is configured with secret but SECRET_HASH was not received")
	}
	for _, name := range names {
		h := hmac.New(sha256.New, []byte(c.Secret.Reveal()))
		_, _ = h.Write([]byte(name + c.ID))
		if hmac.Equal([]byte(base64.StdEncoding.EncodeToString(h.Sum(nil))), []byte(secretHash)) {
			return nil
		}
	}
	return notAuthorized("Unable to verify secret hash for client " + c.ID)
}

// fold returns the name that a user is kept by. Names are compared without regard to case, as in
// pools that were made since 2020; were they kept as they came, USER_ID_FOR_SRP would tell who
// exists.
func fold(name string) string { return strings.ToLower(name) }

const (
	// resealBatch is how many users are sealed anew between two looks at the context.
	resealBatch = 100
	// forgetTries is when tries are removed: no patience remembers longer.
	forgetTries = 48 * time.Hour
)

// Maintain does what time asks for: it makes the next signing key an hour before it signs, removes
// keys whose tokens are over, seals with the ring's newest key what older ones have sealed, and
// removes what has ended. New has done it once. It has to run at least every half hour, in one
// process or in all, or the keys of tokens last longer than 30 days; and after the ring was
// rotated, before the older key ends.
func (p *Pool) Maintain(ctx context.Context) error {
	now := p.now()
	decoy, err := p.sealDecoy()
	if err != nil {
		return err
	}
	p.decoySealed.Store(&decoy) // sealed anew, so that it opens as long as others do
	return errors.Join(
		p.rotateSigningKeys(ctx), p.reseal(ctx, sealKeyOf(decoy)), p.store.removeOld(ctx, now, now.Add(-forgetTries)))
}

// Run runs Maintain every so often until ctx ends, and tells Config.Failed of errors.
func (p *Pool) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := p.Maintain(ctx); err != nil && ctx.Err() == nil {
				p.cfg.Failed(ctx, err)
			}
		}
	}
}

// reseal seals with the key of the ring that seals now what others have sealed.
func (p *Pool) reseal(ctx context.Context, sealKey string) error {
	rows, err := p.store.secrets(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if sealKeyOf(row.sealed) == sealKey {
			continue
		}
		sealed, err := resealed(p.boxes.secret, row.sealed, p.additional(row.name))
		if err != nil {
			return err
		}
		if err := p.store.replaceSealed(ctx, row, sealed); err != nil {
			return err
		}
	}
	for {
		users, err := p.store.sealedByOthers(ctx, sealKey, resealBatch)
		if err != nil || len(users) == 0 {
			return err
		}
		for _, u := range users {
			_, err := p.store.change(ctx, u, u.modified, func(u *user) (err error) {
				u.sealed, err = resealed(p.boxes.password, u.sealed, p.additional(u.sub))
				return err
			})
			if err != nil && !errors.Is(err, errGone) {
				return fmt.Errorf("the user %s: %w", u.sub, err)
			}
		}
	}
}

func resealed(box *keyring.Box, sealed, additional []byte) ([]byte, error) {
	plain, err := box.Open(nil, sealed, additional)
	if err != nil {
		return nil, fmt.Errorf("userpool: sealing anew: %w", err)
	}
	return box.Seal(nil, plain, additional)
}
