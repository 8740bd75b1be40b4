package e2e

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	region  = "us-east-1"
	service = "execute-api"
	account = "111122223333"
	apiID   = "rides"
	stage   = "prod"
	rider   = "alice"
)

// An order is what the server's process is told first, on its standard input: secrets do not belong
// into arguments.
type order struct {
	Protected                bool
	AccessKey, Secret, Token string
	User                     struct{ AccessKey, Secret string } // who assumes a role
}

// An address is what it answers: where it listens, and the certificate to trust.
type address struct {
	HTTP, HTTPS string
	Certificate []byte // DER
}

// A usage is what it answers to every further line.
type usage struct {
	CPU   time.Duration
	Error string
}

// serve is the server's process: it serves until its standard input ends, so that it never outlives
// who started it.
func serve(ctx context.Context, in io.Reader, out io.Writer) error {
	lines, answers := bufio.NewScanner(in), json.NewEncoder(out)
	if !lines.Scan() {
		return errors.New("e2e: no order")
	}
	var o order
	if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
		return err
	}
	handler, err := newHandler(ctx, o)
	if err != nil {
		return err
	}
	certificate, err := newCertificate()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // connections that are dropped at the end of a round
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}},
	}
	defer server.Close()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	secured, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, plain.Close())
	}
	stopped := make(chan error, 2)
	go func() { stopped <- server.Serve(plain) }()
	go func() { stopped <- server.ServeTLS(secured, "", "") }()
	if err := answers.Encode(address{plain.Addr().String(), secured.Addr().String(), certificate.Certificate[0]}); err != nil {
		return err
	}
	for lines.Scan() && ctx.Err() == nil {
		select {
		case err := <-stopped:
			return fmt.Errorf("e2e: the server stopped: %w", err)
		default:
		}
		var u usage
		if u.CPU, err = cpuTime(); err != nil {
			u.Error = err.Error()
		}
		if err := answers.Encode(u); err != nil {
			return err
		}
	}
	return lines.Err()
}

// newHandler returns the ride service, and at / STS.
func newHandler(ctx context.Context, o order) (http.Handler, error) {
	rides, err := newRides(o)
	if err != nil {
		return nil, err
	}
	sts, err := newSTS(ctx, o)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			sts.ServeHTTP(w, r)
			return
		}
		rides.ServeHTTP(w, r)
	}), nil
}

// newRides returns the ride service, bare or behind the middleware as a deployment has it.
func newRides(o order) (http.Handler, error) {
	cfg := ridesvc.Config{Store: newMemoryStore(), Prefix: "/" + stage, Rider: func(*http.Request) (string, error) { return rider, nil }}
	if !o.Protected {
		return ridesvc.New(cfg)
	}
	cfg.Rider = func(r *http.Request) (string, error) {
		id, ok := sigv4auth.IdentityFrom(r.Context())
		if !ok {
			return "", errors.New("e2e: the request was not verified")
		}
		return id.Principal.SessionName(), nil
	}
	rides, err := ridesvc.New(cfg)
	if err != nil {
		return nil, err
	}
	role := iampolicy.Principal{ARN: "arn:aws:sts::" + account + ":assumed-role/Rider/" + rider}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: region, Service: service,
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: o.AccessKey, Secret: sigv4auth.NewSecret(o.Secret), SessionToken: sigv4auth.NewSecret(o.Token), Principal: role,
		}),
	})
	if err != nil {
		return nil, err
	}
	// The policy of the workshop, for this API.
	policy, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke",
		"Resource":"arn:aws:execute-api:`+region+`:`+account+`:`+apiID+`/*/*/ride"}]}`), iampolicy.IdentityPolicy)
	if err != nil {
		return nil, err
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:        sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{"arn:aws:iam::" + account + ":role/Rider": {policy}}),
		Target:          sigv4auth.APIGateway{Region: region, AccountID: account, APIID: apiID, Stage: stage}.Target,
		ResourceAccount: sigv4auth.AccountInARN,
	})
	if err != nil {
		return nil, err
	}
	return auth.Require(authz.Check)(rides), nil
}

// newCertificate returns a certificate of its own for the loopback address, for an hour.
func newCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
