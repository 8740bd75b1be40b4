// Command gingroup protects one group of a gin engine's routes, and what the engine answers by
// itself, since everybody would learn from that what there is.
package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const note = "arn:acme:notes:eu-1:111122223333:note/"

// adapt makes a middleware of net/http one of gin. A refusal aborts: without that gin would run the
// handlers behind it, although the answer is written. Target finds the route that gin has matched
// in r.Pattern and r.PathValue.
func adapt(middleware func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		admitted := false
		next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			admitted, c.Request = true, r
			c.Next()
		})
		c.Request.Pattern = c.FullPath()
		for _, p := range c.Params {
			c.Request.SetPathValue(p.Key, p.Value)
		}
		middleware(next).ServeHTTP(c.Writer, c.Request)
		if !admitted {
			c.Abort()
		}
	}
}

func main() {
	service := notes.New()
	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		Target: func(r *http.Request) (action, resource string) {
			switch r.Method + " " + r.Pattern {
			case "GET /notes/:id":
				return "notes:Read", note + r.PathValue("id")
			case "PUT /notes/:id":
				return "notes:Write", note + r.PathValue("id")
			case "POST /crash":
				return "notes:Crash", "*"
			}
			return "", "" // denied
		},
	})
	check(err)

	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.RedirectTrailingSlash = false // a redirect comes before all middleware
	engine.Use(gin.Recovery())
	engine.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, service.Health()) }) // open
	protect := adapt(auth.Require(authz.Check))
	engine.NoRoute(protect)
	api := engine.Group("/", protect)
	api.GET("/notes/:id", func(c *gin.Context) {
		c.String(http.StatusOK, "%s", service.As(c.Request.Context()).Read(c.Param("id")))
	})
	api.PUT("/notes/:id", func(c *gin.Context) {
		sum, err := service.As(c.Request.Context()).Write(c.Param("id"), c.Request.Body)
		if err != nil {
			c.String(http.StatusBadRequest, "the note cannot be read")
			return
		}
		c.String(http.StatusOK, sum)
	})
	api.POST("/crash", func(*gin.Context) { service.Crash() })

	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: engine, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
