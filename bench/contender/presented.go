package contender

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/bench/workload"
)

const (
	dateFormat = "20060102T150405Z"
	clockSkew  = 5 * time.Minute
)

// presented is what a request says of its signature: what whoever verifies by signing again has to
// take apart first.
type presented struct {
	key       workload.Key
	at        time.Time
	headers   []string // lower case
	signature string
	query     url.Values // of a presigned request, without its signature
}

// present reads and checks what can be checked before the signature: form, scope, time, key, and
// that the x-amz headers are signed.
func present(r *http.Request, known map[string]workload.Key, service string) (presented, error) {
	var p presented
	var credential, names, date string
	life := clockSkew
	if text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "); ok {
		for field := range strings.SplitSeq(text, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
			switch name {
			case "Credential":
				credential = value
			case "SignedHeaders":
				names = value
			case "Signature":
				p.signature = value
			}
		}
		date = r.Header.Get("X-Amz-Date")
	} else if p.query = r.URL.Query(); p.query.Get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256" {
		credential, names, date = p.query.Get("X-Amz-Credential"), p.query.Get("X-Amz-SignedHeaders"), p.query.Get("X-Amz-Date")
		p.signature = p.query.Get("X-Amz-Signature")
		p.query.Del("X-Amz-Signature")
		seconds, err := strconv.Atoi(p.query.Get("X-Amz-Expires"))
		if err != nil || seconds < 1 || seconds > 3600 {
			return p, fmt.Errorf("%w: X-Amz-Expires", errRefused)
		}
		life = time.Duration(seconds) * time.Second
	}
	at, err := time.Parse(dateFormat, date)
	if err != nil || p.signature == "" {
		return p, fmt.Errorf("%w: malformed", errRefused)
	}
	if age := workload.Now.Sub(at); age > life || age < -clockSkew {
		return p, fmt.Errorf("%w: expired", errRefused)
	}
	id, scope, _ := strings.Cut(credential, "/")
	if scope != at.Format("20060102")+"/"+workload.Region+"/"+service+"/aws4_request" {
		return p, fmt.Errorf("%w: scope", errRefused)
	}
	key, ok := known[id]
	if !ok || key.Expired() {
		return p, fmt.Errorf("%w: unknown key", errRefused)
	}
	p.key, p.at, p.headers = key, at, strings.Split(names, ";")
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(p.headers, name) {
			return p, fmt.Errorf("%w: unsigned header", errRefused)
		}
	}
	return p, nil
}

// signingAgain returns the check of whoever signs a request again, as sign does, and compares the
// signatures.
func signingAgain(s workload.Setting, sign func(p presented, r *http.Request, digest string) (signature string, err error)) (Check, error) {
	switch {
	case s.Mount != workload.Verify:
		return nil, cannot("it has no middleware")
	case s.Chunked:
		return nil, cannot("it does not sign chunks")
	case s.SigV4A:
		return nil, cannot("no two signatures of ECDSA are the same")
	}
	return func(r *http.Request) error {
		p, err := present(r, s.Known, "execute-api")
		if err != nil {
			return err
		}
		digest, err := bodyDigest(r)
		if err != nil {
			return err
		}
		signature, err := sign(p, r, digest)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(signature), []byte(p.signature)) != 1 {
			return fmt.Errorf("%w: signature", errRefused)
		}
		return nil
	}, nil
}

// unsigned returns a copy of the request as it was before it was signed: with nothing but the
// signed headers.
func (p presented) unsigned(r *http.Request) *http.Request {
	out := &http.Request{Method: r.Method, Host: r.Host, ContentLength: r.ContentLength, Header: make(http.Header, len(p.headers))}
	u := *r.URL
	u.Scheme, u.Host = "http", r.Host
	if p.query != nil {
		u.RawQuery = p.query.Encode()
	}
	out.URL = &u
	if !slices.Contains(p.headers, "content-length") {
		out.ContentLength = 0
	}
	for _, name := range p.headers {
		if name != "host" && name != "content-length" {
			if name = http.CanonicalHeaderKey(name); r.Header[name] != nil {
				out.Header[name] = r.Header[name]
			}
		}
	}
	return out
}
