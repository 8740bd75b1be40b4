package conformance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
)

// Backend starts the service behind a program that has none of its own, and returns its origin. It
// tells p of its calls, and seen, which may be nil, of its requests. It ends with the test.
func Backend(t *testing.T, p *Program, seen func(r *http.Request)) string {
	t.Helper()
	service, mux := notes.NewWith(p.Calls), http.NewServeMux()
	mux.HandleFunc("GET /notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, service.By(r.Header.Get("X-Caller")).Read(r.PathValue("id")))
	})
	mux.HandleFunc("PUT /notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		sum, err := service.By(r.Header.Get("X-Caller")).Write(r.PathValue("id"), r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = fmt.Fprint(w, sum)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, service.Health()) })
	mux.HandleFunc("POST /crash", func(w http.ResponseWriter, _ *http.Request) {
		defer func() {
			_ = recover() // as the log of this process is the test's
			w.WriteHeader(http.StatusInternalServerError)
		}()
		service.Crash()
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen != nil {
			seen(r)
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
