package iampolicy_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

var update = flag.Bool("update", false, "write FINDINGS.md")

// findingRow is a document for which Validate must find a code, and a document that
// differs in what the code is about alone, for which it must not.
type findingRow struct {
	code      iampolicy.Code
	kind      iampolicy.PolicyType
	bad, good string // documents, or statements if they don't begin with {"
}

// An Allow to whose author there is nothing to say, with more elements.
func clean(more string) string {
	return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/*"` + more + `}`
}

func cond(operator, key, values string) string {
	return clean(`,"Condition":{"` + operator + `":{"` + key + `":` + values + `}}`)
}

func denyCond(operator, key, values string) string {
	return strings.Replace(cond(operator, key, values), "Allow", "Deny", 1)
}

func elem(action, resource string) string {
	return `{"Effect":"Allow",` + action + `,` + resource + `}`
}

const (
	getPhotos = `"Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/*"`
	v2012     = `"Version":"2012-10-17",`
)

// TestFindings: Validate finds each code in a document, and not in the same document without what
// the code is about. Some are warnings that the register of threats asks for: threats 182, 189
// and 196.
func TestFindings(t *testing.T) {
	const (
		id    = iampolicy.IdentityPolicy
		res   = iampolicy.ResourcePolicy
		trust = iampolicy.TrustPolicy
		scp   = iampolicy.SCP
		rcp   = iampolicy.RCP
	)
	principal := func(element string) string {
		return `{"Effect":"Deny",` + element + `,` + getPhotos + `}`
	}
	allowed := func(element string) string {
		return `{"Effect":"Allow",` + element + `,` + getPhotos + `}`
	}
	rcpDeny := func(element, action string) string {
		return `{"Effect":"Deny",` + element + `,` + action + `,"Resource":"*"}`
	}
	wrap := func(members string) string { return `{` + v2012 + members + `}` }
	one := `"Statement":` + clean("")
	bobOnly := `"Principal":{"AWS":"` + bob + `"}`
	rows := []findingRow{
		{iampolicy.CodeInvalidJSON, id, wrap(one + `,`), wrap(one)},
		{iampolicy.CodeDocumentTooLarge, id, wrap(one) + strings.Repeat(" ", 1<<20), wrap(one) + "  "},
		{iampolicy.CodeByteOrderMark, id, "\ufeff" + wrap(one), wrap(one)},
		{iampolicy.CodeTrailingData, id, wrap(one) + "x", wrap(one) + "\n"},
		{iampolicy.CodeNestingTooDeep, id, wrap(`"Statement":` + strings.Repeat("[", 20)), wrap(`"Statement":[[[]]]`)},
		{
			iampolicy.CodeTooManyMembers, id, clean(`,"Condition":{"Bool":{` + numbered(1000) + `"b":true}}`),
			clean(`,"Condition":{"Bool":{` + numbered(200) + `"b":true}}`),
		},
		{
			iampolicy.CodeTooManyValues, id, elem(`"Action":["s3:GetObject"`+strings.Repeat(`,"s3:x"`, 100_000)+`]`, `"Resource":"*"`),
			elem(`"Action":["s3:GetObject"`+strings.Repeat(`,"s3:x"`, 90_000)+`]`, `"Resource":"*"`),
		},
		{iampolicy.CodeInvalidUTF8, id, clean(`,"Sid":"` + "\xff" + `"`), clean(`,"Sid":"x"`)},
		{iampolicy.CodeLoneSurrogate, id, clean(`,"Sid":"\ud800"`), clean(`,"Sid":"\u0041"`)},
		{iampolicy.CodeInvalidCharacter, id, cond("StringEquals", "x:v", `"Ł"`), cond("StringEquals", "x:v", `"é"`)},
		{iampolicy.CodeDuplicateKey, id, clean(`,"Effect":"Allow"`), clean("")},
		{iampolicy.CodeUnknownElement, id, clean(`,"Conditions":{}`), clean("")},
		{iampolicy.CodeWrongType, id, clean(`,"Sid":1`), clean(`,"Sid":"1"`)},
		{iampolicy.CodeEmptyList, id, elem(`"Action":[]`, `"Resource":"*"`), elem(`"Action":["s3:List*"]`, `"Resource":"*"`)},
		{iampolicy.CodeEmptyObject, id, clean(`,"Condition":{}`), cond("StringEquals", "x:v", `"a"`)},
		{iampolicy.CodeInvalidOption, 0, clean(""), "-"},
		{iampolicy.CodeInvalidVersion, id, `{"Version":"2012",` + one + `}`, wrap(one)},
		{
			iampolicy.CodeVersionRequired, rcp, `{"Statement":` + rcpDeny(`"Principal":"*"`, `"Action":"s3:GetObject"`) + `}`,
			rcpDeny(`"Principal":"*"`, `"Action":"s3:GetObject"`),
		},
		{iampolicy.CodeIdNotAllowed, id, wrap(`"Id":"x",` + one), wrap(one)},
		{iampolicy.CodeMissingStatement, id, `{"Version":"2012-10-17"}`, wrap(one)},
		{iampolicy.CodeTooManyStatements, id, strings.Repeat(clean("")+",", 1000) + clean(""), clean("")},
		{iampolicy.CodeInvalidSid, id, clean(`,"Sid":"a b"`), clean(`,"Sid":"ab"`)},
		{iampolicy.CodeDuplicateSid, id, clean(`,"Sid":"a"`) + "," + clean(`,"Sid":"a"`), clean(`,"Sid":"a"`) + "," + clean(`,"Sid":"b"`)},
		{iampolicy.CodeMissingEffect, id, `{` + getPhotos + `}`, clean("")},
		{iampolicy.CodeInvalidEffect, id, `{"Effect":"ALLOW",` + getPhotos + `}`, clean("")},
		{
			iampolicy.CodeEffectNotDeny, rcp, strings.Replace(rcpDeny(`"Principal":"*"`, `"Action":"s3:GetObject"`), "Deny", "Allow", 1),
			rcpDeny(`"Principal":"*"`, `"Action":"s3:GetObject"`),
		},
		{iampolicy.CodeMissingAction, id, `{"Effect":"Allow","Resource":"*"}`, clean("")},
		{iampolicy.CodeActionAndNotAction, id, clean(`,"NotAction":"s3:x"`), clean("")},
		{iampolicy.CodeMissingResource, id, `{"Effect":"Allow","Action":"s3:GetObject"}`, clean("")},
		{iampolicy.CodeResourceAndNotResource, id, clean(`,"NotResource":"*"`), clean("")},
		{iampolicy.CodeMissingPrincipal, res, clean(""), allowed(bobOnly)},
		{iampolicy.CodePrincipalAndNotPrincipal, res, principal(bobOnly + `,"NotPrincipal":{"AWS":"` + bob + `"}`), principal(bobOnly)},
		{iampolicy.CodeInvalidAction, id, elem(`"Action":"GetObject"`, `"Resource":"*"`), elem(`"Action":"s3:GetObject"`, `"Resource":"*"`)},
		{iampolicy.CodeActionTooLong, id, elem(`"Action":"s3:`+strings.Repeat("x", 300)+`"`, `"Resource":"*"`), elem(`"Action":"s3:x"`, `"Resource":"*"`)},
		{iampolicy.CodeActionWithoutService, rcp, rcpDeny(`"Principal":"*"`, `"Action":"*"`), rcpDeny(`"Principal":"*"`, `"Action":"s3:*"`)},
		{iampolicy.CodeNotActionNotAllowed, rcp, rcpDeny(`"Principal":"*"`, `"NotAction":"s3:*"`), rcpDeny(`"Principal":"*"`, `"Action":"s3:*"`)},
		{iampolicy.CodeResourceNotAllowed, trust, allowed(bobOnly), `{"Effect":"Allow",` + bobOnly + `,"Action":"sts:AssumeRole"}`},
		{iampolicy.CodeResourceNotStar, scp, clean(""), elem(`"Action":"s3:GetObject"`, `"Resource":"*"`)},
		{iampolicy.CodePrincipalNotAllowed, id, clean(`,"Principal":"*"`), clean("")},
		{iampolicy.CodePrincipalNotEveryone, rcp, rcpDeny(bobOnly, `"Action":"s3:*"`), rcpDeny(`"Principal":"*"`, `"Action":"s3:*"`)},
		{
			iampolicy.CodeNotPrincipalNotAllowed, rcp, rcpDeny(`"NotPrincipal":{"AWS":"`+bob+`"}`, `"Action":"s3:*"`),
			rcpDeny(`"Principal":"*"`, `"Action":"s3:*"`),
		},
		{iampolicy.CodeNotPrincipalWithAllow, res, allowed(`"NotPrincipal":{"AWS":"` + bob + `"}`), principal(`"NotPrincipal":{"AWS":"` + bob + `"}`)},
		{iampolicy.CodeNotPrincipalOfEveryone, res, principal(`"NotPrincipal":"*"`), principal(`"NotPrincipal":{"AWS":"` + bob + `"}`)},
		{iampolicy.CodeInvalidPrincipal, res, allowed(`"Principal":{"AWS":"bob"}`), allowed(bobOnly)},
		{iampolicy.CodeGroupPrincipal, res, allowed(`"Principal":{"AWS":"arn:aws:iam::111122223333:group/g"}`), allowed(bobOnly)},
		{iampolicy.CodeWildcardInPrincipal, res, allowed(`"Principal":{"AWS":"arn:aws:iam::111122223333:user/*"}`), allowed(bobOnly)},
		{iampolicy.CodeFederatedNotAllowed, res, allowed(`"Principal":{"Federated":"x.com"}`), allowed(bobOnly)},
		{iampolicy.CodeCanonicalUserInDeny, res, principal(`"Principal":{"CanonicalUser":"79a5"}`), allowed(`"Principal":{"CanonicalUser":"79a5"}`)},
		{iampolicy.CodeInvalidARN, id, elem(`"Action":"s3:GetObject"`, `"Resource":"photos/*"`), clean("")},
		{iampolicy.CodeARNTooShort, iampolicy.SessionPolicy, elem(`"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3"`), clean("")},
		{iampolicy.CodeResourceTooLong, id, elem(`"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3:::`+strings.Repeat("x", 2100)+`"`), clean("")},
		{iampolicy.CodeShortFormNotExpanded, id, elem(`"Action":"execute-api:Invoke"`, `"Resource":"execute-api:/*"`), clean("")},
		{iampolicy.CodeVariableNotAllowed, id, cond("NumericEquals", "x:v", `"${x:w}"`), cond("StringEquals", "x:v", `"${x:w}"`)},
		{iampolicy.CodeInvalidVariable, id, cond("StringEquals", "x:v", `"${x:w"`), cond("StringEquals", "x:v", `"${x:w}"`)},
		{
			iampolicy.CodeTooManyVariables, id, cond("StringEquals", "x:v", `"`+strings.Repeat("${x:w}", 17)+`"`),
			cond("StringEquals", "x:v", `"`+strings.Repeat("${x:w}", 16)+`"`),
		},
		{iampolicy.CodeUnknownOperator, id, cond("StringIs", "x:v", `"a"`), cond("StringEquals", "x:v", `"a"`)},
		{iampolicy.CodeNullWithIfExists, id, cond("NullIfExists", "x:v", `"true"`), cond("Null", "x:v", `"true"`)},
		{iampolicy.CodeInvalidConditionKey, id, cond("StringEquals", " x:v", `"a"`), cond("StringEquals", "x:v", `"a"`)},
		{iampolicy.CodeDuplicateConditionKey, id, cond("StringEquals", "x:v", `"a","X:V":"b"`), cond("StringEquals", "x:v", `"a","x:w":"b"`)},
		{
			iampolicy.CodeTooManyConditions, id, clean(`,"Condition":{"Bool":{` + numbered(250) + `"b":true}}`),
			clean(`,"Condition":{"Bool":{` + numbered(249) + `"b":true}}`),
		},
		{iampolicy.CodeValueTooLong, id, cond("StringEquals", "x:v", `"`+strings.Repeat("x", 5000)+`"`), cond("StringEquals", "x:v", `"a"`)},
		{iampolicy.CodeInvalidNumber, id, cond("NumericEquals", "x:v", `"a"`), cond("NumericEquals", "x:v", `"1"`)},
		{iampolicy.CodeInvalidDate, id, cond("DateEquals", "x:v", `"a"`), cond("DateEquals", "x:v", `"2024"`)},
		{iampolicy.CodeInvalidBoolean, id, cond("Bool", "x:v", `"a"`), cond("Bool", "x:v", `"true"`)},
		{iampolicy.CodeInvalidBase64, id, cond("BinaryEquals", "x:v", `"a"`), cond("BinaryEquals", "x:v", `"QQ=="`)},
		{iampolicy.CodeInvalidAddress, id, cond("IpAddress", "x:v", `"a"`), cond("IpAddress", "x:v", `"192.0.2.1"`)},

		{iampolicy.CodeAllowEveryone, res, allowed(`"Principal":"*"`), allowed(bobOnly)},
		{
			iampolicy.CodeAllowEveryone, trust, `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}`,
			`{"Effect":"Allow",` + bobOnly + `,"Action":"sts:AssumeRole"}`,
		},
		{iampolicy.CodeAllowEveryone, res, allowed(`"Principal":{"AWS":["*"]}`), principal(`"Principal":"*"`)},
		{iampolicy.CodeAdministrator, id, elem(`"Action":"*"`, `"Resource":"*"`), elem(`"Action":"s3:*"`, `"Resource":"*"`)},
		{
			iampolicy.CodePassRoleEverywhere, id, elem(`"Action":"iam:Pass*"`, `"Resource":"*"`),
			elem(`"Action":"iam:Pass*"`, `"Resource":"arn:aws:iam::111122223333:role/x"`),
		},
		{
			iampolicy.CodePassRoleEverywhere, id, elem(`"Action":"iam:PassRole"`, `"Resource":"*"`),
			elem(`"Action":"iam:PassRole"`, `"Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}`),
		},
		{iampolicy.CodePassRoleByExclusion, id, elem(`"NotAction":"s3:*"`, `"Resource":"*"`), elem(`"NotAction":"iam:*"`, `"Resource":"*"`)},
		{
			iampolicy.CodePassRoleByExclusion, id, elem(`"Action":"iam:*"`, `"NotResource":"arn:aws:iam::111122223333:role/x"`),
			elem(`"Action":"s3:*"`, `"NotResource":"arn:aws:s3:::x"`),
		},
		{
			iampolicy.CodeServiceWithoutSource, res, allowed(`"Principal":{"Service":"sns.amazonaws.com"}`),
			allowed(`"Principal":{"Service":"sns.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}`),
		},
		{
			iampolicy.CodeProviderWithoutAudience, trust,
			`{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity"}`,
			`{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity",` +
				`"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"us-east-1:1"}}}`,
		},
		{
			iampolicy.CodeForAllValuesUnguarded, id, cond("ForAllValues:StringEquals", "aws:TagKeys", `"a"`),
			cond("ForAllValues:StringEquals", "aws:TagKeys", `"a"},"Null":{"aws:TagKeys":"false"`),
		},
		{iampolicy.CodeForAllValuesUnguarded, id, cond("ForAllValues:StringEquals", "x:v", `"a"`), denyCond("ForAllValues:StringEquals", "x:v", `"a"`)},
		{iampolicy.CodeNegationUnguarded, id, cond("StringNotEquals", "x:v", `"a"`), cond("StringNotEquals", "x:v", `"a"},"Null":{"x:v":"false"`)},
		{
			iampolicy.CodeNegationUnguarded, id, cond("StringNotEquals", "x:v", `"a"},"ForAllValues:StringEquals":{"x:v":"b"`),
			cond("StringNotEquals", "x:v", `"a"},"ForAnyValue:StringEquals":{"x:v":"b"`),
		},
		{
			iampolicy.CodeNegationUnguarded, id, cond("StringNotEquals", "x:v", `"a"},"StringLikeIfExists":{"x:v":"b*"`),
			cond("StringNotEquals", "x:v", `"a"},"StringLike":{"x:v":"b*"`),
		},
		{
			iampolicy.CodeNegationUnguarded, id, cond("StringNotEquals", "x:v", `"a"},"StringNotLike":{"x:v":"b*"`),
			cond("StringNotEquals", "x:v", `"a"},"StringLike":{"X:V":"b*"`),
		},
		{iampolicy.CodeNegationUnguarded, id, cond("StringNotEquals", "aws:PrincipalTag/x", `"a"`), cond("StringNotEquals", "aws:RequestedRegion", `"a"`)},
		{
			iampolicy.CodeMFADenyWithoutIfExists, id, denyCond("Bool", "aws:MultiFactorAuthPresent", `"false"`),
			denyCond("BoolIfExists", "aws:MultiFactorAuthPresent", `"false"`),
		},
		{iampolicy.CodeStringOperatorOnARN, id, cond("StringLike", "aws:SourceArn", `"arn:aws:s3:*:x"`), cond("ArnLike", "aws:SourceArn", `"arn:aws:s3:::x*"`)},
		{iampolicy.CodeEveryAddress, id, cond("IpAddress", "aws:SourceIp", `"0.0.0.0/0"`), cond("IpAddress", "aws:SourceIp", `"203.0.113.0/24"`)},
		{iampolicy.CodeSpoofableKey, id, cond("StringEquals", "aws:Referer", `"a"`), denyCond("StringEquals", "aws:Referer", `"a"`)},
		{
			iampolicy.CodeVariableInDenyResource, id,
			strings.Replace(elem(`"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3:::${x:v}/a"`), "Allow", "Deny", 1),
			strings.Replace(elem(`"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3:::${x:v, 'a'}/a"`), "Allow", "Deny", 1),
		},

		{iampolicy.CodeMissingVersion, id, `{` + one + `}`, wrap(one)},
		{
			iampolicy.CodeVariableInOldVersion, id, `{"Version":"2008-10-17","Statement":` + cond("StringEquals", "x:v", `"${x:w}"`) + `}`,
			wrap(`"Statement":` + cond("StringEquals", "x:v", `"${x:w}"`)),
		},
		{
			iampolicy.CodeVariableInOldVersion, id,
			`{"Version":"2008-10-17","Statement":` + elem(`"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3:::${x:v}/a"`) + `}`,
			wrap(`"Statement":` + elem(`"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3:::${x:v}/a"`)),
		},
		{
			iampolicy.CodeAllowNotAction, id, elem(`"NotAction":"iam:*"`, `"Resource":"*"`),
			strings.Replace(elem(`"NotAction":"iam:*"`, `"Resource":"*"`), "Allow", "Deny", 1),
		},
		{
			iampolicy.CodeAllowNotResource, id, elem(`"Action":"s3:*"`, `"NotResource":"arn:aws:s3:::x"`),
			strings.Replace(elem(`"Action":"s3:*"`, `"NotResource":"arn:aws:s3:::x"`), "Allow", "Deny", 1),
		},
		{iampolicy.CodeNotPrincipalWithDeny, res, principal(`"NotPrincipal":{"AWS":"` + bob + `"}`), principal(bobOnly)},
		{iampolicy.CodeIfExistsInAllow, id, cond("StringEqualsIfExists", "x:v", `"a"`), denyCond("StringEqualsIfExists", "x:v", `"a"`)},
		{iampolicy.CodeNegatedForAnyValue, id, denyCond("ForAnyValue:StringNotEquals", "x:v", `"a"`), denyCond("ForAllValues:StringNotEquals", "x:v", `"a"`)},
		{iampolicy.CodeWildcardWithoutLike, id, cond("StringEquals", "x:v", `"a*"`), cond("StringLike", "x:v", `"a*"`)},
		{iampolicy.CodeWildcardWithoutLike, id, cond("StringEquals", "x:v", `["b","a?"]`), cond("StringEquals", "x:v", `["b","a${?}"]`)},
		{
			iampolicy.CodeSetOperatorOnSingleValue, id, cond("ForAnyValue:StringEquals", "aws:PrincipalOrgID", `"a"`),
			cond("StringEquals", "aws:PrincipalOrgID", `"a"`),
		},
		{iampolicy.CodePlainOperatorOnMultivalued, id, cond("StringEquals", "aws:TagKeys", `"a"`), cond("ForAnyValue:StringEquals", "aws:TagKeys", `"a"`)},
		{iampolicy.CodeOperatorOfOtherType, id, cond("StringEquals", "aws:SourceIp", `"192.0.2.1"`), cond("IpAddress", "aws:SourceIp", `"192.0.2.1"`)},
		{iampolicy.CodeUnknownGlobalKey, id, cond("StringEquals", "aws:PrincipleOrgID", `"a"`), cond("StringEquals", "aws:principalorgid", `"a"`)},
		{
			iampolicy.CodeInvalidAccountInARN, id, elem(`"Action":"sqs:*"`, `"Resource":"arn:aws:sqs:us-east-1:1234:q"`),
			elem(`"Action":"sqs:*"`, `"Resource":"arn:aws:sqs:us-east-1:111122223333:q"`),
		},
		{iampolicy.CodeInvalidAccountInARN, id, cond("ArnLike", "x:v", `"arn:aws:sqs:*:1234:q"`), cond("ArnLike", "x:v", `"arn:aws:sqs:*:1111*:q"`)},
		{
			iampolicy.CodeInvalidPartitionInARN, id, elem(`"Action":"sqs:*"`, `"Resource":"arn:amazon:sqs:us-east-1:111122223333:q"`),
			elem(`"Action":"sqs:*"`, `"Resource":"arn:aws*:sqs:us-east-1:111122223333:q"`),
		},
		{
			iampolicy.CodeInvalidPartitionInARN, id, elem(`"Action":"o:*"`, `"Resource":"arn:asw:o:eu-1:111122223333:x"`),
			elem(`"Action":"o:*"`, `"Resource":"arn:acme:o:eu-1:111122223333:x"`),
		},
		{
			iampolicy.CodeInvalidPartitionInARN, id, elem(`"Action":"o:*"`, `"Resource":"arn:AWS:o:eu-1:111122223333:x"`),
			elem(`"Action":"o:*"`, `"Resource":"arn:bank:o:eu-1:111122223333:x"`),
		},
		{
			iampolicy.CodeInvalidPartitionInARN, id, elem(`"Action":"o:*"`, `"Resource":"arn:aws-eu-gov:o:eu-1:111122223333:x"`),
			elem(`"Action":"o:*"`, `"Resource":"arn:foo:o:eu-1:111122223333:x"`),
		},
		{
			iampolicy.CodeInvalidPartitionInARN, id, elem(`"Action":"o:*"`, `"Resource":"arn::o:eu-1:111122223333:x"`),
			elem(`"Action":"o:*"`, `"Resource":"arn:app:o:eu-1:111122223333:x"`),
		},
		{
			iampolicy.CodeInvalidPartitionInARN, id, elem(`"Action":"o:*"`, `"Resource":"arn:amz:o:eu-1:111122223333:x"`),
			elem(`"Action":"o:*"`, `"Resource":"arn:aws*:o:eu-1:111122223333:x"`),
		},
		{
			iampolicy.CodeInvalidPartitionInARN, id, elem(`"Action":"o:*"`, `"Resource":"arn:aw:o:eu-1:111122223333:x"`),
			elem(`"Action":"o:*"`, `"Resource":"arn:x:o:eu-1:111122223333:x"`),
		},
		{
			iampolicy.CodeBucketForObjectAction, id, elem(`"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3:::photos"`),
			elem(`"Action":"s3:GetObject"`, `"Resource":["arn:aws:s3:::photos/*"]`),
		},
		{
			iampolicy.CodeNullContradicted, id, cond("Null", "x:v", `"true"},"StringEquals":{"x:v":"a"`),
			cond("Null", "x:v", `"true"},"StringEqualsIfExists":{"x:v":"a"`),
		},
		{
			iampolicy.CodeEmptyRange, id, cond("NumericLessThan", "x:v", `"5"},"NumericGreaterThan":{"x:v":"5"`),
			cond("NumericLessThanEquals", "x:v", `"5"},"NumericGreaterThanEquals":{"x:v":"5"`),
		},
		{
			iampolicy.CodeEmptyRange, id, cond("DateLessThan", "x:v", `"2024"},"DateGreaterThan":{"X:V":"2025"`),
			cond("DateLessThan", "x:v", `["2024","2026"]},"DateGreaterThan":{"X:V":"2025"`),
		},
		{iampolicy.CodeDeniesEverything, id, deny + "," + clean(""), denyCond("Bool", "x:v", `"true"`) + "," + clean("")},
		{iampolicy.CodePrivateAddress, id, cond("IpAddress", "aws:SourceIp", `"10.0.0.0/8"`), cond("IpAddress", "aws:VpcSourceIp", `"10.0.0.0/8"`)},
		{iampolicy.CodeBothBooleans, id, cond("Bool", "x:v", `["true","false"]`), cond("Bool", "x:v", `"true"`)},
		{
			iampolicy.CodeQuotaExceeded, id,
			cond("StringEquals", "x:v", `["`+strings.Repeat("x", 3500)+`","`+strings.Repeat("y", 3500)+`"]`),
			cond("StringEquals", "x:v", `"`+strings.Repeat("x", 3500)+`"`),
		},

		{iampolicy.CodeUnroutedAction, id, elem(`"Action":"s3:GetObjekt"`, `"Resource":"arn:aws:s3:::photos/*"`), clean("")},
		{iampolicy.CodeOldVersion, id, `{"Version":"2008-10-17",` + one + `}`, wrap(one)},
		{iampolicy.CodeEmptySid, id, clean(`,"Sid":""`), clean(`,"Sid":"a"`)},
		{iampolicy.CodeRedundantStatement, id, clean(`,"Sid":"a"`) + "," + clean(`,"Sid":"b"`), clean("") + "," + cond("Bool", "x:v", "true")},
		{
			iampolicy.CodeRedundantAction, id, elem(`"Action":["s3:GetObject","s3:Get*"]`, `"Resource":"*"`),
			elem(`"Action":["s3:PutObject","s3:Get*"]`, `"Resource":"*"`),
		},
		{
			iampolicy.CodeRedundantAction, id, elem(`"Action":["s3:Get?bj*","s3:Get*"]`, `"Resource":"*"`),
			elem(`"Action":["s3:Get*","s3:*t?"]`, `"Resource":"*"`),
		},
		{
			iampolicy.CodeRedundantResource, id, elem(`"Action":"s3:GetObject"`, `"Resource":["arn:aws:s3:::a/*","arn:aws:s3:::a/b/*"]`),
			elem(`"Action":"s3:GetObject"`, `"Resource":["arn:aws:s3:::a/*","arn:aws:s3:::b/a/*"]`),
		},
		{
			iampolicy.CodeRedundantResource, id, elem(`"Action":"s3:GetObject"`, `"Resource":["arn:aws:s3:::a/*","*"]`),
			elem(`"Action":"s3:GetObject"`, `"Resource":["arn:aws:s3:::a/?","arn:aws:s3:::a/*?b"]`),
		},
		{iampolicy.CodeRedundantValue, id, cond("StringEquals", "x:v", `["a","a"]`), cond("StringEquals", "x:v", `["a","A"]`)},
		{iampolicy.CodeWildcardInService, id, elem(`"Action":"s*:GetObject"`, `"Resource":"*"`), elem(`"Action":"s3:*"`, `"Resource":"*"`)},
		{
			iampolicy.CodeWildcardInService, id, elem(`"Action":"sqs:*"`, `"Resource":"arn:aws:s*:*:*:q"`),
			elem(`"Action":"sqs:*"`, `"Resource":"arn:aws:sqs:*:*:q"`),
		},
		{iampolicy.CodeShortARN, id, elem(`"Action":"sqs:*"`, `"Resource":"arn:aws:sqs"`), elem(`"Action":"sqs:*"`, `"Resource":"arn:aws:sqs:*:*:*"`)},
		{iampolicy.CodeHostBits, id, cond("IpAddress", "aws:SourceIp", `"203.0.113.7/24"`), cond("IpAddress", "aws:SourceIp", `"203.0.113.7/32"`)},
		{iampolicy.CodeSetOperatorOnNull, id, cond("ForAnyValue:Null", "x:v", `"true"`), cond("Null", "x:v", `"true"`)},
		{iampolicy.CodeLikeWithoutWildcard, id, cond("StringLike", "x:v", `"a"`), cond("StringLike", "x:v", `"a?"`)},
		{iampolicy.CodeLikeEverything, id, cond("StringLike", "x:v", `"*"`), cond("StringLike", "x:v", `"a*"`)},
		{iampolicy.CodeUnquotedValue, id, cond("StringEquals", "x:v", `[7]`), cond("NumericEquals", "x:v", `[7]`)},
		{
			iampolicy.CodeUsernameOfSessions, id, elem(`"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3:::a/${aws:username}/*"`),
			elem(`"Action":"s3:GetObject"`, `"Resource":"arn:aws:s3:::a/${aws:userid}/*"`),
		},
		{iampolicy.CodeUsernameOfSessions, id, cond("StringEquals", "x:v", `"${aws:username}"`), cond("StringEquals", "x:v", `"${aws:username, 'x'}"`)},
		{iampolicy.CodeUniqueIDPrincipal, res, allowed(`"Principal":{"AWS":"` + bobID + `"}`), allowed(bobOnly)},
		{iampolicy.CodeSessionPrincipal, res, allowed(`"Principal":{"AWS":"` + session + `"}`), allowed(`"Principal":{"AWS":"` + role + `"}`)},
	}
	tested := map[iampolicy.Code]bool{}
	for i, row := range rows {
		tested[row.code] = true
		t.Run(fmt.Sprintf("%d:%s", i, row.code), func(t *testing.T) {
			bad, good := row.document(t, row.bad), row.document(t, row.good)
			if !slices.ContainsFunc(bad, func(f iampolicy.Finding) bool { return f.Code == row.code }) {
				t.Errorf("not found in %v", bad)
			}
			if slices.ContainsFunc(good, func(f iampolicy.Finding) bool { return f.Code == row.code }) && row.good != "-" {
				t.Errorf("found in %v", good)
			}
			for _, f := range append(bad, good...) {
				if f.Severity != f.Code.Severity() || f.Line < 1 || f.Column < 1 || f.Message == "" {
					t.Errorf("got %+v", f)
				}
			}
		})
	}
	for _, doc := range codesOf(t) {
		if !tested[doc.code] {
			t.Errorf("no row for %s", doc.code)
		}
	}
}

// validate is Validate, which has nothing to end it.
func validate(tb testing.TB, doc []byte, kind iampolicy.PolicyType, opts ...iampolicy.ParseOption) []iampolicy.Finding {
	tb.Helper()
	findings, err := iampolicy.Validate(context.Background(), doc, kind, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return findings
}

func (row findingRow) text(doc string) string {
	if strings.HasPrefix(doc, `{"Version"`) || strings.HasPrefix(doc, `{"Statement"`) || strings.HasPrefix(doc, "\ufeff") {
		return doc
	}
	return document(doc)
}

func (row findingRow) document(tb testing.TB, doc string) []iampolicy.Finding {
	tb.Helper()
	if row.code == iampolicy.CodeUnroutedAction {
		return validate(tb, []byte(row.text(doc)), row.kind, iampolicy.WithActions("s3:GetObject"))
	}
	return validate(tb, []byte(row.text(doc)), row.kind)
}

func TestNothingIsSaidOfACleanPolicy(t *testing.T) {
	for _, doc := range []string{clean(""), wildRydes, cond("IpAddress", "aws:SourceIp", `["203.0.113.0/24","2001:db8::/32"]`)} {
		if f := validate(t, []byte(document(doc)), iampolicy.IdentityPolicy); len(f) > 0 {
			t.Errorf("%s: %v", doc, f)
		}
	}
}

// What Validate calls an error is what Parse refuses, and the other way round.
func TestValidateAgreesWithParse(t *testing.T) {
	check := func(doc []byte, kind iampolicy.PolicyType) {
		t.Helper()
		_, err := iampolicy.Parse(doc, kind)
		var mistakes, findings []string
		if e, ok := errors.AsType[*iampolicy.ParseError](err); ok {
			for _, m := range e.Findings {
				mistakes = append(mistakes, m.Error())
			}
		}
		for _, f := range validate(t, doc, kind) {
			if f.Severity == iampolicy.SeverityError {
				findings = append(findings, f.Error())
			}
		}
		slices.Sort(mistakes)
		slices.Sort(findings)
		if !slices.Equal(slices.Compact(mistakes), slices.Compact(findings)) {
			t.Errorf("Parse: %q\nValidate: %q\n%s", mistakes, findings, doc)
		}
	}
	for seed := range uint64(200) {
		for _, p := range newDice(seed).world().policies() {
			for kind := iampolicy.IdentityPolicy; kind <= iampolicy.TrustPolicy; kind++ {
				check(p.JSON(t), kind)
			}
		}
	}
	check([]byte(`{"Statement":[`+strings.Repeat(`{"Effect":"Allow","Action":["s3:*","s3:Get"],"Resource":"*"},`, 990)+`{}]}`),
		iampolicy.IdentityPolicy)
}

// A coded is a code with its comment in code.go.
type coded struct {
	code     iampolicy.Code
	sentence string
}

// codesOf reads the codes in the order of code.go.
func codesOf(t *testing.T) (list []coded) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		block, ok := decl.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		for _, spec := range block.Specs {
			value := spec.(*ast.ValueSpec)
			code, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, coded{iampolicy.Code(code), strings.Join(strings.Fields(value.Doc.Text()), " ")})
		}
	}
	return list
}

// FINDINGS.md is generated from the comments of code.go: go test -run FINDINGS -update.
func TestFINDINGSListsEveryCode(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Findings of Validate\n\nGenerated from `code.go`. An error is a document that Parse refuses.\n\n" +
		"| code | severity | meaning |\n| --- | --- | --- |\n")
	codes := codesOf(t)
	seen := map[iampolicy.Code]bool{}
	for _, c := range codes {
		if c.sentence == "" || seen[c.code] {
			t.Errorf("%s has no comment, or is there twice", c.code)
		}
		seen[c.code] = true
		fmt.Fprintf(&b, "| `%s` | %v | %s |\n", c.code, c.code.Severity(), c.sentence)
	}
	if len(codes) < 60 {
		t.Errorf("%d codes", len(codes))
	}
	if *update {
		if err := os.WriteFile("FINDINGS.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("FINDINGS.md")
	if err != nil || string(have) != b.String() {
		t.Errorf("FINDINGS.md is not up to date (%v): go test -run FINDINGS -update", err)
	}
}

func ExampleValidate() {
	findings, err := iampolicy.Validate(context.Background(), []byte(`{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:Get*"],
    "Resource": "arn:aws:s3:::photos/*",
    "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "blue"}}
  }
}`), iampolicy.IdentityPolicy)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range findings {
		fmt.Printf("photos.json:%d:%d: %v: %s [%s]\n", f.Line, f.Column, f.Severity, f.Message, f.Code)
	}
	// Output:
	// photos.json:5:16: SUGGESTION: "s3:GetObject" is covered by "s3:Get*" [REDUNDANT_ACTION]
	// photos.json:7:39: SECURITY_WARNING: StringNotEquals holds where "aws:PrincipalTag/team" is missing; add Null "false" for it [NEGATION_UNGUARDED]
}
