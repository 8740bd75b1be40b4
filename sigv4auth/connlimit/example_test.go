package connlimit_test

import (
	"log"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/connlimit"
)

// A server behind a load balancer of its own network.
func ExampleLimiter_Protect() {
	limiter, err := connlimit.New(connlimit.Config{
		Max:     1000,
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Handler:           http.NotFoundHandler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
	}
	listener, err := net.Listen("tcp", "127.0.0.1:8082")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(limiter.Protect(server, listener)))
}
