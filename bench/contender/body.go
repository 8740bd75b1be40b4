package contender

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"

	"github.com/wildgate/wildgate/bench/workload"
)

// bodyDigest reads the body, puts it back for the handler, and returns its SHA-256. It is what the
// callers of the peers have to do: those verify that the digest is signed, and leave it to others
// whether it is the body's.
func bodyDigest(r *http.Request) (string, error) {
	if r.ContentLength > workload.MaxBody {
		return "", fmt.Errorf("%w: a body of %d bytes", errRefused, r.ContentLength)
	}
	body := make([]byte, max(r.ContentLength, 0))
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	if declared := r.Header.Get("X-Amz-Content-Sha256"); declared != "" && declared != digest {
		return "", fmt.Errorf("%w: another body", errRefused)
	}
	return digest, nil
}
