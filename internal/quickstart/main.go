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

const account = "111122223333"

func main() {
	alice := iampolicy.Principal{ARN: "arn:aws:iam::" + account + ":user/alice"}
	policy, err := iampolicy.Parse([]byte(`{
		"Version": "2012-10-17",
		"Statement": [{
			"Effect": "Allow",
			"Action": "execute-api:Invoke",
			"Resource": "arn:aws:execute-api:us-east-1:111122223333:hello/prod/GET/hello"
		}]
	}`), iampolicy.IdentityPolicy)
	check(err)

	auth, err := sigv4auth.New(sigv4auth.Config{
		Region:  "us-east-1",
		Service: "execute-api",
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"),
			Secret:      sigv4auth.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY")),
			Principal:   alice,
		}),
	})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:        sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice.ARN: {policy}}),
		Target:          sigv4auth.APIGateway{Region: "us-east-1", AccountID: account, APIID: "hello", Stage: "prod"}.Target,
		ResourceAccount: sigv4auth.AccountInARN,
	})
	check(err)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /prod/hello", func(w http.ResponseWriter, r *http.Request) {
		id, _ := sigv4auth.IdentityFrom(r.Context())
		fmt.Fprintf(w, "Hello, %s\n", id.Principal.UserName())
	})
	server := &http.Server{
		Addr:              "127.0.0.1:8081",
		Handler:           auth.Require(authz.Check)(mux), // around the whole router
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
