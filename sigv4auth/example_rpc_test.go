package sigv4auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// A service of gRPC whose policies speak of methods: each is a route. A grpc.Server is an
// http.Handler, and so is a handler of Connect.
func ExampleWriteRPCError() {
	server := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Grpc-Status", "0") })
	policy, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"notes:Get","Resource":"*"}]}`),
		iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	cfg := alice.Config()
	cfg.Denied = sigv4auth.WriteRPCError
	auth, err := sigv4auth.New(cfg)
	if err != nil {
		panic(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:        sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice.Credential.Principal.ARN: {policy}}),
		ResourceAccount: "111122223333",
		Routes: sigv4auth.Routes{
			"POST /notes.v1.Notes/Get":          {Action: "notes:Get", Resource: "*", Handler: server},
			"POST /notes.v1.Notes/Put":          {Action: "notes:Put", Resource: "*", Handler: server},
			"POST /grpc.health.v1.Health/Check": {Open: true, Handler: server},
		},
	})
	if err != nil {
		panic(err)
	}
	for _, method := range []string{"/notes.v1.Notes/Get", "/notes.v1.Notes/Put", "/grpc.health.v1.Health/Check"} {
		for _, signed := range []bool{true, false} {
			r := httptest.NewRequest("POST", method, nil)
			r.Header.Set("Content-Type", "application/grpc")
			if signed {
				alice.Sign(r)
			}
			w := httptest.NewRecorder()
			auth.Routes(authz).ServeHTTP(w, r)
			fmt.Printf("%s: %s %q\n", method, w.Header().Get("Grpc-Status"), w.Header().Get("Grpc-Message"))
		}
	}
	// Output:
	// /notes.v1.Notes/Get: 0 ""
	// /notes.v1.Notes/Get: 16 "Missing Authentication Token"
	// /notes.v1.Notes/Put: 7 "User: arn:aws:iam::111122223333:user/alice is not authorized to access this resource"
	// /notes.v1.Notes/Put: 16 "Missing Authentication Token"
	// /grpc.health.v1.Health/Check: 0 ""
	// /grpc.health.v1.Health/Check: 0 ""
}
