package sigv4client

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// parseOrigin takes an endpoint apart, in the spelling that requests are compared with. problem
// says why it is none.
func parseOrigin(endpoint string) (scheme, host, problem string) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", "", fmt.Sprintf("is not a URL: %q", endpoint)
	}
	// url.Parse has made the scheme lower case.
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Hostname() == "":
		return "", "", fmt.Sprintf("must be a scheme and a host, such as https://api.example.com, not %q", endpoint)
	case u.User != nil:
		return "", "", "must not hold user information" // which may be a password
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", "", fmt.Sprintf("must end behind the host: requests bring their paths themselves; it is %q", endpoint)
	case strings.ContainsAny(u.Host, "*%"):
		return "", "", fmt.Sprintf("must be one host, without wildcards and zones, not %q", u.Host)
	case strings.ContainsFunc(u.Host, func(r rune) bool { return r > '~' }):
		// net/http sends the ASCII form, and that is what has to be signed.
		return "", "", fmt.Sprintf("must be in ASCII: write %q as xn--...", u.Host)
	}
	return u.Scheme, strings.ToLower(withoutDefaultPort(u.Scheme, u.Host)), ""
}

// withoutDefaultPort returns host as browsers and most proxies send it.
func withoutDefaultPort(scheme, host string) string {
	switch scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// signedHost returns the Host header that r is signed for and sent with.
func signedHost(r *http.Request) string {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	return withoutDefaultPort(r.URL.Scheme, host)
}

// sendsTo reports whether r goes to one of the endpoints.
func (t *Transport) sendsTo(u *url.URL) bool {
	scheme := strings.ToLower(u.Scheme)
	return slices.Contains(t.origins, scheme+"://"+strings.ToLower(withoutDefaultPort(scheme, u.Host)))
}

// checkHost refuses a request that is to be signed for a host which is no endpoint's: wherever it
// goes first, that host would accept the signature.
func (t *Transport) checkHost(r *http.Request) error {
	if host := signedHost(r); !slices.Contains(t.hosts, strings.ToLower(host)) {
		return &Error{Reason: ErrOtherHost, Detail: fmt.Sprintf("the Host %q is none of the endpoints", host)}
	}
	return nil
}

func otherHost(u *url.URL) error {
	origin := u.Scheme + "://" + u.Host
	return &Error{Reason: ErrOtherHost, Detail: fmt.Sprintf("%q is none of the endpoints: nothing was signed or sent", origin)}
}
