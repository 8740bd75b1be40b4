package directory

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/wildgate/wildgate/iampolicy"
)

// encoded returns a document as IAM tells it: escaped as in a URL (RFC 3986, section 2.1).
func encoded(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// sized returns how many characters a document counts for a quota: those between tokens do not.
func sized(text string) int {
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(text)) != nil {
		return utf8.RuneCountInString(text) // it is refused for that
	}
	return utf8.RuneCount(compact.Bytes())
}

// parsedDocument compiles a document that a request sends.
func parsedDocument(name, text string, as iampolicy.PolicyType) (*document, error) {
	d := newDocument(name, text, as)
	if d.bad != nil {
		return nil, malformedPolicy(text, d.bad)
	}
	return d, nil
}

// trustDocument compiles a trust policy that a request sends, with the IDs of those that it names.
func trustDocument(in known, role, text string) (*document, error) {
	if _, err := parsedDocument(role, text, iampolicy.TrustPolicy); err != nil {
		return nil, err
	}
	if sized(text) > maxTrustPolicy {
		return nil, limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", maxTrustPolicy)
	}
	kept, err := withIDs(in, text)
	if err != nil {
		return nil, err
	}
	return parsedDocument(role, kept, iampolicy.TrustPolicy)
}
