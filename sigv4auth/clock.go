package sigv4auth

import (
	"strconv"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// checkTime refuses a request that was signed too long ago or in the future. Both bounds of the
// window are inclusive. A presigned URL is valid from its date, less the skew, through its date
// plus X-Amz-Expires.
func (a *Authenticator) checkTime(p *authParams, now time.Time) *Error {
	// Dates have whole seconds.
	second, skew := now.Unix(), int64(a.skew/time.Second)
	age, longest := second-p.signedAt.Unix(), skew
	if p.place == InQuery {
		longest = int64(p.expires / time.Second) // guard 88
	}
	if -skew <= age && age <= longest {
		return nil
	}
	code, text := ErrRequestExpired, make([]byte, 0, 160) // of the longest message
	switch {
	case age < -skew:
		code = ErrRequestNotYetCurrent
		text = append(append(append(text, "Signature not yet current: "...), p.date...), " is still later than "...)
		text = append(v4.AppendTime(text, second+skew), " ("...)
		text = appendMinutes(append(v4.AppendTime(text, second), " + "...), a.skew)
		text = append(text, ".)"...)
	case p.place == InQuery:
		text = v4.AppendTime(append(text, "Signature expired: "...), p.signedAt.Unix()+int64(p.expires/time.Second))
		text = v4.AppendTime(append(text, " is now earlier than "...), second)
	default:
		text = append(append(append(text, "Signature expired: "...), p.date...), " is now earlier than "...)
		text = append(v4.AppendTime(text, second-skew), " ("...)
		text = appendMinutes(append(v4.AppendTime(text, second), " - "...), a.skew)
		text = append(text, ".)"...)
	}
	return withDetails(code, string(text), &errorDetails{signedAt: p.signedAt.Unix(), now: second, skew: a.skew, lifetime: p.expires})
}

// appendMinutes spells a window as AWS's messages do.
func appendMinutes(dst []byte, d time.Duration) []byte {
	if d%time.Minute == 0 {
		return append(strconv.AppendInt(dst, int64(d/time.Minute), 10), " min"...)
	}
	return append(strconv.AppendInt(dst, int64(d/time.Second), 10), " sec"...)
}
