// Package minimal does the least that a verifier of the reference POST can do. It has each step
// without which one of the requirements on a verifier is not kept, in the straightest Go, and knows
// this one form of request by heart: the store, the identity, the use by several goroutines and the
// recovery from a panic are those that Wildgate's callers are promised. What it takes beyond the
// hashing is what nobody can leave out, whatever else a verifier is to be: for any client and any
// request, with an audit, or to say why it refuses.
//
// It is no verifier to use.
package minimal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	beginning     = "AWS4-HMAC-SHA256 Credential="
	signedHeaders = "content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
	skew          = 5 * 60 // seconds
)

// Verifier verifies requests of one form. It is safe for concurrent use once all keys are added.
type Verifier struct {
	region, service string
	scopeEnd        string // of a credential, behind its date
	store           sigv4auth.CredentialStore
	keys            map[string]*key // by the secret, so that one that has been replaced signs nothing
	now             time.Time
}

// key is a signing key of one day, prepared.
type key struct {
	day     string
	scratch sync.Pool
}

// scratch is the memory of one verification.
type scratch struct {
	mac            hash.Hash
	canonical, sts []byte
	sum            [sha256.Size]byte
}

// New returns a Verifier for a region and a service, at an instant, of the keys in a store.
func New(region, service string, now time.Time, store sigv4auth.CredentialStore) *Verifier {
	return &Verifier{
		region: region, service: service, scopeEnd: "/" + region + "/" + service + "/aws4_request", store: store, keys: map[string]*key{},
		now: now,
	}
}

// Prepare derives the signing key of a secret for the day of the instant.
func (v *Verifier) Prepare(secret string) error {
	day := v.now.UTC().Format("20060102")
	derived, err := sigv4auth.DeriveSigningKey(sigv4auth.NewSecret(secret),
		sigv4auth.Scope{Date: day, Region: v.region, Service: v.service})
	if err != nil {
		return err
	}
	k := &key{day: day}
	k.scratch.New = func() any { return &scratch{mac: hmac.New(sha256.New, derived.Reveal())} }
	v.keys[secret] = k
	return nil
}

// body is a verified body, in one piece of memory with its room. It is the handler's own.
type body struct {
	bytes.Reader
	room [96]byte
}

func (*body) Close() error { return nil }

// Verify reports whether r is signed, and by whom. Of an admitted request the body is the verified
// one.
func (v *Verifier) Verify(r *http.Request) (who sigv4auth.Identity, ok bool) {
	defer func() {
		if recover() != nil {
			who, ok = sigv4auth.Identity{}, false
		}
	}()
	// Every X-Amz-* header that arrived has to be signed, and none may arrive twice: all headers
	// are looked at.
	var authorization, date, token, digest, contentType, contentLength []string
	amz := 0
	for name, values := range r.Header {
		switch name {
		case "Authorization":
			authorization = values
		case "Content-Type":
			contentType = values
		case "Content-Length":
			contentLength = values
		case "X-Amz-Date":
			date = values
		case "X-Amz-Security-Token":
			token = values
		case "X-Amz-Content-Sha256":
			digest = values
		}
		if strings.HasPrefix(name, "X-Amz-") {
			amz++
		}
	}
	if len(authorization) != 1 || len(date) != 1 || len(token) != 1 || len(digest) != 1 || len(contentType) != 1 ||
		len(contentLength) != 1 || amz != 3 {
		return who, false
	}

	// What the request says of itself.
	credential, signature, ok := fields(authorization[0])
	if !ok {
		return who, false
	}
	signedAt, ok := seconds(date[0])
	if now := v.now.Unix(); !ok || signedAt < now-skew || signedAt > now+skew {
		return who, false
	}
	slash := strings.IndexByte(credential, '/')
	if slash < 0 || len(credential) < slash+9 || credential[slash+1:slash+9] != date[0][:8] || credential[slash+9:] != v.scopeEnd {
		return who, false
	}
	id := credential[:slash]
	c, err := v.store.Credential(r.Context(), id, token[0])
	if err != nil || c.AccessKeyID != id || !c.SessionToken.Equal(token[0]) || !c.Expires.IsZero() && !v.now.Before(c.Expires) {
		return who, false
	}
	k := v.keys[c.Secret.Reveal()]
	if k == nil || k.day != date[0][:8] || len(digest[0]) != 2*sha256.Size {
		return who, false
	}
	s := k.scratch.Get().(*scratch)
	defer k.scratch.Put(s)

	// The canonical request, of a path without a query that stands for itself. A value may hold no
	// control character and no white space that would have to be folded: the token is the key's,
	// and known to hold none.
	if !plain(r.RequestURI) || !plain(contentType[0]) || !plain(contentLength[0]) || !plain(r.Host) {
		return who, false
	}
	b := append(s.canonical[:0], r.Method...)
	b = append(b, '\n')
	b = append(b, r.RequestURI...)
	b = append(b, "\n\ncontent-length:"...)
	b = append(b, contentLength[0]...)
	b = append(b, "\ncontent-type:"...)
	b = append(b, contentType[0]...)
	b = append(b, "\nhost:"...)
	b = append(b, r.Host...)
	b = append(b, "\nx-amz-content-sha256:"...)
	b = append(b, digest[0]...)
	b = append(b, "\nx-amz-date:"...)
	b = append(b, date[0]...)
	b = append(b, "\nx-amz-security-token:"...)
	b = append(b, token[0]...)
	b = append(b, "\n\n"+signedHeaders+"\n"...)
	b = append(b, digest[0]...)
	s.canonical = b

	// The body, in memory of its own, as a handler may keep it.
	read, n := new(body), 0
	arrived := read.room[:]
	if r.ContentLength >= int64(len(arrived)) {
		arrived = make([]byte, r.ContentLength+1)
	}
	for {
		more, err := r.Body.Read(arrived[n:])
		if n += more; err == io.EOF {
			break
		}
		if err != nil || n == len(arrived) {
			return who, false
		}
	}
	read.Reset(arrived[:n])
	var text [2 * sha256.Size]byte
	s.sum = sha256.Sum256(arrived[:n])
	encode(&text, &s.sum)
	if !same(text[:], digest[0]) {
		return who, false
	}

	// The signature.
	s.sum = sha256.Sum256(b)
	encode(&text, &s.sum)
	sts := append(s.sts[:0], "AWS4-HMAC-SHA256\n"...)
	sts = append(sts, date[0]...)
	sts = append(sts, '\n')
	sts = append(sts, credential[slash+1:]...)
	sts = append(sts, '\n')
	sts = append(sts, text[:]...)
	s.sts = sts
	s.mac.Reset()
	s.mac.Write(sts)
	s.mac.Sum(s.sum[:0])
	encode(&text, &s.sum)
	if !same(text[:], signature) {
		return who, false
	}
	r.Body, r.ContentLength = read, int64(n)
	who.Principal, who.AccessKeyID, who.SignedAt, who.VerifiedAt = c.Principal, id, time.Unix(signedAt, 0).UTC(), v.now
	who.Scope = sigv4auth.Scope{Date: date[0][:8], Region: v.region, Service: v.service}
	who.SignatureLocation, who.Algorithm, who.PayloadMode = sigv4auth.InHeader, "AWS4-HMAC-SHA256", sigv4auth.PayloadDigest
	return who, true
}

// fields takes the one form of an Authorization header apart.
func fields(authorization string) (credential, signature string, ok bool) {
	const between, last = ", SignedHeaders=" + signedHeaders + ", Signature=", 2 * sha256.Size
	rest, ok := strings.CutPrefix(authorization, beginning)
	comma := strings.IndexByte(rest, ',')
	if !ok || comma < 0 || len(rest) != comma+len(between)+last || rest[comma:comma+len(between)] != between {
		return "", "", false
	}
	return rest[:comma], rest[comma+len(between):], true
}

// seconds parses an instant of this century, in the form of X-Amz-Date.
func seconds(s string) (int64, bool) {
	if len(s) != len("20060102T150405Z") || s[:2] != "20" || s[8] != 'T' || s[15] != 'Z' {
		return 0, false
	}
	bad := byte(0)
	two := func(at int) int64 {
		a, b := s[at]-'0', s[at+1]-'0'
		if a > 9 || b > 9 {
			bad = 1
		}
		return int64(a)*10 + int64(b)
	}
	year, month, day := two(2), two(4), two(6)
	if month < 1 || month > 12 || bad != 0 {
		return 0, false
	}
	days := year*365 + (year+3)/4 + before[month-1] + day - 1
	if month > 2 && year%4 == 0 {
		days++
	}
	const until2000 = 10957 // days from 1970
	at := (until2000+days)*86400 + two(9)*3600 + two(11)*60 + two(13)
	return at, bad == 0
}

// before holds how many days of a year are before each of its months.
var before = [...]int64{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

// plain reports whether s is of printable ASCII without what has to be encoded in a path, which the
// values of this one form do without as well.
func plain(s string) bool {
	for i := range len(s) {
		if !plainByte[s[i]] {
			return false
		}
	}
	return true
}

var plainByte = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/") {
		t[c] = true
	}
	return t
}()

// encode writes sum in hexadecimal digits, two at a time.
func encode(text *[2 * sha256.Size]byte, sum *[sha256.Size]byte) {
	for i, c := range sum {
		binary.LittleEndian.PutUint16(text[2*i:], digits[c])
	}
}

var digits = func() (t [256]uint16) {
	for c := range t {
		t[c] = binary.LittleEndian.Uint16(hex.AppendEncode(nil, []byte{byte(c)}))
	}
	return t
}()

// same reports whether two digests in hexadecimal are equal, in constant time.
func same(a []byte, b string) bool {
	var differs uint64
	for i := 0; i <= len(a)-8; i += 8 {
		differs |= binary.LittleEndian.Uint64(a[i:]) ^ word(b[i:])
	}
	return differs == 0
}

func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
