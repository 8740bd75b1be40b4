package userpool

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/example/userpool/internal/srp"
)

const (
	// timestampForm is that of TIMESTAMP, which Java writes as EEE MMM d HH:mm:ss z yyyy.
	timestampForm = "Mon Jan 2 15:04:05 UTC 2006"
	// maxClock is how far a client's clock may be off.
	maxClock = 5 * time.Minute
)

// startSRP answers the client's public value with the pool's.
func (p *Pool) startSRP(r *http.Request, c *Client, name, digits string) (any, error) {
	ctx := r.Context()
	if digits == "" {
		return nil, missing("SRP_A")
	}
	a, err := srp.ParsePublic(digits)
	if err != nil {
		return nil, invalid("SRP_A is not a number from 1 to N-1 in hexadecimal digits.")
	}
	if client, _ := p.cfg.ClientIP(r); !p.limiter.patient(client, p.now()) {
		return nil, errWait()
	}
	if wait, err := p.waiting(ctx, "password", name, passwordPatience); err != nil {
		return nil, err
	} else if wait {
		return nil, errWait()
	}
	s, err := p.stranger(ctx, name)
	if err != nil {
		return nil, err
	}
	ch := challenge{Nonce: newUUID(), Name: name, Client: c.ID, Issued: p.now().UnixMilli(), A: a, Secret: make([]byte, srp.ExponentSize)}
	_, _ = rand.Read(ch.Secret) // never fails
	if err := p.powers.do(ctx, func() { ch.B = srp.Public(s.verifier, ch.Secret) }); err != nil {
		return nil, err
	}
	block, err := p.seal(p.boxes.challenge, "challenge", &ch)
	if err != nil {
		return nil, err
	}
	return challenged{
		ChallengeName: passwordVerifier,
		ChallengeParameters: map[string]string{
			"SALT": srp.FormatPublic(s.salt), "SECRET_BLOCK": block, "SRP_B": srp.FormatPublic(ch.B), "USERNAME": name,
			"USER_ID_FOR_SRP": name,
		},
	}, nil
}

// finishSRP signs in who has shown, by a signature, to have come to the same key.
func (p *Pool) finishSRP(r *http.Request, c *Client, responses map[string]string) (any, error) {
	ctx := r.Context()
	for _, name := range []string{"PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"} {
		if responses[name] == "" {
			return nil, missing(name)
		}
	}
	var ch challenge
	block, ok := p.open(p.boxes.challenge, "challenge", responses["PASSWORD_CLAIM_SECRET_BLOCK"], &ch)
	switch {
	case !ok || ch.Client != c.ID || ch.Name != fold(responses["USERNAME"]):
		return nil, errPassword() // the block is not the pool's, or another client's or user's
	case !p.timely(ch.Issued):
		return nil, notAuthorized("Invalid session for the user, session is expired.")
	}
	signed, err := time.Parse(timestampForm, responses["TIMESTAMP"])
	if err != nil {
		return nil, invalid("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	if off := p.now().Sub(signed).Abs(); off > maxClock {
		return nil, notAuthorized("The TIMESTAMP is more than 5 minutes from the server's time.")
	}
	g, err := p.guess(r, "password", ch.Name, passwordPatience, errWait)
	if err != nil {
		return nil, err
	}
	defer g.done()
	s, err := p.stranger(ctx, ch.Name)
	if err != nil {
		return nil, err
	}
	var key []byte
	var computing error
	if err := p.powers.do(ctx, func() { key, computing = srp.Key(ch.A, ch.B, s.verifier, ch.Secret) }); err != nil {
		return nil, err
	}
	signature, err := base64.StdEncoding.DecodeString(responses["PASSWORD_CLAIM_SIGNATURE"])
	right := hmac.Equal(signature, srp.Signature(key, p.short, ch.Name, block, responses["TIMESTAMP"]))
	if err != nil || computing != nil || !right || s.user == nil {
		return nil, g.wrong(ctx, errPassword())
	}
	// Whoever has seen a right answer cannot send it again.
	if first, err := p.store.answered(ctx, ch.Nonce, fromMilli(ch.Issued).Add(2*challengeFor)); err != nil {
		return nil, err
	} else if !first {
		return nil, errSession()
	}
	if err := g.right(ctx); err != nil {
		return nil, err
	}
	return p.admit(ctx, c, s.user)
}
