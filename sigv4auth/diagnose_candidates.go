package sigv4auth

// guard none: this file looks for causes, and refuses nothing.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// candidates adds what is known to go wrong, the likeliest first: of two causes the second is then
// found sooner.
func (x *diagnoser) candidates() {
	x.hosts()
	x.payloads()
	x.methods()
	x.paths()
	x.queries()
	x.headers()
}

// hosts: proxies put the address of the server behind them into Host, or leave a port out. What
// their headers say that it was is believed for nothing but this.
func (x *diagnoser) hosts() {
	r := x.r
	hosts := forwardedValues(r.Header, "X-Forwarded-Host", "X-Original-Host", "X-Host")
	for _, v := range forwardedValues(r.Header, "Forwarded") { // RFC 7239, section 4
		for pair := range strings.SplitSeq(v, ";") {
			if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); strings.EqualFold(name, "host") {
				hosts = append(hosts, strings.Trim(value, `"`))
				break // an element has one, and a hostile one a hundred thousand
			}
		}
	}
	hosts = append(hosts, x.a.hosts...)
	hosts = append(hosts, r.Host)
	ports := slices.DeleteFunc(forwardedValues(r.Header, "X-Forwarded-Port"), func(port string) bool { return len(port) > len("65535") })
	ports = append(ports, "443", "80")
	for _, h := range slices.Clone(hosts) {
		if bare, _, err := net.SplitHostPort(h); err == nil {
			hosts = append(hosts, bare)
		} else {
			for _, port := range ports {
				hosts = append(hosts, h+":"+port)
			}
		}
		hosts = append(hosts, strings.ToLower(h))
	}
	line := x.search.hostLine()
	tried := 0
	for _, h := range hosts {
		if !v4.ValidHost(h) || tried == maxHostsTried {
			continue
		}
		tried++
		x.search.add(line, "host:"+h, diagnosis.Finding{
			Cause:     diagnosis.CauseHost,
			Condition: "Host is " + quoted(h) + ": " + quoted(r.Host) + " arrived",
			Remedy: "let the proxy pass on the Host that the client sent, or say it in Config.Proxies.HostHeader; " +
				"or let the client sign the one that arrives",
		})
	}
}

func (x *diagnoser) methods() {
	try := func(method, remedy string) {
		x.search.add(methodLine, method, diagnosis.Finding{
			Cause:     diagnosis.CauseMethod,
			Condition: "the method is " + quoted(method) + ": " + quoted(x.r.Method) + " arrived",
			Remedy:    remedy,
		})
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		try(method, "let the client sign the method that it sends, and no proxy change it: "+
			"a HEAD made a GET, a redirect that made a POST a GET")
	}
	try(strings.ToLower(x.r.Method), "let the client sign the method in the case in which it sends it")
}

// paths: the path in every style, with and without a slash at its end, with a prefix that a proxy
// took away, and without one that it added.
func (x *diagnoser) paths() {
	t, style := x.t.path, x.a.path
	text := func(path string, style v4.PathStyle) string { return string(v4.AppendPath(nil, path, style)) }
	add := func(text string, cause diagnosis.Cause, condition, remedy string) {
		x.search.add(pathLine, text, diagnosis.Finding{
			Cause:     cause,
			Condition: condition,
			Remedy:    remedy,
		})
	}
	for _, s := range []struct {
		style     v4.PathStyle
		condition string
		remedy    string
	}{
		{
			v4.PathEncoded, "the path is encoded twice, as every service but S3 has it, and not normalised",
			"let the client sign as for Config.Path, or set Config.Path to PathStrict or PathEncoded",
		},
		{
			v4.PathNormalized, "the path is encoded twice and normalised",
			"let the client sign as for Config.Path, or set Config.Path to PathNormalized",
		},
		{
			v4.PathS3, "the path is encoded once, as S3 has it",
			"let the client encode the path twice, as every service but S3 has it, or set Config.Path to PathS3",
		},
	} {
		add(text(t, s.style), diagnosis.CausePathEncoding, s.condition, s.remedy)
	}
	add(t, diagnosis.CausePathEncoding, "the path is signed as it stands on the wire",
		"let the client encode the path as Config.Path says: curl before 8 signs it as it is")
	// A proxy that decodes the path and encodes it again changes which bytes are escaped; signers
	// escape all that are not unreserved.
	add(text(text(t, v4.PathS3), style), diagnosis.CausePathEncoding,
		"the path is escaped as signers do it: other bytes of it were escaped when it arrived",
		"let the proxy pass the path on as it came: nginx does where proxy_pass names no URI")
	// encodeURIComponent of JavaScript leaves these as they are.
	bare := strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(text(t, style))
	add(bare, diagnosis.CausePathEncoding, "the path's !'()* are not encoded",
		"let the client encode all but letters, digits and -._~: Amplify does not, and needs paths without these characters")
	add(text(lowerEscapes(t), style), diagnosis.CausePathEncoding, "the path's escapes are in lower case",
		"let the client write escapes in upper case: what sends the request makes them so after it is signed")

	if trimmed := strings.TrimSuffix(t, "/"); trimmed != "" && trimmed != t {
		add(text(trimmed, style), diagnosis.CauseTrailingSlash, "the path has no slash at its end",
			"let no proxy add a slash, or the client sign the path that it asks for")
	} else if trimmed == t {
		add(text(t+"/", style), diagnosis.CauseTrailingSlash, "the path ends in a slash",
			"let no proxy take the slash away, or the client sign the path that it asks for")
	}

	for _, original := range forwardedValues(x.r.Header,
		"X-Original-Uri", "X-Original-Url", "X-Envoy-Original-Path", "X-Rewrite-Url", "X-Forwarded-Uri") {
		path, _, _ := strings.Cut(original, "?")
		if len(path) <= maxTarget && v4.CheckPath(path) == nil {
			add(text(path, style), diagnosis.CausePathPrefix, "the path is "+quoted(path)+": "+quoted(t)+" arrived",
				"let the proxy pass the path on as it came")
		}
	}
	// The stages that API Gateway's documents use, and what prefixes are mostly called.
	prefixes := append(forwardedValues(x.r.Header, "X-Forwarded-Prefix", "X-Forwarded-Path"),
		"/prod", "/dev", "/test", "/stage", "/staging", "/beta", "/default", "/api", "/v1", "/v2")
	for _, prefix := range prefixes {
		if path := strings.TrimSuffix(prefix, "/") + t; len(path) <= maxTarget && v4.CheckPath(path) == nil {
			add(text(path, style), diagnosis.CausePathPrefix, "the path begins with "+quoted(prefix),
				"let the proxy pass the path on with the prefix, which it took away, or say it in Config.Proxies.PathPrefix")
		}
	}
	if _, rest, ok := strings.Cut(t[1:], "/"); ok {
		add(text("/"+rest, style), diagnosis.CausePathPrefix, "the path is "+quoted("/"+rest)+", without its first segment",
			"let the proxy pass the path on without a prefix of its own, or the client sign with it")
	}
}

// payloads: modes that a signer takes where the request does not say, and the small changes that
// bodies suffer.
func (x *diagnoser) payloads() {
	line := x.search.payloadLine()
	add := func(text string, cause diagnosis.Cause, condition, remedy string) {
		x.search.add(line, text, diagnosis.Finding{
			Cause:     cause,
			Condition: condition,
			Remedy:    remedy,
		})
	}
	digest := func(b []byte) string {
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	const declare = "let the client sign the digest of the body, or declare in X-Amz-Content-Sha256 what it signs"
	add(v4.UnsignedPayload, diagnosis.CausePayloadMode, "the signature leaves the body out ("+v4.UnsignedPayload+")", declare)
	add(v4.EmptyPayload, diagnosis.CausePayloadMode, "the body is empty: the client signed the digest of no bytes",
		"let the client sign after it has set the body; a signer that takes no body, as for presigned URLs, needs to be told the digest")
	if !x.bodyKnown || len(x.body) > maxBodyVariant {
		return
	}
	add(digest(x.body), diagnosis.CausePayloadMode,
		"the signature covers the digest of the body that arrived, not what X-Amz-Content-Sha256 says", declare)
	if len(x.body) == 0 {
		return
	}
	const intact = "let no proxy change the body, or the client sign the bytes that it sends"
	add(digest(bytes.TrimRight(x.body, "\r\n")), diagnosis.CauseBody, "the body has no line end at its end", intact)
	add(digest(append(slices.Clip(x.body), '\n')), diagnosis.CauseBody, "the body ends in a line feed", intact)
	unix := bytes.ReplaceAll(x.body, []byte("\r\n"), []byte("\n"))
	add(digest(unix), diagnosis.CauseBody, "the lines of the body end in a line feed alone", intact)
	add(digest(bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n"))), diagnosis.CauseBody,
		"the lines of the body end in carriage return and line feed", intact)
	add(digest(bytes.TrimPrefix(x.body, []byte("\xef\xbb\xbf"))), diagnosis.CauseBody, "the body has no byte order mark", intact)
}

// lowerEscapes returns s with its escapes in lower case.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) {
			b[i+1], b[i+2] = ascii.Lower(b[i+1]), ascii.Lower(b[i+2])
			i += 2
		}
	}
	return string(b)
}
