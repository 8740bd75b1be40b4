package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A pathStyle is how a service's clients turn the path into the canonical URI.
type pathStyle string

const (
	pathStrict     pathStyle = "strict"     // encoded once more; for endpoints that refuse empty and dot segments
	pathNormalized pathStyle = "normalized" // empty and dot segments are dropped, then encoded once more
	pathEncoded    pathStyle = "encoded"    // encoded once more
	pathS3         pathStyle = "s3"         // decoded, and encoded once
)

var pathStyles = []pathStyle{pathStrict, pathNormalized, pathEncoded, pathS3}

func (s pathStyle) canonical(path string) string {
	switch s {
	case pathNormalized:
		return encode(normalize(path), "/")
	case pathS3:
		return encode(decode(path, false), "/")
	default:
		return encode(path, "/")
	}
}

// normalize drops empty and dot segments, as RFC 3986, section 5.2.4, with runs of slashes as one.
func normalize(path string) string {
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, segment)
		}
	}
	out := "/" + strings.Join(kept, "/")
	if strings.HasSuffix(path, "/") && out != "/" {
		out += "/"
	}
	return out
}

// canonicalQuery sorts the pairs by encoded name, then by encoded value; what is in without is left
// out.
func canonicalQuery(query string, without ...string) string {
	type pair struct{ k, v string }
	var pairs []pair
	for p := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(p, "=")
		if p == "" || slices.Contains(without, k) {
			continue
		}
		pairs = append(pairs, pair{encode(decode(k, true), ""), encode(decode(v, true), "")})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if c := strings.Compare(a.k, b.k); c != 0 {
			return c
		}
		return strings.Compare(a.v, b.v)
	})
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = p.k + "=" + p.v
	}
	return strings.Join(parts, "&")
}

// canonicalHeaders returns a line for each of the names, which are lower case: values trimmed,
// inner spaces folded, repeats joined by commas.
func canonicalHeaders(fields []field, names []string) string {
	var b strings.Builder
	for _, name := range names {
		var values []string
		for _, f := range fields {
			if strings.EqualFold(f.name, name) {
				values = append(values, strings.Join(strings.FieldsFunc(f.value, isBlank), " "))
			}
		}
		b.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	return b.String()
}

func isBlank(c rune) bool { return c == ' ' || c == '\t' }

// encode is the UriEncode of "Create a canonical request" in the IAM User Guide; the bytes of keep
// stay as they are.
func encode(s, keep string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~"+keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// decode undoes percent-encoding; what is no escape stays.
func decode(s string, plusIsSpace bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b.Write(c)
				i += 2
				continue
			}
		}
		if s[i] == '+' && plusIsSpace {
			b.WriteByte(' ')
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
