package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const (
	userARN = "arn:aws:iam::" + account + ":user/ada"
	roleARN = "arn:aws:iam::" + account + ":role/Rider"
)

// newSTS returns STS, with a user who may assume a role: behind the middleware as a deployment has
// it, or bare, as a handler that reads the request and answers what STS answers, the same to
// everybody.
func newSTS(ctx context.Context, o order) (http.Handler, error) {
	endpoint, err := newEndpoint(o)
	if err != nil || o.Protected {
		return endpoint, err
	}
	shots, err := sign(ctx, o, scenario{Name: Assume, Assume: true}, "sts.example.com")
	if err != nil {
		return nil, err
	}
	request, err := shots[0].arrive()
	if err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	if endpoint.ServeHTTP(answer, request); answer.Code != http.StatusOK {
		return nil, fmt.Errorf("e2e: AssumeRole answers %d %s", answer.Code, answer.Body)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		_, _ = w.Write(answer.Body.Bytes()) // the client has gone; there is nobody to tell
	}), nil
}

// arrive returns the request as a server reads it.
func (s *shot) arrive() (*http.Request, error) {
	return http.ReadRequest(bufio.NewReader(io.MultiReader(bytes.NewReader(s.head), bytes.NewReader(s.tail))))
}

func newEndpoint(o order) (http.Handler, error) {
	trust, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
		"Principal":{"AWS":"`+userARN+`"}}}`), iampolicy.TrustPolicy)
	if err != nil {
		return nil, err
	}
	keys := keyring.New(time.Now())
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }, CheckEvery: time.Second})
	if err != nil {
		return nil, err
	}
	store, err := sts.NewStore(sts.StoreConfig{
		Ring: ring, Roles: contender.OneRole{ARN: roleARN, ID: "AROARIDER", TrustPolicy: trust},
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: o.User.AccessKey, Secret: sigv4auth.NewSecret(o.User.Secret),
			Principal: iampolicy.Principal{ARN: userARN, UserID: "AIDAADA"},
		}),
	})
	if err != nil {
		return nil, err
	}
	return sts.NewEndpoint(sts.EndpointConfig{Store: store, Auth: sigv4auth.Config{Region: region}})
}
