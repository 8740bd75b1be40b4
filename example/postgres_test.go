//go:build unix

package main_test

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/wildgate/wildgate/internal/testpg"
	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/ridesvc/ridetest"
	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/identitytest"
)

func TestRideStoreOnPostgreSQL(t *testing.T) {
	server := testpg.Start(t)
	ridetest.TestStore(t, func(t *testing.T) ridesvc.Store {
		return openStore(t, server.Open(t, server.Create(t)))
	})
	t.Run("identities", func(t *testing.T) {
		identitytest.TestStore(t, func(t *testing.T) sts.IdentityStore { return openIdentities(t, server.Open(t, server.Create(t))) })
	})
	t.Run("schema", func(t *testing.T) {
		testRideSchema(t, func(t *testing.T) func() *sql.DB {
			name := server.Create(t)
			return func() *sql.DB { return server.Open(t, name) }
		})
	})
}
