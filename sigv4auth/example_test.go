package sigv4auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// exampleSecret is AWS's documented example, valid nowhere. A program reads its secrets from a
// store.
const exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// get sends a GET request that aws-sdk-go-v2 signs, as a client would.
func get(url, accessKeyID, secret string) string {
	caller := sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: accessKeyID, Secret: sigv4auth.NewSecret(secret)},
		Region:     "us-east-1", Service: "execute-api",
	}
	res, err := caller.Client(http.DefaultClient).Get(url)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(res.StatusCode, " ", strings.TrimSpace(string(body)))
}

// A service behind signatures and policies: who calls is decided by the signature, what they may do
// by their policies.
func Example() {
	policy, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/prod/GET/ride"}]}`), iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	alice := iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api",
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secret: sigv4auth.NewSecret(exampleSecret), Principal: alice,
		}),
	})
	if err != nil {
		panic(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:        sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice.ARN: {policy}}),
		Target:          sigv4auth.APIGateway{Region: "us-east-1", AccountID: "111122223333", APIID: "rides", Stage: "prod"}.Target,
		ResourceAccount: sigv4auth.AccountInARN,
	})
	if err != nil {
		panic(err)
	}
	router := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := sigv4auth.IdentityFrom(r.Context())
		fmt.Fprintln(w, "a unicorn for", id.Principal.UserName())
	})
	server := httptest.NewServer(auth.Require(authz.Check)(router))
	defer server.Close()

	fmt.Println(get(server.URL+"/prod/ride", "AKIAIOSFODNN7EXAMPLE", exampleSecret))
	fmt.Println(get(server.URL+"/prod/rides", "AKIAIOSFODNN7EXAMPLE", exampleSecret))
	fmt.Println(get(server.URL+"/prod/ride", "AKIAUNKNOWN", exampleSecret))
	// Output:
	// 200 a unicorn for alice
	// 403 {"Message":"User: arn:aws:iam::111122223333:user/alice is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********3333:rides/prod/GET/rides"}
	// 403 {"message":"The security token included in the request is invalid."}
}

// The Authenticator has to wrap the router. Here it wraps one handler inside it, and the router
// goes on telling everybody which routes exist: it answers 404 and redirects before any signature
// is looked at.
func ExampleAuthenticator_Handler_incorrect() {
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "us-east-1", Service: "execute-api", Credentials: sigv4auth.StaticCredentials()})
	if err != nil {
		panic(err)
	}
	admin := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

	wrong := http.NewServeMux()
	wrong.Handle("/admin/", auth.Handler(admin))

	mux := http.NewServeMux()
	mux.Handle("/admin/", admin)
	right := auth.Handler(mux)

	for _, h := range []http.Handler{wrong, right} {
		var codes []int
		for _, path := range []string{"/nothing", "/admin", "/admin/"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			codes = append(codes, w.Code)
		}
		fmt.Println(codes)
	}
	// Output:
	// [404 307 403]
	// [403 403 403]
}

// Verify decides without enforcing, for programs that are no http.Handler chain. An error tells
// why.
func ExampleAuthenticator_Verify() {
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "us-east-1", Service: "execute-api", Credentials: sigv4auth.StaticCredentials()})
	if err != nil {
		panic(err)
	}
	_, err = auth.Verify(httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Println(errors.Is(err, sigv4auth.ErrMissingAuthenticationToken), err)
	// Output: true sigv4auth: MissingAuthenticationToken: Missing Authentication Token
}

// Any credentials provider of the AWS SDK can be the store: here the environment's key, for a
// service that only its own deployment calls.
func ExampleFromAWS() {
	provider := credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", exampleSecret, "")
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api",
		Credentials: sigv4auth.FromAWS(provider, iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/deploy"}),
	})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "deployed") })))
	defer server.Close()
	fmt.Println(get(server.URL+"/", "AKIAIOSFODNN7EXAMPLE", exampleSecret))
	// Output: 200 deployed
}

// An audit hook gets one event for each request. It holds nothing secret.
func ExampleObserve_audit() {
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api", Credentials: sigv4auth.StaticCredentials(),
		Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) {
			fmt.Fprintln(os.Stdout, e.Outcome, e.Method, e.Path, string(e.Reason))
		}},
	})
	if err != nil {
		panic(err)
	}
	auth.Handler(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/prod/ride?secret=1", nil))
	// Output: refused GET /prod/ride MissingAuthenticationToken
}

// A proxy puts the server's own address into Host, and every signature is wrong. The diagnosis
// finds what was signed.
func ExampleAuthenticator_Diagnose() {
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api",
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: "AKIAIOSFODNN7EXAMPLE",
			Secret:      sigv4auth.NewSecret(exampleSecret),
		}),
	})
	if err != nil {
		panic(err)
	}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := auth.Verify(r); err != nil {
			d := auth.Diagnose(r)
			fmt.Println(d.Refused, d.Verifies, d.Has(diagnosis.CauseHost))
			fmt.Println(d.Findings[0].Remedy)
		}
	}))
	defer service.Close()
	target, err := url.Parse(service.URL)
	if err != nil {
		panic(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target) // sets the outgoing Host, too
		p.SetXForwarded()
	}})
	defer proxy.Close()

	get(proxy.URL+"/prod/rides?limit=10", "AKIAIOSFODNN7EXAMPLE", exampleSecret)
	// Output:
	// sigv4auth: SignatureMismatch true true
	// let the proxy pass on the Host that the client sent, or say it in Config.Proxies.HostHeader; or let the client sign the one that arrives
}

// So many diagnoses a minute go to the audit hook. The caller is told nothing of them.
func ExampleObserve_diagnosesPerMinute() {
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api",
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: "AKIAIOSFODNN7EXAMPLE",
			Secret:      sigv4auth.NewSecret(exampleSecret),
		}),
		Observe: sigv4auth.Observe{DiagnosesPerMinute: 60, Audit: func(_ context.Context, e sigv4auth.Event) {
			if e.Diagnosis != nil {
				for _, f := range e.Diagnosis.Findings {
					fmt.Println(e.AccessKeyID, string(f.Cause))
				}
			}
		}},
	})
	if err != nil {
		panic(err)
	}
	// A proxy that takes the stage off the path changes what was signed.
	stripping := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RequestURI = strings.TrimPrefix(r.RequestURI, "/prod")
		auth.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
	}))
	defer stripping.Close()
	fmt.Println(get(stripping.URL+"/prod/rides", "AKIAIOSFODNN7EXAMPLE", exampleSecret)[:3])
	// Output:
	// AKIAIOSFODNN7EXAMPLE path-prefix
	// 403
}
