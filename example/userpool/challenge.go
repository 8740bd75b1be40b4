package userpool

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// challengeFor is how long a challenge may be answered: AuthSessionValidity's default.
const challengeFor = 3 * time.Minute

// challenge is what SECRET_BLOCK holds: all that the second request of a sign-in with SRP needs
// beside the user. It is sealed, so that the server keeps nothing, and holds the client's A and
// the server's b, so that neither side can choose again.
type challenge struct {
	Nonce  string // so that it is answered once
	Name   string // USER_ID_FOR_SRP
	Client string
	Issued int64 // milliseconds
	A, B   []byte
	Secret []byte // b
}

// session is what Session holds: that a user has shown the password which is to be replaced.
type session struct {
	Nonce  string
	Sub    string
	Client string
	Epoch  int64
	Issued int64 // milliseconds
}

// Format writes what it is, whatever the verb: the rest is secret.
func (*challenge) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "userpool.challenge") }

// seal returns a value that its owner gets back.
func (p *Pool) seal(box *keyring.Box, what string, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("userpool: %s: %w", what, err)
	}
	sealed, err := box.Seal(nil, plain, p.additional(what))
	if err != nil {
		return "", fmt.Errorf("userpool: %s: %w", what, err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// open reports whether a text is what seal made, in v. sealed are its bytes.
func (p *Pool) open(box *keyring.Box, what, text string, v any) (sealed []byte, ok bool) {
	sealed, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, false
	}
	plain, err := box.Open(nil, sealed, p.additional(what))
	if err != nil {
		return nil, false
	}
	return sealed, json.NewDecoder(bytes.NewReader(plain)).Decode(v) == nil
}

// timely reports whether something that was issued may be answered now.
func (p *Pool) timely(issued int64) bool {
	age := p.now().Sub(fromMilli(issued))
	return age >= -time.Minute && age < challengeFor // another process's clock may be ahead
}
