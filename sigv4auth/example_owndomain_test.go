package sigv4auth_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// orders is an API of one's own: its actions are called orders:Get and the like, and an order is
// arn:acme:orders:eu-1:ACCOUNT:order/ID. Each resource names the account that owns it. Archived
// orders are another account's.
func orders() sigv4auth.Routes {
	order := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := sigv4auth.IdentityFrom(r.Context())
		fmt.Fprintf(w, "order %s, for %s", r.PathValue("id"), id.Principal.UserName())
	})
	return sigv4auth.Routes{
		"GET /orders/{id}":  {Action: "orders:Get", Resource: "arn:acme:orders:eu-1:111122223333:order/{id}", Handler: order},
		"GET /archive/{id}": {Action: "orders:Get", Resource: "arn:acme:orders:eu-1:444455556666:order/{id}", Handler: order},
	}
}

// ownService serves it to callers whose keys and policies are in memory. What is refused, and why,
// is printed for the operator; the caller is not told.
func ownService(keys sigv4auth.CredentialStore, policies map[string][]*iampolicy.Policy) (http.Handler, error) {
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: sigv4test.Region, Service: sigv4test.Service, Credentials: keys,
		Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) {
			if e.Explanation == nil {
				return
			}
			for _, sentence := range e.Explanation.Sentences() {
				fmt.Println("log:", sentence)
			}
		}},
	})
	if err != nil {
		return nil, err
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:        sigv4auth.StaticPolicies(policies),
		Routes:          orders(),
		ExplainRefusals: true,
	})
	if err != nil {
		return nil, err
	}
	return auth.Routes(authz), nil
}

// A service of one's own, with actions and resources of its own, and a policy that allows Alice
// everything in it. That is enough for what her account owns. What is another account's she does
// not get by her own policies alone.
func Example_ownDomain() {
	policy, err := iampolicy.Parse([]byte(`{
		"Version": "2012-10-17",
		"Statement": [{"Sid": "AllOrders", "Effect": "Allow", "Action": "orders:*", "Resource": "*"}]
	}`), iampolicy.IdentityPolicy, iampolicy.WithName("clerks"))
	if err != nil {
		panic(err)
	}
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	handler, err := ownService(
		sigv4auth.StaticCredentials(alice.Credential),
		map[string][]*iampolicy.Policy{alice.Credential.Principal.ARN: {policy}},
	)
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()

	client := alice.Client(server.Client()) // signs; outside of tests that of package sigv4client
	for _, path := range []string{"/orders/7", "/archive/7"} {
		answer, err := client.Get(server.URL + path)
		if err != nil {
			panic(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			panic(err)
		}
		answer.Body.Close()
		fmt.Println(answer.StatusCode, string(body))
	}
	// Output:
	// 200 order 7, for alice
	// log: implicitDeny: "arn:aws:iam::111122223333:user/alice", "orders:Get" on "arn:acme:orders:eu-1:444455556666:order/7"
	// log: no resource policy allows it
	// log: the caller is of account "111122223333", the resource of "444455556666": across accounts a resource policy has to allow it as well
	// 403 {"Message":"User: arn:aws:iam::111122223333:user/alice is not authorized to access this resource"}
}
