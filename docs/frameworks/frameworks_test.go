package frameworks_test

import (
	"testing"

	"github.com/wildgate/wildgate/docs/frameworks/internal/conformance"
)

func TestNetHTTP(t *testing.T) { conformance.Run(t, "nethttp", conformance.Shape{}) }

func TestRoutes(t *testing.T) { conformance.Run(t, "routes", conformance.Shape{}) }

func TestChi(t *testing.T) { conformance.Run(t, "chi", conformance.Shape{}) }

func TestGorilla(t *testing.T) { conformance.Run(t, "gorilla", conformance.Shape{}) }

func TestGin(t *testing.T) { conformance.Run(t, "gin", conformance.Shape{}) }

func TestGinGroup(t *testing.T) { conformance.Run(t, "gingroup", conformance.Shape{}) }

func TestEcho(t *testing.T) { conformance.Run(t, "echo", conformance.Shape{}) }

func TestStripPrefix(t *testing.T) {
	conformance.Run(t, "stripprefix", conformance.Shape{Do: conformance.Below("/v1"), Redirects: true})
}

func TestReverseProxy(t *testing.T) {
	conformance.Run(t, "reverseproxy", conformance.Shape{Environment: func(t *testing.T, p *conformance.Program) []string {
		return []string{"NOTES_BACKEND=" + conformance.Backend(t, p, nil)}
	}})
}
