package sts_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// members are a store of one role, for who has logged in to the pool.
type members struct{}

const memberRole = "arn:aws:iam::111122223333:role/Members"

func (members) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	if arn != memberRole {
		return sigv4auth.Role{}, sigv4auth.ErrNoSuchRole
	}
	trust, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow",
		"Principal": {"Federated": "cognito-identity.amazonaws.com"},
		"Action": "sts:AssumeRoleWithWebIdentity",
		"Condition": {
			"StringEquals": {"cognito-identity.amazonaws.com:aud": "us-east-1:6f0c4dc2-8d4f-4a3b-a3a4-f2b5d8a4c001"},
			"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}
		}
	}]}`), iampolicy.TrustPolicy)
	return sigv4auth.Role{ARN: memberRole, ID: "AROAMEMBERS", TrustPolicy: trust}, err
}

// Users of a login provider get an identity and credentials; clients find the pool by
// AWS_ENDPOINT_URL_COGNITO_IDENTITY, or by their configuration's endpoint.
func ExampleNewIdentityPool() {
	keys := keyring.New(time.Now())
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }})
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := sts.NewStore(sts.StoreConfig{Ring: ring, Roles: members{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	pool, err := sts.NewIdentityPool(sts.IdentityPoolConfig{
		ID: "us-east-1:6f0c4dc2-8d4f-4a3b-a3a4-f2b5d8a4c001", Store: store,
		Identities: &sts.MemoryIdentities{}, // one that lasts, in a service
		Tokens:     someTokens{},            // sts/oidc has one for every OpenID Connect issuer
		Providers: []sts.LoginProvider{{
			Name: "login.example.com", ClientIDs: []string{"app"},
		}},
		AuthenticatedRole: memberRole,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, logins := range []string{`, "Logins": {"login.example.com": "a token of ada's"}`, ""} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(`{"IdentityPoolId": "us-east-1:6f0c4dc2-8d4f-4a3b-a3a4-f2b5d8a4c001"`+
			logins+`}`))
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityService.GetId")
		w := httptest.NewRecorder()
		pool.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body.String()[:25])
	}
	// Output:
	// 200 {"IdentityId":"us-east-1:
	// 400 {"__type":"NotAuthorizedE
}

// someTokens verifies tokens.
type someTokens struct{}

func (someTokens) VerifyToken(_ context.Context, token string) (sts.WebIdentity, error) {
	if token != "a token of ada's" {
		return sts.WebIdentity{}, &sts.TokenError{Code: sts.ErrInvalidIdentityToken, Message: "The token is not known"}
	}
	return sts.WebIdentity{
		Issuer: "https://login.example.com", Provider: "login.example.com", Subject: "ada", Audience: "app",
	}, nil
}
