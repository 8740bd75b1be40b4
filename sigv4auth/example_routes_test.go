package sigv4auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// An API of one's own, with actions and resources of its own. Alice may read each order, and cancel
// the seventh.
func ExampleRoutes() {
	policy, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"orders:Get","Resource":"arn:acme:orders:*:*:order/*"},
		{"Effect":"Allow","Action":"orders:Cancel","Resource":"arn:acme:orders:*:*:order/7"}]}`), iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	auth, err := sigv4auth.New(alice.Config())
	if err != nil {
		panic(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{"arn:aws:iam::111122223333:user/alice": {policy}}),
		Routes: sigv4auth.Routes{
			"GET /orders/{id}": {
				Action: "orders:Get", Resource: "arn:acme:orders:eu-1:111122223333:order/{id}", Handler: saying("order"),
			},
			"POST /orders/{id}/cancel": {
				Action: "orders:Cancel", Resource: "arn:acme:orders:eu-1:111122223333:order/{id}", Handler: saying("cancelled"),
			},
			"GET /healthz": {Open: true, Handler: saying("healthy")},
		},
	})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(auth.Routes(authz))
	defer server.Close()

	send := func(client *http.Client, method, path string) {
		r, err := http.NewRequest(method, server.URL+path, nil)
		if err != nil {
			panic(err)
		}
		res, err := client.Do(r)
		if err != nil {
			panic(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		fmt.Println(method, path, res.StatusCode, strings.TrimSpace(string(body)))
	}
	signed := alice.Client(http.DefaultClient)
	send(signed, "GET", "/orders/8")
	send(signed, "POST", "/orders/7/cancel")
	send(signed, "POST", "/orders/8/cancel")
	send(signed, "POST", "/nothing")
	send(http.DefaultClient, "GET", "/orders/8")
	send(http.DefaultClient, "GET", "/nothing")
	send(http.DefaultClient, "GET", "/healthz")
	// Output:
	// GET /orders/8 200 order 8
	// POST /orders/7/cancel 200 cancelled 7
	// POST /orders/8/cancel 403 {"Message":"User: arn:aws:iam::111122223333:user/alice is not authorized to access this resource"}
	// POST /nothing 403 {"Message":"User: arn:aws:iam::111122223333:user/alice is not authorized to access this resource"}
	// GET /orders/8 403 {"message":"Missing Authentication Token"}
	// GET /nothing 403 {"message":"Missing Authentication Token"}
	// GET /healthz 200 healthy
}

// saying returns a handler that says what it is, and which order it is about.
func saying(what string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, what, r.PathValue("id")) })
}

// One route is for callers of another kind, who bring a token. Its handler finds who they are in
// the context. Without a token nobody learns that the route exists.
func ExampleRoute_authorize() {
	type customerKey struct{}
	byToken := func(r *http.Request) (context.Context, error) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || token != "ada's" { // a program verifies a JWT here
			return nil, errors.New("no token that is valid")
		}
		return context.WithValue(r.Context(), customerKey{}, "ada"), nil
	}
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "us-east-1", Service: "execute-api", Credentials: sigv4auth.StaticCredentials()})
	if err != nil {
		panic(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: sigv4auth.StaticPolicies(nil),
		Routes: sigv4auth.Routes{
			"GET /cart": {Authorize: byToken, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, "the cart of ", r.Context().Value(customerKey{}))
			})},
		},
	})
	if err != nil {
		panic(err)
	}
	handler := auth.Routes(authz)
	for _, at := range []struct{ path, token string }{{"/cart", "ada's"}, {"/cart", ""}, {"/nothing", ""}} {
		r := httptest.NewRequest("GET", at.path, nil)
		if at.token != "" {
			r.Header.Set("Authorization", "Bearer "+at.token)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 the cart of ada
	// 403 {"message":"Missing Authentication Token"}
	// 403 {"message":"Missing Authentication Token"}
}

// API Gateway's mapping names what each request asks for, on routes of the service's own.
func ExampleRoutes_apiGateway() {
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	auth, err := sigv4auth.New(alice.Config())
	if err != nil {
		panic(err)
	}
	policy, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke",
		"Resource":"arn:aws:execute-api:*:*:rides/prod/DELETE/*"}]}`), iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:        sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{"arn:aws:iam::111122223333:user/alice": {policy}}),
		Target:          sigv4auth.APIGateway{Region: "us-east-1", AccountID: "111122223333", APIID: "rides", Stage: "prod"}.Target,
		ResourceAccount: sigv4auth.AccountInARN,
		Routes: sigv4auth.Routes{
			"DELETE /prod/ride/{id}": {Handler: saying("deleted")},
			"GET /prod/rides":        {Handler: saying("rides")},
			"GET /ping":              {Open: true, Handler: saying("pong")},
		},
	})
	if err != nil {
		panic(err)
	}
	handler := auth.Routes(authz)
	for _, r := range []*http.Request{
		alice.Sign(httptest.NewRequest("DELETE", "/prod/ride/7", nil)),
		alice.Sign(httptest.NewRequest("GET", "/prod/rides", nil)),
		httptest.NewRequest("GET", "/ping", nil),
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 deleted 7
	// 403 {"Message":"User: arn:aws:iam::111122223333:user/alice is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********3333:rides/prod/GET/rides"}
	// 200 pong
}
