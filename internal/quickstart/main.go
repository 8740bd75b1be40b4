// Command quickstart protects one route, for one user, by one policy.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	account = "111122223333"
	alice   = "arn:aws:iam::" + account + ":user/alice"
)

func main() {
	policy, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "greetings:Get", "Resource": "arn:acme:greetings:*:*:greeting/world"}
	]}`), iampolicy.IdentityPolicy)
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "greetings", // what clients sign for
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), Secret: sigv4auth.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY")),
			Principal: iampolicy.Principal{ARN: alice},
		}),
	})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice: {policy}}),
		Routes: sigv4auth.Routes{"GET /hello/{name}": {
			Action: "greetings:Get", Resource: "arn:acme:greetings:us-east-1:" + account + ":greeting/{name}",
			Handler: http.HandlerFunc(hello),
		}},
	})
	check(err)
	server := &http.Server{Addr: "127.0.0.1:8081", Handler: auth.Routes(authz), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func hello(w http.ResponseWriter, r *http.Request) {
	id, _ := sigv4auth.IdentityFrom(r.Context())
	fmt.Fprintf(w, "Hello, %s, from %s\n", r.PathValue("name"), id.Principal.UserName())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
