package workload

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"strings"
	"time"
)

// refusal is a request that has to be refused, and the good one that it comes from.
type refusal struct {
	name  string
	quick bool // is measured in quick runs too
	good  plan
	make  func(service string) (*Request, error)
	more  func(*Case) // what the case needs beside that; nil: nothing
}

// RefusedEarly returns the names of those cases whose fault can be found before the key is looked
// up.
func RefusedEarly() []string {
	var names []string
	for _, r := range earlyRefusals() {
		names = append(names, r.name)
	}
	return names
}

// refusals are in the order in which a careful verifier finds them. There is one for each of the
// reasons that a request can give by itself: a store that fails is none.
func refusals() []refusal { return append(earlyRefusals(), lateRefusals()...) }

// changed is a request that is changed after it was signed.
func changed(name string, quick bool, good plan, change func(q *Request)) refusal {
	return refusal{name: name, quick: quick, good: good, make: func(service string) (*Request, error) {
		q, err := good.signed(service)
		if err == nil {
			change(q)
		}
		return q, err
	}}
}

// other is a request that is signed for what it is.
func other(name string, quick bool, good plan, change func(p *plan)) refusal {
	return refusal{name: name, quick: quick, good: good, make: func(service string) (*Request, error) {
		bad := good
		change(&bad)
		return bad.signed(service)
	}}
}

// with adds what the case needs.
func (r refusal) with(more func(*Case)) refusal {
	r.more = more
	return r
}

// earlyRefusals need no key.
func earlyRefusals() []refusal {
	const extra = "X-Amz-Meta-Extra"
	withExtra := post()
	withExtra.header = http.Header{extra: {"signed"}}
	authorization := func(name string, change func(text string) string) refusal {
		return changed(name, true, post(), func(q *Request) { q.r.Header.Set("Authorization", change(q.r.Header.Get("Authorization"))) })
	}
	return []refusal{
		changed("no credentials", true, post(), func(q *Request) { q.r.Header.Del("Authorization") }),
		authorization("Authorization cut short", func(text string) string { return text[:len(text)/2] }),
		changed("credentials in two places", false, post(), func(q *Request) {
			q.retarget("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=" + strings.Repeat("0", 64))
		}),
		other("another host", false, post(), func(p *plan) { p.host = "other.example.com" }).
			with(func(c *Case) { c.Hosts = []string{Host} }),
		changed("x-amz header not signed", true, post(), func(q *Request) { q.r.Header.Set(extra, "slipped in") }),
		other("an hour old", true, post(), func(p *plan) { p.at = Now.Add(-time.Hour) }),
		other("an hour ahead", false, post(), func(p *plan) { p.at = Now.Add(time.Hour) }),
		other("presigned, expired", true, presigned(), func(p *plan) { p.at = Now.Add(-2 * time.Hour) }),
		authorization("another region", func(text string) string { return strings.Replace(text, "/"+Region+"/", "/eu-west-1/", 1) }),
		other("unsigned payload, not enabled", false, post(), func(p *plan) { p.payload = "UNSIGNED-PAYLOAD" }),
		other("body too large", false, post(), func(p *plan) { *p = withBody(*p, MaxBody+1) }),
		changed("signed header missing", false, withExtra, func(q *Request) { q.r.Header.Del(extra) }),
	}
}

// lateRefusals need the key, a part of the body, or a policy.
func lateRefusals() []refusal {
	tampered := func(name, form string, quick bool) refusal {
		return changed(name, quick, post(), func(q *Request) { *q = *q.Tampered()[form] })
	}
	over := Key{ID: "ASIATHISSESSIONISOVER", Secret: TheKey.Secret, Token: TheKey.Token, Expires: Now.Add(-time.Minute)}
	return []refusal{
		other("unknown key", true, post(), func(p *plan) { p.key.ID = "ASIANOBODYKNOWSTHIS0" }),
		other("another session token", false, post(), func(p *plan) { p.key.Token = strings.ToLower(p.key.Token) }),
		other("session that is over", false, post(), func(p *plan) { p.key = over }).with(func(c *Case) { c.also = []Key{over} }),
		tampered("wrong signature", "signature", true),
		tampered("another method", "method", false),
		tampered("another body", "body", true),
		changed("body cut short", false, post(), func(q *Request) {
			q.lost = int64(len(q.body) / 2)
			q.body = q.body[:len(q.body)-int(q.lost)]
		}),
		other("wrong checksum", false, withChecksum(post(), rideBody), func(p *plan) { *p = withChecksum(*p, "another body") }),
		badChunk(),
		other("denied by policy", true, post(), func(p *plan) { p.target = "/prod/rides" }).with(func(c *Case) { c.Mount = Require }),
	}
}

// withChecksum adds the CRC32 of a text, as S3's clients send that of the body.
func withChecksum(p plan, of string) plan {
	p.header = p.header.Clone()
	p.header.Set("X-Amz-Checksum-Crc32",
		base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(of)))))
	return p
}

// badChunk is an upload of two chunks, of which the first is not the one that was signed.
func badChunk() refusal {
	upload := func(service string) (*Request, error) { return inChunks(service, 2*chunkBytes, true) }
	return refusal{name: "bad chunk", good: post(), make: func(service string) (*Request, error) {
		q, err := upload(service)
		if err == nil {
			q.body[chunkBytes/2] ^= 1
		}
		return q, err
	}}.with(func(c *Case) {
		c.Chunked = true
		c.Good = func(service string) ([]*Request, error) { return one(upload(service)) }
		c.Floor = func(q *Request) (func(), error) { return reading(q, sha256.New()), nil }
	})
}
