package matrix_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	smithycreds "github.com/aws/smithy-go/aws-http-auth/credentials"
	smithysigv4 "github.com/aws/smithy-go/aws-http-auth/sigv4"
	smithysigv4a "github.com/aws/smithy-go/aws-http-auth/sigv4a"
	smithyv4 "github.com/aws/smithy-go/aws-http-auth/v4"

	"github.com/wildgate/wildgate/sigv4auth"
)

// clients are the columns of the matrix.
func clients() []client {
	withBody := func(string) bool { return true }
	return []client{
		{name: "aws-sdk-go-v2", start: goClient(sdkSign), path: sigv4auth.PathEncoded, can: express{bodyWith: withBody}, few: 1500, many: 3000},
		{name: "smithy-go", start: goClient(smithySign), path: sigv4auth.PathEncoded, can: express{bodyWith: withBody}, few: 1500, many: 3000},
		{
			name: "smithy-go v4a", start: goClient(smithySignV4A), path: sigv4auth.PathEncoded,
			can: express{bodyWith: withBody, regionSets: true}, few: 500, many: 1500,
		},
		{name: "botocore", start: python("botocore"), path: sigv4auth.PathNormalized, can: express{noPresignedBody: true}, few: 400, many: 2600},
		{name: "aws4", start: node("aws4"), path: sigv4auth.PathNormalized, can: express{bodyWith: withBody, oncePerName: true}, few: 400, many: 2500},
		{name: "aws4fetch", start: node("aws4fetch"), path: sigv4auth.PathNormalized, few: 400, many: 2500},
		{name: "smithy", start: node("smithy"), path: sigv4auth.PathNormalized, can: express{bodyWith: withBody, oncePerName: true}, few: 400, many: 2500},
		{
			name: "smithy v4a", start: node("smithy v4a"), path: sigv4auth.PathNormalized,
			can: express{bodyWith: withBody, oncePerName: true, regionSets: true, noPresign: true}, few: 150, many: 600,
		},
		{name: "amplify", start: node("amplify"), path: sigv4auth.PathEncoded, few: 400, many: 2500},
		{
			name: "amplify api-rest", start: node("amplify api-rest"), path: sigv4auth.PathEncoded,
			can: express{noPresign: true, oncePerName: true, body: jsonBody}, few: 200, many: 1200,
		},
		{name: "curl", start: curl, path: sigv4auth.PathEncoded, can: express{noPresign: true, oncePerName: true, target: curlTarget}, few: 100, many: 1000},
		{
			name: "awscli", start: python("awscli"), path: sigv4auth.PathNormalized,
			can: express{
				methods: []string{"GET", "POST", "DELETE"}, target: connection, noHeaders: true, noPresign: true,
				bodyWith: func(method string) bool { return method == "POST" },
			},
			few: 20, many: 200,
		},
	}
}

// goSign signs r, whose body is body, as the client in this process does, and returns the request
// to send.
type goSign func(r *http.Request, body []byte, want request) error

// goClient makes a client of a signer in this process and net/http.
func goClient(sign goSign) func(*testing.T) (sender, string) {
	return func(t *testing.T) (sender, string) {
		transport := &http.Transport{DisableCompression: true}
		t.Cleanup(transport.CloseIdleConnections)
		return func(want request) (int, string, error) {
			r, err := http.NewRequestWithContext(t.Context(), want.Method, "http://"+want.Host+want.Target, bytes.NewReader(want.Body))
			if err != nil {
				return 0, err.Error(), nil
			}
			for _, h := range want.Headers {
				r.Header.Add(h[0], h[1])
			}
			if err := sign(r, want.Body, want); err != nil {
				return 0, err.Error(), nil
			}
			response, err := transport.RoundTrip(r)
			if err != nil {
				return 0, "", err
			}
			defer response.Body.Close()
			_, err = io.Copy(io.Discard, response.Body)
			return response.StatusCode, "", err
		}, ""
	}
}

// expiring puts into the query what both signers leave to the caller.
func expiring(r *http.Request, want request) {
	if want.Presign > 0 {
		q := r.URL.Query()
		q.Set("X-Amz-Expires", strconv.Itoa(want.Presign))
		r.URL.RawQuery = q.Encode()
	}
}

func sdkSign(r *http.Request, body []byte, want request) error {
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	creds := aws.Credentials{AccessKeyID: want.AccessKeyID, SecretAccessKey: want.SecretAccessKey, SessionToken: want.SessionToken}
	if want.Presign == 0 {
		return signer.NewSigner().SignHTTP(context.Background(), creds, r, digest, want.Service, want.Region, time.Now())
	}
	expiring(r, want)
	uri, header, err := signer.NewSigner().PresignHTTP(context.Background(), creds, r, digest, want.Service, want.Region, time.Now())
	if err != nil {
		return err
	}
	for k := range r.Header { // what is not signed has been moved into the query, or may be left out
		if _, signed := header[k]; !signed {
			r.Header.Del(k)
		}
	}
	r.URL, err = url.Parse(uri)
	return err
}

func smithySign(r *http.Request, body []byte, want request) error {
	sum := sha256.Sum256(body)
	in := &smithysigv4.SignRequestInput{
		Request: r, PayloadHash: sum[:], Service: want.Service, Region: want.Region, Time: time.Now(), Credentials: smithyCredentials(want),
	}
	if expiring(r, want); want.Presign > 0 {
		in.SignatureType = smithyv4.SignatureTypeQueryString
	}
	return smithysigv4.New().SignRequest(in)
}

func smithySignV4A(r *http.Request, body []byte, want request) error {
	sum := sha256.Sum256(body)
	in := &smithysigv4a.SignRequestInput{
		Request: r, PayloadHash: sum[:], Service: want.Service, RegionSet: strings.Split(want.Region, ","), Time: time.Now(),
		Credentials: smithyCredentials(want),
	}
	if expiring(r, want); want.Presign > 0 {
		in.SignatureType = smithyv4.SignatureTypeQueryString
	}
	return smithysigv4a.New().SignRequest(in)
}

func smithyCredentials(want request) smithycreds.Credentials {
	return smithycreds.Credentials{AccessKeyID: want.AccessKeyID, SecretAccessKey: want.SecretAccessKey, SessionToken: want.SessionToken}
}
