package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// How long codes are good for: "Forgotten passwords" and "Signing up" in the Cognito Developer
// Guide.
const (
	confirmFor = 24 * time.Hour
	resetFor   = time.Hour
	verifyFor  = 24 * time.Hour
)

var codeLifetimes = map[Purpose]time.Duration{ConfirmAccount: confirmFor, ResetPassword: resetFor, VerifyEmail: verifyFor}

// newCode returns six digits.
func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("userpool: a code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// codeMAC is what is kept of a code. It needs a key: there are only a million codes. An address is
// in it, so that a code is for the address that it was sent to.
func (p *Pool) codeMAC(u *user, purpose Purpose, code string) string {
	return base64.RawURLEncoding.EncodeToString(mac(p.secrets.code, u.sub, string(purpose), u.attributes["email"], code))
}

// mayAskForCode counts a message to a name, and refuses one too many. It is asked for names that
// nobody has, too.
func (p *Pool) mayAskForCode(ctx context.Context, name string) error {
	return p.countMessage(ctx, "send", name, sendPatience)
}

// mayWriteTo counts a message to an address that nobody has shown to have, and refuses one too
// many: whoever signs up under one name after the other could otherwise fill somebody's mailbox.
// A message to an address that a user has verified is not counted: nobody is to keep the user from
// it by signing up with the same.
func (p *Pool) mayWriteTo(ctx context.Context, email string) error {
	return p.countMessage(ctx, "send to", mailbox(email), addressPatience)
}

// mailbox returns what the addresses of one mailbox have in common, with most providers: what
// follows a plus, and case, do not tell them apart.
func mailbox(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	local, _, _ = strings.Cut(local, "+")
	return fold(local + "@" + domain)
}

func (p *Pool) countMessage(ctx context.Context, what, name string, with patience) error {
	t, err := p.try(ctx, what, name, with)
	if err != nil {
		return err
	}
	if t == nil {
		return errLimit()
	}
	defer t.done()
	return t.failed(ctx)
}

// sendCode makes a code, which replaces an earlier one, and has it delivered.
func (p *Pool) sendCode(ctx context.Context, u *user, purpose Purpose) error {
	code, err := newCode()
	if err != nil {
		return err
	}
	if err := p.store.putCode(ctx, u.sub, purpose, p.codeMAC(u, purpose, code), p.now().Add(codeLifetimes[purpose])); err != nil {
		return err
	}
	return p.deliver(ctx, Delivery{Purpose: purpose, Username: u.username, Email: u.attributes["email"], Code: sigv4auth.NewSecret(code)})
}

// sendNobody does for a name what sendCode does, and has nothing delivered: how long an answer
// takes is not to tell whether a code goes out. The code that is kept is nobody's.
func (p *Pool) sendNobody(ctx context.Context, name string, purpose Purpose) (*deliveryDetails, error) {
	code, err := newCode()
	if err != nil {
		return nil, err
	}
	err = p.store.putCode(ctx, p.nobody(name), purpose, p.codeMAC(&user{}, purpose, code), p.now().Add(codeLifetimes[purpose]))
	return p.decoyDetails(name), err
}

// nobody returns what stands for a name that no user has where a user's sub would. It is no UUID.
func (p *Pool) nobody(name string) string { return p.secrets.nameKey("nobody", name) }

// deliver has a message delivered. What went wrong is the operator's.
func (p *Pool) deliver(ctx context.Context, d Delivery) error {
	if err := p.cfg.Deliver(ctx, d); err != nil {
		p.cfg.Failed(ctx, fmt.Errorf("userpool: delivery of %s: %w", d.Purpose, err))
		return refuse("CodeDeliveryFailureException", "The code could not be delivered.")
	}
	return nil
}

// hasCode refuses a code that is not a user's, or no longer good. A user that does not exist has
// none, which is looked up all the same.
func (p *Pool) hasCode(ctx context.Context, g *guess, name string, u *user, purpose Purpose, code string) error {
	exists := u != nil
	if !exists {
		u = &user{sub: p.nobody(name)}
	}
	kept, expires, err := p.store.code(ctx, u.sub, purpose)
	if err != nil {
		return err
	}
	if !exists || kept == "" || !hmac.Equal([]byte(kept), []byte(p.codeMAC(u, purpose, code))) {
		return g.wrong(ctx, errCode())
	}
	if !p.now().Before(expires) {
		return g.wrong(ctx, errCodeExpired())
	}
	return nil
}

// redeem takes a code that the user has: it is good once.
func (p *Pool) redeem(ctx context.Context, g *guess, name string, u *user, purpose Purpose, code string) error {
	if err := p.hasCode(ctx, g, name, u, purpose, code); err != nil {
		return err
	}
	taken, err := p.store.takeCode(ctx, u.sub, purpose, p.codeMAC(u, purpose, code))
	if err != nil {
		return err
	}
	if !taken {
		return g.wrong(ctx, errCode()) // somebody was faster
	}
	return g.right(ctx)
}

func (s *store) putCode(ctx context.Context, sub string, purpose Purpose, mac string, expires time.Time) error {
	_, err := s.changed(ctx, "a code", `INSERT INTO userpool_codes (sub, purpose, mac, expires_ms) VALUES ($1, $2, $3, $4)
		ON CONFLICT (sub, purpose) DO UPDATE SET mac = excluded.mac, expires_ms = excluded.expires_ms`,
		sub, string(purpose), mac, expires.UnixMilli())
	return err
}

// code returns what is kept of a code, "" if there is none.
func (s *store) code(ctx context.Context, sub string, purpose Purpose) (mac string, expires time.Time, err error) {
	var ms int64
	err = s.db.QueryRowContext(ctx, `SELECT mac, expires_ms FROM userpool_codes WHERE sub = $1 AND purpose = $2`, sub, string(purpose)).
		Scan(&mac, &ms)
	if isNone(err) {
		return "", time.Time{}, nil
	}
	return mac, fromMilli(ms), wrap("a code", err)
}

// takeCode removes a code, and reports whether it was there.
func (s *store) takeCode(ctx context.Context, sub string, purpose Purpose, mac string) (bool, error) {
	return s.changed(ctx, "a code", `DELETE FROM userpool_codes WHERE sub = $1 AND purpose = $2 AND mac = $3`, sub, string(purpose), mac)
}
