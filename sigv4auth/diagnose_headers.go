package sigv4auth

// guard none: this file looks for causes, and refuses nothing.

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
)

// usualValues are what clients mostly send in headers that proxies rewrite or take away.
var usualValues = map[string][]string{
	"accept": {"*/*", "application/json", "application/json, text/plain, */*"},
	"accept-encoding": {
		"identity", "gzip", "gzip, deflate", "gzip,deflate", "gzip, deflate, br", "gzip, deflate, br, zstd", "gzip, br",
		"br, gzip, deflate", "deflate, gzip", "br,gzip", "*", "",
	},
	"cache-control":     {"no-cache", "max-age=0", "no-store"},
	"connection":        {"keep-alive", "Keep-Alive", "close", "upgrade", "Upgrade", "TE", ""},
	"content-encoding":  {"identity", "gzip", ""},
	"expect":            {"100-continue", "100-Continue"},
	"pragma":            {"no-cache"},
	"te":                {"trailers", "trailers, deflate"},
	"transfer-encoding": {"chunked", "Chunked", "identity"},
	"upgrade":           {"websocket", "h2c"},
	"x-forwarded-port":  {"443", "80"},
	"x-forwarded-proto": {"https", "http"},
}

// headers: the signed headers with the values that they may have had.
func (x *diagnoser) headers() {
	s := &x.search
	s.headers(func(line int, name, value string) {
		absent := slices.Contains(x.missing, name)
		was := func(v string) {
			f := diagnosis.Finding{
				Cause:     diagnosis.CauseHeader,
				Condition: "the signed header " + name + " is " + quoteIfSafe(name, v) + ": " + quoteIfSafe(name, value) + " arrived",
				Remedy: "let no proxy change " + name +
					", or pass on what it was, as Config.Proxies.RestoredHeaders says; or let the client leave it unsigned",
			}
			if absent {
				f.Condition = "the signed header " + name + " arrives, with the value " + quoteIfSafe(name, v)
				f.Remedy = "let no proxy remove " + name + ", or the client leave it unsigned"
			}
			s.add(line, name+":"+v, f)
		}
		for _, v := range usualValues[name] {
			was(v)
		}
		switch name {
		case "host":
			return
		case "x-amz-security-token":
			if absent && !x.credential.SessionToken.IsZero() {
				was(x.credential.SessionToken.Reveal())
			}
			return
		case "content-length":
			if x.bodyKnown {
				was(strconv.Itoa(len(x.body)))
			}
			was("0")
			was("")
		case "content-type":
			if media, _, err := mime.ParseMediaType(value); err == nil {
				was(media)
				for _, charset := range []string{"; charset=utf-8", "; charset=UTF-8", ";charset=utf-8", ";charset=UTF-8"} {
					was(media + charset)
				}
			}
			was("")
		case "user-agent":
			for _, v := range forwardedValues(x.r.Header,
				"X-Amz-User-Agent", "X-Original-User-Agent", "X-Forwarded-User-Agent", "X-Device-User-Agent") {
				was(v)
			}
			was("")
		case "x-forwarded-for", "via":
			// Each proxy appends an element of its own.
			for rest, i := value, 0; i < maxForwardedTried; i++ {
				end := strings.LastIndexByte(rest, ',')
				if end < 0 {
					break
				}
				rest = strings.TrimSpace(rest[:end])
				was(rest)
			}
		case "x-amzn-trace-id":
			// A load balancer puts its own field in front of those that came: "Request tracing" in
			// the user guide of Application Load Balancers.
			if self, rest, ok := strings.Cut(value, ";"); ok && strings.HasPrefix(self, "Self=") {
				was(rest)
			}
		}
		x.spaces(line, name, value)
	})
}

// spaces: white space that the client does not fold as AWS documents it, and lists whose commas
// were was.
func (x *diagnoser) spaces(line int, name, value string) {
	add := func(v, condition, remedy string) {
		if strings.ContainsAny(v, "\r\n") {
			return
		}
		x.search.add(line, name+":"+v, diagnosis.Finding{
			Cause:     diagnosis.CauseHeaderSpace,
			Condition: "the signed header " + name + " " + condition,
			Remedy:    remedy,
		})
	}
	const asDocumented = "let the client trim each value and fold the white space in it to one space before it signs"
	values := x.sent[http.CanonicalHeaderKey(name)]
	add(strings.Join(values, ","), "is signed with its inner white space as it arrived", asDocumented)
	add(strings.Join(strings.Fields(value), ""), "is signed without its inner white space", asDocumented)
	const merged = "let no proxy join or part header lines, or the client send one line"
	if len(values) > 1 {
		add(strings.Join(values, ", "), "is signed with its values joined by a comma and a space",
			"let the client join the values with a comma alone")
		add(values[0], "is signed with its first value alone", merged)
		add(values[len(values)-1], "is signed with its last value alone", merged)
	}
	add(strings.ReplaceAll(value, ", ", ","), "has no space after its commas", merged)
	add(strings.ReplaceAll(strings.ReplaceAll(value, ", ", ","), ",", ", "), "has a space after its commas", merged)
}
