package sigv4auth

import (
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// protocolHeaders are the headers that verification itself reads, found in one pass over all that
// arrived.
type protocolHeaders struct {
	authorization, host []string
	date, regionSet     []string
	usual               v4.CommonHeaders

	checksum     string // the key of an X-Amz-Checksum-* header, "" if none
	amz          int    // how many x-amz-* headers arrived
	presignedKey string // a header called like a parameter that only presigned URLs have, "" if none
}

func (p *protocolHeaders) find(h http.Header) {
	for key, values := range h {
		// Texts of up to 16 bytes are compared in a few instructions: what follows the prefix is
		// one.
		if name, ok := strings.CutPrefix(key, "X-Amz-"); ok {
			p.amz++
			switch name {
			case "Date":
				p.usual[v4.XAmzDate] = values
			case "Security-Token":
				p.usual[v4.XAmzSecurityToken] = values
			case "Content-Sha256":
				p.usual[v4.XAmzContentSHA256] = values
			case "Region-Set":
				p.regionSet = values
			case "Algorithm", "Credential", "Expires", "Signature", "Signedheaders":
				p.presignedKey = key
			default:
				if strings.HasPrefix(key, checksumKeyPrefix) {
					p.checksum = key
				}
			}
			continue
		}
		switch key {
		case "Authorization":
			p.authorization = values
		case "Content-Length":
			p.usual[v4.ContentLength] = values
		case "Content-Type":
			p.usual[v4.ContentType] = values
		case "Host":
			p.host = values
		case "Date":
			p.date = values
		default:
			if isAmz(key) { // guard 17
				p.amz++
			}
		}
	}
}

// single returns the only value of a protocol header, "" if it did not arrive. Two would let the
// verifier and the handler read different ones (threats 25 and 27).
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
