package oidc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

// Workflows of GitHub Actions and pods of a Kubernetes cluster are admitted.
func ExampleNew() {
	v, err := oidc.New(oidc.Config{Providers: []oidc.Provider{
		{Issuer: "https://token.actions.githubusercontent.com", Audiences: []string{"sts.amazonaws.com"}},
		{Issuer: "https://kubernetes.example/cluster", Audiences: []string{"rides"}, Algorithms: []string{"RS256"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = v.Close() }()
	_, err = v.VerifyToken(context.Background(), "whatever arrived")
	fmt.Println(errors.Is(err, sts.ErrInvalidIdentityToken))
	// Output: true
}

// A service signs tokens for its callers, and publishes the keys that verify them.
func ExampleNewSigner() {
	keys, err := oidc.NewSigningKeys(time.Now()) // once: keep them, encrypted
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, err := oidc.NewSigner(oidc.SignerConfig{Issuer: "https://sts.example/tokens"}, keys)
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/tokens/.well-known/", signer.Handler())

	token, expires, err := signer.SignToken(context.Background(), sts.TokenClaims{
		Subject: "arn:aws:iam::111122223333:role/Rider", AccountID: "111122223333",
		Audiences: []string{"https://partner.example"}, Algorithm: "ES384", Lifetime: 10 * time.Minute,
	})
	fmt.Println(len(token) > 0, time.Until(expires) > 9*time.Minute, err)
	// Output: true true <nil>
}
