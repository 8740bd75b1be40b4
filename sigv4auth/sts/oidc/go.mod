module github.com/wildgate/wildgate/sigv4auth/sts/oidc

go 1.26.0

require (
	github.com/coreos/go-oidc/v3 v3.21.0
	github.com/go-jose/go-jose/v4 v4.1.9
	github.com/wildgate/wildgate v0.1.0
)

require golang.org/x/oauth2 v0.38.0 // indirect
