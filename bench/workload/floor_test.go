package workload_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/logging"

	"github.com/wildgate/wildgate/bench/workload"
)

// TestFloorHashesWhatIsSigned: the floor hashes exactly as many bytes as the canonical request and
// the string to sign have that AWS's signer prints.
func TestFloorHashesWhatIsSigned(t *testing.T) {
	t.Parallel()
	for _, c := range workload.Verification(true) {
		if c.Chunked || c.SigV4A { // those have floors of other kinds
			continue
		}
		c.Learn()
		good, err := c.Good("execute-api")
		if err != nil {
			t.Fatal(err)
		}
		canonical, toSign := workload.HashedForTest(good[0])
		request, text := signedAgain(t, good[0].Again(), c.Known)
		if canonical != len(request) || toSign != len(text) {
			t.Errorf("%s, %s: the floor hashes %d and %d bytes for these:\n%s\n\n%s", c.Group, c.Name, canonical, toSign, request, text)
		}
	}
}

// signedAgain returns the canonical request and the string to sign of a signed request: those that
// give it the signature which it has.
func signedAgain(t *testing.T, r *http.Request, known map[string]workload.Key) (canonical, toSign string) {
	t.Helper()
	var printed string
	s := signer.NewSigner(func(o *signer.SignerOptions) {
		o.LogSigning = true
		o.Logger = logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) { printed = fmt.Sprintf(format, v...) })
	})
	query := r.URL.Query()
	authorization, credential := r.Header.Get("Authorization"), query.Get("X-Amz-Credential")
	if credential == "" {
		_, credential, _ = strings.Cut(authorization, "Credential=")
	}
	id, _, _ := strings.Cut(credential, "/")
	key, empty := known[id].AWS(), sha256.Sum256(nil)
	payload := r.Header.Get("X-Amz-Content-Sha256")
	if payload == "" {
		payload = hex.EncodeToString(empty[:])
	}
	out := r.Clone(context.Background())
	var same bool
	if signature := query.Get("X-Amz-Signature"); signature != "" {
		query.Del("X-Amz-Signature")
		out.URL.RawQuery = query.Encode()
		uri, _, err := s.PresignHTTP(context.Background(), key, out, payload, "execute-api", workload.Region, workload.Now)
		if err != nil {
			t.Fatal(err)
		}
		same = strings.HasSuffix(uri, "&X-Amz-Signature="+signature)
	} else {
		if err := s.SignHTTP(context.Background(), key, out, payload, "execute-api", workload.Region, workload.Now); err != nil {
			t.Fatal(err)
		}
		same = out.Header.Get("Authorization") == authorization
	}
	if !same {
		t.Fatalf("another request was signed again:\n%s", printed)
	}
	_, printed, _ = strings.Cut(printed, "---[ CANONICAL STRING  ]-----------------------------\n")
	canonical, printed, _ = strings.Cut(printed, "\n---[ STRING TO SIGN ]--------------------------------\n")
	toSign, _, _ = strings.Cut(printed, "\n---")
	return canonical, toSign
}
