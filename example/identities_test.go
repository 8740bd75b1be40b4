package main_test

import (
	"database/sql"
	"testing"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/identitytest"
)

// openIdentities returns the store on a database, which is opened once more: the second time it
// finds the tables.
func openIdentities(t *testing.T, db *sql.DB) sts.IdentityStore {
	t.Helper()
	var store sts.IdentityStore
	for range 2 {
		var err error
		if store, err = example.NewIdentities(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// Threat 241: which login is which identity is kept in the database of the rides, as the contract
// asks for it.
func TestIdentities(t *testing.T) {
	identitytest.TestStore(t, func(t *testing.T) sts.IdentityStore {
		db, _ := accounts(t)
		return openIdentities(t, db)
	})
}
