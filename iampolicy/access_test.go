package iampolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// TestCheckNoNewAccess compares statements of identity policies. Where the check
// fails, want is a part of the witness's text; "PASS" and "UNKNOWN: ..." are the
// answer's own.
func TestCheckNoNewAccess(t *testing.T) {
	const (
		rides = `"Resource":"arn:aws:execute-api:*:*:*/*/*/ride"`
		all   = `"Action":"*","Resource":"*"`
		get   = `"Action":"s3:GetObject","Resource":"arn:aws:s3:::rides/*"`
	)
	// belowMapped is IPv6 up to ::fffe:ffff:ffff: what follows is IPv4, and what
	// follows on that is not.
	var belowMapped strings.Builder
	belowMapped.WriteString(`"::/81"`)
	for bits := 82; bits <= 96; bits++ {
		fmt.Fprintf(&belowMapped, `,"::%x:0:0/%d"`, 0xffff&^(1<<(97-bits)-1), bits)
	}
	allow := func(body string) string { return `{"Effect":"Allow",` + body + `}` }
	deny := func(body string) string { return `{"Effect":"Deny",` + body + `}` }
	when := func(body, condition string) string { return allow(body + `,"Condition":{` + condition + `}`) }
	for _, test := range []struct {
		name string
		old  []string
		new  []string
		want string
	}{
		// Actions.
		{"the same statement", []string{allow(get)}, []string{allow(get)}, "PASS"},
		{"nothing new where nothing is allowed", []string{allow(get)}, []string{deny(all)}, "PASS"},
		{"anything is new where nothing was", []string{deny(all)}, []string{allow(get)}, `s3:GetObject on "arn:aws:s3:::rides/x"`},
		{"an action in other case", []string{allow(get)}, []string{allow(`"Action":"S3:getobject","Resource":"arn:aws:s3:::rides/*"`)}, "PASS"},
		{
			"a wider action",
			[]string{allow(`"Action":"execute-api:Invoke",` + rides)},
			[]string{allow(`"Action":"execute-api:*",` + rides)},
			`execute-api:x on "arn:aws:execute-api:us-east-1:111122223333:x/x/x/ride"`,
		},
		{"a narrower action", []string{allow(`"Action":"execute-api:*",` + rides)}, []string{allow(`"Action":"execute-api:Invoke",` + rides)}, "PASS"},
		{
			"two halves of a wildcard",
			[]string{allow(`"Action":["s3:Get*","s3:Put*"],"Resource":"*"`)},
			[]string{allow(`"Action":"s3:?et*","Resource":"*"`)},
			"s3:xet on",
		},
		{"question marks add up", []string{allow(`"Action":"s3:??*","Resource":"*"`)}, []string{allow(`"Action":"s3:?*?","Resource":"*"`)}, "PASS"},
		{"one question mark less", []string{allow(`"Action":"s3:??*","Resource":"*"`)}, []string{allow(`"Action":"s3:?*","Resource":"*"`)}, "s3:x on"},
		{"stars around letters", []string{allow(`"Action":"s3:*a*b*","Resource":"*"`)}, []string{allow(`"Action":"s3:*b*a*b","Resource":"*"`)}, "PASS"},
		{
			"stars around letters in the other order",
			[]string{allow(`"Action":"s3:*a*b*","Resource":"*"`)},
			[]string{allow(`"Action":"s3:*b*a*","Resource":"*"`)},
			"s3:ba on",
		},
		{"NotAction is the rest", []string{allow(`"NotAction":"s3:*","Resource":"*"`)}, []string{allow(`"Action":"sqs:*","Resource":"*"`)}, "PASS"},
		{
			"NotAction is more than one service",
			[]string{allow(`"Action":"sqs:*","Resource":"*"`)},
			[]string{allow(`"NotAction":"s3:*","Resource":"*"`)},
			"x:x on",
		},
		{
			"NotAction and Action are everything",
			[]string{allow(`"NotAction":"s3:*","Resource":"*"`), allow(`"Action":"s3:*","Resource":"*"`)},
			[]string{allow(all)},
			"PASS",
		},
		{
			"one exception less",
			[]string{allow(`"NotAction":["s3:*","iam:*"],"Resource":"*"`)},
			[]string{allow(`"NotAction":"s3:*","Resource":"*"`)},
			"iam:x on",
		},
		{"a star for the service", []string{allow(`"Action":"s3:Get*","Resource":"*"`)}, []string{allow(`"Action":"s*:Get*","Resource":"*"`)}, "s:Get on"},
		{
			"an action with a colon is the second part",
			[]string{allow(`"Action":"*:Get*","Resource":"*"`)},
			[]string{allow(`"Action":"s3:Get*","Resource":"*"`)},
			"PASS",
		},

		// Resources.
		{"a longer path", []string{allow(get)}, []string{allow(`"Action":"s3:GetObject","Resource":"arn:aws:s3:::rides/a/*"`)}, "PASS"},
		{
			"another bucket beside it",
			[]string{allow(get)},
			[]string{allow(`"Action":"s3:GetObject","Resource":["arn:aws:s3:::rides/*","arn:aws:s3:::riders/*"]`)},
			`"arn:aws:s3:::riders/x"`,
		},
		{"the bucket itself", []string{allow(get)}, []string{allow(`"Action":"s3:GetObject","Resource":"arn:aws:s3:::rides*"`)}, `"arn:aws:s3:::rides"`},
		{
			"resources are of their case",
			[]string{allow(get)},
			[]string{allow(`"Action":"s3:GetObject","Resource":"arn:aws:s3:::Rides/*"`)},
			`"arn:aws:s3:::Rides/x"`,
		},
		{
			"a star does not cross the first five colons",
			[]string{allow(`"Action":"*","Resource":"arn:aws:execute-api:*:111122223333:api/*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:execute-api:us-east-1:444455556666:evil/GET/x:111122223333:api/p"`)},
			"444455556666:evil",
		},
		{
			"a star crosses later colons",
			[]string{allow(`"Action":"*","Resource":"arn:aws:logs:*:*:*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:logs:us-east-1:111122223333:log-group:a:*"`)},
			"PASS",
		},
		{
			"a shortened ARN is completed",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:*:*:*"`)},
			"PASS",
		},
		{
			"NotResource is the rest",
			[]string{allow(`"Action":"*","NotResource":"arn:aws:s3:::secret/*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::secret"`)},
			"PASS",
		},
		{
			"NotResource with one exception less",
			[]string{allow(`"Action":"*","NotResource":["arn:aws:s3:::a/*","arn:aws:s3:::b/*"]`)},
			[]string{allow(`"Action":"*","NotResource":"arn:aws:s3:::a/*"`)},
			`"arn:aws:s3:::b/x"`,
		},
		{"what is no ARN", []string{allow(`"Action":"*","Resource":"arn:*:*:*:*:*"`)}, []string{allow(all)}, `on "x"`},
		{
			"any API's rides are not all rides",
			[]string{allow(`"Action":"*","Resource":"arn:aws:execute-api:*:*:*/*/*/ride"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:execute-api:*:*:*/*/ride"`)},
			"x/x/ride",
		},

		// Deny.
		{"a Deny more", []string{allow(all)}, []string{allow(all), deny(get)}, "PASS"},
		{"a Deny less", []string{allow(all), deny(get)}, []string{allow(all)}, `s3:GetObject on "arn:aws:s3:::rides/x"`},
		{
			"a Deny less of what is not allowed",
			[]string{allow(`"Action":"sqs:*","Resource":"*"`), deny(get)},
			[]string{allow(`"Action":"sqs:*","Resource":"*"`)},
			"PASS",
		},
		{
			"a Deny in two halves",
			[]string{allow(all), deny(`"Action":"s3:*","Resource":"*"`)},
			[]string{
				allow(all), deny(`"Action":["s3:*"],"Resource":"arn:aws:s3:::a*"`), deny(`"Action":"s3:*","NotResource":"arn:aws:s3:::a*"`),
			},
			"PASS",
		},
		{
			"a narrower Deny",
			[]string{allow(all), deny(`"Action":"s3:*","Resource":"*"`)},
			[]string{allow(all), deny(`"Action":"s3:Get*","Resource":"*"`)},
			"s3:x on",
		},
		{
			"Deny of NotAction instead of Allow",
			[]string{allow(`"Action":"s3:*","Resource":"*"`)},
			[]string{allow(all), deny(`"NotAction":"s3:*","Resource":"*"`)},
			"PASS",
		},

		// Conditions.
		{"a condition more", []string{allow(all)}, []string{when(all, `"Bool":{"aws:SecureTransport":"true"}`)}, "PASS"},
		{"a condition less", []string{when(all, `"Bool":{"aws:SecureTransport":"true"}`)}, []string{allow(all)}, "x:x on"},
		{
			"Bool of either case",
			[]string{when(all, `"Bool":{"aws:SecureTransport":"true"}`)},
			[]string{when(all, `"StringEqualsIgnoreCase":{"aws:SecureTransport":"TRUE"}`)},
			"PASS",
		},
		{
			"Bool compared as text",
			[]string{when(all, `"StringEquals":{"aws:SecureTransport":"true"}`)},
			[]string{when(all, `"Bool":{"aws:securetransport":"true"}`)},
			`aws:securetransport = "TRUE"`,
		},
		{"both booleans are not all texts", []string{when(all, `"Bool":{"x:b":["true","false"]}`)}, []string{when(all, `"Null":{"x:b":"false"}`)}, `x:b = "x"`},
		{
			"all of IPv4, and of IPv6 all that comes before IPv4 in it",
			[]string{when(all, `"IpAddress":{"aws:SourceIp":["0.0.0.0/0",`+belowMapped.String()+`]}`)},
			[]string{when(all, `"IpAddress":{"aws:SourceIp":["0.0.0.0/0","::/0"]}`)},
			`aws:SourceIp = "::1:0:0:0"`,
		},
		{
			"two halves of a network",
			[]string{when(all, `"IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/9"]}`)},
			[]string{when(all, `"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)},
			"PASS",
		},
		{
			"all but one address of a network",
			[]string{when(all, `"IpAddress":{"aws:SourceIp":["10.0.0.0/31","10.0.0.3"]}`)},
			[]string{when(all, `"IpAddress":{"aws:SourceIp":"10.0.0.0/30"}`)},
			`aws:SourceIp = "10.0.0.2"`,
		},
		{
			"outside of a network",
			[]string{when(all, `"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}`)},
			[]string{when(all, `"NotIpAddress":{"aws:SourceIp":"128.0.0.0/1"}`)},
			"x:x on",
		},
		{
			"NotIpAddress holds of IPv6, too",
			[]string{when(all, `"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}`), when(all, `"Null":{"aws:SourceIp":"true"}`)},
			[]string{when(all, `"NotIpAddress":{"aws:SourceIp":"128.0.0.0/1"}`)},
			`aws:SourceIp = "::"`,
		},
		{
			"an IPv4 network as IPv6",
			[]string{when(all, `"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)},
			[]string{when(all, `"IpAddress":{"aws:SourceIp":"::ffff:10.0.0.0/104"}`)},
			"PASS",
		},
		{
			"the whole of IPv6",
			[]string{when(all, `"IpAddress":{"aws:SourceIp":"::/0"}`)},
			[]string{when(all, `"IpAddress":{"aws:SourceIp":["2001:db8::/32","ffff::"]}`)},
			"PASS",
		},
		{
			"IfExists admits a missing key",
			[]string{when(all, `"StringEquals":{"x:k":"a"}`)},
			[]string{when(all, `"StringEqualsIfExists":{"x:k":"a"}`)},
			"x:x on",
		},
		{
			"IfExists is the key or none",
			[]string{when(all, `"StringEquals":{"x:k":"a"}`), when(all, `"Null":{"x:k":"true"}`)},
			[]string{when(all, `"StringEqualsIfExists":{"x:k":"a"}`)},
			"PASS",
		},
		{
			"a negated operator matches a missing key",
			[]string{when(all, `"StringLike":{"x:k":"?*"}`)},
			[]string{when(all, `"StringNotEquals":{"x:k":""}`)},
			"x:x on",
		},
		{
			"a negated operator and its opposite are single values and none",
			[]string{when(all, `"StringEquals":{"x:k":"a"}`), when(all, `"StringNotEquals":{"x:k":"a"}`)},
			[]string{allow(all)},
			"x:k = []",
		},
		{"values of StringLike", []string{when(all, `"StringLike":{"x:k":"a*"}`)}, []string{when(all, `"StringEquals":{"x:k":["ab","a"]}`)}, "PASS"},
		{
			"StringEquals takes a star as it is",
			[]string{when(all, `"StringEquals":{"x:k":"a*"}`)},
			[]string{when(all, `"StringLike":{"x:k":"a*"}`)},
			`x:k = "a"`,
		},
		{"other case", []string{when(all, `"StringEquals":{"x:k":["a","A"]}`)}, []string{when(all, `"StringEqualsIgnoreCase":{"x:k":"a"}`)}, "PASS"},
		{
			"other case of two letters",
			[]string{when(all, `"StringEquals":{"x:k":["ab","AB"]}`)},
			[]string{when(all, `"StringEqualsIgnoreCase":{"x:k":"ab"}`)},
			`x:k = "Ab"`,
		},
		{
			"key names in other case",
			[]string{when(all, `"StringEquals":{"aws:PrincipalTag/Team":"a"}`)},
			[]string{when(all, `"StringEquals":{"AWS:principaltag/team":"a"}`)},
			"PASS",
		},
		{
			"two conditions are both",
			[]string{when(all, `"StringLike":{"x:k":"a*"}`)},
			[]string{when(all, `"StringLike":{"x:k":"*b","x:j":"c"}`)},
			`x:j = "c", x:k = "b"`,
		},
		{
			"conditions of two keys overlap",
			[]string{when(all, `"StringEquals":{"x:k":"a"}`), when(all, `"StringNotEquals":{"x:k":"a"}`)},
			[]string{when(all, `"StringEquals":{"x:k":["a","b"],"x:j":"c"}`)},
			"PASS",
		},
		{
			"ArnLike by parts",
			[]string{when(all, `"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}`)},
			[]string{when(all, `"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:rides"}`)},
			"PASS",
		},
		{
			"StringLike crosses what ArnLike does not",
			[]string{when(all, `"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}`)},
			[]string{when(all, `"StringLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}`)},
			`aws:SourceArn = "arn:aws:sns::`,
		},
		{
			"ArnNotLike fails for what is no ARN",
			[]string{when(all, `"StringLike":{"x:a":"arn:*"}`), when(all, `"Null":{"x:a":"true"}`)},
			[]string{when(all, `"ArnNotLike":{"x:a":"arn:aws:s3:::a"}`)},
			"PASS",
		},
		{"base64 is text", []string{when(all, `"BinaryEquals":{"x:k":"QQ=="}`)}, []string{when(all, `"StringEquals":{"x:k":"QQ=="}`)}, "PASS"},
		{
			"numbers between numbers",
			[]string{when(all, `"NumericLessThanEquals":{"x:n":"10"}`)},
			[]string{when(all, `"NumericLessThan":{"x:n":"10.5"}`)},
			`x:n = "10.25"`,
		},
		{"equal numbers", []string{when(all, `"NumericEquals":{"x:n":"10"}`)}, []string{when(all, `"NumericEquals":{"x:n":"1e1"}`)}, "PASS"},
		{
			"less or more is not equal",
			[]string{
				when(all, `"NumericLessThan":{"x:n":"1"}`), when(all, `"NumericGreaterThan":{"x:n":"1"}`),
				when(all, `"Null":{"x:n":"true"}`),
			},
			[]string{when(all, `"NumericNotEquals":{"x:n":"1"}`)},
			"PASS",
		},
		{
			"dates in other form",
			[]string{when(all, `"DateLessThan":{"aws:CurrentTime":"2030-01-01"}`)},
			[]string{when(all, `"DateLessThan":{"aws:CurrentTime":"1893456000"}`)},
			"PASS",
		},
		{
			"a later date",
			[]string{when(all, `"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}`)},
			[]string{when(all, `"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00.5Z"}`)},
			`aws:CurrentTime = "2030-01-01T00:00:00Z"`,
		},

		// Set operators.
		{
			"ForAllValues holds of a missing key",
			[]string{when(all, `"ForAnyValue:StringEquals":{"x:k":"a"}`)},
			[]string{when(all, `"ForAllValues:StringEquals":{"x:k":"a"}`)},
			"x:x on",
		},
		{
			"ForAllValues and Null are some",
			[]string{when(all, `"ForAnyValue:StringEquals":{"x:k":"a"}`)},
			[]string{when(all, `"ForAllValues:StringEquals":{"x:k":"a"},"Null":{"x:k":"false"}`)},
			"PASS",
		},
		{
			"any is not all",
			[]string{when(all, `"ForAllValues:StringEquals":{"x:k":"a"}`)},
			[]string{when(all, `"ForAnyValue:StringEquals":{"x:k":"a"}`)},
			`x:k = ["x" "a"]`,
		},
		{
			"two of any",
			[]string{when(all, `"ForAllValues:StringEquals":{"x:k":["a","b"]}`)},
			[]string{when(all, `"ForAnyValue:StringEquals":{"x:k":"a"},"ForAllValues:StringLike":{"x:k":"?"}`)},
			`x:k = ["x" "a"]`,
		},
		{
			"a value of each",
			[]string{when(all, `"ForAllValues:StringLike":{"x:k":"a*"}`), when(all, `"ForAllValues:StringLike":{"x:k":"*b"}`)},
			[]string{when(all, `"ForAllValues:StringLike":{"x:k":["a*","*b"]}`)},
			"x:k = [",
		},
		{"none of them is not any", []string{allow(all)}, []string{when(all, `"ForAllValues:StringNotEquals":{"x:k":"a"}`)}, "PASS"},
		{
			"none of them, or any",
			[]string{when(all, `"ForAllValues:StringNotEquals":{"x:k":"a"}`), when(all, `"ForAnyValue:StringEquals":{"x:k":"a"}`)},
			[]string{allow(all)},
			"PASS",
		},
		{
			"two of any, and none of a third",
			[]string{deny(all)},
			[]string{
				when(all, `"ForAnyValue:StringEquals":{"x:k":"a"},"ForAnyValue:StringLike":{"x:k":"b*"}`),
				`{"Effect":"Deny",` + all + `,"Condition":{"ForAnyValue:StringEquals":{"x:k":["b","bx"]}}}`,
			},
			"x:k = [",
		},
		{
			"a plain operator on several values",
			[]string{when(all, `"StringEquals":{"x:k":"a"}`)},
			[]string{when(all, `"ForAnyValue:StringEquals":{"x:k":"a"}`)},
			"x:k = [",
		},

		// Policy variables.
		{
			"the same variable",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`)},
			[]string{allow(`"Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*"`)},
			"PASS",
		},
		{
			"a variable instead of a star",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`)},
			"PASS",
		},
		{
			"a star instead of a variable",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/*"`)},
			`"arn:aws:s3:::home/x"`,
		},
		{
			"a longer path behind a variable",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/rides/*"`)},
			"PASS",
		},
		{
			"a shorter path behind a variable",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/rides/*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"`)},
			`"arn:aws:s3:::home/witness1/x", aws:username = "witness1"`,
		},
		{
			"another variable",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:userid}"`)},
			`"arn:aws:s3:::home/witness1", aws:userid = "witness1"`,
		},
		{
			"a variable is not a question mark",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/?"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}"`)},
			`"arn:aws:s3:::home/witness1"`,
		},
		{
			"a variable in NotResource",
			[]string{allow(`"Action":"*","NotResource":"arn:aws:s3:::home/${aws:username}"`)},
			[]string{allow(`"Action":"s3:*","NotResource":"arn:aws:s3:::home/${aws:username}"`)},
			"PASS",
		},
		{
			"a variable in a condition",
			[]string{when(all, `"StringEquals":{"x:owner":"${aws:username}"}`)},
			[]string{when(all, `"StringEquals":{"x:owner":"${aws:username}"},"Bool":{"x:b":"true"}`)},
			"PASS",
		},
		{
			"a variable in a condition without it",
			[]string{when(all, `"StringEquals":{"x:owner":"${aws:username}"}`)},
			[]string{when(all, `"StringLike":{"x:owner":"a*"}`)},
			`x:owner = "a"`,
		},
		{
			"escapes are characters",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::a${*}"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::a*"`)},
			`"arn:aws:s3:::a"`,
		},
		{
			"a star holds its escape",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::a*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::a${*}"`)},
			"PASS",
		},
		{
			"two variables in a row",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${x:a}*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${x:a}${x:b}"`)},
			"PASS",
		},

		{
			"a variable that has one value",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}"`)},
			[]string{when(`"Action":"*","Resource":"arn:aws:s3:::home/bob"`, `"StringEquals":{"aws:username":"bob"}`)},
			"PASS",
		},
		{
			"a variable that has two values",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}"`)},
			[]string{when(`"Action":"*","Resource":"arn:aws:s3:::home/bob"`, `"StringEquals":{"aws:username":["bob","eve"]}`)},
			`"arn:aws:s3:::home/bob", aws:username = "eve"`,
		},
		{
			"a variable that a condition leaves empty",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username, 'bob'}"`)},
			[]string{when(`"Action":"*","Resource":"arn:aws:s3:::home/bob"`, `"StringEquals":{"aws:username":""}`)},
			"PASS",
		},

		{
			"a variable with a colon in a part of an ARN",
			[]string{when(all, `"ArnLike":{"x:a":"arn:aws:${x:t}::1:r"}`)},
			[]string{when(all, `"StringEquals":{"x:t":"s3:us"},"ArnEquals":{"x:a":"arn:aws:s3:us::1:r"}`)},
			`x:t = "s3:us"`,
		},

		{
			"a variable in a part of an ARN",
			[]string{when(all, `"ArnLike":{"x:a":"arn:aws:iam::*:role/*"}`)},
			[]string{when(all, `"ArnLike":{"x:a":"arn:aws:iam::${aws:PrincipalAccount}:role/r"}`)},
			"PASS",
		},
		{
			"a variable in a part of an ARN, as text",
			[]string{when(all, `"StringLike":{"x:a":"arn:aws:iam::${x:t}:role/*"}`)},
			[]string{when(all, `"ArnLike":{"x:a":"arn:aws:iam::${x:t}:role/r"}`)},
			"PASS",
		},
		{
			"a variable that stands for a whole ARN",
			[]string{deny(all)},
			[]string{when(all, `"ArnEquals":{"x:a":"${x:t}"}`)},
			`x:t = "arn:aws:iam::111122223333:user/witness", x:a = "arn:aws:iam::111122223333:user/witness"`,
		},
		{
			"a variable whose value is some ARN",
			[]string{deny(all)},
			[]string{when(all, `"StringEquals":{"x:a":"${x:t}"},"ArnNotLike":{"x:a":"arn:aws:s3:::a"}`)},
			`x:a = "arn:aws:iam::111122223333:user/witness"`,
		},
		{
			"the value that another resource asks for",
			[]string{allow(all), deny(`"Action":"*","Resource":"arn:aws:s3:::home/bob/*"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${x:t}/*"`)},
			`x:t = "bob"`,
		},
		{
			"the value that an exception asks for",
			[]string{allow(`"Action":"*","NotResource":"arn:aws:s3:::${x:t}"`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::q"`)},
			`x:t = "q"`,
		},
		{
			"the value that another condition asks for",
			[]string{when(all, `"StringNotEquals":{"x:k":"${x:t}"}`)},
			[]string{when(all, `"StringEquals":{"x:k":"q"}`)},
			`x:t = "q"`,
		},
		{
			"a variable over more parts than a star",
			[]string{when(all, `"ArnLike":{"x:a":"arn:*:s3:::r"}`)},
			[]string{when(all, `"StringLike":{"x:a":"arn:${x:t}:s3:::r"}`)},
			`x:t = "arn:aws:iam::111122223333:user/witness"`,
		},
		{
			"a variable over more parts than one",
			[]string{when(all, `"ArnLike":{"x:a":"arn:aws:iam::${x:t}:role/r"}`)},
			[]string{when(all, `"StringLike":{"x:a":"arn:aws:iam::${x:t}:role/r"}`)},
			`x:t = "arn:aws:iam::111122223333:user/witness"`,
		},
		{
			"one of several values is the variable's",
			[]string{deny(all)},
			[]string{
				when(all,
					`"ForAnyValue:StringEquals":{"x:m":"q"},"ForAnyValue:StringLike":{"x:m":"r"},`+
						`"ForAnyValue:StringEqualsIgnoreCase":{"x:m":"${x:t}"},"ForAllValues:StringEquals":{"x:m":["q","r"]}`),
				deny(all + `,"Condition":{"StringLike":{"x:m":"*"}}`),
			},
			`x:t = "q", x:m = ["q" "r"]`,
		},
		{
			"one of several values is not the variable's",
			[]string{deny(all)},
			[]string{
				when(all,
					`"ForAnyValue:StringEquals":{"x:m":"witness1"},"ForAnyValue:StringLike":{"x:m":"r"},`+
						`"ForAnyValue:StringNotLike":{"x:m":["${x:t}","r"]},"ForAllValues:StringEquals":{"x:m":["witness1","r"]}`),
			},
			`x:m = ["r" "witness1"]`,
		},
		{
			"only the variable's value is granted, and that of others",
			[]string{
				when(all, `"Null":{"x:t":"true"}`), when(all, `"StringLike":{"x:t":"witness*"}`),
				when(all, `"StringEquals":{"x:k":"${x:t}"}`),
			},
			[]string{when(all, `"StringEquals":{"x:k":"q"}`)},
			`x:t = "arn:aws:iam::111122223333:user/witness", x:k = "q"`,
		},

		// Unknown.
		{
			"only the variable's value is not granted",
			[]string{when(all, `"StringNotLike":{"x:k":"?${x:t}*"}`)},
			[]string{when(all, `"StringEquals":{"x:k":"q"}`)},
			"UNKNOWN: it depends on the value of a policy variable in the conditions on x:k",
		},
		{
			"text and address in one",
			[]string{when(all, `"StringLike":{"aws:SourceIp":"10.*"}`)},
			[]string{when(all, `"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)},
			"UNKNOWN: it depends on values of aws:SourceIp",
		},
		{
			"a variable whose value decides",
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::home/${aws:username}"`)},
			[]string{
				when(`"Action":"*","Resource":"arn:aws:s3:::home/b"`,
					`"StringLike":{"aws:username":"b"},"StringEqualsIfExists":{"x:j":"${aws:userid}"}`),
			},
			"UNKNOWN: it depends on the value of a policy variable in the conditions on aws:username",
		},
		{
			"a variable that stands for the beginning of an ARN",
			[]string{deny(all)},
			[]string{when(all, `"StringLike":{"x:a":"${x:t}:us-a:1:r"},"ArnLike":{"x:a":"arn:aws:*:us-*:1:r"}`)},
			"UNKNOWN: it depends on the value of a policy variable",
		},
		{
			"a variable that has several values, and so none",
			[]string{when(all, `"StringEquals":{"x:o":"${x:t}"}`)},
			[]string{when(all, `"StringEquals":{"x:o":"a"},"ForAnyValue:StringEquals":{"x:t":"a"},"ForAnyValue:StringLike":{"x:t":"b"}`)},
			"UNKNOWN: it depends on the value of a policy variable in the conditions on x:t",
		},
		{
			"a variable's value is what is not an exception",
			[]string{allow(all), deny(`"Action":"*","NotResource":["arn:aws:s3:::w*","arn:aws:s3:::${x:t}"]`)},
			[]string{allow(`"Action":"*","Resource":"arn:aws:s3:::${x:u}"`)},
			"UNKNOWN: it depends on the value of a policy variable in Resource or NotResource",
		},
		{
			"a variable's value is no ARN",
			[]string{when(all, `"StringLike":{"x:a":"witness*"}`), when(all, `"ArnNotLike":{"x:a":"arn:aws:s3:::a"}`)},
			[]string{when(all, `"StringEquals":{"x:a":"${x:t}z"}`)},
			"UNKNOWN: it depends on the value of a policy variable in the conditions on x:a",
		},
		{
			"numbers of many digits",
			[]string{when(all, `"NumericLessThan":{"x:n":"1e999"}`)},
			[]string{when(all, `"NumericLessThan":{"x:n":"1e998"}`)},
			"UNKNOWN: it depends on values of x:n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			old, new := identity(t, test.old...), identity(t, test.new...)
			got := iampolicy.CheckNoNewAccess(t.Context(), old.Identity, new.Identity)
			if !strings.Contains(got.String(), test.want) {
				t.Errorf("%v; want %s", got, test.want)
			}
			switch got.Verdict {
			case iampolicy.AccessFail:
				if !iampolicy.Evaluate(new, got.Witness).Allowed() || iampolicy.Evaluate(old, got.Witness).Allowed() {
					t.Errorf("%v is no witness", got)
				}
				if d := iampolicy.Evaluate(new, got.Witness); got.Granted != d {
					t.Errorf("granted by %+v; Evaluate says %+v", got.Granted, d)
				}
			default:
				if got.Witness != nil || got.Granted != (iampolicy.Decision{}) ||
					(got.Reason == "") != (got.Verdict == iampolicy.AccessPass) {
					t.Errorf("%+v", got)
				}
			}
		})
	}
}
