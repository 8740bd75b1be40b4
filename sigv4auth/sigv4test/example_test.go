package sigv4test_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// service is what the examples protect.
var service = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, _ := sigv4auth.IdentityFrom(r.Context())
	fmt.Fprint(w, "a unicorn for ", id.Principal.UserName())
})

// A test of a protected handler: one request that is signed, and one that is not.
func Example() {
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	auth, err := sigv4auth.New(alice.Config())
	if err != nil {
		panic(err)
	}
	for _, r := range []*http.Request{
		alice.Sign(httptest.NewRequest("POST", "/prod/ride", strings.NewReader(`{"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}`))),
		httptest.NewRequest("GET", "/prod/rides", nil),
	} {
		w := httptest.NewRecorder()
		auth.Handler(service).ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 a unicorn for alice
	// 403 {"message":"Missing Authentication Token"}
}

// A client that signs, against a real server. What a signature covers is how a caller may differ:
// bob has a role's temporary credentials.
func ExampleSigner_Client() {
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	bob := sigv4test.NewSigner("arn:aws:sts::111122223333:assumed-role/Rider/bob")
	cfg := alice.Config()
	cfg.Credentials = sigv4auth.StaticCredentials(alice.Credential, bob.Credential)
	auth, err := sigv4auth.New(cfg)
	if err != nil {
		panic(err)
	}
	policy, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke",`+
		`"Resource":"*"}]}`),
		iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:        sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{"arn:aws:iam::111122223333:role/Rider": {policy}}),
		Target:          sigv4auth.APIGateway{Region: sigv4test.Region, AccountID: "111122223333", APIID: "rides", Stage: "prod"}.Target,
		ResourceAccount: sigv4auth.AccountInARN,
	})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(auth.Require(authz.Check)(service))
	defer server.Close()

	mallory := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice") // another key, which no store knows
	for _, caller := range []sigv4test.Signer{alice, bob, mallory} {
		response, err := caller.Client(server.Client()).Get(server.URL + "/prod/rides")
		if err != nil {
			panic(err)
		}
		_ = response.Body.Close()
		fmt.Printf("%d %q\n", response.StatusCode, response.Header.Get("x-amzn-ErrorType"))
	}
	// Output:
	// 403 "AccessDeniedException"
	// 200 ""
	// 403 "UnrecognizedClientException"
}

// A presigned URL works until it has expired, and the Spy shows that the handler runs no longer
// then.
func ExampleClock() {
	clock := sigv4test.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	alice.Now, alice.Presign = clock.Now, time.Hour
	auth, err := sigv4auth.New(alice.Config())
	if err != nil {
		panic(err)
	}
	url := alice.Sign(httptest.NewRequest("GET", "/prod/rides?limit=10", nil)).RequestURI

	var spy sigv4test.Spy
	for range 2 {
		auth.Handler(&spy).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", url, nil))
		fmt.Println(len(spy.Seen()))
		clock.Advance(time.Hour + time.Second)
	}
	// Output:
	// 1
	// 1
}
