package awsquery_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

type credentials struct {
	AccessKeyId, SecretAccessKey, SessionToken string //nolint:revive // AWS's names
	Expiration                                 awsquery.Time
}

type result struct {
	Credentials      credentials
	PackedPolicySize *int                        `xml:",omitempty"`
	Matched          awsquery.List[credentials]  `xml:"MatchedStatements"`
	Keys             awsquery.List[string]       `xml:"ContextKeyNames"`
	None             awsquery.List[string]       `xml:"TransitiveTagKeys"`
	Details          awsquery.Map[string]        `xml:"EvalDecisionDetails"`
	NoDetails        awsquery.Map[int]           `xml:"SummaryMap"`
	LastUsed         *struct{}                   `xml:"RoleLastUsed"`
	Nested           awsquery.List[nestedResult] `xml:"ResourceSpecificResults"`
}

type nestedResult struct {
	Missing awsquery.List[string] `xml:"MissingContextValues"`
}

// TestDocument: an answer is written as AWS writes it: the namespace, a result, lists of member,
// maps of entry, times in whole seconds; what is empty is there, and what is nil is not.
func TestDocument(t *testing.T) {
	t.Parallel()
	got, err := awsquery.Document(namespace, "AssumeRole", "0f8f", result{
		Credentials: credentials{"ASIA", "a/b+c", "t<&>\"'\x00\xff\n", awsquery.Time(
			time.Date(2030, 1, 1, 2, 3, 4, 999e6, time.FixedZone("", 7200)))},
		Matched: awsquery.List[credentials]{}, Keys: awsquery.List[string]{"b", "a"},
		Details: awsquery.Map[string]{"b": "allowed", "a": "<"}, LastUsed: &struct{}{},
		Nested: awsquery.List[nestedResult]{{Missing: awsquery.List[string]{"x"}}},
	})
	const want = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>` +
		`<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>a/b+c</SecretAccessKey>` +
		"<SessionToken>t&lt;&amp;&gt;&#34;&#39;\uFFFD\uFFFD&#xA;</SessionToken><Expiration>2030-01-01T00:03:04Z</Expiration></Credentials>" +
		`<MatchedStatements></MatchedStatements><ContextKeyNames><member>b</member><member>a</member></ContextKeyNames>` +
		`<EvalDecisionDetails><entry><key>a</key><value>&lt;</value></entry><entry><key>b</key><value>allowed</value></entry>` +
		`</EvalDecisionDetails>` +
		`<RoleLastUsed></RoleLastUsed>` +
		`<ResourceSpecificResults><member><MissingContextValues><member>x</member></MissingContextValues></member>` +
		`</ResourceSpecificResults></AssumeRoleResult>` +
		`<ResponseMetadata><RequestId>0f8f</RequestId></ResponseMetadata></AssumeRoleResponse>` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}

	// Without an output there is no result.
	got, err = awsquery.Document("https://iam.amazonaws.com/doc/2010-05-08/", "DeleteRole", "1", nil)
	if want := `<DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>1</RequestId>` +
		`</ResponseMetadata></DeleteRoleResponse>` + "\n"; err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	// What cannot be written is an error, and no half of an answer.
	if got, err := awsquery.Document(namespace, "X", "1", map[string]int{"a": 1}); err == nil {
		t.Errorf("%s", got)
	}
}

// TestDocumentIsRead: what a program puts in comes out of a reader that looks for elements in the
// namespace, however strange it is.
func TestDocumentIsRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", " a  b ", "<a>&amp;]]>", "\t\n\r\n", "€𝄞", "\u2028", "--><!--"} {
		b, err := awsquery.Document(namespace, "AssumeRole", text, result{
			Credentials: credentials{SessionToken: text}, Keys: awsquery.List[string]{text, text},
		})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResponse"`
			Token   string   `xml:"https://sts.amazonaws.com/doc/2011-06-15/ AssumeRoleResult>Credentials>SessionToken"`
			Keys    []string `xml:"AssumeRoleResult>ContextKeyNames>member"`
			Request string   `xml:"ResponseMetadata>RequestId"`
		}
		if err := xml.Unmarshal(b, &got); err != nil || got.Token != text || len(got.Keys) != 2 || got.Keys[1] != text ||
			got.Request != text {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

type errorAnswer struct {
	XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Error   struct{ Type, Code, Message string }
	Request string `xml:"RequestId"`
}

// TestErrorDocument: the answer of an error tells whose fault it is, and escapes its text.
func TestErrorDocument(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err    *awsquery.Error
		status int
		fault  string
	}{
		{&awsquery.Error{Code: "ValidationError", Message: "<x> & y is invalid"}, 400, "Sender"},
		{&awsquery.Error{Code: "AccessDenied", Message: "User: x", Status: 403}, 403, "Sender"},
		{awsquery.Internal(errors.New("the password is x")), 500, "Receiver"},
		{awsquery.Unavailable(errors.New("the password is x")), 503, "Receiver"},
		{&awsquery.Error{Code: "Odd", Status: 200}, 500, "Receiver"}, // an error is never a success
		{&awsquery.Error{Code: "Odd", Status: 600}, 500, "Receiver"},
	} {
		var got errorAnswer
		b := awsquery.ErrorDocument(namespace, "0f8f", tt.err)
		if err := xml.Unmarshal(b, &got); err != nil || got.Error.Type != tt.fault || got.Error.Code != tt.err.Code ||
			got.Error.Message != tt.err.Message || got.Request != "0f8f" || tt.err.HTTPStatus() != tt.status ||
			strings.Contains(string(b), "password") {
			t.Errorf("%v: %s, %v, status %d", tt.err, b, err, tt.err.HTTPStatus())
		}
	}
	const want = `<ErrorResponse><Error><Type>Sender</Type><Code>A</Code><Message>B</Message></Error>` +
		`<RequestId>1</RequestId></ErrorResponse>` + "\n"
	if b := awsquery.ErrorDocument("", "1", &awsquery.Error{Code: "A", Message: "B"}); string(b) != want {
		t.Errorf("%s", b)
	}
	cause := errors.New("why")
	if !errors.Is(awsquery.Internal(cause), cause) || strings.Contains(awsquery.Internal(cause).Error(), "why") {
		t.Error("the cause is for errors.Is alone")
	}
}

// TestRecordedErrors: each error that STS and IAM were recorded with is what a client reads when it
// is answered here.
func TestRecordedErrors(t *testing.T) {
	t.Parallel()
	n := 0
	for _, name := range []string{"sts.json", "iam.json"} {
		b, err := os.ReadFile(testneed.Shared(t, "answers", name))
		if err != nil {
			t.Fatal(err)
		}
		var recorded map[string]struct {
			Content map[string]struct {
				Error            *struct{ Type, Code, Message string }
				ResponseMetadata struct{ HTTPStatusCode int }
			} `json:"recorded-content"`
		}
		if err := json.Unmarshal(b, &recorded); err != nil {
			t.Fatal(err)
		}
		for test, record := range recorded {
			for step, want := range record.Content {
				if want.Error == nil {
					continue
				}
				n++
				e := &awsquery.Error{Code: want.Error.Code, Message: want.Error.Message, Status: want.ResponseMetadata.HTTPStatusCode}
				var got errorAnswer
				if err := xml.Unmarshal(awsquery.ErrorDocument(namespace, "1", e), &got); err != nil || got.Error != *want.Error ||
					e.HTTPStatus() != want.ResponseMetadata.HTTPStatusCode {
					t.Errorf("%s, %s: %+v, %v; want %+v", test, step, got, err, want)
				}
			}
		}
	}
	if n < 15 {
		t.Errorf("only %d errors are recorded", n)
	}
}
