package sigv4auth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestAnswerTellsNoSignature: threat 213. Neither the answer nor the error nor the event of a
// request that does not verify holds the signature with which it would, the canonical request or a
// part of it that the client did not choose, or the digest of its body.
func TestAnswerTellsNoSignature(t *testing.T) {
	t.Parallel()
	right := sign(t, ride(), signing{digestHeader: true}).Header.Get("Authorization")
	_, signature, _ := strings.Cut(right, "Signature=")
	sum := sha256.Sum256([]byte(rideBody))
	secrets := []string{
		signature, hex.EncodeToString(sum[:]), testSecret, "aws4_request\n", "content-type:application/json",
		signature[:16],
	}
	for name, denied := range map[string]bool{"API Gateway": false, "S3": true} {
		var event sigv4auth.Event
		events := 0
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			c.Observe.Audit = auditInto(&event, &events)
			if denied {
				c.Denied = sigv4auth.WriteS3Error
			}
		})
		for _, last := range []string{"0", "f"} { // one of them is not the signature's
			if strings.HasSuffix(signature, last) {
				continue
			}
			r := sign(t, ride(), signing{digestHeader: true})
			r.Header.Set("Authorization", right[:len(right)-1]+last)
			_, err := a.Verify(r)
			e := sigv4auth.AsError(err)
			w := httptest.NewRecorder()
			var handler spy
			r = sign(t, ride(), signing{digestHeader: true})
			r.Header.Set("Authorization", right[:len(right)-1]+last)
			a.Handler(&handler).ServeHTTP(w, r)
			if handler.ran != 0 || e == nil || e.Reason != sigv4auth.ErrSignatureMismatch {
				t.Fatalf("the handler ran %d times; %v", handler.ran, err)
			}
			for _, text := range []string{
				w.Body.String(), fmt.Sprint(w.Header()), fmt.Sprintf("%+v %q %q %v", e, e.Message, e.Detail, e.Cause),
				fmt.Sprintf("%+v", event),
			} {
				for _, s := range secrets {
					if strings.Contains(text, s) {
						t.Errorf("%s: %q holds %q", name, text, s)
					}
				}
			}
		}
	}
}
