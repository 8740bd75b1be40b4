package clienttest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// failsOnce is a store that fails the first time.
type failsOnce struct {
	mu    sync.Mutex
	asked []time.Time
}

func (s *failsOnce) Credential(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked = append(s.asked, time.Now()); len(s.asked) == 1 {
		return sigv4auth.Credential{}, errors.New("down")
	}
	alice := iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"}
	return sigv4auth.Credential{AccessKeyID: id, Secret: sigv4auth.NewSecret(s3Secret), Principal: alice}, nil
}

// TestRetryAfterIsRead: aws-sdk-go-v2 waits as long as a 503 asks it to, in each dialect. It reads
// x-amz-retry-after, and not Retry-After, where its newer way of retrying is switched on.
func TestRetryAfterIsRead(t *testing.T) {
	t.Setenv("AWS_NEW_RETRIES_2026", "true")
	for name, denied := range map[string]func(http.ResponseWriter, *http.Request, error){
		"S3": sigv4auth.WriteS3Error, "query": sigv4auth.WriteQueryError, "API Gateway": sigv4auth.WriteAPIGatewayError,
	} {
		store := &failsOnce{}
		auth, err := sigv4auth.New(sigv4auth.Config{
			Region: s3Region, Service: "s3", Path: sigv4auth.PathS3, Credentials: store, Denied: denied,
		})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(auth.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		t.Cleanup(server.Close)
		c := s3.New(s3.Options{
			Region: s3Region, BaseEndpoint: aws.String(server.URL), UsePathStyle: true,
			Credentials: credentials.NewStaticCredentialsProvider(s3KeyID, s3Secret, ""),
			Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			}),
		})
		if _, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("x")}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(store.asked) != 2 {
			t.Fatalf("%s: %d attempts", name, len(store.asked))
		}
		if waited := store.asked[1].Sub(store.asked[0]); waited < time.Second {
			t.Errorf("%s: the client waited %v; want a second", name, waited)
		}
	}
}
