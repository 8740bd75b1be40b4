package userpool

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wildgate/wildgate/example/userpool/internal/srp"
)

// maxPassword is PasswordType's longest, in characters.
const maxPassword = 256

// checkPassword refuses a password that breaks the policy, in Cognito's words.
func (p *Pool) checkPassword(password string) error {
	policy := &p.cfg.Password
	said := func(why string) error {
		return refuse("InvalidPasswordException", "Password did not conform with policy: "+why)
	}
	n := utf8.RuneCountInString(password)
	switch {
	case n > maxPassword || strings.ContainsFunc(password, unicode.IsSpace) || strings.ContainsFunc(password, unicode.IsControl):
		return invalid("1 validation error detected: Value at 'password' failed to satisfy constraint: " +
			`Member must satisfy regular expression pattern: [\S]+`)
	case n < policy.MinLength:
		return said("Password not long enough")
	case !policy.NoUppercase && !strings.ContainsFunc(password, unicode.IsUpper):
		return said("Password must have uppercase characters")
	case !policy.NoLowercase && !strings.ContainsFunc(password, unicode.IsLower):
		return said("Password must have lowercase characters")
	case !policy.NoNumbers && !strings.ContainsFunc(password, unicode.IsDigit):
		return said("Password must have numeric characters")
	case !policy.NoSymbols && !strings.ContainsFunc(password, isSymbol):
		return said("Password must have symbol characters")
	}
	return nil
}

// isSymbol: "Adding user pool password requirements" in the Cognito Developer Guide lists them.
func isSymbol(r rune) bool { return strings.ContainsRune("^$*.[]{}()?-\"!@#%&/\\,><':;|_~`=+", r) }

// temporaryPassword returns a password that the policy takes.
func (p *Pool) temporaryPassword() string {
	// Text has 128 bits in upper-case letters and digits; what follows is for the policy.
	text := rand.Text() + "a7-Z"
	for len(text) < p.cfg.Password.MinLength {
		text += rand.Text()
	}
	return text
}

// sealPassword returns what is kept of a password: salt and verifier, sealed for the user alone.
func (p *Pool) sealPassword(ctx context.Context, username, sub, password string) (sealed []byte, err error) {
	plain := make([]byte, srp.SaltSize, srp.SaltSize+srp.Size)
	_, _ = rand.Read(plain) // never fails
	if err := p.powers.do(ctx, func() { plain = append(plain, srp.Verifier(p.short, username, password, plain)...) }); err != nil {
		return nil, err
	}
	sealed, err = p.boxes.password.Seal(nil, plain, p.additional(sub))
	if err != nil {
		return nil, fmt.Errorf("userpool: a verifier: %w", err)
	}
	return sealed, nil
}

// A stranger is who wants to sign in: a user, or nobody, who is treated alike until the end.
type stranger struct {
	name           string // USER_ID_FOR_SRP
	user           *user  // nil => there is none
	salt, verifier []byte
}

// stranger returns who a name is of. A name that nobody has costs what others do: the decoy is
// made in any case, and something is opened.
func (p *Pool) stranger(ctx context.Context, name string) (*stranger, error) {
	s := &stranger{name: name}
	var err error
	if s.user, err = p.store.user(ctx, name); err != nil {
		return nil, err
	}
	s.salt, s.verifier = p.secrets.decoyPassword(name)
	sealed, sub := *p.decoySealed.Load(), decoySub
	if s.user != nil {
		sealed, sub = s.user.sealed, s.user.sub
	}
	plain, err := p.boxes.password.Open(nil, sealed, p.additional(sub))
	if s.user == nil {
		return s, nil // whether the decoy opened is of no interest
	}
	if err != nil || len(plain) != srp.SaltSize+srp.Size {
		return nil, fmt.Errorf("userpool: the verifier of the user %s does not open: %w", sub, err)
	}
	s.salt, s.verifier = plain[:srp.SaltSize], plain[srp.SaltSize:]
	return s, nil
}

// decoySub is the sub of nobody.
const decoySub = "nobody"

// sealDecoy returns what is opened for nobody.
func (p *Pool) sealDecoy() ([]byte, error) {
	sealed, err := p.boxes.password.Seal(nil, make([]byte, srp.SaltSize+srp.Size), p.additional(decoySub))
	if err != nil {
		return nil, fmt.Errorf("userpool: %w", err)
	}
	return sealed, nil
}

// has reports whether a password is the stranger's.
func (p *Pool) has(ctx context.Context, s *stranger, password string) (bool, error) {
	var verifier []byte
	if err := p.powers.do(ctx, func() { verifier = srp.Verifier(p.short, s.name, password, s.salt) }); err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(verifier, s.verifier) == 1 && s.user != nil, nil
}
