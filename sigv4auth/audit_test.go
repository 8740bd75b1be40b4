package sigv4auth_test

import (
	"context"

	"github.com/wildgate/wildgate/sigv4auth"
)

// auditInto returns a hook that keeps the last event and counts.
func auditInto(last *sigv4auth.Event, count *int) func(context.Context, sigv4auth.Event) {
	return func(_ context.Context, e sigv4auth.Event) {
		*last = e
		*count++
	}
}
