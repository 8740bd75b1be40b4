package iampolicy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
)

const allowAll = `"Effect":"Allow","Action":"*","Resource":"*"`

// Every row is a document that must be refused, and the beginning of a mistake that must be named.
func TestParseRefuses(t *testing.T) {
	st := func(members string) string { return document("{" + members + "}") }
	deep := strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40)
	many := func(n int) string { return document(strings.Repeat(`{`+allowAll+`},`, n-1) + `{` + allowAll + `}`) }
	tests := []struct {
		name string
		kind iampolicy.PolicyType
		doc  string
		want string // how some mistake begins, after line and column
	}{
		{
			"threat 149: duplicate key at the top", iampolicy.IdentityPolicy,
			`{"Version":"2012-10-17","Version":"2012-10-17","Statement":{` + allowAll + `}}`, `Version: duplicate key "Version"`,
		},
		{"threat 149: duplicate Effect", iampolicy.IdentityPolicy, st(`"Effect":"Deny",` + allowAll), `Statement[0].Effect: duplicate key "Effect"`},
		{
			"threat 149: duplicate Effect by an escape", iampolicy.IdentityPolicy, st(`"\u0045ffect":"Deny",` + allowAll),
			`Statement[0].Effect: duplicate key "Effect"`,
		},
		{
			"threat 149: duplicate operator", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"Bool":{"a:b":true},"Bool":{"a:c":true}}`), `Statement[0].Condition.Bool: duplicate key "Bool"`,
		},
		{
			"threat 149: condition keys that differ by case", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"Bool":{"a:b":true,"A:B":false}}`),
			`Statement[0].Condition.Bool.A:B: condition key "A:B" is there twice: case does not matter`,
		},
		{
			"threat 149: duplicate among many keys", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"Bool":{` + numbered(30) + `"k7":true}}`), `Statement[0].Condition.Bool.k7: duplicate key "k7"`,
		},
		{
			"threat 150: element in another case", iampolicy.IdentityPolicy, st(`"effect":"Deny",` + allowAll),
			`Statement[0].effect: unknown element "effect"; did you mean "Effect"?`,
		},
		{
			"threat 151: Actions", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Actions":"*","Resource":"*"`),
			`Statement[0].Actions: unknown element "Actions"; did you mean "Action"?`,
		},
		{"threat 151: Conditions", iampolicy.IdentityPolicy, st(allowAll + `,"Conditions":{}`), `Statement[0].Conditions: unknown element "Conditions"`},
		{
			"threat 151: unknown top-level element", iampolicy.IdentityPolicy, `{"Statements":[]}`,
			`Statements: unknown element "Statements"; did you mean "Statement"?`,
		},
		{
			"threat 151: unknown kind of principal", iampolicy.ResourcePolicy, st(allowAll + `,"Principal":{"Aws":"*"}`),
			`Statement[0].Principal.Aws: unknown element "Aws"; did you mean "AWS"?`,
		},
		{"threat 152: missing Effect", iampolicy.IdentityPolicy, st(`"Action":"*","Resource":"*"`), `Statement[0]: Effect is missing`},
		{
			"threat 152: Effect in lower case", iampolicy.IdentityPolicy, st(`"Effect":"allow","Action":"*","Resource":"*"`),
			`Statement[0].Effect: Effect "allow" is neither`,
		},
		{
			"threat 152: misspelt Effect", iampolicy.IdentityPolicy, st(`"Effect":"Dney","Action":"*","Resource":"*"`),
			`Statement[0].Effect: Effect "Dney" is neither`,
		},
		{
			"threat 152: Effect with space", iampolicy.IdentityPolicy, st(`"Effect":"Deny ","Action":"*","Resource":"*"`),
			`Statement[0].Effect: Effect "Deny " is neither`,
		},
		{
			"threat 152: Effect in a list", iampolicy.IdentityPolicy, st(`"Effect":["Deny"],"Action":"*","Resource":"*"`),
			`Statement[0].Effect: Effect is a string, not a list`,
		},
		{"threat 153: missing Action", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Resource":"*"`), `Statement[0]: Action or NotAction is missing`},
		{"threat 153: missing Resource", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*"`), `Statement[0]: Resource or NotResource is missing`},
		{"threat 153: missing Principal", iampolicy.ResourcePolicy, st(allowAll), `Statement[0]: Principal or NotPrincipal is missing`},
		{"threat 153: missing Statement", iampolicy.IdentityPolicy, `{"Version":"2012-10-17"}`, `Statement is missing`},
		{"threat 154: Action and NotAction", iampolicy.IdentityPolicy, st(allowAll + `,"NotAction":"*"`), `Statement[0].NotAction: both Action and NotAction`},
		{
			"threat 154: Resource and NotResource", iampolicy.IdentityPolicy, st(allowAll + `,"NotResource":"*"`),
			`Statement[0].NotResource: both Resource and NotResource`,
		},
		{
			"threat 154: Principal and NotPrincipal", iampolicy.ResourcePolicy,
			st(`"Effect":"Deny","Principal":"*","NotPrincipal":{"AWS":"` + account + `"},"Action":"*","Resource":"*"`),
			`Statement[0].NotPrincipal: both Principal and NotPrincipal`,
		},
		{"threat 155: no statements", iampolicy.IdentityPolicy, document(), `Statement: the list is empty`},
		{"threat 155: empty actions", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":[],"Resource":"*"`), `Statement[0].Action: the list is empty`},
		{
			"threat 155: empty not-resources", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","NotResource":[]`),
			`Statement[0].NotResource: the list is empty`,
		},
		{
			"threat 155: null resource", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":null`),
			`Statement[0].Resource: a string or a list of strings is expected, not null`,
		},
		{
			"threat 155: number for an action", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":["*",7],"Resource":"*"`),
			`Statement[0].Action[1]: a string is expected, not a number`,
		},
		{"threat 155: empty principals", iampolicy.ResourcePolicy, st(allowAll + `,"Principal":{}`), `Statement[0].Principal: the object is empty`},
		{
			"threat 155: empty AWS principals", iampolicy.ResourcePolicy, st(allowAll + `,"Principal":{"AWS":[]}`),
			`Statement[0].Principal.AWS: the list is empty`,
		},
		{"threat 155: empty condition", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{}`), `Statement[0].Condition: Condition is empty`},
		{
			"threat 155: operator without key", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"Bool":{}}`),
			`Statement[0].Condition.Bool: the object is empty`,
		},
		{
			"threat 155: key without values", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"Bool":{"a:b":[]}}`),
			`Statement[0].Condition.Bool.a:b: the list is empty`,
		},
		{
			"threat 155: null condition value", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"StringEquals":{"a:b":null}}`),
			`Statement[0].Condition.StringEquals.a:b: StringEquals may not have null`,
		},
		{
			"threat 155: condition as a list", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":[]`),
			`Statement[0].Condition: Condition is an object, not a list`,
		},
		{
			"threat 155: keys as a list", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"Bool":[]}`),
			`Statement[0].Condition.Bool: an object of condition keys`,
		},
		{
			"threat 155: statement as a string", iampolicy.IdentityPolicy, `{"Statement":"x"}`,
			`Statement: Statement is an object or a list of objects, not a string`,
		},
		{"threat 155: list of lists of statements", iampolicy.IdentityPolicy, document("[]"), `Statement[0]: a statement is an object, not a list`},
		{"threat 155: policy as a list", iampolicy.IdentityPolicy, `[]`, `a policy is an object, not a list`},
		{"threat 155: Sid as a number", iampolicy.IdentityPolicy, st(`"Sid":1,` + allowAll), `Statement[0].Sid: Sid is a string, not a number`},
		{"threat 155: Id as a number", iampolicy.ResourcePolicy, `{"Id":1,"Statement":[]}`, `Id: Id is a string, not a number`},
		{"threat 156: trailing data", iampolicy.IdentityPolicy, st(allowAll) + ` {}`, `text follows`},
		{"threat 156: second document", iampolicy.IdentityPolicy, st(allowAll) + st(allowAll), `text follows`},
		{"threat 156: byte order mark", iampolicy.IdentityPolicy, "\ufeff" + st(allowAll), `the document begins with a byte order mark`},
		{"threat 156: invalid UTF-8", iampolicy.IdentityPolicy, st(`"Sid":"` + "\xff" + `",` + allowAll), `Statement[0].Sid: invalid UTF-8`},
		{"threat 156: lone high surrogate", iampolicy.IdentityPolicy, st(`"Sid":"\ud83d",` + allowAll), `Statement[0].Sid: a lone surrogate`},
		{"threat 156: lone low surrogate", iampolicy.IdentityPolicy, st(`"Sid":"\ude00",` + allowAll), `Statement[0].Sid: a lone surrogate`},
		{"threat 156: high surrogate and a letter", iampolicy.IdentityPolicy, st(`"Sid":"\ud83d\u0041",` + allowAll), `Statement[0].Sid: a lone surrogate`},
		{"threat 156: empty document", iampolicy.IdentityPolicy, ``, `the document ends`},
		{"threat 156: only white space", iampolicy.IdentityPolicy, " \n ", `the document ends`},
		{"threat 156: cut off", iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[{`, `Statement[0]: a key in double quotes is expected`},
		{"threat 156: cut off in a string", iampolicy.IdentityPolicy, `{"Version":"2012`, `Version: the document ends within a string`},
		{"threat 156: cut off in an escape", iampolicy.IdentityPolicy, `{"Version":"\`, `Version: the document ends within a string`},
		{"threat 156: cut off in a unicode escape", iampolicy.IdentityPolicy, `{"Version":"\u00`, `Version: the document ends within a string`},
		{"unknown escape", iampolicy.IdentityPolicy, `{"Version":"\x"}`, `Version: an unknown escape`},
		{"escape without four digits", iampolicy.IdentityPolicy, `{"Version":"\u00g0"}`, `Version: an escape without four`},
		{"line feed in a string", iampolicy.IdentityPolicy, "{\"Version\":\"\n\"}", `Version: a control character`},
		{"comma at the end", iampolicy.IdentityPolicy, `{"Version":"2012-10-17",}`, `a key in double quotes`},
		{"comma at the end of a list", iampolicy.IdentityPolicy, `{"Statement":[{},]}`, `Statement[1]: a value is expected`},
		{"no comma", iampolicy.IdentityPolicy, `{"Version":"2012-10-17" "Statement":[]}`, `a comma or } is expected`},
		{"no comma in a list", iampolicy.IdentityPolicy, `{"Statement":[{} {}]}`, `Statement: a comma or ] is expected`},
		{"no colon", iampolicy.IdentityPolicy, `{"Version" "2012-10-17"}`, `Version: a colon`},
		{"single quotes", iampolicy.IdentityPolicy, `{'Version':'2012-10-17'}`, `a key in double quotes`},
		{"comment", iampolicy.IdentityPolicy, "// a policy\n" + st(allowAll), `a value is expected`},
		{"number with leading zero", iampolicy.IdentityPolicy, `{"Version":01}`, `Version: a number that is not JSON's`},
		{"number without fraction", iampolicy.IdentityPolicy, `{"Version":1.}`, `Version: a number that is not JSON's`},
		{"number without exponent", iampolicy.IdentityPolicy, `{"Version":1e}`, `Version: a number that is not JSON's`},
		{"not a number", iampolicy.IdentityPolicy, `{"Version":NaN}`, `Version: a value is expected`},
		{"threat 157: depth", iampolicy.IdentityPolicy, deep, `[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: nested deeper than 16 levels`},
		{"threat 157: size", iampolicy.IdentityPolicy, st(allowAll) + strings.Repeat(" ", 1<<20), `the document is larger than 1 MiB`},
		{"threat 157: statements", iampolicy.IdentityPolicy, many(1001), `Statement: 1001 statements; a document may have 1,000`},
		{"charset: beyond U+00FF", iampolicy.IdentityPolicy, st(`"Sid":"Ł",` + allowAll), `Statement[0].Sid: a character outside`},
		{"charset: beyond U+00FF by an escape", iampolicy.IdentityPolicy, st(`"Sid":"\u0141",` + allowAll), `Statement[0].Sid: a character outside`},
		{"charset: a pair of surrogates", iampolicy.IdentityPolicy, st(`"Sid":"\ud83d\ude00",` + allowAll), `Statement[0].Sid: a character outside`},
		{"charset: control character by an escape", iampolicy.IdentityPolicy, st(`"Sid":"\u0000",` + allowAll), `Statement[0].Sid: a character outside`},
		{"charset: backspace", iampolicy.IdentityPolicy, st(`"Sid":"\b",` + allowAll), `Statement[0].Sid: a character outside`},
		{
			"threat 158: unknown Version", iampolicy.IdentityPolicy, `{"Version":"2012-10-18","Statement":{` + allowAll + `}}`,
			`Version: "2012-10-18" is no version`,
		},
		{
			"threat 158: Version as a number", iampolicy.IdentityPolicy, `{"Version":2012,"Statement":{` + allowAll + `}}`,
			`Version: Version is a string, not a number`,
		},
		{
			"threat 159: number for Bool", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"Bool":{"a:b":1}}`),
			`Statement[0].Condition.Bool.a:b: Bool may not have a number`,
		},
		{
			"threat 159: boolean for a number", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"NumericEquals":{"a:b":true}}`),
			`Statement[0].Condition.NumericEquals.a:b: NumericEquals may not have a boolean`,
		},
		{
			"threat 159: number for base64", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"BinaryEquals":{"a:b":1234}}`),
			`Statement[0].Condition.BinaryEquals.a:b: BinaryEquals may not have a number`,
		},
		{
			"threat 159: object for a value", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"StringEquals":{"a:b":{}}}`),
			`Statement[0].Condition.StringEquals.a:b: StringEquals may not have an object`,
		},
		{
			"condition key with space", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"StringEquals":{"aws:username ":"x"}}`),
			`Statement[0].Condition.StringEquals.aws:username : "aws:username " is no condition key`,
		},
		{
			"value too long", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"StringEquals":{"a:b":"` + strings.Repeat("x", 4097) + `"}}`),
			`Statement[0].Condition.StringEquals.a:b: a value longer than 4,096 bytes`,
		},
		{
			"action without service", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"Invoke","Resource":"*"`),
			`Statement[0].Action: "Invoke" is no action`,
		},
		{
			"action without service but stars", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"**","Resource":"*"`),
			`Statement[0].Action: "**" is no action`,
		},
		{"action without name", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"s3:","Resource":"*"`), `Statement[0].Action: "s3:" is no action`},
		{
			"action with two colons", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"s3:Get:x","Resource":"*"`),
			`Statement[0].Action: "s3:Get:x" is no action`,
		},
		{
			"action with a space", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"s3:Get Object","Resource":"*"`),
			`Statement[0].Action: "s3:Get Object" is no action`,
		},
		{
			"action with a variable", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"s3:${aws:username}","Resource":"*"`),
			`Statement[0].Action: "s3:${aws:username}" is no action`,
		},
		{
			"threat 167: action too long", iampolicy.IdentityPolicy,
			st(`"Effect":"Allow","Action":"s3:` + strings.Repeat("*a", 150) + `","Resource":"*"`),
			`Statement[0].Action: an action longer than 256`,
		},
		{
			"threat 167: resource too long", iampolicy.IdentityPolicy,
			st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::` + strings.Repeat("x", 2048) + `"`),
			`Statement[0].Resource: a resource longer`,
		},
		{
			"resource that is no ARN", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"photos/*"`),
			`Statement[0].Resource: "photos/*" is neither an ARN nor "*"`,
		},
		{"resource of stars", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"**"`), `Statement[0].Resource: "**" is neither`},
		{
			"short ARN without service", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:aws"`),
			`Statement[0].Resource: "arn:aws" is too short`,
		},
		{
			"short ARN with star for a service and less", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:*"`),
			`Statement[0].Resource: "arn:*" is too short`,
		},
		{
			"short ARN in a session policy", iampolicy.SessionPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3"`),
			`Statement[0].Resource: "arn:aws:s3" has fewer than the six parts`,
		},
		{
			"short form of API Gateway without the option", iampolicy.ResourcePolicy,
			st(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"execute-api:/*"`), `Statement[0].Resource: the short form`,
		},
		{
			"variable before the fifth colon", iampolicy.IdentityPolicy,
			st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3::${aws:PrincipalAccount}:x"`),
			`Statement[0].Resource: a policy variable may stand only after the fifth colon`,
		},
		{
			"variable without end", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username"`),
			`Statement[0].Resource: "${" without "}"`,
		},
		{
			"variable without name", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${}"`),
			`Statement[0].Resource: "" is not the name`,
		},
		{
			"variable within a variable", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${a${b}}"`),
			`Statement[0].Resource: "a${b" is not the name`,
		},
		{
			"default without quotes", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${a:b, x}"`),
			`Statement[0].Resource: a default value of a policy variable is not in single quotes`,
		},
		{
			"default without end", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${a:b, 'x}"`),
			`Statement[0].Resource: a default value of a policy variable does not end`,
		},
		{
			"default with text behind", iampolicy.IdentityPolicy,
			st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${a:b, 'x'y}"`),
			`Statement[0].Resource: a default value of a policy variable does not end`,
		},
		{
			"too many variables", iampolicy.IdentityPolicy,
			st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::` + strings.Repeat("${a:b}", 17) + `"`),
			`Statement[0].Resource: more than 16 policy variables`,
		},
		{
			"threat 160: unknown operator", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"StringMatches":{"a:b":"c"}}`),
			`Statement[0].Condition.StringMatches: unknown operator "StringMatches"`,
		},
		{
			"threat 160: operator in another case", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"stringEquals":{"a:b":"c"}}`),
			`Statement[0].Condition.stringEquals: unknown operator "stringEquals"; did you mean "StringEquals"?`,
		},
		{
			"threat 160: unknown qualifier", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"ForEachValue:StringEquals":{"a:b":"c"}}`),
			`Statement[0].Condition.ForEachValue:StringEquals: unknown operator`,
		},
		{
			"threat 160: qualifier twice", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"ForAnyValue:ForAllValues:StringEquals":{"a:b":"c"}}`),
			`Statement[0].Condition.ForAnyValue:ForAllValues:StringEquals: unknown operator`,
		},
		{
			"threat 160: unknown modifier", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"StringEqualsIfPresent":{"a:b":"c"}}`),
			`Statement[0].Condition.StringEqualsIfPresent: unknown operator`,
		},
		{
			"threat 160: modifier twice", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"StringEqualsIfExistsIfExists":{"a:b":"c"}}`),
			`Statement[0].Condition.StringEqualsIfExistsIfExists: unknown operator`,
		},
		{
			"threat 160: negation that does not exist", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"BoolNotEquals":{"a:b":"true"}}`), `Statement[0].Condition.BoolNotEquals: unknown operator`,
		},
		{
			"threat 160: Null with IfExists", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"NullIfExists":{"a:b":"true"}}`),
			`Statement[0].Condition.NullIfExists: Null has no IfExists`,
		},
		{
			"threat 161: CIDR", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}`),
			`Statement[0].Condition.IpAddress.aws:SourceIp: "10.0.0.0/33" is neither an IP address`,
		},
		{
			"threat 161: address with octal part", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"IpAddress":{"aws:SourceIp":"010.0.0.1"}}`),
			`Statement[0].Condition.IpAddress.aws:SourceIp: "010.0.0.1" is neither`,
		},
		{
			"threat 161: address with zone", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"IpAddress":{"aws:SourceIp":"fe80::1%eth0"}}`),
			`Statement[0].Condition.IpAddress.aws:SourceIp: "fe80::1%eth0" is neither`,
		},
		{
			"threat 161: block with zone", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"IpAddress":{"aws:SourceIp":"fe80::1%eth0/64"}}`),
			`Statement[0].Condition.IpAddress.aws:SourceIp: "fe80::1%eth0/64" is neither`,
		},
		{
			"threat 161: date", iampolicy.IdentityPolicy,
			st(`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2030-02-30"}}`),
			`Statement[0].Condition.DateGreaterThan.aws:CurrentTime: "2030-02-30" is no date`,
		},
		{
			"threat 161: number", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"NumericEquals":{"a:b":"ten"}}`),
			`Statement[0].Condition.NumericEquals.a:b: "ten" is no number`,
		},
		{
			"threat 161: exponent out of range", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"NumericEquals":{"a:b":1e9999999999}}`),
			`Statement[0].Condition.NumericEquals.a:b: "1e9999999999" is no number`,
		},
		{
			"threat 161: ARN", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"ArnLike":{"aws:SourceArn":"*"}}`),
			`Statement[0].Condition.ArnLike.aws:SourceArn: "*" is no ARN`,
		},
		{
			"threat 161: text of six parts that is no ARN", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"ArnLike":{"aws:SourceArn":"a:b:c:d:e:f"}}`),
			`Statement[0].Condition.ArnLike.aws:SourceArn: "a:b:c:d:e:f" is no ARN`,
		},
		{
			"threat 161: base64", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"BinaryEquals":{"a:b":"QQ"}}`),
			`Statement[0].Condition.BinaryEquals.a:b: "QQ" is not base64`,
		},
		{
			"threat 161: base64 with bits that decode to nothing", iampolicy.IdentityPolicy,
			st(allowAll + `,"Condition":{"BinaryEquals":{"a:b":"QR=="}}`), `Statement[0].Condition.BinaryEquals.a:b: "QR==" is not base64`,
		},
		{
			"threat 161: Bool", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"Bool":{"a:b":"yes"}}`),
			`Statement[0].Condition.Bool.a:b: "yes" is neither "true" nor "false"`,
		},
		{
			"threat 161: Null", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"Null":{"a:b":"maybe"}}`),
			`Statement[0].Condition.Null.a:b: "maybe" is neither`,
		},
		{
			"variable in a number", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"NumericEquals":{"a:b":"${a:c}"}}`),
			`Statement[0].Condition.NumericEquals.a:b: NumericEquals takes no policy variables`,
		},
		{
			"variable in a date", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"DateEquals":{"a:b":"${a:c}"}}`),
			`Statement[0].Condition.DateEquals.a:b: DateEquals takes no policy variables`,
		},
		{
			"variable in base64", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"BinaryEquals":{"a:b":"${a:c}"}}`),
			`Statement[0].Condition.BinaryEquals.a:b: BinaryEquals takes no policy variables`,
		},
		{
			"variable in an address", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"IpAddress":{"a:b":"${a:c}"}}`),
			`Statement[0].Condition.IpAddress.a:b: IpAddress takes no policy variables`,
		},
		{
			"variable in Null", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"Null":{"a:b":"${a:c}"}}`),
			`Statement[0].Condition.Null.a:b: Null takes no policy variables`,
		},
		{
			"variable in Bool", iampolicy.IdentityPolicy, st(allowAll + `,"Condition":{"Bool":{"a:b":"${a:c}"}}`),
			`Statement[0].Condition.Bool.a:b: Bool takes no policy variables`,
		},
		{"no kind", 0, st(allowAll), `the kind of policy is none`},
		{"kind that does not exist", iampolicy.TrustPolicy + 1, st(allowAll), `the kind of policy is none`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := iampolicy.Parse([]byte(tt.doc), tt.kind)
			e, ok := errors.AsType[*iampolicy.ParseError](err)
			if !ok || p != nil {
				t.Fatalf("got %v, %v", p, err)
			}
			for _, m := range e.Findings {
				if _, text, _ := strings.Cut(m.Error(), ": "); strings.HasPrefix(text, tt.want) {
					return
				}
			}
			t.Errorf("got %v\nwant %s", err, tt.want)
		})
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":true,`, i)
	}
	return b.String()
}

func TestParseReportsEveryMistakeInTheOrderOfTheDocument(t *testing.T) {
	doc := "{\n" +
		"  \"Statement\": [\n" +
		"    {\"Effect\": \"Alow\", \"Action\": \"Invoke\", \"Resource\": \"*\"},\n" +
		"    {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\",\n" +
		"     \"Condition\": {\"IpAddress\": {\"aws:SourceIp\": [\"10.0.0.0/8\", \"ü\"]}}}\n" +
		"  ],\n" +
		"  \"Version\": \"2013\"\n" +
		"}"
	_, err := iampolicy.Parse([]byte(doc), iampolicy.IdentityPolicy, iampolicy.WithName("rides"))
	e, ok := errors.AsType[*iampolicy.ParseError](err)
	if !ok {
		t.Fatal(err)
	}
	want := []iampolicy.Finding{
		{
			Line: 3, Column: 16, Path: "Statement[0].Effect", Code: iampolicy.CodeInvalidEffect,
			Message: `Effect "Alow" is neither "Allow" nor "Deny", in this case`,
		},
		{
			Line: 3, Column: 34, Path: "Statement[0].Action", Code: iampolicy.CodeInvalidAction,
			Message: `"Invoke" is no action: it needs the form service:name, or "*"`,
		},
		{
			Line: 5, Column: 65, Path: "Statement[1].Condition.IpAddress.aws:SourceIp[1]", Code: iampolicy.CodeInvalidAddress,
			Message: `"ü" is neither an IP address nor a CIDR block`,
		},
		{Line: 7, Column: 14, Path: "Version", Code: iampolicy.CodeInvalidVersion, Message: `"2013" is no version: "2012-10-17" or "2008-10-17"`},
	}
	if diff := cmp.Diff(want, e.Findings); diff != "" {
		t.Error(diff)
	}
	if m, ok := errors.AsType[iampolicy.Finding](err); !ok || m != want[0] {
		t.Errorf("errors.As finds %v", m)
	}
	if text := err.Error(); !strings.HasPrefix(text, `iampolicy: "rides": invalid policy: 3:16: Statement[0].Effect: `) ||
		strings.Count(text, "\n") != 3 {
		t.Error(text)
	}
}

func TestParseNamesThePlaceOfAMistake(t *testing.T) {
	tests := []struct{ name, doc, place string }{
		{"the value that is wrong", "{\n \"Id\": 2, \"Statement\":{}}", "2:8"},
		{"the key that is unknown", "{\"Version\":\n\"2012-10-17\",\r\n\t\"Versio\":1,\"Statement\":{" + allowAll + "}}", "3:2"},
		{"the second of two keys", `{"Version":"2012-10-17","Version":"2012-10-17","Statement":{` + allowAll + `}}`, "1:25"},
		{"the object that lacks something", `{ "Statement": {"Action":"*","Resource":"*"}}`, "1:16"},
		{
			"characters are counted, not bytes",
			`{"Id":"üü",` + "\"Statement\":{\"Sid\":\"é\",\"Effect\":\"Ällow\"," + `"Principal":"*","Action":"*","Resource":"*"}}`, "1:44",
		},
		{"the end of a document that is cut off", "{\n\n", "3:1"},
	}
	for _, tt := range tests {
		_, err := iampolicy.Parse([]byte(tt.doc), iampolicy.ResourcePolicy)
		e, ok := errors.AsType[*iampolicy.ParseError](err)
		if !ok {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if m := e.Findings[0]; fmt.Sprintf("%d:%d", m.Line, m.Column) != tt.place {
			t.Errorf("%s: got %v, want %s", tt.name, m, tt.place)
		}
	}
}

func TestParseBoundsItsMistakes(t *testing.T) {
	_, err := iampolicy.Parse([]byte(document(strings.Repeat(`{},`, 900)+`{}`)), iampolicy.IdentityPolicy)
	if e, ok := errors.AsType[*iampolicy.ParseError](err); !ok || len(e.Findings) != 100 {
		t.Errorf("got %v", err)
	}
}

// Adding a row widens the language; removing one breaks users.
func TestParseAccepts(t *testing.T) {
	tests := []struct {
		name string
		kind iampolicy.PolicyType
		doc  string
	}{
		{"one statement without list", iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":{` + allowAll + `}}`},
		{"no Version", iampolicy.IdentityPolicy, `{"Statement":{` + allowAll + `}}`},
		{"Version 2008-10-17", iampolicy.IdentityPolicy, `{"Version":"2008-10-17","Statement":{` + allowAll + `}}`},
		{"Version last", iampolicy.IdentityPolicy, `{"Statement":{` + allowAll + `},"Version":"2012-10-17"}`},
		{"white space everywhere", iampolicy.IdentityPolicy, "\t{\r\n\"Statement\" : [ {\n" + allowAll + "} ] }\n"},
		{"escapes", iampolicy.IdentityPolicy, `{"\u0053tatement":{"Effect":"\u0041llow","Action":"\u002a","Resource":"arn:aws:s3:::a\"\\\/\n\t\r"}}`},
		{"escapes with letters", iampolicy.IdentityPolicy, document(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::\u00ff\u00Aa\u00Ff"}`)},
		{"Latin-1", iampolicy.IdentityPolicy, document(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::Zürich/ÿ"}`)},
		{"empty Sid", iampolicy.IdentityPolicy, document(`{"Sid":"",`+allowAll+`}`, `{"Sid":"",`+allowAll+`}`)},
		{"Id in a resource policy", iampolicy.ResourcePolicy, `{"Id":"x y","Statement":{"Sid":"any text","Principal":"*",` + allowAll + `}}`},
		{"short ARN", iampolicy.IdentityPolicy, document(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3"}`)},
		{"star in the service of an action", iampolicy.IdentityPolicy, document(`{"Effect":"Allow","Action":"*:Get*","Resource":"*"}`)},
		{
			"numbers and booleans without quotes", iampolicy.IdentityPolicy,
			document(`{` + allowAll +
				`,"Condition":{"NumericLessThan":{"a:b":[-1.5e3,7]},"Bool":{"a:b":true},"Null":{"a:b":false},` +
				`"DateLessThan":{"a:b":1700000000},"StringEquals":{"a:b":[1,true]}}}`),
		},
		{"qualified Null", iampolicy.IdentityPolicy, document(`{` + allowAll + `,"Condition":{"ForAnyValue:Null":{"a:b":"true"}}}`)},
		{"thousand statements", iampolicy.IdentityPolicy, document(strings.Repeat(`{`+allowAll+`},`, 999) + `{` + allowAll + `}`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := iampolicy.Parse([]byte(tt.doc), tt.kind, iampolicy.WithSizeLimits()); err != nil &&
				tt.name != "thousand statements" {
				t.Error(err)
			}
			if _, err := iampolicy.Parse([]byte(tt.doc), tt.kind); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParseKeepsNothingOfTheDocument(t *testing.T) {
	doc := []byte(document(`{"Sid":"one","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`))
	p, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	for i := range doc {
		doc[i] = '*'
	}
	set := &iampolicy.Set{Identity: []*iampolicy.Policy{p}}
	if d := iampolicy.Evaluate(set, request("s3:PutObject", object)); d.Allowed() {
		t.Error("a change of the document's bytes changed the policy")
	}
	if d := iampolicy.Evaluate(set, request("s3:GetObject", object)); !d.Allowed() || d.Sid != "one" {
		t.Errorf("got %+v", d)
	}
}

// Threat 157: what a document of the largest size can cost is bounded. The bound is
// loose, since machines differ; quadratic work would exceed it many times over.
func TestParseOfHostileDocumentsIsQuick(t *testing.T) {
	manyKeys := func(n int) string {
		var operators []string
		for _, qualifier := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			for _, name := range []string{
				"Bool", "BoolIfExists", "StringEquals", "StringLike", "StringEqualsIgnoreCase", "StringEqualsIfExists",
			} {
				operators = append(operators, `"`+qualifier+name+`":{`+numbered(n)+`"b":true}`)
			}
		}
		return document(clean(`,"Condition":{` + strings.Join(operators, ",") + `}`))
	}
	for name, doc := range map[string]string{
		"keys":            `{"Statement":{"Condition":{"Bool":{` + strings.Repeat(`"a":1,`, 100_000) + `"b":1}}}}`,
		"many keys":       manyKeys(990),
		"many conditions": document(strings.Repeat(clean(`,"Condition":{"Bool":{`+numbered(240)+`"b":true}}`)+`,`, 300) + clean("")),
		"many resources": document(strings.Repeat(elem(`"Action":"s3:Get"`,
			`"Resource":["arn:aws:s3:::b`+strings.Repeat(`","arn:aws:s3:::*a*b*c`, 180)+`"]`)+
			`,`,
			150) +
			clean("")),
		"escapes": `{"Version":"` + strings.Repeat(`\u0041`, 170_000) + `"}`,
		"lists":   `{"Statement":[` + strings.Repeat(`[],`, 300_000) + `[]]}`,
		"stars": document(`{"Effect":"Allow","Action":["s3:` + strings.Repeat(`*a`, 120) + `"` +
			strings.Repeat(`,"s3:`+strings.Repeat(`*a`, 120)+`"`, 3000) + `],"Resource":"*"}`),
	} {
		// What compares every part of a document with every other takes minutes for one of these,
		// and ends the test by its time-out.
		t.Logf("%s: %d bytes", name, len(doc))
		_, _ = iampolicy.Parse([]byte(doc), iampolicy.IdentityPolicy)
		_ = validate(t, []byte(doc), iampolicy.IdentityPolicy)
	}
}
