package sts

import (
	"strings"
	"unicode"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// The rules of parameters: STS API Reference.
var (
	arnPattern = &awsquery.Pattern{
		Text:  `[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`,
		Match: func(s string) bool { return s != "" && all(s, arnRune) },
	}
	policyPattern = &awsquery.Pattern{
		Text: `[\u0009\u000A\u000D\u0020-\u00FF]+`,
		Match: func(s string) bool {
			return s != "" && all(s, func(r rune) bool { return isSpace(r) || r >= ' ' && r <= 0xff })
		},
	}
	namePattern       = words(`[\w+=,.@-]*`, "+=,.@-")
	externalIDPattern = words(`[\w+=,.@:\/-]*`, "+=,.@:/-")
	serialPattern     = words(`[\w+=/:,.@-]*`, "+=/:,.@-")
	keyIDPattern      = words(`[\w]*`, "")
	codePattern       = &awsquery.Pattern{Text: `[\d]*`, Match: func(s string) bool { return strings.Trim(s, "0123456789") == "" }}
	tagKeyPattern     = &awsquery.Pattern{
		Text: `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`, Match: func(s string) bool { return s != "" && all(s, tagRune) },
	}
	tagValuePattern = &awsquery.Pattern{Text: `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`, Match: func(s string) bool { return all(s, tagRune) }}

	arnRule            = awsquery.Rule{Required: true, MinLength: 20, MaxLength: 2048, Pattern: arnPattern}
	sessionNameRule    = awsquery.Rule{Required: true, MinLength: 2, MaxLength: 64, Pattern: namePattern}
	federatedNameRule  = awsquery.Rule{Required: true, MinLength: 2, MaxLength: 32, Pattern: namePattern}
	sourceIdentityRule = awsquery.Rule{MinLength: 2, MaxLength: 64, Pattern: namePattern}
	externalIDRule     = awsquery.Rule{MinLength: 2, MaxLength: 1224, Pattern: externalIDPattern}
	policyRule         = awsquery.Rule{MinLength: 1, MaxLength: 2048, Pattern: policyPattern}
	policyARNsRule     = awsquery.Rule{MaxLength: maxPolicyARNs}
	roleDurationRule   = awsquery.Rule{Min: 900, Max: 43200}
	userDurationRule   = awsquery.Rule{Min: 900, Max: 129600}
	tagsRule           = awsquery.Rule{MaxLength: iamid.MaxTags}
	tagKeyRule         = awsquery.Rule{Required: true, MinLength: 1, MaxLength: iamid.MaxTagKey, Pattern: tagKeyPattern}
	tagValueRule       = awsquery.Rule{Required: true, MaxLength: iamid.MaxTagValue, Pattern: tagValuePattern}
	tokenSizeRule      = awsquery.Rule{Min: 0, Max: MaxTokenSize}
	serialRule         = awsquery.Rule{MinLength: 9, MaxLength: 256, Pattern: serialPattern}
	codeRule           = awsquery.Rule{MinLength: 6, MaxLength: 6, Pattern: codePattern, Sensitive: true}
	keyIDRule          = awsquery.Rule{Required: true, MinLength: 16, MaxLength: 128, Pattern: keyIDPattern}
	webIdentityRule    = awsquery.Rule{Required: true, MinLength: 4, MaxLength: 20000, Sensitive: true}
	providerRule       = awsquery.Rule{MinLength: 4, MaxLength: 2048}
)

// words returns the pattern of letters, digits, '_' and the bytes of more.
func words(text, more string) *awsquery.Pattern {
	return &awsquery.Pattern{Text: text, Match: func(s string) bool { return iamid.WordOr(s, more) }}
}

func all(s string, is func(rune) bool) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !is(r) }) < 0
}

func isSpace(r rune) bool { return r == '\t' || r == '\n' || r == '\r' }

func arnRune(r rune) bool {
	return isSpace(r) || r >= 0x20 && r <= 0x7e || r == 0x85 || r >= 0xa0 && r <= 0xfffd || r >= 0x10000
}

func tagRune(r rune) bool {
	return unicode.In(r, unicode.L, unicode.Z, unicode.N) || strings.ContainsRune("_.:/=+-@", r)
}

// checkARN returns STS's answer to an ARN that is none.
func checkARN(arn string) error {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 && parts[0] == "arn" && parts[1] != "" && parts[2] != "" && parts[5] != "" {
		return nil
	}
	return &awsquery.Error{Code: "ValidationError", Message: arn + " is invalid"}
}

// invalidValue is for values that are right each by itself.
func invalidValue(message string) error {
	return &awsquery.Error{Code: "InvalidParameterValue", Message: message}
}

// invalid is for values that break a rule which depends on more than the value.
func invalid(message string) error {
	return &awsquery.Error{Code: "ValidationError", Message: message}
}
