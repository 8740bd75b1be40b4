package sigv4auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// exampleBucket is a service with the interface of S3, as far as PutObject and GetObject of one
// bucket go.
type exampleBucket struct {
	mu      sync.Mutex
	objects map[string][]byte
}

// target names the action and the resource of a request. S3 has operations that differ in a query
// parameter or a header alone; so what is not known here maps to nothing, which denies.
func (b *exampleBucket) target(r *http.Request) (action, resource string) {
	for name := range r.URL.Query() {
		if !strings.HasPrefix(name, "X-Amz-") && name != "x-id" {
			return "", ""
		}
	}
	if r.Header["X-Amz-Copy-Source"] != nil {
		return "", ""
	}
	action = map[string]string{http.MethodGet: "s3:GetObject", http.MethodPut: "s3:PutObject"}[r.Method]
	return action, "arn:aws:s3:::" + strings.TrimPrefix(r.URL.Path, "/")
}

// ServeHTTP takes the path as it is: keys may hold empty and dot segments, which a router would
// clean away.
func (b *exampleBucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Method == http.MethodGet {
		_, _ = w.Write(b.objects[r.URL.Path])
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil { // a body in chunks is verified while it is read: nothing has been stored yet
		sigv4auth.WriteS3Error(w, r, err)
		return
	}
	b.objects[r.URL.Path] = body
}

// A service with the interface of S3. It takes every payload mode that S3's clients use over TLS,
// and presigned URLs.
func Example_s3() {
	policy, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::unicorns/*"}]}`), iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	alice := iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "s3",
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secret: sigv4auth.NewSecret(exampleSecret), Principal: alice,
		}),
		Path: sigv4auth.PathS3,
		Payloads: sigv4auth.StreamingSigned | sigv4auth.StreamingSignedTrailer |
			sigv4auth.InsecureUnsigned | sigv4auth.InsecureStreamingUnsignedTrailer, // behind TLS alone
		MaxPresignExpiry: time.Hour,
		MaxBodyBytes:     64 << 20, // a part of an upload
		Denied:           sigv4auth.WriteS3Error,
	})
	if err != nil {
		panic(err)
	}
	store := &exampleBucket{objects: map[string][]byte{}}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:            sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice.ARN: {policy}}),
		Target:              store.target,
		ResourceAccount:     "111122223333", // the ARNs of S3 name no account
		InsecureObjectPaths: true,           // the store takes keys as they are
	})
	if err != nil {
		panic(err)
	}
	server := httptest.NewTLSServer(auth.Require(authz.Check)(store))
	defer server.Close()

	// What a client does: S3's paths are signed as they are sent.
	ctx, s3 := context.Background(), signer.NewSigner(func(o *signer.SignerOptions) { o.DisableURIPathEscaping = true })
	creds := aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: exampleSecret}
	send := func(r *http.Request) {
		res, err := server.Client().Do(r)
		if err != nil {
			panic(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			panic(err)
		}
		if res.StatusCode == http.StatusOK {
			fmt.Printf("%s %q\n", res.Status, body)
			return
		}
		var refused struct{ Code, Message string }
		if err := xml.Unmarshal(body, &refused); err != nil {
			panic(err)
		}
		fmt.Println(res.Status, refused.Code+":", refused.Message)
	}
	put := func(key, body string) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, server.URL+key, bytes.NewReader([]byte(body)))
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256([]byte(body))
		r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
		if err := s3.SignHTTP(ctx, creds, r, hex.EncodeToString(sum[:]), "s3", "us-east-1", time.Now()); err != nil {
			panic(err)
		}
		send(r)
	}
	get := func(key string, at time.Time) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+key+"?X-Amz-Expires=60", nil)
		if err != nil {
			panic(err)
		}
		url, _, err := s3.PresignHTTP(ctx, creds, r, "UNSIGNED-PAYLOAD", "s3", "us-east-1", at)
		if err != nil {
			panic(err)
		}
		plain, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			panic(err)
		}
		send(plain)
	}
	put("/unicorns/a%20white//one", "Shadowfax")
	get("/unicorns/a%20white//one", time.Now())
	get("/unicorns/a%20white//one", time.Now().Add(-time.Hour))
	put("/horses/one", "Rocinante")
	// Output:
	// 200 OK ""
	// 200 OK "Shadowfax"
	// 403 Forbidden AccessDenied: Request has expired
	// 403 Forbidden AccessDenied: User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::horses/one
}
