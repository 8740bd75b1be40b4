package sigv4auth

import (
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// The query parameters of a presigned URL: "Query string parameters" in the IAM User Guide's "Authentication methods".
const (
	paramAlgorithm = iota
	paramCredential
	paramSignature
	paramSignedHeaders
	paramDate
	paramExpires
	paramToken
	credentialParams // how many of them carry credentials

	// paramContentSHA256 is signed like any other parameter, and counts for nothing: only the header of this name does. It is
	// known so that it does not stand in both. So is paramRegionSet, which counts for presigned URLs of SigV4A.
	paramContentSHA256 = credentialParams
	paramRegionSet     = paramContentSHA256 + 1
	paramCount         = paramRegionSet + 1

	// regionSetName is the name of the parameter and of the header that say for which regions a SigV4A signature is.
	regionSetName = "X-Amz-Region-Set"
)

var paramNames = [paramCount]string{
	paramAlgorithm:     "X-Amz-Algorithm",
	paramCredential:    "X-Amz-Credential",
	paramSignature:     "X-Amz-Signature",
	paramSignedHeaders: "X-Amz-SignedHeaders",
	paramDate:          "X-Amz-Date",
	paramExpires:       "X-Amz-Expires",
	paramToken:         "X-Amz-Security-Token",
	paramContentSHA256: "X-Amz-Content-Sha256",
	paramRegionSet:     regionSetName,
}

// maxAmzParams bounds the X-Amz-* parameters, each of which is compared with the others.
const maxAmzParams = 50

// queryFields holds, for each parameter of a presigned URL, its index in the query plus one; 0: it is not there.
type queryFields struct {
	at       [paramCount]int
	checksum bool // there is a parameter called like a header with a checksum of the body
}

// credentials reports whether any parameter of a presigned URL is there.
func (f *queryFields) credentials() bool {
	for _, i := range f.at[:credentialParams] {
		if i > 0 {
			return true
		}
	}
	return false
}

// paramOf returns which parameter of a presigned URL name is, to the letter, and paramCount if it is none.
func paramOf(name string) int {
	// Texts of up to 16 bytes are compared in a few instructions: what follows the prefix is one.
	name, ok := strings.CutPrefix(name, "X-Amz-")
	if !ok {
		return paramCount
	}
	switch name {
	case "Algorithm":
		return paramAlgorithm
	case "Credential":
		return paramCredential
	case "Signature":
		return paramSignature
	case "SignedHeaders":
		return paramSignedHeaders
	case "Date":
		return paramDate
	case "Expires":
		return paramExpires
	case "Security-Token":
		return paramToken
	case "Content-Sha256":
		return paramContentSHA256
	case "Region-Set":
		return paramRegionSet
	}
	return paramCount
}

// find finds the parameters of a presigned URL. An X-Amz-* parameter that is there twice, also in another
// case, is refused: the verifier and the handler could read different ones (threat 91).
func (f *queryFields) find(q *v4.Query) *Error {
	var seen [maxAmzParams]uint16 // the indices of the X-Amz-* parameters
	n := 0
	for i := range q.Len() {
		name, _ := q.Pair(i)
		param := paramOf(name)
		if param == paramCount && !isAmz(name) {
			continue
		}
		if n == maxAmzParams {
			return malformed("The query holds more than %d X-Amz-* parameters", maxAmzParams)
		}
		if len(name) > maxAmzName {
			return malformed("The query holds an X-Amz-* parameter whose name is longer than %d bytes", maxAmzName)
		}
		if param == paramCount || f.at[param] > 0 {
			for _, other := range seen[:n] {
				if other, _ := q.Pair(int(other)); equalFoldASCII(other, name) {
					return malformed("The query holds the parameter %s twice", name)
				}
			}
			for _, known := range paramNames {
				if equalFoldASCII(name, known) {
					return malformed("The query parameter %s must be spelled %s", name, known)
				}
			}
			f.checksum = f.checksum || isChecksum(name)
		} else {
			f.at[param] = i + 1
		}
		seen[n] = uint16(i)
		n++
	}
	return nil
}

// fromQuery takes the credentials of a presigned URL apart. Such URLs may be valid no longer than longest; 0: they are refused.
func (p *presented) fromQuery(h *protocolHeaders, fields *queryFields, s *scratch, accepted Algorithms, longest time.Duration) *Error {
	p.place = InQuery
	if longest == 0 {
		return refusal(ErrNotEnabled, "Presigned URLs are not accepted here; sign with the Authorization header")
	}
	values := s.decode(&fields.at)
	algorithm := values[paramAlgorithm]
	var known bool
	if p.algorithm, known = accepted.find(algorithm); !known && algorithm != "" {
		return refusal(ErrIncompleteSignature, "Unsupported AWS 'algorithm': '"+forMessage(algorithm)+"'.")
	}
	var missing strings.Builder
	for _, f := range [...]int{paramAlgorithm, paramCredential, paramSignature, paramSignedHeaders, paramDate, paramExpires, paramRegionSet} {
		if values[f] == "" && (f != paramRegionSet || p.algorithm == ecdsaP256) {
			missing.WriteString("AWS query-string parameters must include '" + paramNames[f] + "'. ")
		}
	}
	if missing.Len() > 0 {
		return refusal(ErrIncompleteSignature, missing.String()+"Re-examine the query-string parameters.")
	}
	// One protocol field in two places is ambiguous (threat 27).
	twice := h.presignedKey
	if h.usual[v4.XAmzDate] != nil {
		twice = paramNames[paramDate]
	}
	if h.usual[v4.XAmzSecurityToken] != nil {
		twice = paramNames[paramToken]
	}
	if twice != "" {
		return malformed("%s must not be a header of a presigned request", twice)
	}

	if err := p.takeSignedHeaders(values[paramSignedHeaders], &s.signed); err != nil {
		return err
	}
	if err := p.parseSignature(values[paramSignature]); err != nil {
		return err
	}
	if err := p.parseDate(values[paramDate]); err != nil {
		return err
	}
	if err := p.parseExpires(values[paramExpires], longest); err != nil {
		return err
	}
	p.regionSet, p.checksumInQuery = values[paramRegionSet], fields.checksum
	p.token = values[paramToken]
	if fields.at[paramToken] > 0 && p.token == "" {
		return malformed("X-Amz-Security-Token is empty")
	}
	p.credential = values[paramCredential]
	var err *Error
	p.contentSHA256, err = single("X-Amz-Content-Sha256", h.usual[v4.XAmzContentSHA256])
	return err
}

// decode returns the decoded values of the parameters that are there. Those that hold escapes are decoded into one string, the others
// stand in the query as they are.
func (s *scratch) decode(at *[paramCount]int) (values [paramCount]string) {
	var ends [paramCount]int
	s.buf = s.buf[:0]
	for f, i := range at {
		if i > 0 {
			if _, values[f] = s.query.Pair(i - 1); s.query.Escaped(i - 1) {
				s.buf = v4.AppendDecoded(s.buf, values[f])
				ends[f] = len(s.buf)
			}
		}
	}
	decoded, start := string(s.buf), 0
	for f, end := range ends {
		if end > 0 {
			values[f], start = decoded[start:end], end
		}
	}
	return values
}

// parseExpires accepts 1 to 604800 in plain ASCII digits without a leading zero, and nothing
// else that a number parser might take for a number (threats 83 to 87).
func (p *presented) parseExpires(s string, longest time.Duration) *Error {
	const maxDigits = 6 // 604800
	seconds := 0
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' || i == maxDigits || seconds == 0 && c == '0' {
			return refusal(ErrIncompleteSignature, "X-Amz-Expires must be a number of seconds from 1 to 604800")
		}
		seconds = seconds*10 + int(c-'0')
	}
	p.expires = time.Duration(seconds) * time.Second
	if p.expires > maxPresignExpiry {
		return refusal(ErrIncompleteSignature, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	if p.expires > longest {
		return refusal(ErrNotEnabled, "X-Amz-Expires is longer than is accepted here")
	}
	return nil
}
