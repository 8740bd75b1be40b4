package sigv4auth_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// One line of the configuration, and each request is a line of the log. What differs in each run is
// left out here.
func ExampleLogTo() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: sameInEachRun}))

	alice := sigv4test.Signer{
		Credential: sigv4auth.Credential{
			AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secret: sigv4auth.NewSecret(exampleSecret),
			Principal: iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"},
		},
		Region: "us-east-1", Service: "execute-api",
	}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api", Credentials: sigv4auth.StaticCredentials(alice.Credential),
		Observe: sigv4auth.Observe{Audit: sigv4auth.LogTo(logger)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h := auth.Handler(http.NotFoundHandler())
	h.ServeHTTP(httptest.NewRecorder(), alice.Sign(httptest.NewRequest("GET", "/prod/ride", nil)))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/prod/ride", nil))
	// Output:
	// level=INFO msg=admitted principal=arn:aws:iam::111122223333:user/alice request.method=GET request.path=/prod/ride request.source=192.0.2.1 signature.access_key_id=AKIAIOSFODNN7EXAMPLE signature.payload_mode=digest
	// level=WARN msg=refused reason=MissingAuthenticationToken request.method=GET request.path=/prod/ride request.source=192.0.2.1
}

func sameInEachRun(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "request_id" {
		return slog.Attr{}
	}
	return a
}
