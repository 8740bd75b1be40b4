// Package diagnosis holds what the method Diagnose of an Authenticator finds out about a request
// whose signature does not verify, or whose right signature is refused. It is for operators:
// callers must not see it.
package diagnosis

import (
	"fmt"
	"log/slog"
	"strings"
)

// A Report is what is known of why a request is refused. It is for the operator: it quotes the
// request, and tells what the credential store knows of the access key.
//
// It prints safely, and so does each of its fields: no secret, token, signature or key, presented
// or computed, is in it, and no control character but the line feeds between the lines of
// CanonicalRequest, StringToSign and String. It quotes the values only of headers that by their
// meaning carry no secrets, and of query parameters whose names do not suggest a secret. Paths are
// quoted whole. The zero Report tells nothing.
type Report struct {
	// Refused is why Verify refuses the request: a sigv4auth.Reason, for errors.Is. nil: it admits
	// it. Errors that occur while a streamed body is read are not foreseen.
	Refused error
	// Message is what the client is told, followed by what only the operator may know.
	Message string
	// AccessKeyID is the key that the request names, "" if it names none or a malformed one. Unless
	// Verifies is set, it is a mere claim. One of 32 characters or more that the store does not
	// know is REDACTED: clients put secrets in its place.
	AccessKeyID string
	// Verifies means that the signature was made with the access key's secret, for the request as
	// the findings say that it should be. Where it is not set, the findings are not the whole
	// reason.
	Verifies bool
	// Findings are the causes, all of which apply at once: mostly one.
	Findings []Finding
	// Hint says what it means that no cause was found, and what proxies may have to do with it. It
	// is "" where one was.
	Hint string
	// NotTried says what could not be tried, and why.
	NotTried []string
	// SourceUntold and SchemeUntold are why Config.Proxies does not tell the client's address, or
	// its scheme, "" where it is known. That is no reason for which a signature does not verify,
	// but it may be one for which policies deny.
	SourceUntold, SchemeUntold Untold
	// Notes says both in words, and what to change.
	Notes []string
	// Signatures is how many signatures were computed.
	Signatures int
	// CanonicalRequest and StringToSign are what this server built of the request as it arrived,
	// redacted: a digest of the former is not that in the latter. Both are "" where the request
	// does not get that far.
	CanonicalRequest, StringToSign string
}

// Has reports whether one of the findings is c.
func (d Report) Has(c Cause) bool {
	for _, f := range d.Findings {
		if f.Cause == c {
			return true
		}
	}
	return false
}

// LogValue returns the report as a group for package slog, without the fields that are empty. The
// keys of a second finding, note or thing not tried end in _2, those of a third in _3, and so on,
// since readers of JSON take the last of equal keys. It implements [slog.LogValuer].
func (d Report) LogValue() slog.Value {
	var attrs []slog.Attr
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	if d.Refused != nil {
		add("reason", d.reason())
	}
	add("message", d.Message)
	add("access_key_id", d.AccessKeyID)
	attrs = append(attrs, slog.Bool("verifies", d.Verifies))
	for i, f := range d.Findings {
		add(numbered("cause", i), f.Cause.String())
		add(numbered("if", i), f.Condition)
		add(numbered("remedy", i), f.Remedy)
	}
	add("hint", d.Hint)
	for i, note := range d.Notes {
		add(numbered("note", i), note)
	}
	for i, s := range d.NotTried {
		add(numbered("not_tried", i), s)
	}
	add("canonical_request", d.CanonicalRequest)
	add("string_to_sign", d.StringToSign)
	return slog.GroupValue(attrs...)
}

// numbered returns the key of one of several values.
func numbered(key string, index int) string {
	if index == 0 {
		return key
	}
	return fmt.Sprintf("%s_%d", key, index+1)
}

// String returns the diagnosis as a text of several lines, for a person: what is wrong, what to
// change, and what the server built.
func (d Report) String() string {
	var b strings.Builder
	switch {
	case d.Refused != nil:
		fmt.Fprintf(&b, "refused: %s", d.reason())
		if d.Message != "" {
			fmt.Fprintf(&b, ": %s", d.Message)
		}
		b.WriteByte('\n')
	case d.Verifies:
		b.WriteString("the request verifies as it arrived\n")
	default:
		return "nothing was diagnosed\n"
	}
	if d.AccessKeyID != "" {
		fmt.Fprintf(&b, "access key: %s\n", d.AccessKeyID)
	}
	switch {
	case d.Verifies && len(d.Findings) > 0:
		b.WriteString("the client holds the right secret; the request would verify if\n")
	case len(d.Findings) > 0:
		b.WriteString("also found; correcting these alone does not make the signature verify:\n")
	}
	for _, f := range d.Findings {
		fmt.Fprintf(&b, "- %s [%s]\n  %s\n", f.Condition, string(f.Cause), f.Remedy)
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "%s\n", d.Hint)
	}
	for _, s := range d.Notes {
		fmt.Fprintf(&b, "note: %s\n", s)
	}
	for _, s := range d.NotTried {
		fmt.Fprintf(&b, "not tried: %s\n", s)
	}
	block := func(title, text string) {
		if text == "" {
			return
		}
		fmt.Fprintf(&b, "%s\n", title)
		for line := range strings.SplitSeq(text, "\n") {
			fmt.Fprintf(&b, "  | %s\n", line) // what a request holds never begins a line (threat 214)
		}
	}
	block("the server's canonical request, redacted:", d.CanonicalRequest)
	block("the server's string to sign:", d.StringToSign)
	return b.String()
}

// reason returns the code of Refused, as its String has it.
func (d Report) reason() string {
	if s, ok := d.Refused.(fmt.Stringer); ok {
		return s.String()
	}
	return d.Refused.Error()
}
