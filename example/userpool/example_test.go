package userpool_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// What a program has already: see the example's own.
var (
	ctx      context.Context
	db       *sql.DB
	ring     *keyring.Ring
	keys     sigv4auth.CredentialStore
	policies sigv4auth.PolicyStore
)

// A program that serves a user pool at its root, beside other things.
func Example() {
	pool, err := userpool.New(ctx, userpool.Config{
		DB: db, Ring: ring, ID: "us-east-1_Example01", AccountID: "111122223333", Region: "us-east-1",
		Issuer:  "http://127.0.0.1:8080/us-east-1_Example01",
		Clients: []userpool.Client{{ID: "3n4b5urk1ft4fl3mg5e62d9ado"}},
		Deliver: func(_ context.Context, d userpool.Delivery) error {
			fmt.Printf("%s for %s: %s\n", d.Purpose, d.Email, d.Code.Reveal()) // on loopback alone
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: policies, Target: pool.Target, ResourceAccount: sigv4auth.AccountInARN,
	})
	if err != nil {
		log.Fatal(err)
	}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "cognito-idp", Credentials: keys, Denied: pool.WriteError,
	})
	if err != nil {
		log.Fatal(err)
	}
	endpoint, published := pool.Handler(auth.Require(authz.Check)), pool.Published()
	go pool.Run(ctx, 15*time.Minute)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if userpool.IsRequest(r) {
			endpoint.ServeHTTP(w, r)
			return
		}
		published.ServeHTTP(w, r)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", handler))
}
