package sts_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// exampleStore returns a store with one user, ada, and one role, which she may assume.
func exampleStore() (*sts.Store, sigv4test.Signer) {
	ada := sigv4test.NewSigner("arn:aws:iam::111122223333:user/ada")
	ada.Credential.Principal.UserID = "AIDAEXAMPLEADA"
	trust, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
		"Principal": {"AWS": "arn:aws:iam::111122223333:user/ada"}, "Action": "sts:AssumeRole",
		"Condition": {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}}}`), iampolicy.TrustPolicy)
	if err != nil {
		log.Fatal(err)
	}
	keys := keyring.New(time.Now()) // from a file: see package keyring
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }})
	if err != nil {
		log.Fatal(err)
	}
	store, err := sts.NewStore(sts.StoreConfig{
		Ring: ring, Credentials: sigv4auth.StaticCredentials(ada.Credential),
		Roles: oneRole{sigv4auth.Role{ARN: "arn:aws:iam::111122223333:role/Rider", ID: "AROAEXAMPLERIDER", TrustPolicy: trust}},
	})
	if err != nil {
		log.Fatal(err)
	}
	return store, ada
}

// Stock AWS clients call the endpoint, where AWS_ENDPOINT_URL_STS says. The audit hook learns who
// asked for which role, and what was decided.
func ExampleEndpoint() {
	store, ada := exampleStore()
	endpoint, err := sts.NewEndpoint(sts.EndpointConfig{
		Store: store,
		Auth: sigv4auth.Config{
			Region: "us-east-1",
			Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) {
				fmt.Println(e.Principal, e.Action, e.Resource, e.Decision.Outcome)
			}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ada.Service = "sts"
	for _, name := range []string{"ada", "eve"} {
		r := post(form("AssumeRole", "RoleArn", "arn:aws:iam::111122223333:role/Rider", "RoleSessionName", name))
		w := httptest.NewRecorder()
		endpoint.ServeHTTP(w, ada.Sign(r))
		fmt.Println(w.Code)
	}

	// Output:
	// arn:aws:iam::111122223333:user/ada sts:AssumeRole arn:aws:iam::111122223333:role/Rider allowed
	// 200
	// arn:aws:iam::111122223333:user/ada sts:AssumeRole arn:aws:iam::111122223333:role/Rider implicitDeny
	// 403
}

// The programs of one machine get credentials of a role where AWS_CONTAINER_CREDENTIALS_FULL_URI
// says, with the token in the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names.
func ExampleContainer() {
	store, _ := exampleStore()
	container, err := sts.NewContainer(sts.ContainerConfig{
		Token: sigv4auth.NewSecret("from-a-file-in-earnest"),
		Credentials: func(ctx context.Context) (sigv4auth.Credential, error) {
			issued, err := store.Issue(ctx, sts.Grant{
				Session:  sts.Session{Kind: sts.RoleSession, RoleARN: "arn:aws:iam::111122223333:role/Rider", Name: "worker"},
				Duration: time.Hour,
			})
			return issued.Credential, err
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/credentials", nil)
	r.RemoteAddr = "127.0.0.1:50000"
	w := httptest.NewRecorder()
	container.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	r.Header.Set("Authorization", "from-a-file-in-earnest")
	w = httptest.NewRecorder()
	container.ServeHTTP(w, r)
	fmt.Println(w.Code)

	// Output:
	// 401 {"code":"InvalidAuthorization","message":"The authorization token is missing or wrong"}
	// 200
}

// A server learns who a client is from a URL that the client has presigned, as from
// "aws eks get-token --cluster-name demo".
func ExampleLogin() {
	store, ada := exampleStore()
	login, err := sts.NewLogin(sts.LoginConfig{
		Credentials: store, Region: "us-east-1", Hosts: []string{"sts.us-east-1.amazonaws.com"}, ServerID: "demo",
	})
	if err != nil {
		log.Fatal(err)
	}
	ada.Service, ada.Presign = "sts", time.Minute
	id, err := login.Verify(context.Background(), loginURL(ada))
	fmt.Println(id.Principal.ARN, err)
	_, err = login.Verify(context.Background(), loginURL(ada, func(r *http.Request) { r.Header.Set("X-K8s-Aws-Id", "another") }))
	fmt.Println(err != nil)

	// Output:
	// arn:aws:iam::111122223333:user/ada <nil>
	// true
}
