package ridesvc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/wildgate/wildgate/ridesvc"
)

type riderKey struct{}

// authenticated stands for the middleware that verifies requests.
func authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), riderKey{}, "alice")))
	})
}

func Example() {
	rides, err := ridesvc.New(ridesvc.Config{
		Store: newMemStore(), // a program opens a database, and calls ridesvc.NewSQLStore
		Rider: func(r *http.Request) (string, error) {
			rider, ok := r.Context().Value(riderKey{}).(string)
			if !ok {
				return "", errors.New("the request was not authenticated")
			}
			return rider, nil
		},
		Prefix: "/prod",
		Failed: func(r *http.Request, err error) { log.Printf("%s %q: %v", r.Method, r.URL.Path, err) },
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(authenticated(rides))
	defer server.Close()

	for _, body := range []string{
		`{"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}`,
		`{"PickupLocation":{"Latitude":-122.3,"Longitude":47.6}}`,
	} {
		answer, err := http.Post(server.URL+"/prod/ride", "application/json", strings.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		defer answer.Body.Close()
		fmt.Println(answer.Status, answer.Header.Get("Content-Type"))
	}
	// Output:
	// 201 Created application/json
	// 400 Bad Request application/json
}
