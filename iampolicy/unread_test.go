package iampolicy_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// underCondition decides for a request by a statement with the one condition: as an Allow
// alone, and as a Deny beside an Allow of everything. It reports whether it applied.
func underCondition(t *testing.T, condition string, req *iampolicy.Request) (allowApplies, denyApplies bool) {
	t.Helper()
	statement := `,"Action":"*","Resource":"*","Condition":{` + condition + `}}`
	allowApplies = iampolicy.Evaluate(identity(t, `{"Effect":"Allow"`+statement), req).Allowed()
	denyApplies = iampolicy.Evaluate(identity(t, allow, `{"Effect":"Deny"`+statement), req).Outcome == iampolicy.ExplicitDeny
	return allowApplies, denyApplies
}

// Threat 252: a value that cannot be read denies, whether the operator is negated or not.
func TestUnreadableValueDenies(t *testing.T) {
	const no, yes, unread = "no", "yes", "unread"
	tests := []struct {
		name, operator, operands, context string
		want                              string // what the condition says of the value
	}{
		{"threat 252: an address with a port", "NotIpAddress", `"203.0.113.0/24"`, "x:v=198.51.100.7:443", unread},
		{"threat 252: an address with a port, positive", "IpAddress", `"203.0.113.0/24"`, "x:v=198.51.100.7:443", unread},
		{"threat 252: an empty address", "NotIpAddress", `"203.0.113.0/24"`, "x:v=", unread},
		{"threat 252: unknown", "NotIpAddress", `"203.0.113.0/24"`, "x:v=unknown", unread},
		{"threat 252: a zone", "NotIpAddress", `"fe80::/10"`, "x:v=fe80::1%eth0", unread},
		{"threat 252: octal", "IpAddress", `"8.0.0.1"`, "x:v=010.0.0.1", unread},
		{"an address that matches", "IpAddress", `"203.0.113.0/24"`, "x:v=203.0.113.7", yes},
		{"an address that does not", "NotIpAddress", `"203.0.113.0/24"`, "x:v=203.0.113.7", no},
		{"threat 252: no number", "NumericLessThan", `10`, "x:v=ten", unread},
		{"threat 252: no number, negated", "NumericNotEquals", `10`, "x:v=0xa", unread},
		{"threat 252: an exponent that is too large", "NumericGreaterThan", `10`, "x:v=1e9999999999", unread},
		{"threat 252: no number, IfExists", "NumericEqualsIfExists", `10`, "x:v=ten", unread},
		{"a number that does not match", "NumericLessThan", `10`, "x:v=10", no},
		{"threat 252: no date", "DateGreaterThan", `"2024-01-01"`, "x:v=soon", unread},
		{"threat 252: no date, negated", "DateNotEquals", `"2024-01-01"`, "x:v=2023-02-29", unread},
		{"a date that does not match", "DateGreaterThan", `"2024-01-01"`, "x:v=2023-02-28", no},
		{"threat 252: no ARN", "ArnLike", `"arn:aws:sns:*:*:x"`, "x:v=x", unread},
		{"threat 252: no ARN, negated", "ArnNotLike", `"arn:aws:sns:*:*:x"`, "x:v=arn:aws:sns:us-east-1:x", unread},
		{"threat 252: no ARN, a variable for the whole", "ArnEquals", `"${x:arn}"`, "x:v=x", unread},
		{"an ARN that does not match", "ArnLike", `"arn:aws:sns:*:*:x"`, "x:v=arn:aws:sns:::y", no},
		{"threat 252: no boolean", "Bool", `"true"`, "x:v=1", unread},
		{"threat 252: an empty boolean", "Bool", `"false"`, "x:v=", unread},
		{"threat 252: no boolean, IfExists", "BoolIfExists", `["true","false"]`, "x:v=yes", unread},
		{"a boolean that does not match", "Bool", `"true"`, "x:v=False", no},
		{"threat 252: no base64", "BinaryEquals", `"QQ=="`, "x:v=QQ", unread},
		{"threat 252: base64 with bits over", "BinaryEquals", `"QQ=="`, "x:v=QR==", unread},
		{"base64 that does not match", "BinaryEquals", `"QQ=="`, "x:v=QUI=", no},
		{"a text can always be read", "StringEquals", `"a"`, "x:v=\x00\xff", no},
		{"Null reads no value", "Null", `"true"`, "x:v=\x00", no},

		{"threat 252: all, one cannot be read", "ForAllValues:NumericEquals", `10`, "x:v=[10,ten]", unread},
		{"all, one cannot be read and one does not match", "ForAllValues:NumericEquals", `10`, "x:v=[ten,11]", no},
		{"threat 252: all, negated, one cannot be read", "ForAllValues:NumericNotEquals", `10`, "x:v=[11,ten]", unread},
		{"all, negated, one cannot be read and one matches", "ForAllValues:NumericNotEquals", `10`, "x:v=[10,ten]", no},
		{"threat 252: all, IfExists, one cannot be read", "ForAllValues:NumericEqualsIfExists", `10`, "x:v=[ten]", unread},
		{"threat 252: any, one cannot be read", "ForAnyValue:IpAddress", `"10.0.0.0/8"`, "x:v=[host,192.0.2.1]", unread},
		{"any, one cannot be read and one matches", "ForAnyValue:IpAddress", `"10.0.0.0/8"`, "x:v=[host,10.0.0.1]", yes},
		{"threat 252: any, negated, one cannot be read", "ForAnyValue:NotIpAddress", `"10.0.0.0/8"`, "x:v=[host,10.0.0.1]", unread},
		{"any, negated, one cannot be read and one matches none", "ForAnyValue:NotIpAddress", `"10.0.0.0/8"`, "x:v=[host,192.0.2.1]", yes},
		{"threat 252: any, negated IfExists, one cannot be read", "ForAnyValue:NotIpAddressIfExists", `"10.0.0.0/8"`, "x:v=[host]", unread},
		{"a plain operator on many values, which cannot be read", "NumericEquals", `10`, "x:v=[ten]", no},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request("s3:GetObject", object)
			fill(&req.Context, tt.context, "x:arn=arn:aws:sns:::x")
			allowApplies, denyApplies := underCondition(t, `"`+tt.operator+`":{"x:v":`+tt.operands+`}`, req)
			if allowApplies != (tt.want == yes) || denyApplies != (tt.want != no) {
				t.Errorf("an Allow applies: %v, a Deny: %v; the condition is %q", allowApplies, denyApplies, tt.want)
			}
		})
	}
}

// What is base64 for BinaryEquals is what decodes strictly, without line breaks.
func TestBinaryEqualsReadsStrictBase64(t *testing.T) {
	read := 0
	for _, s := range append(allWords("AQR=/+\n-", 4), "QUJDRA==", "QUJDRAA=", "QUJDRA=A", "QUJDRA") {
		_, err := base64.StdEncoding.Strict().DecodeString(s)
		want := err == nil && !strings.Contains(s, "\n")
		if want {
			read++
		}
		req := request("s3:GetObject", object)
		req.Context.Set("x:v", s)
		if _, denied := underCondition(t, `"BinaryEquals":{"x:v":"////////"}`, req); denied == want {
			t.Errorf("%q: denied %v, but it is base64: %v", s, denied, want)
		}
		_, err = iampolicy.Parse([]byte(document(fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*",`+
			`"Condition":{"BinaryEquals":{"x:v":%q}}}`,
			s))),
			iampolicy.IdentityPolicy)
		if (err == nil) != want {
			t.Errorf("%q as an operand: %v", s, err)
		}
	}
	if read < 100 {
		t.Errorf("%d texts are base64", read)
	}
}

// Threat 252: an index finds the Deny statements that a value which cannot be read, or is
// not known, makes apply, as it finds those whose value the request has.
func TestIndexFindsWhatCannotBeRead(t *testing.T) {
	statements := []string{allow}
	for i := range 300 {
		statements = append(statements,
			fmt.Sprintf(`{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Condition":{"ArnEquals":{"x:arn":"arn:aws:s3:::%d"},`+
				`"StringEquals":{"x:n":"%d"}}}`,
				i, i),
			fmt.Sprintf(`{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","Condition":{"StringEquals":{"x:text":"%d"}}}`, i),
			fmt.Sprintf(`{"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"ArnEquals":{"x:arn":"arn:aws:s3:::%d"}}}`,
				i))
	}
	set := identity(t, statements...)
	type values struct{ arn, n, text, want string }
	for _, tt := range []values{
		{"arn:aws:s3:::7", "7", "none", "explicitDeny"},
		{"arn:aws:s3:::7", "8", "none", "allowed"},
		{"arn:aws:s3:::none", "7", "none", "allowed"},
		{"no ARN", "7", "none", "explicitDeny"},
		{"no ARN", "none", "none", "allowed"},
		{"unknown", "299", "none", "explicitDeny"},
		{"unknown", "none", "none", "allowed"},
		{"arn:aws:s3:::none", "none", "unknown", "explicitDeny"},
		{"arn:aws:s3:::none", "none", "12", "explicitDeny"},
	} {
		req := request("s3:GetObject", object)
		for key, value := range map[string]string{"x:arn": tt.arn, "x:n": tt.n, "x:text": tt.text} {
			if value == "unknown" {
				req.Context.SetUnknown(key)
			} else {
				req.Context.Set(key, value)
			}
		}
		if d := iampolicy.Evaluate(set, req); d.Outcome.String() != tt.want {
			t.Errorf("%+v: got %+v", tt, d)
		}
	}
	// An Allow is not found by what is not known.
	set.Identity[0] = policy(t, iampolicy.IdentityPolicy, statements[1:]...)
	for _, arn := range []string{"no ARN", "unknown"} {
		req := request("s3:PutObject", object)
		if req.Context.Set("x:arn", arn); arn == "unknown" {
			req.Context.SetUnknown("x:arn")
		}
		if d := iampolicy.Evaluate(set, req); d != (iampolicy.Decision{}) {
			t.Errorf("%s: got %+v", arn, d)
		}
	}
}

// Threats 224 and 252: reading a long value counts, also where it cannot be read: each of a
// statement's conditions reads it again, since in a Deny the ones before it hold. What is longer
// than any value of a policy is not read at all.
func TestReadingCounts(t *testing.T) {
	var all []string
	for range 200 {
		var list []string
		for j := range 60 {
			list = append(list, fmt.Sprintf(`"x:%d":"1"`, j))
		}
		all = append(all,
			`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NumericNotEquals":{`+strings.Join(list, ",")+
				`},"Null":{"x:0":"true"}}}`)
	}
	set := identity(t, append(all, allow)...)
	for size, want := range map[int]iampolicy.Outcome{10: iampolicy.Allow, 4_000: iampolicy.ImplicitDeny, 50_000: iampolicy.Allow} {
		req := request("s3:GetObject", object)
		for j := range 60 {
			req.Context.Set(fmt.Sprintf("x:%d", j), strings.Repeat("1", size)+"x")
		}
		if d := iampolicy.Evaluate(set, req); d.Outcome != want {
			t.Errorf("%d bytes: %v; want %v", size, d.Outcome, want)
		}
	}
}

// Threat 252: what a Deny covers, for the access checks.
func TestAccessChecksKnowWhatCannotBeRead(t *testing.T) {
	const all = `"Effect":"Allow","Action":"*","Resource":"*"`
	allow := func(condition string) string { return `{` + all + `,"Condition":{` + condition + `}}` }
	deny := func(condition string) string { return strings.Replace(allow(condition), "Allow", "Deny", 1) }
	everything := `{` + all + `}`
	inside, outside := `"IpAddress":{"x:ip":"10.0.0.0/8"}`, `"NotIpAddress":{"x:ip":"10.0.0.0/8"}`
	for _, tt := range []struct {
		name     string
		old, new []string
		want     string
	}{
		{"a Deny of what is inside covers an Allow of it", []string{deny(`"Null":{"x:n":"true"}`)}, []string{allow(inside), deny(inside)}, "PASS"},
		{
			"a Deny of any is an Allow of all others",
			[]string{allow(`"ForAllValues:NotIpAddress":{"x:ip":"10.0.0.0/8"}`)},
			[]string{everything, deny("\"ForAnyValue:" + inside[1:])},
			"PASS",
		},
		{
			"an Allow of any is no Allow of what cannot be read",
			[]string{allow("\"ForAnyValue:" + outside[1:]), allow("\"ForAnyValue:" + inside[1:])},
			[]string{allow(`"Null":{"x:ip":"false"}`)},
			`x:ip = "x"`,
		},
		{
			"a Deny taken away that only denied what cannot be read",
			[]string{allow(`"Null":{"x:n":"false"}`), deny(`"NumericLessThan":{"x:n":"1"},"NumericGreaterThan":{"x:n":"5"}`)},
			[]string{allow(`"Null":{"x:n":"false"}`)},
			`x:n = "x"`,
		},
		{
			"no ARN is denied",
			[]string{allow(`"ArnLike":{"x:arn":"arn:*:*:*:*:*"}`)},
			[]string{allow(`"StringLike":{"x:arn":"*"}`), deny(`"ArnNotLike":{"x:arn":"arn:*:*:*:*:*"}`)},
			"PASS",
		},
		{
			"what cannot be read is neither of two Allows, of which a Deny has the one",
			[]string{allow(`"ArnLike":{"x:arn":"arn:aws:s3:::a"}`), allow(`"ArnNotLike":{"x:arn":"arn:aws:s3:::a"}`)},
			[]string{
				allow(`"StringLike":{"x:arn":"*"}`),
				strings.Replace(deny(`"ArnLike":{"x:arn":"arn:aws:s3:::a"}`), `"Resource":"*"`, `"Resource":"arn:aws:s3:::secret"`, 1),
			},
			`x:arn = "x"`,
		},
		{"no boolean is denied", []string{allow(`"Bool":{"x:b":"true"}`)}, []string{allow(`"StringLike":{"x:b":"*"}`), deny(`"Bool":{"x:b":"false"}`)}, "PASS"},
		{
			"no base64 is denied",
			[]string{allow(`"BinaryEquals":{"x:bin":"QQ=="}`)},
			[]string{allow(`"BinaryEquals":{"x:bin":["QQ==","QUI="]}`), deny(`"BinaryEquals":{"x:bin":"QUI="}`)},
			"PASS",
		},
		{
			"a Deny for base64 taken away",
			[]string{allow(`"Null":{"x:bin":"false"}`), deny(`"BinaryEquals":{"x:bin":"QUI="}`)},
			[]string{allow(`"Null":{"x:bin":"false"}`)},
			`x:bin = `,
		},
		{
			"other base64 is not denied",
			[]string{deny(`"Null":{"x:n":"true"}`)},
			[]string{allow(`"Null":{"x:bin":"false"}`), deny(`"BinaryEquals":{"x:bin":["QUI=","AAAAAA=="]}`)},
			`x:bin = "AAAAAQ=="`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old, new := identity(t, tt.old...), identity(t, tt.new...)
			got := iampolicy.CheckNoNewAccess(t.Context(), old.Identity, new.Identity)
			if !strings.Contains(got.String(), tt.want) {
				t.Errorf("%v; want %s", got, tt.want)
			}
			if w := got.Witness; w != nil && (!iampolicy.Evaluate(new, w).Allowed() || iampolicy.Evaluate(old, w).Allowed()) {
				t.Errorf("%v is no witness", got)
			}
		})
	}
}
