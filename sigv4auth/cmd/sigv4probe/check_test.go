package main_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestFlawsAreFound runs the checks against a verifier with one flaw: the checks that are there for
// it find it.
func TestFlawsAreFound(t *testing.T) {
	for _, tt := range []struct {
		flaw    string
		verdict string
		checks  []string
	}{
		{"skips the body", "wrongly admitted", []string{
			"a byte of the body is changed", "a byte of the body is changed, Content-Length unsigned",
			"presigned: a byte of the body is changed",
		}},
		{"believes the digest", "wrongly admitted", []string{
			"a byte of the body is changed, its digest stays", "the digest of another body is signed",
			"a digest that is not hex is signed",
		}},
		{"admits unsigned bodies", "information", []string{"POST with UNSIGNED-PAYLOAD"}},
		{"trusts unsigned x-amz-* headers", "wrongly admitted", []string{
			"an unsigned x-amz-* header is added", "a signed x-amz-* header is taken out of SignedHeaders",
			"presigned: an unsigned x-amz-* header is added", "X-Amz-Date is not signed",
		}},
		{"ignores expiry", "wrongly admitted", []string{
			"presigned: expired a minute ago", "presigned: expired a day ago",
		}},
		{"knows no clock", "wrongly admitted", []string{
			"signed twenty minutes ago", "signed a year ahead", "presigned: signed twenty minutes ahead",
			"presigned: X-Amz-Expires is missing",
		}},
		{"looks at one side of the clock", "wrongly admitted", []string{
			"signed twenty minutes ahead", "signed a year ahead", "presigned: signed twenty minutes ahead",
		}},
		{"folds paths", "wrongly admitted", []string{
			"a slash is doubled", "a dot segment is inserted",
			"a segment is inserted and taken back by two dots",
		}},
		{"encodes paths once", "wrongly refused", []string{"path: letters beyond ASCII", "path: an escaped space"}},
		{"ignores the method", "wrongly admitted", []string{
			"the method is changed", "presigned: the method is changed",
		}},
		{"ignores the query", "wrongly refused", []string{"GET with a query"}},
		{"takes one value of a name", "wrongly admitted", []string{"a parameter is repeated"}},
		{"takes one value of a name", "wrongly refused", []string{"query: a repeated name"}},
		{"sorts pairs as text", "wrongly refused", []string{"query: names that begin with others"}},
		{"drops parameters it cannot parse", "wrongly admitted", []string{
			"a parameter with a malformed escape is added",
		}},
		{"does not fold spaces", "wrongly refused", []string{"header: runs of spaces"}},
		{"takes the first value", "wrongly admitted", []string{"a signed header is repeated with another value"}},
		{"takes absent headers for empty", "wrongly admitted", []string{
			"SignedHeaders names a header that is not sent", "an empty signed header is dropped",
		}},
		{"does not ask for host", "wrongly admitted", []string{
			"SignedHeaders without host", "presigned: SignedHeaders without host",
		}},
		{"takes any scope", "wrongly admitted", []string{
			"another region", "another service", "another terminator", "a scope with a component too many",
			"presigned: another region",
		}},
		{"does not compare the scope's date", "wrongly admitted", []string{
			"the scope's date is yesterday's", "presigned: the scope's date is yesterday's",
		}},
		{"ignores the algorithm", "wrongly admitted", []string{
			"the algorithm AWS4-HMAC-SHA1", "the algorithm of chunks",
			"presigned: the algorithm AWS4-HMAC-SHA1",
		}},
		{"compares as many digits as came", "wrongly admitted", []string{
			"the signature is empty", "the signature is cut by a byte", "presigned: the signature is empty",
		}},
		{"takes two kinds of credentials", "wrongly admitted", []string{
			"presigned: an Authorization header is also sent",
		}},
		{"fails on what it cannot read", "information", []string{"Authorization is the scheme alone"}},
	} {
		t.Run(tt.flaw+": "+tt.verdict, func(t *testing.T) {
			var names []string
			for _, name := range tt.checks {
				names = append(names, regexp.QuoteMeta(name))
			}
			status, f := probe(t, serve(t, naive{flaw: tt.flaw}), "-run", "^("+strings.Join(names, "|")+")$")
			if (status == 1) != (tt.verdict != "information") {
				t.Errorf("status %d", status)
			}
			got := f.named(tt.verdict)
			for _, name := range tt.checks {
				answer, ok := got[name]
				if !ok {
					t.Errorf("%q is not among what is %s: %v", name, tt.verdict, got)
				}
				if tt.verdict == "information" && answer != "admitted, 200" && answer != "failed, 500" {
					t.Errorf("%q: %s", name, answer)
				}
			}
		})
	}
}

// TestAnEndpointThatVerifies: without a flaw the same verifier has no fault, so that what is found
// is the flaw.
func TestAnEndpointThatVerifies(t *testing.T) {
	if status, f := probe(t, serve(t, naive{})); status != 0 {
		t.Error(status, f.faults())
	}
}

func TestAnOpenEndpointIsFound(t *testing.T) {
	status, f := probe(t, serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	if status != 1 || f.WronglyAdmitted < 50 || f.WronglyRefused > 0 {
		t.Errorf("status %d, %d wrongly admitted, %d wrongly refused", status, f.WronglyAdmitted, f.WronglyRefused)
	}
}

// TestWildgateHasNoFault: nor has package sigv4auth, however it is configured.
func TestWildgateHasNoFault(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(*sigv4auth.Config)
		args     []string
		session  string
		untested int
	}{
		{"strict paths", func(*sigv4auth.Config) {}, nil, "", 1},
		{"presigned URLs are off", func(c *sigv4auth.Config) { c.MaxPresignExpiry = 0 }, nil, "", 50},
		{"normalized paths", func(c *sigv4auth.Config) { c.Path = sigv4auth.PathNormalized }, []string{"-path-style", "normalized"}, "", 1},
		{"encoded paths, SigV4A", func(c *sigv4auth.Config) {
			c.Path, c.Algorithms = sigv4auth.PathEncoded, sigv4auth.SigV4A
		}, []string{"-path-style", "encoded", "-sigv4a"}, "", 1},
		{"S3, chunks", func(c *sigv4auth.Config) {
			c.Service, c.Path = "s3", sigv4auth.PathS3
			c.Payloads = sigv4auth.InsecureUnsigned | sigv4auth.StreamingSigned | sigv4auth.InsecureStreamingUnsignedTrailer
		}, []string{"-service", "s3", "-streaming"}, "", 0},
		{"a session token", func(c *sigv4auth.Config) {
			c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
				AccessKeyID: accessKey, Secret: sigv4auth.NewSecret(secret), SessionToken: sigv4auth.NewSecret(token),
				Principal: iampolicy.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/probe/test"},
			})
		}, nil, token, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, f := probeSession(t, tt.session, serve(t, wildgate(t, tt.change)), tt.args...)
			if status != 0 {
				t.Error(status, f.faults())
			}
			t.Logf("information: %v\nnot tested: %v", f.named("information"), f.named("not tested"))
			if f.NotTested > tt.untested || f.Passed < 100 {
				t.Errorf("%d checks passed, %d were not tested; want at least 100, and at most %d", f.Passed, f.NotTested, tt.untested)
			}
		})
	}
}
