package sigv4auth

import (
	"hash/maphash"
	"strings"
	"time"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// regionSetName is the name of the parameter and of the header that say for which regions a SigV4A
// signature is.
var regionSetName = v4.ParamRegionSet.String()

// maxAmzParams bounds the X-Amz-* parameters.
const maxAmzParams = 50

// queryFields holds, for each parameter of a presigned URL, its index in the query plus one; 0: it
// is not there.
type queryFields struct {
	at       [v4.Params]int
	checksum bool // there is a parameter called like a header with a checksum of the body
}

// credentials reports whether any parameter is there that carries credentials. The other two are
// known so that they do not stand in the header too.
func (f *queryFields) credentials() bool {
	for param, i := range f.at {
		if i > 0 && v4.Param(param) != v4.ParamContentSHA256 && v4.Param(param) != v4.ParamRegionSet {
			return true
		}
	}
	return false
}

// find finds the parameters of a presigned URL. An X-Amz-* parameter that is there twice, also in
// another case, is refused: the verifier and the handler could read different ones (threat 91).
func (f *queryFields) find(q *v4.Query, seed maphash.Seed) *Error {
	var others amzNames
	n := 0
	for i := range q.Len() {
		name, _ := q.Pair(i)
		param := q.Param(i)
		if param == v4.NoParam && !v4.IsAmz(name) {
			continue
		}
		if n++; n > maxAmzParams {
			return malformed("The query holds more than %d X-Amz-* parameters", maxAmzParams)
		}
		if len(name) > maxAmzName {
			return malformed("The query holds an X-Amz-* parameter whose name is longer than %d bytes", maxAmzName)
		}
		switch {
		case param == v4.NoParam:
			if refused := misspelled(name); refused != nil {
				return refused
			}
			if !others.add(q, i, seed) {
				return twiceInQuery(name)
			}
			f.checksum = f.checksum || isChecksum(name)
		case f.at[param] > 0:
			return twiceInQuery(name)
		default:
			f.at[param] = i + 1
		}
	}
	return nil
}

func twiceInQuery(name string) *Error {
	return malformed("The query holds the parameter %s twice", name)
}

// misspelled refuses a parameter that is called like one of a presigned URL in another case.
func misspelled(name string) *Error {
	for param := range v4.Params {
		if known := param.String(); ascii.EqualFold(name, known) {
			return malformed("The query parameter %s must be spelled %s", name, known)
		}
	}
	return nil
}

// amzNames is a set of the names of X-Amz-* parameters, without regard to case. A name is compared
// with those alone that have its hash, which nobody can arrange who does not know the seed: one
// with every other would make the work quadratic (threat 219).
type amzNames [2 * maxAmzParams]struct {
	hash  uint16
	param uint16 // the parameter's index in the query plus one; 0: free
}

// add adds the name of parameter i, of at most maxAmzName bytes, and reports whether it is new.
func (s *amzNames) add(q *v4.Query, i int, seed maphash.Seed) bool {
	name, _ := q.Pair(i)
	var folded [maxAmzName]byte
	for j := range len(name) {
		folded[j] = ascii.Lower(name[j])
	}
	sum := maphash.Bytes(seed, folded[:len(name)])
	hash, at := uint16(sum>>48), sum%uint64(len(s))
	for s[at].param != 0 { // it is never full
		if s[at].hash == hash {
			if other, _ := q.Pair(int(s[at].param) - 1); ascii.EqualFold(other, name) {
				return false
			}
		}
		at = (at + 1) % uint64(len(s))
	}
	s[at].hash, s[at].param = hash, uint16(i+1)
	return true
}

// fromQuery takes the credentials of a presigned URL apart. Such URLs may be valid no longer than
// longest; 0: they are refused. One that does not say how long is valid for unsaid; 0: it is
// refused.
func (p *authParams) fromQuery(
	h *protocolHeaders, fields *queryFields, s *scratch, accepted Algorithms, longest, unsaid time.Duration,
) *Error {
	p.place = InQuery
	if longest == 0 {
		return refusal(ErrNotEnabled, "Presigned URLs are not accepted here; sign with the Authorization header")
	}
	values := s.decode(&fields.at)
	algorithm := values[v4.ParamAlgorithm]
	var known bool
	if p.algorithm, known = accepted.find(algorithm); !known && algorithm != "" {
		return refusal(ErrIncompleteSignature, "Unsupported AWS 'algorithm': '"+forMessage(algorithm)+"'.")
	}
	// One that is there and empty says something, and nothing that is valid.
	unlimited := unsaid > 0 && fields.at[v4.ParamExpires] == 0
	var missing strings.Builder
	for _, f := range [...]v4.Param{
		v4.ParamAlgorithm, v4.ParamCredential, v4.ParamSignature, v4.ParamSignedHeaders, v4.ParamDate, v4.ParamExpires, v4.ParamRegionSet,
	} {
		if f == v4.ParamExpires && unlimited || f == v4.ParamRegionSet && p.algorithm != ecdsaP256 {
			continue
		}
		if values[f] == "" {
			missing.WriteString("AWS query-string parameters must include '" + f.String() + "'. ")
		}
	}
	if missing.Len() > 0 {
		return refusal(ErrIncompleteSignature, missing.String()+"Re-examine the query-string parameters.")
	}
	// One protocol field in two places is ambiguous (threat 27).
	twice := h.presignedKey
	if h.usual[v4.XAmzDate] != nil {
		twice = v4.ParamDate.String()
	}
	if h.usual[v4.XAmzSecurityToken] != nil {
		twice = v4.ParamSecurityToken.String()
	}
	if twice != "" {
		return malformed("%s must not be a header of a presigned request", twice)
	}

	if err := p.takeSignedHeaders(values[v4.ParamSignedHeaders], &s.signed); err != nil {
		return err
	}
	if err := p.parseSignature(values[v4.ParamSignature]); err != nil {
		return err
	}
	if err := p.parseDate(values[v4.ParamDate]); err != nil {
		return err
	}
	if unlimited {
		p.expires = unsaid
	} else if err := p.parseExpires(values[v4.ParamExpires], longest); err != nil {
		return err
	}
	p.regionSet, p.checksumInQuery = values[v4.ParamRegionSet], fields.checksum
	p.token = values[v4.ParamSecurityToken]
	if fields.at[v4.ParamSecurityToken] > 0 && p.token == "" {
		return malformed("X-Amz-Security-Token is empty")
	}
	p.credential, p.escaped = values[v4.ParamCredential], s.query.Escaped(fields.at[v4.ParamCredential]-1)
	var err *Error
	p.contentSHA256, err = single("X-Amz-Content-Sha256", h.usual[v4.XAmzContentSHA256])
	return err
}

// decode returns the decoded values of the parameters that are there, but that of the credential as
// it stands in the query. Those that hold escapes are decoded into one string, the others stand in
// the query as they are.
func (s *scratch) decode(at *[v4.Params]int) (values [v4.Params]string) {
	var ends [v4.Params]int
	decoded := s.buf[:0]
	for f, i := range at {
		if i == 0 {
			continue
		}
		if _, values[f] = s.query.Pair(i - 1); s.query.Escaped(i-1) && v4.Param(f) != v4.ParamCredential {
			decoded = v4.AppendDecoded(decoded, values[f])
			ends[f] = len(decoded)
		}
	}
	if s.buf = decoded; len(decoded) == 0 {
		return values
	}
	text, start := string(decoded), 0
	for f, end := range ends {
		if end > 0 {
			values[f], start = text[start:end], end
		}
	}
	return values
}

// parseExpires accepts 1 to 604800 in plain ASCII digits without a leading zero, and nothing
// else that a number parser might take for a number (threats 83 to 87).
func (p *authParams) parseExpires(s string, longest time.Duration) *Error {
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
		return refusal(ErrIncompleteSignature,
			"X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	if p.expires > longest {
		return refusal(ErrNotEnabled, "X-Amz-Expires is longer than is accepted here")
	}
	return nil
}
