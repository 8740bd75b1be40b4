package sigv4auth_test

import (
	"net/http"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestPathStyles: threat 36. Each path style verifies the one encoding that its clients sign, never
// whichever fits, and under none of them a signature for one path is good for another, whether what
// tells them apart is a segment or the query (threat 240).
func TestPathStyles(t *testing.T) {
	t.Parallel()
	styles := map[string]sigv4auth.PathStyle{
		"PathStrict": sigv4auth.PathStrict, "PathNormalized": sigv4auth.PathNormalized, "PathEncoded": sigv4auth.PathEncoded, "PathS3": sigv4auth.PathS3,
	}
	paths := []string{
		"/prod/a%20b", "/prod/a%2520b", "/prod/a+b", "/prod/a%2Bb", "/prod/a%252520b", "/prod/a%2fb", "/prod/a/b",
		"/prod/a%3Fb=c", "/prod/a?b=c",
	}
	// What PathS3 decodes before it encodes: one path in two spellings.
	same := map[[2]string]bool{{"/prod/a+b", "/prod/a%2Bb"}: true, {"/prod/a%2Bb", "/prod/a+b"}: true}
	for name, style := range styles {
		service := testService
		if style == sigv4auth.PathS3 {
			service = "s3" // the signer encodes its paths once, and all others twice
		}
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Path, c.Service = style, service })
		for _, signed := range paths {
			for _, sent := range paths {
				r := sign(t, request(http.MethodGet, signed, ""), signing{service: service, digestHeader: true})
				r.RequestURI = sent
				want := signed == sent || style == sigv4auth.PathS3 && same[[2]string{signed, sent}]
				if _, err := a.Verify(r); (err == nil) != want {
					t.Errorf("%s: %s signed, %s sent: %v; want admitted: %t", name, signed, sent, err, want)
				}
			}
		}
	}
	// The client's encoding has to be the server's: nothing is tried twice.
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Path, c.Service = sigv4auth.PathS3, "s3-object-lambda" })
	if _, err := a.Verify(sign(t, request(http.MethodGet, "/prod/a%20b", ""), signing{service: "s3-object-lambda"})); err == nil {
		t.Error("a path encoded twice is admitted by PathS3")
	}
}
