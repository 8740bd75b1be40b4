package userpool

import (
	"strings"
	"unicode"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// What the model of cognito-idp says of members that several operations have.
var (
	clientRule = awsjson.Rule{
		Required: true, Sensitive: true, MinLength: 1, MaxLength: 128,
		Pattern: &awsjson.Pattern{Text: `[\w+]+`, Match: func(s string) bool { return isWord(s, "_+") }},
	}
	usernameRule = awsjson.Rule{
		Required: true, Sensitive: true, MinLength: 1, MaxLength: 128,
		Pattern: &awsjson.Pattern{Text: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, Match: isGraphicText},
	}
	hashRule = awsjson.Rule{
		Sensitive: true, MinLength: 1, MaxLength: 128,
		Pattern: &awsjson.Pattern{Text: `[\w+=/]+`, Match: func(s string) bool { return isWord(s, "_+=/") }},
	}
	secretRule = awsjson.Rule{
		Sensitive: true, MinLength: 1, MaxLength: 64,
		Pattern: &awsjson.Pattern{Text: `[\w+]+`, Match: func(s string) bool { return isWord(s, "_+") }},
	}
	passwordRule = awsjson.Rule{
		Required: true, Sensitive: true, MaxLength: maxPassword,
		Pattern: &awsjson.Pattern{Text: `[\S]+`, Match: func(s string) bool { return s != "" && isSpaceless(s) }},
	}
	codeRule = awsjson.Rule{
		Required: true, Sensitive: true, MinLength: 1, MaxLength: 2048,
		Pattern: &awsjson.Pattern{Text: `[\S]+`, Match: isSpaceless},
	}
	tokenRule = awsjson.Rule{
		Required: true, Sensitive: true,
		Pattern: &awsjson.Pattern{Text: `[A-Za-z0-9-_=.]+`, Match: func(s string) bool { return s != "" && isWord(s, "-_=.") }},
	}
	poolRule = awsjson.Rule{
		Required: true, MinLength: 1, MaxLength: 55,
		Pattern: &awsjson.Pattern{Text: `[\w-]+_[0-9a-zA-Z]+`, Match: isPoolID},
	}
	attributeNameRule = awsjson.Rule{Required: true, MinLength: 1, MaxLength: 32}
	sensitive         = awsjson.Rule{Sensitive: true}
)

func isSpaceless(s string) bool { return !strings.ContainsFunc(s, unicode.IsSpace) }

// isGraphicText: letters, marks, symbols, numbers and punctuation, and no space.
func isGraphicText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P) })
}

func isPoolID(s string) bool {
	cut := strings.LastIndexByte(s, '_')
	return cut > 0 && isWord(s[:cut], "_-") && cut+1 < len(s) && isWord(s[cut+1:], "")
}
