package e2e

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// BenchmarkService sends rides to the service in this process, bare and protected, over eight
// connections: for profiles, which see the client as well.
func BenchmarkService(b *testing.B) {
	const connections = 8
	for name, protected := range map[string]bool{"bare": false, "protected": true} {
		b.Run(name, func(b *testing.B) {
			o := newOrder()
			o.Protected = protected
			handler, err := newHandler(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			server := httptest.NewServer(handler)
			defer server.Close()
			address := server.Listener.Addr().String()
			shots, err := sign(b.Context(), o, scenarios[0], address)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			var clients sync.WaitGroup
			for first := range connections {
				clients.Go(func() {
					conn, err := net.Dial("tcp", address)
					if err != nil {
						b.Error(err)
						return
					}
					defer conn.Close()
					answers := bufio.NewReader(conn)
					for i := first; i < b.N; i += connections {
						if err := fire(conn, &shots[i%len(shots)], 0); err != nil {
							b.Error(err)
							return
						}
						if status, body, err := answer(answers); err != nil || status != http.StatusCreated {
							b.Errorf("%d %s, %v", status, body, err)
							return
						}
					}
				})
			}
			clients.Wait()
		})
	}
}
