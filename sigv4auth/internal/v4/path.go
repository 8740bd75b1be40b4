package v4

import (
	"bytes"
	"errors"
	"strings"
)

// PathStyle selects how the path of the request line becomes the canonical URI.
type PathStyle uint8

const (
	// PathNormalized drops empty and "." segments, resolves "..", and percent-encodes what is left
	// once more.
	PathNormalized PathStyle = iota
	// PathEncoded percent-encodes the path once more, exactly as it came.
	PathEncoded
	// PathS3 takes the path decoded and encoded once.
	PathS3
)

// The faults that [CheckPath] finds besides an [EscapeError].
var (
	ErrPathRelative = errors.New("the path does not begin with a slash")
	ErrPathControl  = errors.New("the path holds a control character")
)

// CheckPath returns nil if raw, a path as it stands on the request line, can be canonicalised: it
// is absolute, each of its escapes is whole, and no byte of it is a control character, raw or
// escaped. Control characters are refused because routers, logs and file systems disagree on them.
func CheckPath(raw string) error {
	if raw == "" || raw[0] != '/' {
		return ErrPathRelative
	}
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if unreserved[c] || c == '/' {
			continue
		}
		if c == '%' {
			var err error
			if c, err = decodeEscape(raw[i:]); err != nil {
				return err
			}
			i += 2
		}
		if c < 0x20 || c == 0x7f {
			return ErrPathControl
		}
	}
	return nil
}

// PlainPath reports whether raw is its own canonical URI in every style: [CheckPath] returns nil
// for it, it is normal, and no byte of it has to be encoded. Of other paths it says nothing.
func PlainPath(raw string) bool {
	if raw == "" || raw[0] != '/' {
		return false
	}
	start := true // of a segment
	for i := 1; i < len(raw); i++ {
		c := raw[i]
		switch {
		case unreserved[c] && (c != '.' || !start): // a dot may begin a dot segment
			start = false
		case c == '/' && !start:
			start = true
		default:
			return false
		}
	}
	return true
}

// NormalPath reports whether normalisation would leave the absolute path raw as it is:
// no empty segment but a trailing one, no "." and no "..". An escaped dot is not a dot here.
func NormalPath(raw string) bool {
	for i := 0; i < len(raw); {
		// raw[i] is a slash.
		segment := raw[i+1:]
		if end := strings.IndexByte(segment, '/'); end >= 0 {
			segment = segment[:end]
		} else if segment == "" {
			return true
		}
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
		i += 1 + len(segment)
	}
	return true
}

// AppendPath appends the canonical URI of raw, for which [CheckPath] must have returned nil.
func AppendPath(dst []byte, raw string, style PathStyle) []byte {
	switch style {
	case PathEncoded:
		return appendPathEncoded(dst, raw) // guard 36
	case PathS3:
		return appendPathDecoded(dst, raw)
	default:
		return appendPathNormalized(dst, raw)
	}
}

func appendPathEncoded(dst []byte, raw string) []byte {
	for i := 0; i < len(raw); i++ {
		if c := raw[i]; unreserved[c] || c == '/' {
			dst = append(dst, c)
		} else {
			dst = appendEscape(dst, c)
		}
	}
	return dst
}

func appendPathNormalized(dst []byte, raw string) []byte {
	start := len(dst)
	for rest, more := raw[1:], true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		switch segment {
		case "", ".":
		case "..":
			// What has been appended holds no slash but those between segments. Above the
			// root there is nothing to remove.
			if i := bytes.LastIndexByte(dst[start:], '/'); i >= 0 {
				dst = dst[:start+i]
			}
		default:
			dst = append(dst, '/')
			dst = AppendEncoded(dst, segment)
		}
	}
	if len(dst) == start || raw[len(raw)-1] == '/' {
		dst = append(dst, '/')
	}
	return dst
}

// appendPathDecoded encodes each byte that the path stands for once. An escaped slash stays
// escaped: otherwise /a%2Fb and /a/b, which name two objects, would have one canonical form.
func appendPathDecoded(dst []byte, raw string) []byte {
	for i := 0; i < len(raw); i++ {
		c, escaped := raw[i], false
		if c == '%' {
			hi, _ := unhex(raw[i+1]) // CheckPath has seen this escape; decodeEscape would keep the path, in its error
			lo, _ := unhex(raw[i+2])
			c, escaped = hi<<4|lo, true
			i += 2
		}
		if unreserved[c] || c == '/' && !escaped {
			dst = append(dst, c)
		} else {
			dst = appendEscape(dst, c)
		}
	}
	return dst
}
