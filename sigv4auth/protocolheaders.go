package sigv4auth

import (
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// protocolHeaders are the headers that verification itself reads, found in one pass over all that arrived.
type protocolHeaders struct {
	authorization, host          []string
	amzDate, date                []string
	securityToken, contentSHA256 []string
	contentLength, contentType   []string
	regionSet                    []string

	checksum     string // the key of an X-Amz-Checksum-* header, "" if none
	amz          int    // how many x-amz-* headers arrived
	presignedKey string // a header called like a parameter that only presigned URLs have, "" if none
}

func (p *protocolHeaders) find(h http.Header) {
	for key, values := range h {
		switch key {
		case "Authorization":
			p.authorization = values
		case "Content-Length":
			p.contentLength = values
		case "Content-Type":
			p.contentType = values
		case "Host":
			p.host = values
		case "Date":
			p.date = values
		case "X-Amz-Date":
			p.amzDate = values
			p.amz++
		case "X-Amz-Security-Token":
			p.securityToken = values
			p.amz++
		case "X-Amz-Content-Sha256":
			p.contentSHA256 = values
			p.amz++
		case "X-Amz-Region-Set":
			p.regionSet = values
			p.amz++
		case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Expires", "X-Amz-Signature", "X-Amz-Signedheaders":
			p.presignedKey = key
			p.amz++
		default:
			if isAmz(key) {
				p.amz++
				if strings.HasPrefix(key, checksumKeyPrefix) {
					p.checksum = key
				}
			}
		}
	}
}

// usual returns the headers that the canonical request nearly always holds.
func (p *protocolHeaders) usual() v4.UsualHeaders {
	return v4.UsualHeaders{
		v4.ContentLength:     p.contentLength,
		v4.ContentType:       p.contentType,
		v4.XAmzContentSHA256: p.contentSHA256,
		v4.XAmzDate:          p.amzDate,
		v4.XAmzSecurityToken: p.securityToken,
	}
}

// single returns the only value of a protocol header, "" if it did not arrive. Two would let the verifier
// and the handler read different ones (threats 25 and 27).
func single(name string, values []string) (string, *Error) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		if values[0] == "" {
			return "", malformed("The header %s is empty", name)
		}
		return values[0], nil
	}
	return "", malformed("The header %s arrived more than once", name)
}
