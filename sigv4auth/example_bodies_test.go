package sigv4auth_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// One route takes large uploads. Its handler has them verified whole, and not in memory.
func ExampleRoute_spooled() {
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	alice.Payload = sigv4test.DeclaredDigest
	cfg := alice.Config()
	cfg.MaxBodyBytes = 2 << 30 // on the disk: in memory, a spooled body has 1 MiB at most
	a, err := sigv4auth.New(cfg)
	if err != nil {
		panic(err)
	}
	policy, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "films:Put", "Resource": "arn:acme:films:eu-1:111122223333:film/*"}
	]}`), iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	z, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice.Credential.Principal.ARN: {policy}}),
		Routes: sigv4auth.Routes{"PUT /films/{id}": {
			Action: "films:Put", Resource: "arn:acme:films:eu-1:111122223333:film/{id}",
			Body: sigv4auth.BodySpooled,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := r.Body.(io.ReadSeeker) // a spooled body is one
				hash := sha256.New()
				if _, err := io.Copy(hash, body); err != nil {
					http.Error(w, "the disk failed", http.StatusInternalServerError)
					return
				}
				if _, err := body.Seek(0, io.SeekStart); err != nil {
					http.Error(w, "the disk failed", http.StatusInternalServerError)
					return
				}
				fmt.Fprintf(w, "%d bytes, %.4x", r.ContentLength, hash.Sum(nil))
			}),
		}},
	})
	if err != nil {
		panic(err)
	}
	films := a.Routes(z)

	r := alice.Sign(httptest.NewRequest("PUT", "/films/7", strings.NewReader("reel 1")))
	w := httptest.NewRecorder()
	films.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)

	r = alice.Sign(httptest.NewRequest("PUT", "/films/7", strings.NewReader("reel 1")))
	r.Body = io.NopCloser(strings.NewReader("reel 2"))
	w = httptest.NewRecorder()
	films.ServeHTTP(w, r)
	fmt.Println(w.Code) // the handler did not run
	// Output:
	// 200 6 bytes, 4b92fb5f
	// 403
}

// A handler that reads the body as it arrives has to undo what it did if reading fails. This one
// stores a film under its name only once the body is known to be the one that was signed.
func ExampleConfig_streamed() {
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	alice.Payload = sigv4test.DeclaredDigest
	cfg := alice.Config()
	cfg.MaxBodyBytes = 2 << 30
	cfg.Body = func(r *http.Request) sigv4auth.BodyDelivery {
		if r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/films/") {
			return sigv4auth.BodyStreamed
		}
		return sigv4auth.BodyByMode
	}
	a, err := sigv4auth.New(cfg)
	if err != nil {
		panic(err)
	}
	stored := map[string]string{}
	films := a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var unnamed strings.Builder // or a temporary file
		if _, err := io.Copy(&unnamed, r.Body); err != nil {
			sigv4auth.WriteAPIGatewayError(w, r, err)
			return // and the film is gone
		}
		stored[r.URL.Path] = unnamed.String()
	}))

	for _, arrives := range []string{"reel 2", "reel 1"} {
		r := alice.Sign(httptest.NewRequest("PUT", "/films/7", strings.NewReader("reel 1")))
		r.Body = io.NopCloser(strings.NewReader(arrives))
		w := httptest.NewRecorder()
		films.ServeHTTP(w, r)
		fmt.Println(w.Code, stored)
	}
	// Output:
	// 403 map[]
	// 200 map[/films/7:reel 1]
}
