package v4_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"net/textproto"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// vector is one case of AWS's signing test suite, in the form of ../shared/vectors.
type vector struct {
	Name    string
	Context struct {
		Credentials struct {
			AccessKeyID     string `json:"access_key_id"`
			SecretAccessKey string `json:"secret_access_key"`
			Token           string
		}
		Normalize bool
		Region    string
		Service   string
	}
	Header, Query stages
	PublicKey     struct{ X, Y string } `json:"public_key"` // of SigV4A
}

// stages are those of one form of a case.
type stages struct {
	CanonicalRequest string `json:"canonical_request"`
	StringToSign     string `json:"string_to_sign"`
	Signature        string
	SignedRequest    struct {
		Method, Target, Body string
		Headers              [][2]string
	} `json:"signed_request"`
}

func readVectors(t *testing.T, suite string, inSuite int) []vector {
	f, err := os.Open(testneed.Shared(t, "vectors", suite))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []vector
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(all) != inSuite {
		t.Fatalf("the suite has %d cases; want %d", len(all), inSuite)
	}
	return all
}

// TestVectors holds each stage, for the header and the query form of each case, against what AWS's
// own signer made. It works below net/http, which refuses the raw spaces of get-space-*.
func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t, "v4.jsonl", 38) {
		for form, want := range map[string]stages{"header": v.Header, "query": v.Query} {
			t.Run(v.Name+"/"+form, func(t *testing.T) {
				t.Parallel()
				canonical, ok := v.checkCanonical(t, form, want)
				if !ok {
					return
				}
				date := strings.Split(want.StringToSign, "\n")[1]
				scope := v4.Scope{Date: date[:8], Region: v.Context.Region, Service: v.Context.Service}
				sts := v4.AppendStringToSign(nil, v4.Algorithm, date, scope.Date, "/"+scope.Region+"/"+scope.Service+"/aws4_request",
					canonical)
				if diff := cmp.Diff(want.StringToSign, string(sts)); diff != "" {
					t.Fatalf("string to sign (-want +got):\n%s", diff)
				}
				mac := v4.NewMac().Sign(v4.DeriveKey(v.Context.Credentials.SecretAccessKey, scope), sts)
				if got := hex.EncodeToString(mac[:]); got != want.Signature {
					t.Fatalf("signature %s; want %s", got, want.Signature)
				}
			})
		}
	}
}

// checkCanonical holds the canonical request of one form against the suite and returns it. It is
// not ok for the one deliberate refusal, of which there is nothing more to check.
func (v *vector) checkCanonical(t *testing.T, form string, want stages) (canonical []byte, ok bool) {
	t.Helper()
	path, rawQuery, _ := strings.Cut(want.SignedRequest.Target, "?")
	if err := v4.CheckPath(path); err != nil {
		t.Fatal(err)
	}
	var q v4.Query
	if err := q.Parse(rawQuery); err != nil {
		t.Fatal(err)
	}
	// The suite's signer drops the parameters that it adds after signing.
	lines := strings.Split(want.CanonicalRequest, "\n")
	var signed v4.SignedHeaders
	signed.Set(lines[len(lines)-2])
	req := v4.Request{
		Method: want.SignedRequest.Method, Path: path, Style: v4.PathEncoded, Query: &q, Header: map[string][]string{},
		SignedHeaders: &signed,
	}
	if v.Context.Normalize {
		req.Style = v4.PathNormalized
	}
	if form == "query" {
		req.Omit = "X-Amz-Signature"
	}
	for _, h := range want.SignedRequest.Headers {
		if strings.EqualFold(h[0], "host") {
			req.Host = h[1]
			continue
		}
		key := textproto.CanonicalMIMEHeaderKey(h[0])
		// A line that is folded reaches a server with a space for the line break: RFC 9112, section
		// 5.2.
		req.Header[key] = append(req.Header[key], strings.ReplaceAll(h[1], "\n", " "))
	}
	req.Common = usual(req.Header)
	got, err := req.AppendCanonical(nil)
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, lines[len(lines)-1]...)
	if v.Name == "post-sts-header-after" && form == "query" {
		// The one deliberate refusal: the token was added to the query after signing (threats 92
		// and 102), so our canonical request holds it and AWS's does not.
		if string(got) == want.CanonicalRequest || !strings.Contains(string(got), "X-Amz-Security-Token") {
			t.Fatalf("the unsigned token is not part of the canonical request:\n%s", got)
		}
		return nil, false
	}
	if diff := cmp.Diff(want.CanonicalRequest, string(got)); diff != "" {
		t.Fatalf("canonical request (-want +got):\n%s", diff)
	}
	return got, true
}
