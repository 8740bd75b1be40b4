package directory_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// An API whose callers are in a directory. This one is in memory; with a DB and a Ring in the
// Config it lasts, and with an Endpoint beside the API, aws iam changes it.
func Example() {
	ctx := context.Background()
	dir, err := directory.Open(ctx, directory.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	id, secret := directory.NewAccessKey()
	err = dir.Fill(ctx, directory.Contents{
		Accounts: []string{"111122223333"},
		Users: []directory.NewUser{{
			ARN:  "arn:aws:iam::111122223333:user/ada",
			Keys: []directory.NewKey{{ID: id, Secret: secret}},
			Holder: directory.Holder{Inline: map[string]string{
				"Read": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "orders:Get", "Resource": "*"}]}`,
			}},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}

	auth, err := sigv4auth.New(sigv4auth.Config{Region: "us-east-1", Service: "orders", Credentials: dir})
	if err != nil {
		log.Fatal(err)
	}
	order := func(action string) sigv4auth.Route {
		return sigv4auth.Route{
			Action: action, Resource: "arn:acme:orders:us-east-1:111122223333:order/{id}",
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "order ", r.PathValue("id")) }),
		}
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{Policies: dir, Routes: sigv4auth.Routes{
		"GET /orders/{id}": order("orders:Get"), "DELETE /orders/{id}": order("orders:Delete"),
	}})
	if err != nil {
		log.Fatal(err)
	}
	api := auth.Routes(authz)

	// What a client of the API does.
	ada := sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: id, Secret: secret}, Region: "us-east-1", Service: "orders",
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, ada.Sign(httptest.NewRequestWithContext(ctx, method, "https://orders.example/orders/7", nil)))
		fmt.Println(method, w.Code)
	}
	// Output:
	// GET 200
	// DELETE 403
}
