package iampolicy_test

import (
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

func TestConditions(t *testing.T) {
	const missing, empty = "", "x:v=[]"
	tests := []struct {
		name, operator, values string // values as in the document
		context                string // x:v=..., or "" where the key is missing
		want                   bool
	}{
		{"equal", "StringEquals", `"a"`, "x:v=a", true},
		{"equal to one of several", "StringEquals", `["b","a"]`, "x:v=a", true},
		{"equal to none", "StringEquals", `["b","c"]`, "x:v=a", false},
		{"another case", "StringEquals", `"A"`, "x:v=a", false},
		{"a star is a star in StringEquals", "StringEquals", `"a*"`, "x:v=ab", false},
		{"a star is a star in StringEquals, equal", "StringEquals", `"a*"`, "x:v=a*", true},
		{"an empty value equals an empty text", "StringEquals", `""`, "x:v=", true},
		{"a number without quotes", "StringEquals", `12`, "x:v=12", true},
		{"a number is the text as written", "StringEquals", `1e2`, "x:v=100", false},
		{"a boolean without quotes", "StringEquals", `true`, "x:v=true", true},
		{"missing", "StringEquals", `"a"`, missing, false},
		{"threat 181: missing, negated", "StringNotEquals", `"a"`, missing, true},
		{"threat 181: missing, IfExists", "StringEqualsIfExists", `"a"`, missing, true},
		{"threat 181: missing, negated IfExists", "StringNotEqualsIfExists", `"a"`, missing, true},
		{"present, IfExists", "StringEqualsIfExists", `"a"`, "x:v=b", false},
		{"present, negated IfExists", "StringNotEqualsIfExists", `"a"`, "x:v=a", false},
		{"threat 183: negated is none of the values", "StringNotEquals", `["a","b"]`, "x:v=a", false},
		{"threat 183: negated, none", "StringNotEquals", `["a","b"]`, "x:v=c", true},
		{"folded", "StringEqualsIgnoreCase", `"Straße"`, "x:v=sTRAßE", true},
		{"threat 178: folding is of ASCII", "StringEqualsIgnoreCase", `"É"`, "x:v=é", false},
		{"threat 178: the Kelvin sign", "StringEqualsIgnoreCase", `"k"`, "x:v=\u212a", false},
		{"folded, negated", "StringNotEqualsIgnoreCase", `"A"`, "x:v=a", false},
		{"folded with a variable", "StringEqualsIgnoreCase", `"x-${aws:username}"`, "x:v=X-BOB", true},
		{"a pattern", "StringLike", `"a*c?"`, "x:v=abcd", true},
		{"a pattern over everything", "StringLike", `"*"`, "x:v=", true},
		{"a pattern over colons", "StringLike", `"arn:aws:sns:*:c"`, "x:v=arn:aws:sns:a:b:x:b:c", true},
		{"a pattern, case", "StringLike", `"A*"`, "x:v=abc", false},
		{"a pattern, negated", "StringNotLike", `["x*","a*"]`, "x:v=abc", false},
		{"a pattern, negated, none", "StringNotLike", `["x*","y*"]`, "x:v=abc", true},
		{"a literal star in StringEquals", "StringEquals", `"a${*}"`, "x:v=a*", true},

		{"numbers", "NumericEquals", `10`, "x:v=10.0", true},
		{"numbers in quotes", "NumericEquals", `"10"`, "x:v=1e1", true},
		{"numbers above 2^53", "NumericEquals", `"9007199254740993"`, "x:v=9007199254740992", false},
		{"numbers above 2^53, equal", "NumericEquals", `9007199254740993`, "x:v=9007199254740993", true},
		{"long numbers", "NumericLessThan", `"123456789012345678901234567890.2"`, "x:v=123456789012345678901234567890.1", true},
		{"zeros", "NumericEquals", `0`, "x:v=-0.00", true},
		{"zero with an exponent", "NumericEquals", `0`, "x:v=0e5", true},
		{"tenths", "NumericEquals", `0.3`, "x:v=0.30", true},
		{"a longer fraction", "NumericGreaterThan", `1.2`, "x:v=1.25", true},
		{"a longer fraction in the policy", "NumericLessThan", `1.25`, "x:v=1.2", true},
		{"a longer fraction, negative", "NumericLessThan", `-1.2`, "x:v=-1.25", true},
		{"trailing zeros beyond the point", "NumericEquals", `1200`, "x:v=12e2", true},
		{"threat 187: an exponent that is no number, negated", "NumericNotEquals", `10`, "x:v=1ex", false},
		{"threat 187: an exponent that is missing, negated", "NumericNotEquals", `10`, "x:v=1e", false},
		{"small", "NumericLessThan", `0.01`, "x:v=0.009", true},
		{"small with exponents", "NumericEquals", `1.5e-7`, "x:v=0.00000015", true},
		{"large with exponents", "NumericGreaterThan", `1e400`, "x:v=1e401", true},
		{"negative", "NumericLessThan", `-1`, "x:v=-2", true},
		{"negative and positive", "NumericGreaterThan", `-1`, "x:v=0", true},
		{"negative fractions", "NumericGreaterThan", `-1.5`, "x:v=-1.25", true},
		{"less", "NumericLessThan", `10`, "x:v=9", true},
		{"less, equal", "NumericLessThan", `10`, "x:v=10", false},
		{"less or equal", "NumericLessThanEquals", `10`, "x:v=10", true},
		{"greater, as numbers not texts", "NumericGreaterThan", `9`, "x:v=10", true},
		{"greater or equal", "NumericGreaterThanEquals", `10`, "x:v=10", true},
		{"greater or equal, less", "NumericGreaterThanEquals", `10`, "x:v=9.99", false},
		{"leading zeros and a plus sign", "NumericEquals", `7`, "x:v=+007", true},
		{"number, negated", "NumericNotEquals", `[10,11]`, "x:v=11", false},
		{"number, negated, none", "NumericNotEquals", `[10,11]`, "x:v=12", true},
		{"threat 187: no number", "NumericEquals", `10`, "x:v=ten", false},
		{"threat 187: no number, negated", "NumericNotEquals", `10`, "x:v=ten", false},
		{"threat 187: hexadecimal, negated", "NumericNotEquals", `10`, "x:v=0xa", false},
		{"threat 187: infinite", "NumericGreaterThan", `10`, "x:v=Inf", false},
		{"threat 187: empty, negated", "NumericNotEquals", `10`, "x:v=", false},
		{"threat 187: a sign, negated", "NumericNotEquals", `10`, "x:v=-", false},
		{"threat 187: a point, negated", "NumericNotEquals", `10`, "x:v=.", false},
		{"threat 187: a space, negated", "NumericNotEquals", `10`, "x:v= 7", false},
		{"threat 187: an exponent that is too large, negated", "NumericNotEquals", `10`, "x:v=1e9999999999", false},
		{"threat 181: number missing, negated", "NumericNotEquals", `10`, missing, true},
		{"number missing", "NumericLessThan", `10`, missing, false},
		{"number missing, IfExists", "NumericLessThanIfExists", `10`, missing, true},

		{"dates", "DateEquals", `"2024-02-29T12:00:00Z"`, "x:v=2024-02-29T12:00:00Z", true},
		{"dates in other zones", "DateEquals", `"2024-02-29T12:00:00Z"`, "x:v=2024-02-29T14:30:00+02:30", true},
		{"dates over midnight", "DateEquals", `"2024-03-01T01:00:00Z"`, "x:v=2024-02-29T20:00:00-05:00", true},
		{"a date and its seconds", "DateEquals", `1709208000`, "x:v=2024-02-29T12:00:00Z", true},
		{"seconds and their date", "DateEquals", `"2024-02-29T12:00:00Z"`, "x:v=1709208000", true},
		{"before 1970", "DateLessThan", `"1970-01-01"`, "x:v=-1", true},
		{"a day", "DateGreaterThanEquals", `"2024-02-29"`, "x:v=2024-02-29T00:00:00Z", true},
		{"a month", "DateLessThan", `"2024-03"`, "x:v=2024-02-29T23:59:59Z", true},
		{"a year", "DateEquals", `"2024"`, "x:v=2024-01-01", true},
		{"minutes", "DateEquals", `"2024-01-01T10:30Z"`, "x:v=2024-01-01T10:30:00Z", true},
		{"fractions", "DateGreaterThan", `"2024-01-01T00:00:00.5Z"`, "x:v=2024-01-01T00:00:00.45Z", false},
		{"fractions, equal", "DateEquals", `"2024-01-01T00:00:00.5Z"`, "x:v=2024-01-01T00:00:00.500Z", true},
		{"fractions finer than a clock", "DateLessThan", `"2024-01-01T00:00:00.1000000002Z"`, "x:v=2024-01-01T00:00:00.1000000001Z", true},
		{"less or equal date", "DateLessThanEquals", `"2024-01-01"`, "x:v=2024-01-02", false},
		{"date, negated", "DateNotEquals", `["2024-01-01"]`, "x:v=2024-01-01T00:00:00Z", false},
		{"date missing, negated", "DateNotEquals", `"2024-01-01"`, missing, true},
		{"threat 187: no date, negated", "DateNotEquals", `"2024-01-01"`, "x:v=yesterday", false},
		{"threat 187: a day that is none", "DateNotEquals", `"2024-01-01"`, "x:v=2023-02-29", false},
		{"threat 187: a month that is none", "DateNotEquals", `"2024-01-01"`, "x:v=2023-13-01", false},
		{"threat 187: a time without zone", "DateNotEquals", `"2024-01-01"`, "x:v=2023-01-01T00:00:00", false},
		{"threat 187: a space for T", "DateNotEquals", `"2024-01-01"`, "x:v=2023-01-01 00:00:00Z", false},
		{"threat 187: hour 24", "DateNotEquals", `"2024-01-01"`, "x:v=2023-01-01T24:00:00Z", false},
		{"threat 187: a leap second", "DateNotEquals", `"2024-01-01"`, "x:v=2016-12-31T23:59:60Z", false},
		{"threat 187: a point without fraction", "DateNotEquals", `"2024-01-01"`, "x:v=2023-01-01T00:00:00.Z", false},
		{"threat 187: text behind", "DateNotEquals", `"2024-01-01"`, "x:v=2023-01-01T00:00:00Zulu", false},
		{"threat 187: a zone without colon", "DateNotEquals", `"2024-01-01"`, "x:v=2023-01-01T00:00:00+0100", false},
		{"threat 187: seconds that overflow", "DateNotEquals", `"2024-01-01"`, "x:v=9999999999999999999", false},

		{"true", "Bool", `true`, "x:v=true", true},
		{"true in another case", "Bool", `"TRUE"`, "x:v=True", true},
		{"false", "Bool", `"false"`, "x:v=false", true},
		{"not false", "Bool", `"false"`, "x:v=true", false},
		{"either", "Bool", `["true",false]`, "x:v=false", true},
		{"no boolean", "Bool", `["true","false"]`, "x:v=1", false},
		{"boolean missing", "Bool", `"false"`, missing, false},
		{"boolean missing, IfExists", "BoolIfExists", `"false"`, missing, true},

		{"base64", "BinaryEquals", `"QmluYXJ5"`, "x:v=QmluYXJ5", true},
		{"base64 of other bytes", "BinaryEquals", `"QmluYXJ5"`, "x:v=QmluYXJ6", false},
		{"base64, case", "BinaryEquals", `"QmluYXJ5"`, "x:v=qmluyxj5", false},
		{"base64, one of several", "BinaryEquals", `["QQ==","QmluYXJ5"]`, "x:v=QQ==", true},
		{"base64 without padding", "BinaryEquals", `"QQ=="`, "x:v=QQ", false},
		{"base64 missing", "BinaryEquals", `"QQ=="`, missing, false},

		{"an address in a block", "IpAddress", `"203.0.113.0/24"`, "x:v=203.0.113.7", true},
		{"an address outside", "IpAddress", `"203.0.113.0/24"`, "x:v=203.0.114.7", false},
		{"an address alone", "IpAddress", `"203.0.113.7"`, "x:v=203.0.113.7", true},
		{"threat 188: host bits", "IpAddress", `"203.0.113.7/24"`, "x:v=203.0.113.200", true},
		{"threat 188: everything", "IpAddress", `"0.0.0.0/0"`, "x:v=203.0.113.7", true},
		{"threat 188: everything of the other family", "IpAddress", `"0.0.0.0/0"`, "x:v=2001:db8::1", false},
		{"threat 188: everything of IPv6 is not IPv4", "IpAddress", `"::/0"`, "x:v=203.0.113.7", false},
		{"mixed families", "IpAddress", `["203.0.113.0/24","2001:DB8:1234:5678::/64"]`, "x:v=2001:db8:1234:5678:0:0:0:1", true},
		{"IPv6 is compared as an address", "IpAddress", `"2001:0db8:0:0:0:0:0:1"`, "x:v=2001:db8::1", true},
		{"threat 188: IPv4 in IPv6", "IpAddress", `"203.0.113.0/24"`, "x:v=::ffff:203.0.113.7", true},
		{"threat 188: IPv4 in IPv6 in the policy", "IpAddress", `"::ffff:203.0.113.0/120"`, "x:v=203.0.113.7", true},
		{"address, negated", "NotIpAddress", `["203.0.113.0/24","10.0.0.0/8"]`, "x:v=10.1.1.1", false},
		{"address, negated, none", "NotIpAddress", `["203.0.113.0/24","10.0.0.0/8"]`, "x:v=192.0.2.1", true},
		{"address of the other family, negated", "NotIpAddress", `"203.0.113.0/24"`, "x:v=2001:db8::1", true},
		{"address missing, negated", "NotIpAddress", `"203.0.113.0/24"`, missing, true},
		{"address missing", "IpAddress", `"203.0.113.0/24"`, missing, false},
		{"threat 188: octal", "IpAddress", `"8.0.0.1"`, "x:v=010.0.0.1", false},
		{"threat 187: octal, negated", "NotIpAddress", `"10.0.0.1"`, "x:v=010.0.0.1", false},
		{"threat 188: a zone", "IpAddress", `"fe80::/10"`, "x:v=fe80::1%eth0", false},
		{"threat 187: no address, negated", "NotIpAddress", `"10.0.0.1"`, "x:v=localhost", false},
		{"threat 187: a block as a value, negated", "NotIpAddress", `"10.0.0.1"`, "x:v=192.0.2.0/24", false},
		{"threat 187: an address with a port, negated", "NotIpAddress", `"10.0.0.1"`, "x:v=192.0.2.0:80", false},

		{"ARN", "ArnEquals", `"arn:aws:sns:us-east-1:111122223333:rides"`, "x:v=arn:aws:sns:us-east-1:111122223333:rides", true},
		{"ARN with wildcards", "ArnEquals", `"arn:aws:sns:*:*:r?d*"`, "x:v=arn:aws:sns:us-east-1:111122223333:rides", true},
		{"ArnLike is the same", "ArnLike", `"arn:aws:sns:*:*:r?d*"`, "x:v=arn:aws:sns:us-east-1:111122223333:rides", true},
		{"ARN, case", "ArnEquals", `"arn:aws:sns:*:*:Rides"`, "x:v=arn:aws:sns:us-east-1:111122223333:rides", false},
		{"ARN, colons in the sixth part", "ArnLike", `"arn:aws:sns:*:*:a*"`, "x:v=arn:aws:sns:us-east-1:111122223333:a:b:c", true},
		{"threat 171: ARN, a star stays in its part of six", "ArnLike", `"arn:aws:sns:*:b:c"`, "x:v=arn:aws:sns:a:x:b:c", false},
		{"ARN, a variable in the account", "ArnLike", `"arn:aws:iam::${aws:PrincipalAccount}:role/*"`, "x:v=arn:aws:iam::111122223333:role/Pilot", true},
		{"ARN, one variable for the whole", "ArnEquals", `"${x:arn}"`, "x:v=arn:aws:iam::111122223333:role/Pilot", true},
		{"ARN, a value that breaks out of its part", "ArnLike", `"arn:aws:iam::${x:inject}:role/*"`, "x:v=arn:aws:iam::111122223333:role/Pilot:role/x", false},
		{"ARN, negated", "ArnNotLike", `["arn:aws:sns:*:*:x","arn:aws:sns:*:*:rides"]`, "x:v=arn:aws:sns:us-east-1:111122223333:rides", false},
		{"ARN, negated, none", "ArnNotEquals", `"arn:aws:sns:*:*:x"`, "x:v=arn:aws:sns:us-east-1:111122223333:rides", true},
		{"ARN missing, negated", "ArnNotEquals", `"arn:aws:sns:*:*:x"`, missing, true},
		{"threat 187: no ARN", "ArnLike", `"arn:*:*:*:*:*"`, "x:v=rides", false},
		{"threat 187: no ARN, negated", "ArnNotLike", `"arn:aws:sns:*:*:x"`, "x:v=rides", false},
		{"threat 187: five parts, negated", "ArnNotLike", `"arn:aws:sns:*:*:x"`, "x:v=arn:aws:sns:us-east-1:rides", false},

		{"null", "Null", `"true"`, missing, true},
		{"not null", "Null", `"true"`, "x:v=a", false},
		{"there", "Null", `"false"`, "x:v=a", true},
		{"not there", "Null", `false`, missing, false},
		{"null or there", "Null", `["true","false"]`, missing, true},
		{"threat 186: a present empty string is not null", "Null", `"false"`, "x:v=", true},
		{"threat 186: an empty set is null", "Null", `"false"`, empty, false},
		{"threat 186: an empty set is null, asked so", "Null", `"true"`, empty, true},
		{"a multivalued key is there", "Null", `"false"`, "x:v=[a,b]", true},
		{"a set operator on Null changes nothing", "ForAnyValue:Null", `"true"`, missing, true},
		{"another on Null changes nothing", "ForAllValues:Null", `"true"`, "x:v=[a]", false},

		{"all", "ForAllValues:StringEquals", `["a","b"]`, "x:v=[a,b]", true},
		{"not all", "ForAllValues:StringEquals", `["a","b"]`, "x:v=[a,c]", false},
		{"threat 182: all of nothing", "ForAllValues:StringEquals", `["a","b"]`, missing, true},
		{"threat 182: all of an empty set", "ForAllValues:StringEquals", `["a","b"]`, empty, true},
		{"all of a single value", "ForAllValues:StringEquals", `["a","b"]`, "x:v=a", true},
		{"all of a single value, not", "ForAllValues:StringEquals", `["a","b"]`, "x:v=c", false},
		{"threat 183: all, negated, none matches", "ForAllValues:StringNotEquals", `["a","b"]`, "x:v=[c,d]", true},
		{"threat 183: all, negated, one matches", "ForAllValues:StringNotEquals", `["a","b"]`, "x:v=[c,a]", false},
		{"all, negated, of nothing", "ForAllValues:StringNotEquals", `"a"`, missing, true},
		{"any", "ForAnyValue:StringEquals", `["a","b"]`, "x:v=[c,b]", true},
		{"not any", "ForAnyValue:StringEquals", `["a","b"]`, "x:v=[c,d]", false},
		{"any of nothing", "ForAnyValue:StringEquals", `"a"`, missing, false},
		{"any of an empty set", "ForAnyValue:StringEquals", `"a"`, empty, false},
		{"any of a single value", "ForAnyValue:StringEquals", `"a"`, "x:v=a", true},
		{"threat 183: any, negated, some matches none", "ForAnyValue:StringNotEquals", `["a","b"]`, "x:v=[a,c]", true},
		{"threat 183: any, negated, all match", "ForAnyValue:StringNotEquals", `["a","b"]`, "x:v=[a,b]", false},
		{"any, negated, of nothing", "ForAnyValue:StringNotEquals", `"a"`, missing, false},
		{"any, negated, of an empty set", "ForAnyValue:StringNotEquals", `"a"`, empty, false},
		{"any, IfExists, of nothing", "ForAnyValue:StringEqualsIfExists", `"a"`, missing, true},
		{"any, negated IfExists, of nothing", "ForAnyValue:StringNotEqualsIfExists", `"a"`, missing, true},
		{"any, IfExists, of an empty set", "ForAnyValue:StringEqualsIfExists", `"a"`, empty, false},
		{"all, patterns", "ForAllValues:StringLike", `["a*","b*"]`, "x:v=[ax,bx]", true},
		{"any, addresses", "ForAnyValue:IpAddress", `"10.0.0.0/8"`, "x:v=[192.0.2.1,10.0.0.1]", true},
		{"threat 187: all, one is no number", "ForAllValues:NumericLessThan", `10`, "x:v=[1,two]", false},
		{"threat 187: all, negated, one is no number", "ForAllValues:NumericNotEquals", `10`, "x:v=[1,two]", false},
		{"threat 187: any, negated, the other is a number", "ForAnyValue:NumericNotEquals", `10`, "x:v=[two,1]", true},
		{"threat 187: any, negated, none is a number", "ForAnyValue:NumericNotEquals", `10`, "x:v=[two]", false},
		{"threat 189: a plain operator on many values", "StringEquals", `"a"`, "x:v=[a,b]", false},
		{"threat 189: a plain operator for nothing on many values", "StringEquals", `""`, "x:v=[a,b]", false},
		{"threat 189: a plain operator on a set of one", "StringEquals", `"a"`, "x:v=[a]", false},
		{"threat 189: a plain negated operator on many values", "StringNotEquals", `"z"`, "x:v=[a,b]", false},
		{"threat 189: a plain negated operator on an empty set", "StringNotEquals", `"z"`, empty, false},
		{"threat 189: IfExists on many values", "StringEqualsIfExists", `"a"`, "x:v=[a,b]", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := identity(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"`+tt.operator+`":{"X:V":`+tt.values+`}}}`)
			req := request("s3:GetObject", object)
			fill(&req.Context, "aws:username=bob", "aws:PrincipalAccount="+account,
				"x:arn=arn:aws:iam::111122223333:role/Pilot", "x:inject=111122223333:role/Pilot")
			if tt.context != missing {
				fill(&req.Context, tt.context)
			}
			if d := iampolicy.Evaluate(set, req); d.Allowed() != tt.want {
				t.Errorf("got %v", d.Outcome)
			}
		})
	}
}

// Threat 184: all operators, all keys, any of the values.
func TestConditionsAreJoined(t *testing.T) {
	set := identity(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
		"StringEquals":{"x:a":["1","2"],"X:B":"1"},
		"NumericLessThan":{"x:c":"10"}}}`)
	tests := []struct {
		context []string
		want    bool
	}{
		{[]string{"x:a=1", "x:b=1", "x:c=1"}, true},
		{[]string{"x:a=2", "x:b=1", "x:c=1"}, true},
		{[]string{"x:a=3", "x:b=1", "x:c=1"}, false},
		{[]string{"x:a=1", "x:b=2", "x:c=1"}, false},
		{[]string{"x:a=1", "x:b=1", "x:c=10"}, false},
		{[]string{"x:a=1", "x:b=1"}, false},
		{[]string{"X:A=1", "x:B=1", "X:C=1"}, true}, // threat 185: the case of a key
	}
	for _, tt := range tests {
		req := request("s3:GetObject", object)
		fill(&req.Context, tt.context...)
		if d := iampolicy.Evaluate(set, req); d.Allowed() != tt.want {
			t.Errorf("%q: got %v", tt.context, d.Outcome)
		}
	}
}
