package sts_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// oneRole is a store of one role.
type oneRole struct{ role sigv4auth.Role }

func (o oneRole) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	if arn != o.role.ARN {
		return sigv4auth.Role{}, sigv4auth.ErrNoSuchRole
	}
	return o.role, nil
}

// One process issues a session, and another that has only the ring in common admits it.
func ExampleStore() {
	keys := keyring.New(time.Now()) // from a file: see package keyring
	process := func() *sts.Store {
		ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }})
		if err != nil {
			log.Fatal(err)
		}
		store, err := sts.NewStore(sts.StoreConfig{
			Ring:  ring,
			Roles: oneRole{sigv4auth.Role{ARN: "arn:aws:iam::111122223333:role/Rider", ID: "AROAEXAMPLERIDER"}},
		})
		if err != nil {
			log.Fatal(err)
		}
		return store
	}
	issuer, gate := process(), process()

	issued, err := issuer.Issue(context.Background(), sts.Grant{
		Session:  sts.Session{Kind: sts.RoleSession, RoleARN: "arn:aws:iam::111122223333:role/Rider", Name: "alice"},
		Duration: time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	key := issued.Credential
	found, err := gate.Credential(context.Background(), key.AccessKeyID, key.SessionToken.Reveal())
	fmt.Println(found.Principal.ARN, err)
	_, err = gate.Credential(context.Background(), "ASIAANOTHERKEY", key.SessionToken.Reveal())
	fmt.Println(err)
	fmt.Println(issued.TokenSize < 900, key.Secret)

	// Output:
	// arn:aws:sts::111122223333:assumed-role/Rider/alice <nil>
	// sts: the session token does not open
	// true REDACTED
}
