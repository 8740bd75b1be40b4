package frameworks_test

import (
	"testing"

	"github.com/wildgate/wildgate/docs/frameworks/internal/conformance"
)

func TestNetHTTP(t *testing.T) { conformance.Run(t, "nethttp", conformance.Shape{}) }
