// Command gin protects the whole of a gin engine. The middleware goes around it: what Engine.Use
// adds does not run for the redirects that gin makes of a trailing slash, from which everybody
// would learn what there is.
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

const note = "arn:acme:notes:eu-1:111122223333:note/{id}"

func main() {
	service := notes.New()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(gin.Recovery())
	engine.GET("/notes/:id", func(c *gin.Context) {
		c.String(http.StatusOK, "%s", service.As(c.Request.Context()).Read(c.Param("id")))
	})
	engine.PUT("/notes/:id", func(c *gin.Context) {
		sum, err := service.As(c.Request.Context()).Write(c.Param("id"), c.Request.Body)
		if err != nil {
			c.String(http.StatusBadRequest, "the note cannot be read")
			return
		}
		c.String(http.StatusOK, sum)
	})
	engine.POST("/crash", func(*gin.Context) { service.Crash() })
	engine.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, service.Health()) })

	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		// gin does not say which route it would serve, so that a table does, and lets nothing else
		// through to gin. A wildcard is one segment of the decoded path in both; with UseRawPath or
		// UseEscapedPath gin would read a '+' as a space.
		Routes: sigv4auth.Routes{
			"GET /notes/{id}": {Action: "notes:Read", Resource: note, Handler: engine},
			"PUT /notes/{id}": {Action: "notes:Write", Resource: note, Handler: engine},
			"POST /crash":     {Action: "notes:Crash", Resource: "*", Handler: engine},
			"GET /healthz":    {Open: true, Handler: engine},
		},
	})
	check(err)

	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: auth.Routes(authz), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
