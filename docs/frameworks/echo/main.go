// Command echo protects the whole of an Echo. WrapMiddleware makes the middleware one of echo's:
// Use runs it for what no route matches, too, and a refusal ends the chain.
package main

import (
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const note = "arn:acme:notes:eu-1:111122223333:note/"

func main() {
	service := notes.New()
	e := echo.New()
	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		// The router itself says which route it will serve, and what is :id: all that is left of
		// the path, slashes too, where a parameter is the last of a route.
		Target: func(r *http.Request) (action, resource string) {
			match := e.NewContext(r, nil) // not AcquireContext: that may hold another request's route
			e.Router().Find(r.Method, r.URL.Path, match)
			if strings.Contains(match.Param("id"), "/") {
				return "", "" // denied
			}
			switch r.Method + " " + match.Path() {
			case "GET /notes/:id":
				return "notes:Read", note + match.Param("id")
			case "PUT /notes/:id":
				return "notes:Write", note + match.Param("id")
			case "POST /crash":
				return "notes:Crash", "*"
			}
			return "", "" // denied
		},
	})
	check(err)

	protect := echo.WrapMiddleware(auth.Require(authz.Check))
	e.Use(middleware.Recover(), func(next echo.HandlerFunc) echo.HandlerFunc {
		protected := protect(next)
		return func(c echo.Context) error {
			if c.Request().Method == http.MethodGet && c.Path() == "/healthz" { // the route that has matched is open
				return next(c)
			}
			return protected(c)
		}
	})
	e.GET("/notes/:id", func(c echo.Context) error {
		return c.String(http.StatusOK, service.As(c.Request().Context()).Read(c.Param("id")))
	})
	e.PUT("/notes/:id", func(c echo.Context) error {
		sum, err := service.As(c.Request().Context()).Write(c.Param("id"), c.Request().Body)
		if err != nil {
			return echo.NewHTTPError(http.StatusBadRequest, "the note cannot be read")
		}
		return c.String(http.StatusOK, sum)
	})
	e.POST("/crash", func(echo.Context) error { service.Crash(); return nil })
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, service.Health()) })

	// DecodedPath, since echo's Param is a%21b where the path has escapes that Go would not send.
	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: sigv4auth.DecodedPath(e), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
