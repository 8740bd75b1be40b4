// Command example protects two routes, and counts what it decides for Prometheus.
package main

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4prom"
)

const orders = "arn:acme:orders:eu-1:111122223333:order/"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	service, err := net.Listen("tcp", "127.0.0.1:8083")
	if err != nil {
		log.Fatal(err)
	}
	scraped, err := net.Listen("tcp", "127.0.0.1:9464") // for Prometheus alone, never the service's
	if err != nil {
		log.Fatal(err)
	}
	if err := run(ctx, service, scraped); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, service, scraped net.Listener) error {
	registry := prometheus.NewRegistry()
	meter, err := sigv4prom.New(sigv4prom.Config{Registerer: registry})
	if err != nil {
		return err
	}
	protected, err := protect(sigv4auth.Observe{Meter: meter})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))

	ended := make(chan error, 2)
	servers := []*http.Server{
		{Handler: protected, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second},
		{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second},
	}
	go func() { ended <- servers[0].Serve(service) }()
	go func() { ended <- servers[1].Serve(scraped) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	for _, server := range servers {
		err = errors.Join(err, server.Close())
	}
	return err
}

// protect returns the service: alice may see orders, and nobody may cancel one.
func protect(observe sigv4auth.Observe) (http.Handler, error) {
	alice := iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"}
	policy, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "orders:Get", "Resource": "`+orders+`*"}]}`), iampolicy.IdentityPolicy)
	if err != nil {
		return nil, err
	}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "eu-1", Service: "orders",
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"),
			Secret:      sigv4auth.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY")),
			Principal:   alice,
		}),
		Observe: observe,
	})
	if err != nil {
		return nil, err
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("order " + r.PathValue("id") + "\n"))
	})
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice.ARN: {policy}}),
		Routes: sigv4auth.Routes{
			"GET /orders/{id}":         {Action: "orders:Get", Resource: orders + "{id}", Handler: answer},
			"POST /orders/{id}/cancel": {Action: "orders:Cancel", Resource: orders + "{id}", Handler: answer},
		},
	})
	if err != nil {
		return nil, err
	}
	return auth.Routes(authz), nil
}
