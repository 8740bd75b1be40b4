package sigv4client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
)

const (
	exampleID     = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// startService starts a service that admits one access key, and links that are valid for up to an
// hour.
func startService() *httptest.Server {
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api", MaxPresignExpiry: time.Hour,
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: exampleID, Secret: sigv4auth.NewSecret(exampleSecret),
			Principal: iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"},
		}),
	})
	if err != nil {
		panic(err)
	}
	return httptest.NewServer(auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := sigv4auth.IdentityFrom(r.Context())
		body, _ := io.ReadAll(r.Body) // it is verified, and in memory
		fmt.Fprintf(w, "%s %s by %s: %q", r.Method, r.URL.Path, id.Principal.UserName(), body)
	})))
}

func show(response *http.Response, err error) {
	if err != nil {
		panic(err)
	}
	defer response.Body.Close() //nolint:errcheck // it is read to its end
	text, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(response.StatusCode, string(text))
}

// An http.Client whose requests are signed.
func Example() {
	service := startService()
	defer service.Close()

	transport, err := sigv4client.New(sigv4client.Config{
		// In a program that runs on AWS, or has a profile: the Credentials of
		// config.LoadDefaultConfig.
		Credentials: credentials.NewStaticCredentialsProvider(exampleID, exampleSecret, ""),
		Region:      "us-east-1",
		Service:     "execute-api",
		Endpoints:   []string{service.URL},
		Retries:     3,
	})
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	show(client.Post(service.URL+"/prod/ride", "application/json", strings.NewReader(`{"unicorn":1}`)))
	// Output:
	// 200 POST /prod/ride by alice: "{\"unicorn\":1}"
}

// A link that a server makes, for somebody who has no key.
func ExampleTransport_Presign() {
	service := startService()
	defer service.Close()
	transport, err := sigv4client.New(sigv4client.Config{
		Credentials: credentials.NewStaticCredentialsProvider(exampleID, exampleSecret, ""),
		Region:      "us-east-1", Service: "execute-api", Endpoints: []string{service.URL},
	})
	if err != nil {
		panic(err)
	}

	r, err := http.NewRequest("GET", service.URL+"/prod/receipts/7", nil)
	if err != nil {
		panic(err)
	}
	link, err := transport.Presign(r, 15*time.Minute)
	if err != nil {
		panic(err)
	}
	show(http.Get(link.URL))
	_, err = transport.Presign(r, 8*24*time.Hour)
	fmt.Println(errors.Is(err, sigv4client.ErrExpiry))
	// Output:
	// 200 GET /prod/receipts/7 by alice: ""
	// true
}

// A service can redirect to somewhere else. Nothing signed goes there, and without OtherHosts
// nothing at all.
func ExampleConfig_otherHosts() {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "signed: %t", r.Header.Get("Authorization") != "")
	}))
	defer elsewhere.Close()
	service := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	defer service.Close()

	cfg := sigv4client.Config{
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(exampleID, exampleSecret, "")),
		Region:      "us-east-1", Service: "execute-api", Endpoints: []string{service.URL},
	}
	transport, err := sigv4client.New(cfg)
	if err != nil {
		panic(err)
	}
	_, err = (&http.Client{Transport: transport}).Get(service.URL)
	fmt.Println(errors.Is(err, sigv4client.ErrOtherHost))

	cfg.OtherHosts = http.DefaultTransport
	if transport, err = sigv4client.New(cfg); err != nil {
		panic(err)
	}
	show((&http.Client{Transport: transport}).Get(service.URL))
	// Output:
	// true
	// 200 signed: false
}
