package sts

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// MaxTokenSize is the largest size of a session token in bytes.
const MaxTokenSize = 4096

// The sizes of a token before it becomes text, and of what is sealed in it.
const (
	maxSealed = MaxTokenSize / 4 * 3
	maxPlain  = maxSealed - keyring.Overhead
)

// purpose keeps tokens apart from what else a ring seals.
const purpose = "wildgate sts session token 1"

// tokenText is how a token is written. Bits that do not matter would give one token several texts.
var tokenText = base64.StdEncoding.Strict()

// The form of what is sealed, in version 1. Numbers are unsigned varints, and a text is its length
// and its bytes.
//
//	version, kind, flags
//	when it was issued, in seconds of Unix time, and for how many seconds
//	secret, role ARN, name (of a RoleSession: its user ID, which is the role's ID, a colon and the name)
//	asker: access key ID, ARN, user ID, and the proof of the secret, of 8 bytes (if hasAsker)
//	number of tags; of each 2 × the length of its key, + 1 if transitive, key, value
//	source identity
//	when MFA was proved, in seconds of Unix time (if hasMFATime)
//	provider, subject, audience, number of methods, methods (if hasFederated)
//	policy, number of policy ARNs, policy ARNs
//	zeros up to the least size that was asked for
const tokenVersion = 1

const (
	hasAsker = 1 << iota
	hasMFA
	hasMFATime
	hasFederated
	allFlags = 1<<iota - 1
)

// writer appends the parts of what is sealed.
type writer []byte

func (w *writer) number(n uint64) { *w = binary.AppendUvarint(*w, n) }

func (w *writer) text(s string) {
	w.number(uint64(len(s)))
	*w = append(*w, s...)
}

func (w *writer) texts(all []string) {
	w.number(uint64(len(all)))
	for _, s := range all {
		w.text(s)
	}
}

// encode returns what is to be sealed of a session, and how many bytes of it are policies and tags.
// of is the proof of its asker. It depends on nothing but its arguments: maps are written in the
// order of their keys.
func encode(s *Session, secret string, of proof) (plain []byte, packed int) {
	var flags byte
	if s.Asker != (Asker{}) {
		flags |= hasAsker
	}
	if s.MFAPresent {
		flags |= hasMFA
	}
	if !s.MFA.IsZero() {
		flags |= hasMFATime
	}
	if s.Federated != nil {
		flags |= hasFederated
	}
	w := writer{tokenVersion, byte(s.Kind), flags}
	w.number(uint64(s.IssuedAt.Unix()))
	w.number(uint64(s.Expires.Unix() - s.IssuedAt.Unix()))
	w.text(secret)
	w.text(s.RoleARN)
	if s.Kind == RoleSession {
		w.text(s.RoleID + ":" + s.Name)
	} else {
		w.text(s.Name)
	}
	if flags&hasAsker != 0 {
		w.text(s.Asker.AccessKeyID)
		w.text(s.Asker.ARN)
		w.text(s.Asker.UserID)
		w = append(w, of[:]...)
	}
	before := len(w)
	w.number(uint64(len(s.Tags)))
	for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
		size := 2 * uint64(len(k))
		if slices.Contains(s.TransitiveTags, k) {
			size++
		}
		w.number(size)
		w = append(w, k...)
		w.text(s.Tags[k])
	}
	packed = len(w) - before - 1
	w.text(s.SourceIdentity)
	if flags&hasMFATime != 0 {
		w.number(uint64(s.MFA.Unix()))
	}
	if f := s.Federated; f != nil {
		w.text(f.Provider)
		w.text(f.Subject)
		w.text(f.Audience)
		w.texts(f.Methods)
	}
	before = len(w)
	w.text(s.Policy)
	w.texts(s.PolicyARNs)
	return w, packed + len(w) - before - 2
}

// reader takes the parts off what was sealed. Its texts are parts of one string.
type reader struct {
	rest string
	bad  bool
}

// number returns the next number, written in the fewest bytes.
func (r *reader) number() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 { // nearly always
		n := r.rest[0]
		r.rest = r.rest[1:]
		return uint64(n)
	}
	return r.longNumber()
}

func (r *reader) longNumber() uint64 {
	var n uint64
	for i := range min(len(r.rest), binary.MaxVarintLen64-1) {
		c := r.rest[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.bad = r.bad || c == 0
			r.rest = r.rest[i+1:]
			return n
		}
	}
	r.bad, r.rest = true, ""
	return 0
}

// count returns the next number, which is of things of at least a byte each.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, ""
		return 0
	}
	return int(n)
}

func (r *reader) take(n int) (s string) {
	if n > len(r.rest) {
		r.bad, r.rest = true, ""
		return ""
	}
	s, r.rest = r.rest[:n], r.rest[n:]
	return s
}

func (r *reader) text() string { return r.take(r.count()) }

// texts returns the next texts, in room if they fit.
func (r *reader) texts(room []string, most int) []string {
	n := r.count()
	if r.bad = r.bad || n > most; r.bad || n == 0 {
		return nil
	}
	all := slices.Grow(room, n)
	for range n {
		all = append(all, r.text())
	}
	return all
}

func (r *reader) time() time.Time {
	const lastYear = 253402300799 // 9999-12-31T23:59:59Z
	n := r.number()
	r.bad = r.bad || n > lastYear
	return time.Unix(int64(n), 0).UTC()
}

func (r *reader) seconds() time.Duration {
	n := r.number()
	r.bad = r.bad || n > uint64(maxUserDuration/time.Second)
	return time.Duration(n) * time.Second
}

// content is what a token holds beside its Session.
type content struct {
	secret string
	userID string // of a RoleSession
	asker  proof
}

// decode fills s with the session that was encoded. What encode does not write is refused; s is
// then of no use.
func decode(s *Session, plain string) (c content, ok bool) {
	if len(plain) < 3 || plain[0] != tokenVersion {
		return content{}, false
	}
	flags := plain[2]
	s.Kind = Kind(plain[1])
	r := reader{rest: plain[3:], bad: flags > allFlags || s.Kind < RoleSession || s.Kind > UserSession}
	s.IssuedAt = r.time()
	s.Expires = s.IssuedAt.Add(r.seconds())
	c.secret, s.RoleARN, s.Name = r.text(), r.text(), r.text()
	if s.Kind == RoleSession {
		var ok bool
		c.userID = s.Name
		s.RoleID, s.Name, ok = strings.Cut(c.userID, ":")
		r.bad = r.bad || !ok || s.RoleID == ""
	}
	if flags&hasAsker != 0 {
		s.Asker = Asker{r.text(), r.text(), r.text()}
		copy(c.asker[:], r.take(len(c.asker)))
		r.bad = r.bad || s.Asker == (Asker{})
	}
	r.tags(s)
	s.SourceIdentity = r.text()
	s.MFAPresent = flags&hasMFA != 0
	if flags&hasMFATime != 0 {
		s.MFA = r.time()
	}
	if flags&hasFederated != 0 {
		// With room for a method, which is what an identity has: one piece of memory, not two.
		f := new(struct {
			identity sigv4auth.FederatedIdentity
			method   [1]string
		})
		s.Federated = &f.identity
		*s.Federated = sigv4auth.FederatedIdentity{Provider: r.text(), Subject: r.text(), Audience: r.text()}
		s.Federated.Methods = r.texts(f.method[:0:1], maxMethods)
	}
	s.Policy, s.PolicyARNs = r.text(), r.texts(nil, maxPolicyARNs)
	if r.bad || c.secret == "" || strings.Trim(r.rest, "\x00") != "" {
		return content{}, false
	}
	return c, true
}

func (r *reader) tags(s *Session) {
	n := r.count()
	if n > 0 && !r.bad {
		s.Tags = make(map[string]string, n)
	}
	last := ""
	for range n {
		size := r.number()
		k := r.take(int(min(size/2, uint64(maxPlain)+1)))
		value := r.text()
		if r.bad = r.bad || k <= last; r.bad { // in order, and none twice
			return
		}
		if s.Tags[k], last = value, k; size%2 == 1 {
			s.TransitiveTags = append(s.TransitiveTags, k)
		}
	}
}

// TokenTooLargeError means that a session does not fit into a token.
type TokenTooLargeError struct {
	// Size is how many bytes the token would have. More than MaxTokenSize are too many.
	Size int
}

// Error tells both sizes.
func (e *TokenTooLargeError) Error() string {
	return fmt.Sprintf("sts: the session token would have %d bytes; at most %d", e.Size, MaxTokenSize)
}

// sealToken makes the token of a session, of at least so many bytes, for an access key ID.
func sealToken(box *keyring.Box, accessKeyID string, plain []byte, least int) (token string, err error) {
	if size := tokenText.EncodedLen(len(plain) + keyring.Overhead); size > MaxTokenSize {
		return "", &TokenTooLargeError{Size: size}
	}
	if missing := (least+3)/4*3 - keyring.Overhead - len(plain); missing > 0 {
		plain = append(plain, make([]byte, missing)...)
	}
	sealed, err := box.Seal(nil, plain, []byte(accessKeyID))
	if err != nil {
		return "", fmt.Errorf("sts: sealing a session token: %w", err)
	}
	return tokenText.EncodeToString(sealed), nil
}

// scratch is the memory in which a token is opened.
type scratch struct {
	// kept is the access key ID, the token and the plaintext, which are kept as one string.
	kept   [iamid.MaxAccessKeyID + MaxTokenSize + maxPlain]byte
	sealed [maxSealed]byte
}

// kept is what outlives the request, whose header its strings must not point into.
type kept struct{ accessKeyID, token, plain string }

// openToken returns what was sealed in a token for an access key ID, and with which key.
func (b *scratch) openToken(box *keyring.Box, accessKeyID, token string) (k kept, id keyring.KeyID, ok bool) {
	if len(accessKeyID) > iamid.MaxAccessKeyID || len(token) > MaxTokenSize {
		return kept{}, id, false
	}
	end := len(accessKeyID) + len(token)
	all := append(append(b.kept[:0], accessKeyID...), token...)
	additional, text := all[:len(accessKeyID)], all[len(accessKeyID):]
	n, err := tokenText.Decode(b.sealed[:], text)
	// The decoder skips line ends, so that one token would have several texts.
	if err != nil || tokenText.EncodedLen(n) != len(token) {
		return kept{}, id, false
	}
	all, err = box.Open(all, b.sealed[:n], additional)
	if err != nil {
		return kept{}, id, false
	}
	whole := string(all)
	clear(all[end:]) // a secret is in it
	id, _ = keyring.KeyOf(b.sealed[:n])
	return kept{whole[:len(accessKeyID)], whole[len(accessKeyID):end], whole[end:]}, id, true
}
