package iampolicy_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

func TestActions(t *testing.T) {
	tests := []struct {
		name, element, action string
		want                  bool
	}{
		{"the same", `"Action":"s3:GetObject"`, "s3:GetObject", true},
		{"threat 166: another case", `"Action":"S3:getobject"`, "s3:GetObject", true},
		{"threat 163: prefix", `"Action":"s3:Get"`, "s3:GetObject", false},
		{"threat 163: suffix", `"Action":"s3:GetObjectTagging"`, "s3:GetObject", false},
		{"star for nothing", `"Action":"s3:GetObject*"`, "s3:GetObject", true},
		{"star in the middle", `"Action":"s3:*Object"`, "s3:GetObject", true},
		{"star in the middle, another end", `"Action":"s3:*Object"`, "s3:GetObjectTagging", false},
		{"star and question mark in another case", `"Action":"S3:G?T*t"`, "s3:GetObject", true},
		{"question mark for nothing", `"Action":"s3:GetObject?"`, "s3:GetObject", false},
		{"star for a service", `"Action":"*:GetObject"`, "s3:GetObject", true},
		{"star alone", `"Action":"*"`, "s3:GetObject", true},
		{"another service", `"Action":"s3-outposts:*"`, "s3:GetObject", false},
		{"one of a list", `"Action":["s3:Put*","s3:Get*"]`, "s3:GetObject", true},
		{"none of a list", `"Action":["s3:Put*","s3:List*"]`, "s3:GetObject", false},
		{"threat 175: NotAction of the action", `"NotAction":"s3:getObject"`, "s3:GetObject", false},
		{"threat 175: NotAction of another", `"NotAction":"s3:PutObject"`, "s3:GetObject", true},
		{"threat 175: NotAction of a list", `"NotAction":["s3:PutObject","s3:Get*"]`, "s3:GetObject", false},
		{"threat 178: the Kelvin sign", `"Action":"kms:Encrypt"`, "\u212ams:Encrypt", false},
		{"threat 178: the dotted capital I", `"Action":"iam:GetUser"`, "\u0130am:GetUser", false},
		{"threat 170: a star in the request", `"Action":"s3:GetObject"`, "s3:*", false},
		{"no action", `"Action":"*"`, "", false},
		{"an action without service", `"Action":"*"`, "GetObject", false},
		{"an action without name", `"Action":"*"`, "s3:", false},
		{"threat 167: an action too long", `"Action":"*"`, "s3:" + strings.Repeat("x", 300), false},
	}
	for _, tt := range tests {
		set := identity(t, `{"Effect":"Allow",`+tt.element+`,"Resource":"*"}`)
		if d := iampolicy.Evaluate(set, request(tt.action, object)); d.Allowed() != tt.want {
			t.Errorf("%s: got %v", tt.name, d.Outcome)
		}
	}
}

func TestResources(t *testing.T) {
	const (
		api  = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/ride"
		evil = "arn:aws:execute-api:us-east-1:444455556666:evil/prod/GET/x:111122223333:rides/p"
	)
	tests := []struct {
		name, element, resource string
		want                    bool
	}{
		{"the same", `"Resource":"` + object + `"`, object, true},
		{"case", `"Resource":"arn:aws:s3:::photos/Bob/cat.jpg"`, object, false},
		{"case of a fixed part", `"Resource":"arn:aws:S3:::photos/bob/cat.jpg"`, object, false},
		{"threat 163: prefix", `"Resource":"arn:aws:s3:::photos/bob/cat"`, object, false},
		{"threat 164: an object's grant for the bucket", `"Resource":"arn:aws:s3:::photos/*"`, "arn:aws:s3:::photos", false},
		{"threat 165: the bucket alone for an object", `"Resource":"arn:aws:s3:::photos"`, object, false},
		{"star over slashes", `"Resource":"arn:aws:s3:::photos/*"`, object, true}, // threat 144
		{"star for nothing", `"Resource":"arn:aws:s3:::photos/*"`, "arn:aws:s3:::photos/", true},
		{"star in the middle", `"Resource":"arn:aws:s3:::*/cat.jpg"`, object, true},
		{"star over colons in the sixth part", `"Resource":"arn:aws:s3:::a*d"`, "arn:aws:s3:::a:b:c:d", true},
		{"the star alone", `"Resource":"*"`, object, true},
		{"the star alone for what is no ARN", `"Resource":"*"`, "photos", true},
		{"an ARN for what is no ARN", `"Resource":"arn:aws:s3:::*"`, "photos", false},
		{"five parts", `"Resource":"arn:aws:s3:::*"`, "arn:aws:s3::photos", false},
		{"question marks", `"Resource":"arn:aws:s3:::photos/b?b/???.jpg"`, object, true},
		{"threat 169: a question mark is one character", `"Resource":"arn:aws:s3:::b?b"`, "arn:aws:s3:::bäb", true},
		{"threat 169: two question marks are two", `"Resource":"arn:aws:s3:::b??b"`, "arn:aws:s3:::bäb", false},
		{"threat 169: one of four bytes", `"Resource":"arn:aws:s3:::*?b"`, "arn:aws:s3:::\U0001F984b", true},
		{"threat 169: a question mark for half of a character", `"Resource":"arn:aws:s3:::?b"`, "arn:aws:s3:::\xc3b", true},
		{"threat 170: a star in the request", `"Resource":"arn:aws:s3:::photos/bob/cat.jpg"`, "arn:aws:s3:::photos/*", false},
		{"threat 168: no regular expression", `"Resource":"arn:aws:s3:::photos/.+[a-z]*"`, object, false},
		{"threat 178: composed and decomposed", `"Resource":"arn:aws:s3:::é"`, "arn:aws:s3:::e\u0301", false},
		{"the Wild Rydes policy", `"Resource":"arn:aws:execute-api:*:*:*/*/*/ride"`, api, true},
		{"the Wild Rydes policy for another path", `"Resource":"arn:aws:execute-api:*:*:*/*/*/ride"`, api + "s", false},
		{"wildcards in fixed parts", `"Resource":"arn:aws*:exec?te-api:us-*-?:*:rides/*"`, api, true},
		{"threat 171: an account within the caller's path", `"Resource":"arn:aws:execute-api:*:111122223333:rides/*"`, evil, false},
		{"threat 171: a star at a part's end", `"Resource":"arn:aws:execute-api:us-*:111122223333:rides/*"`, evil, false},
		{"threat 171: a star in the account's place", `"Resource":"arn:aws:execute-api:us-east-1:*:rides/p"`, evil, false},
		{"threat 171: a question mark for a colon", `"Resource":"arn:aws:s3??:photos"`, "arn:aws:s3:::photos", false},
		{"short ARN", `"Resource":"arn:aws:s3"`, object, true},
		{"short ARN of another service", `"Resource":"arn:aws:sqs"`, object, false},
		{"short ARN with a star", `"Resource":"arn:aws:s*"`, object, true},
		{"short ARN of five parts", `"Resource":"arn:aws:s3::"`, object, true},
		{"six parts, the last empty", `"Resource":"arn:aws:s3:::"`, object, false},
		{"one of a list", `"Resource":["arn:aws:s3:::x","arn:aws:s3:::photos/*"]`, object, true},
		{"threat 175: NotResource of it", `"NotResource":"arn:aws:s3:::photos/*"`, object, false},
		{"threat 175: NotResource of another", `"NotResource":"arn:aws:s3:::private/*"`, object, true},
		{"threat 175: NotResource of a list", `"NotResource":["arn:aws:s3:::private/*","arn:aws:s3:::photos/*"]`, object, false},
		{"no resource", `"Resource":"*"`, "", false},
		{"threat 167: a resource too long", `"Resource":"*"`, "arn:aws:s3:::" + strings.Repeat("x", 2048), false},
		{"the longest resource", `"Resource":"*"`, "arn:aws:s3:::" + strings.Repeat("x", 2048-13), true},
	}
	for _, tt := range tests {
		set := identity(t, `{"Effect":"Allow","Action":"*",`+tt.element+`}`)
		if d := iampolicy.Evaluate(set, request("s3:GetObject", tt.resource)); d.Allowed() != tt.want {
			t.Errorf("%s: got %v", tt.name, d.Outcome)
		}
	}
}

func TestVariables(t *testing.T) {
	const like = `"Condition":{"StringLike":{"x:v":"%"}}`
	tests := []struct {
		name, resource string // of the Allow
		asked          string
		context        []string
		want           bool
	}{
		{"a key's value", "photos/${aws:username}/*", "photos/bob/cat.jpg", []string{"aws:username=bob"}, true},
		{"another value", "photos/${aws:username}/*", "photos/eve/cat.jpg", []string{"aws:username=bob"}, false},
		{"the key in another case", "photos/${AWS:UserName}/*", "photos/bob/cat.jpg", []string{"aws:username=bob"}, true},
		{"case of the value", "photos/${aws:username}/*", "photos/Bob/cat.jpg", []string{"aws:username=bob"}, false},
		{"a missing key", "photos/${aws:username}*", "photos/", nil, false},
		{"an empty value", "photos/${aws:username}*", "photos/", []string{"aws:username="}, false},
		{"a multivalued key", "photos/${aws:username}", "photos/bob", []string{"aws:username=[bob]"}, false},
		{"threat 172: a star as value", "photos/${aws:username}/*", "photos/eve/cat.jpg", []string{"aws:username=*"}, false},
		{"threat 172: a star as value is a star", "photos/${aws:username}/*", "photos/*/cat.jpg", []string{"aws:username=*"}, true},
		{"threat 172: a question mark as value", "photos/${aws:username}", "photos/x", []string{"aws:username=?"}, false},
		{"threat 173: a variable as value", "photos/${aws:username}", "photos/bob", []string{"aws:username=${x:v}", "x:v=bob"}, false},
		{"threat 173: a variable as value is its text", "photos/${aws:username}", "photos/${x:v}", []string{"aws:username=${x:v}", "x:v=bob"}, true},
		{"threat 174: slashes in a value match themselves", "photos/${aws:username}/x", "photos/a/../b/x", []string{"aws:username=a/../b"}, true},
		{"threat 174: slashes in a value match nothing else", "photos/${aws:username}/x", "photos/b/x", []string{"aws:username=a/../b"}, false},
		{"two variables", "${x:v}-${x:w}", "a-b", []string{"x:v=a", "x:w=b"}, true},
		{"two variables side by side", "*${x:v}${x:w}?", "__abc", []string{"x:v=a", "x:w=b"}, true},
		{"one of two missing", "${x:v}-${x:w}", "a-b", []string{"x:v=a"}, false},
		{"a default", "team/${aws:PrincipalTag/team, 'company-wide'}/x", "team/company-wide/x", nil, true},
		{"a default not needed", "team/${aws:PrincipalTag/team, 'company-wide'}/x", "team/company-wide/x", []string{"aws:PrincipalTag/team=blue"}, false},
		{"a default for an empty value", "team/${aws:PrincipalTag/team, 'all'}/x", "team/all/x", []string{"aws:PrincipalTag/team="}, true},
		{"a default for a multivalued key", "team/${x:v, 'all'}/x", "team/all/x", []string{"x:v=[all]"}, false},
		{"a star in a default is a star", "team/${x:v, '*'}/x", "team/blue/x", nil, false},
		{"a brace in a default", "team/${x:v, 'a}b'}/x", "team/a}b/x", nil, true},
		{"a default without space", "${x:v,'d'}", "d", nil, true},
		{"an empty default", "a${x:v, ''}b", "ab", nil, true},
		{"an empty default between stars", "a*${x:v, ''}*b", "a-b", nil, true},
		{"a literal star", "a${*}b", "a*b", nil, true},
		{"a literal star is no wildcard", "a${*}b", "axb", nil, false},
		{"a literal question mark", "a${?}b", "a?b", nil, true},
		{"a literal question mark is no wildcard", "a${?}b", "axb", nil, false},
		{"a literal dollar sign", "${$}{x:v}", "${x:v}", []string{"x:v=a"}, true},
		{"a dollar sign alone", "a$b$", "a$b$", nil, true},
		{"a key with a space", "${aws:PrincipalTag/my team}", "blue", []string{"aws:PrincipalTag/My Team=blue"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := identity(t, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::`+tt.resource+`"}`)
			req := request("s3:GetObject", "arn:aws:s3:::"+tt.asked)
			fill(&req.Context, tt.context...)
			if d := iampolicy.Evaluate(set, req); d.Allowed() != tt.want {
				t.Errorf("in Resource: got %v", d.Outcome)
			}
			// The same text, as the operand of a condition.
			set = identity(t, `{"Effect":"Allow","Action":"*","Resource":"*",`+strings.Replace(like, "%", tt.resource, 1)+`}`)
			if strings.Contains(tt.resource, "x:v") {
				return // the operand would read the key that it is compared with
			}
			req.Context.Set("x:v", tt.asked)
			if d := iampolicy.Evaluate(set, req); d.Allowed() != tt.want {
				t.Errorf("in a condition: got %v", d.Outcome)
			}
		})
	}
}

func TestVariablesWithoutValue(t *testing.T) {
	tests := []struct {
		name, statement string
		want            iampolicy.Outcome
	}{
		{
			"a positive operator does not match",
			`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"x:v":"${x:missing}"}}`, iampolicy.ImplicitDeny,
		},
		{"a negated one does", `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"x:v":"${x:missing}"}}`, iampolicy.ExplicitDeny},
		{"a negated pattern does", `"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotLike":{"x:v":"*${x:missing}"}}`, iampolicy.ExplicitDeny},
		{
			"a negated ARN does",
			`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"x:arn":"arn:aws:s3:::${x:missing}*"}}`,
			iampolicy.ExplicitDeny,
		},
		{
			"an ARN does not match",
			`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnLike":{"x:arn":"arn:aws:s3:::${x:missing}*"}}`,
			iampolicy.ImplicitDeny,
		},
		{
			"beside a value that matches it changes nothing",
			`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"x:v":["${x:missing}","v"]}}`,
			iampolicy.ImplicitDeny,
		},
		{"NotResource excludes nothing", `"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::${x:missing}*"`, iampolicy.ExplicitDeny},
		{"Resource is nothing", `"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::${x:missing}*"`, iampolicy.ImplicitDeny},
	}
	for _, tt := range tests {
		req := request("s3:GetObject", object)
		fill(&req.Context, "x:v=v", "x:arn="+object)
		if d := iampolicy.Evaluate(identity(t, `{`+tt.statement+`}`), req); d.Outcome != tt.want {
			t.Errorf("%s: got %v", tt.name, d.Outcome)
		}
	}
}

func TestVariablesOfVersion2008AreText(t *testing.T) {
	tests := []struct {
		resource, asked string
		want            bool
	}{
		{"photos/${aws:username}", "photos/bob", false},
		{"photos/${aws:username}", "photos/${aws:username}", true},
		{"photos/${*}", "photos/${anything}", true},
		{"photos/${", "photos/${", true},
		{"photos/${a:b, x}", "photos/${a:b, x}", true},
	}
	for _, version := range []string{"", `"Version":"2008-10-17",`} {
		for _, tt := range tests {
			p, err := iampolicy.Parse([]byte(`{`+version+`"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::`+
				tt.resource+`"}}`),
				iampolicy.IdentityPolicy)
			if err != nil {
				t.Error(err)
				continue
			}
			req := request("s3:GetObject", "arn:aws:s3:::"+tt.asked)
			fill(&req.Context, "aws:username=bob")
			if d := iampolicy.Evaluate(&iampolicy.Set{Identity: []*iampolicy.Policy{p}}, req); d.Allowed() != tt.want {
				t.Errorf("%q of %q: got %v", tt.asked, tt.resource, d.Outcome)
			}
		}
	}
}
