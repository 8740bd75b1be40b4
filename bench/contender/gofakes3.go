package contender

import (
	"fmt"
	"net/http"
	"time"

	"github.com/rclone/gofakes3/signature"

	"github.com/wildgate/wildgate/bench/workload"
)

// gofakes3 verifies for an S3 server, and no other service.
var gofakes3 = Verifier{Name: "gofakes3", Service: "s3", New: newGofakes3}

func newGofakes3(s workload.Setting) (Check, error) {
	switch {
	case s.Mount != workload.Verify:
		return nil, cannot("it has no middleware")
	case s.Chunked:
		return nil, cannot("it does not verify chunks")
	case s.SigV4A:
		return nil, cannot("it knows HMAC only")
	}
	signature.TimeNow = func() time.Time { return workload.Now }
	lookup := func(id string) (string, bool) {
		k, ok := s.Known[id]
		return k.Secret, ok && !k.Expired()
	}
	return func(r *http.Request) error {
		if code := signature.V4SignVerifyWithLookup(r, lookup); code != signature.ErrNone {
			return fmt.Errorf("%w: %s", errRefused, signature.GetAPIError(code).Code)
		}
		if r.Header.Get("Authorization") == "" { // presigned: no body is covered
			return nil
		}
		_, err := bodyDigest(r)
		return err
	}, nil
}
