package main_test

import (
	"context"
	"database/sql"
	"errors"
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

// between runs something once, before the query that is the nth: what another transaction commits
// between two statements of one under READ COMMITTED, PostgreSQL's default.
type between struct {
	*sql.DB
	nth int
	run func()
}

func (b *between) next() {
	if b.nth--; b.nth == 0 {
		b.run()
	}
}

func (b *between) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	b.next()
	return b.DB.QueryContext(ctx, query, args...)
}

func (b *between) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	b.next()
	return b.DB.QueryRowContext(ctx, query, args...)
}

// TestLinkedMeanwhile: whoever finds, while it looks, that another call has linked the same logins
// looks again. It is not told that they are somebody else's (threat 241).
func TestLinkedMeanwhile(t *testing.T) {
	const pool, first, second = "us-east-1:pool", "us-east-1:first", "us-east-1:second"
	ada, bob := sts.ProviderLogin{Provider: "one", Subject: "ada"}, sts.ProviderLogin{Provider: "two", Subject: "bob"}
	other := sts.ProviderLogin{Provider: "one", Subject: "other"}
	for _, c := range []struct {
		what     string
		nth      int // the query before which first gets the logins linked
		linked   []sts.ProviderLogin
		identity string
		logins   []sts.ProviderLogin
		want     error
	}{
		{"between two logins", 2, []sts.ProviderLogin{ada, bob}, second, []sts.ProviderLogin{ada, bob}, example.ErrMeanwhile},
		{"before the logins of the identity", 2, []sts.ProviderLogin{ada}, first, []sts.ProviderLogin{ada}, example.ErrMeanwhile},
		{"another login of a provider", 2, []sts.ProviderLogin{other, bob}, second, []sts.ProviderLogin{ada, bob}, sts.ErrLoginLinked},
		{"another login of the identity", 2, []sts.ProviderLogin{other}, first, []sts.ProviderLogin{ada}, sts.ErrLoginLinked},
	} {
		t.Run(c.what, func(t *testing.T) {
			db, _ := accounts(t)
			store := openIdentities(t, db)
			q := &between{DB: db, nth: c.nth, run: func() {
				if _, err := store.Link(t.Context(), pool, first, c.linked); err != nil {
					t.Error(err)
				}
			}}
			if owner, _, err := example.Decide(t.Context(), q, pool, c.identity, c.logins); !errors.Is(err, c.want) || owner != "" {
				t.Errorf("it is %q, %v; want %v", owner, err, c.want)
			}
			if q.nth > 0 {
				t.Error("nothing was linked meanwhile")
			}
		})
	}
}
