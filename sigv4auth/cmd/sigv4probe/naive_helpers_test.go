package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A naive verifier is one as people write it, from the description, with a flaw or without. It is
// in no way fit for use.
type naive struct{ flaw string }

func (n naive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || !n.verify(r, body) {
		if n.flaw == "fails on what it cannot read" && r.Header.Get("Authorization") == "AWS4-HMAC-SHA256" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusForbidden)
	}
}

// A claim is what a request says of its signature.
type claim struct {
	credential, signed, signature, date string
	presigned                           bool
}

func (n naive) claim(r *http.Request) (c claim, ok bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil && n.flaw != "drops parameters it cannot parse" {
		return c, false
	}
	authorization := r.Header.Values("Authorization")
	if query.Has("X-Amz-Credential") || query.Has("X-Amz-Signature") {
		for name := range query {
			if strings.HasPrefix(strings.ToLower(name), "x-amz-") && len(query[name]) > 1 {
				return c, false
			}
		}
		mixed := len(authorization) > 0 && n.flaw != "takes two kinds of credentials"
		if mixed || query.Get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" && n.flaw != "ignores the algorithm" {
			return c, false
		}
		return claim{
			credential: query.Get("X-Amz-Credential"), signed: query.Get("X-Amz-SignedHeaders"),
			signature: query.Get("X-Amz-Signature"), date: query.Get("X-Amz-Date"), presigned: true,
		}, true
	}
	if len(authorization) != 1 || len(r.Header["X-Amz-Date"]) != 1 && n.flaw != "takes the first of two dates" {
		return c, false
	}
	scheme, rest, _ := strings.Cut(authorization[0], " ")
	if scheme != "AWS4-HMAC-SHA256" && (n.flaw != "ignores the algorithm" || !strings.HasPrefix(scheme, "AWS4-HMAC")) {
		return c, false
	}
	c.date = r.Header.Get("X-Amz-Date")
	for field := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch key {
		case "Credential":
			c.credential = value
		case "SignedHeaders":
			c.signed = value
		case "Signature":
			c.signature = value
		}
	}
	return c, true
}

func (n naive) verify(r *http.Request, body []byte) bool {
	c, ok := n.claim(r)
	if !ok {
		return false
	}
	scope := strings.Split(c.credential, "/")
	if n.flaw == "takes any scope" && len(scope) > 5 {
		scope = scope[:5]
	}
	if len(scope) != 5 || scope[0] != accessKey {
		return false
	}
	at, err := time.Parse("20060102T150405Z", c.date)
	if err != nil || scope[1] != c.date[:8] && n.flaw != "does not compare the scope's date" {
		return false
	}
	if n.flaw != "takes any scope" && (scope[2] != "us-east-1" || scope[3] != "execute-api" || scope[4] != "aws4_request") {
		return false
	}
	if !n.timely(c, at, r) {
		return false
	}
	signed := strings.Split(c.signed, ";")
	if !slices.Contains(signed, "host") && n.flaw != "does not ask for host" {
		return false
	}
	if n.flaw != "trusts unsigned x-amz-* headers" {
		for name := range r.Header {
			if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") && !slices.Contains(signed, lower) {
				return false
			}
		}
	}
	if c.presigned && r.Header.Get("X-Amz-Date") != "" {
		return false
	}
	toSign := "AWS4-HMAC-SHA256\n" + c.date + "\n" + strings.Join(strings.Split(c.credential, "/")[1:], "/") + "\n"
	if scheme, _, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && n.flaw == "ignores the algorithm" {
		toSign = strings.Replace(toSign, "AWS4-HMAC-SHA256", scheme, 1)
	} else if a := r.URL.Query().Get("X-Amz-Algorithm"); c.presigned && n.flaw == "ignores the algorithm" {
		toSign = strings.Replace(toSign, "AWS4-HMAC-SHA256", a, 1)
	}
	canonical, ok := n.canonical(r, c, signed, body)
	if !ok {
		return false
	}
	toSign += digest([]byte(canonical))
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(strings.Join(strings.Split(c.credential, "/")[1:], "/"), "/") {
		key = keyed(key, part)
	}
	want := hex.EncodeToString(keyed(key, toSign))
	if n.flaw == "compares as many digits as came" {
		return strings.HasPrefix(want, c.signature)
	}
	return want == c.signature
}

func (n naive) timely(c claim, at time.Time, r *http.Request) bool {
	if n.flaw == "knows no clock" {
		return true
	}
	age := time.Since(at)
	if age < -5*time.Minute && n.flaw != "looks at one side of the clock" {
		return false
	}
	if !c.presigned {
		return age <= 5*time.Minute
	}
	text := r.URL.Query().Get("X-Amz-Expires")
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 1 || seconds > 604800 || text[0] == '+' {
		return false
	}
	return age <= time.Duration(seconds)*time.Second || n.flaw == "ignores expiry"
}

func (n naive) canonical(r *http.Request, c claim, signed []string, body []byte) (string, bool) {
	target, query, _ := strings.Cut(r.RequestURI, "?")
	if strings.HasPrefix(target, "http://") {
		target = "/" + strings.SplitN(target, "/", 4)[3]
	}
	if n.flaw == "folds paths" {
		target = path.Clean(target)
	}
	escaped := escape(target, true)
	if n.flaw == "encodes paths once" {
		escaped = target
	}
	method := r.Method
	if n.flaw == "ignores the method" {
		method = "GET"
	}
	var headers strings.Builder
	for _, name := range signed {
		values := r.Header.Values(name)
		if name == "host" {
			values = []string{r.Host}
		}
		if len(values) == 0 && n.flaw != "takes absent headers for empty" {
			return "", false
		}
		if n.flaw == "takes the first value" {
			values = values[:1]
		}
		var folded []string
		for _, v := range values {
			if n.flaw != "does not fold spaces" {
				v = strings.Join(strings.Fields(v), " ")
			}
			folded = append(folded, v)
		}
		headers.WriteString(name + ":" + strings.Join(folded, ",") + "\n")
	}
	payload := digest(body)
	if declared := r.Header.Get("X-Amz-Content-Sha256"); declared != "" {
		unsigned := n.flaw == "admits unsigned bodies" && declared == "UNSIGNED-PAYLOAD"
		if declared != payload && n.flaw != "believes the digest" && !unsigned {
			return "", false
		}
		payload = declared
	}
	if n.flaw == "skips the body" {
		payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		if r.Method != "GET" && r.Method != "DELETE" && r.Method != "HEAD" && r.Method != "OPTIONS" {
			payload = digest([]byte(`{"check":true}`)) // as a proxy does that remembers the first
		}
	}
	text, ok := n.query(query)
	return strings.Join([]string{method, escaped, text, headers.String(), c.signed, payload}, "\n"), ok
}

func (n naive) query(raw string) (string, bool) {
	var pairs []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		k, err := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if (err != nil || err2 != nil) && n.flaw == "drops parameters it cannot parse" {
			continue
		}
		if err != nil || err2 != nil {
			return "", false
		}
		if pair == "" || k == "X-Amz-Signature" {
			continue
		}
		separator := "="
		if n.flaw != "sorts pairs as text" {
			separator = "\x00"
		}
		pairs = append(pairs, escape(k, false)+separator+escape(v, false))
	}
	slices.Sort(pairs)
	if n.flaw == "ignores the query" {
		return "", true
	}
	if n.flaw == "takes one value of a name" {
		pairs = slices.CompactFunc(pairs, func(a, b string) bool {
			x, _, _ := strings.Cut(a, "\x00")
			y, _, _ := strings.Cut(b, "\x00")
			return x == y
		})
	}
	return strings.ReplaceAll(strings.Join(pairs, "&"), "\x00", "="), true
}

func escape(s string, slash bool) string {
	s = strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	s = strings.ReplaceAll(s, "%7E", "~")
	if slash {
		s = strings.ReplaceAll(s, "%2F", "/")
	}
	return s
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func keyed(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
