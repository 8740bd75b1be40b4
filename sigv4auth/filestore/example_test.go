package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "wildgate")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	// An operator writes these files, by hand or by a tool.
	accessKeyID, secret := filestore.NewAccessKey()
	principals := fmt.Sprintf(`{
	  "Users": [{
	    "Arn": "arn:aws:iam::111122223333:user/ada",
	    "UserId": "AIDAEXAMPLEADA",
	    "AttachedPolicies": ["Dispatch"],
	    "AccessKeys": [{"AccessKeyId": %q, "SecretAccessKey": %q, "Status": "Active"}]
	  }]
	}`, accessKeyID, secret.Reveal())
	dispatch := `{
	  "Version": "2012-10-17",
	  "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:111122223333:*/prod/GET/rides"}]
	}`
	if err := errors.Join(
		os.Mkdir(filepath.Join(dir, "policies"), 0o700),
		os.WriteFile(filepath.Join(dir, "policies", "Dispatch.json"), []byte(dispatch), 0o600),
		os.WriteFile(filepath.Join(dir, "principals.json"), []byte(principals), 0o600),
	); err != nil {
		log.Fatal(err)
	}

	store, err := filestore.Open(filestore.Config{
		Dir:    dir,
		Report: func(p filestore.Problem) { log.Print(p) },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()

	// The Authenticator asks for the first, an Authorizer for the second.
	credential, err := store.Credential(context.Background(), accessKeyID, "")
	if err != nil {
		log.Fatal(err)
	}
	set, _, err := store.Policies(context.Background(), sigv4auth.Identity{Principal: credential.Principal})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(credential.Principal.ARN, credential.Secret)
	for _, path := range []string{"GET/rides", "POST/ride"} {
		decision := iampolicy.Evaluate(&set, &iampolicy.Request{
			Principal:       credential.Principal,
			Action:          "execute-api:Invoke",
			Resource:        "arn:aws:execute-api:us-east-1:111122223333:rides/prod/" + path,
			ResourceAccount: "111122223333",
		})
		fmt.Println(path, decision.Outcome)
	}
	// Output:
	// arn:aws:iam::111122223333:user/ada REDACTED
	// GET/rides allowed
	// POST/ride implicitDeny
}

func ExampleStore_Role() {
	dir, err := os.MkdirTemp("", "wildgate")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	principals := `{"Roles": [{"Arn": "arn:aws:iam::111122223333:role/Rider", "RoleId": "AROAEXAMPLERIDER"}]}`
	if err := os.WriteFile(filepath.Join(dir, "principals.json"), []byte(principals), 0o600); err != nil {
		log.Fatal(err)
	}
	files, err := filestore.Open(filestore.Config{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = files.Close() }()
	// A service keeps its keys in a file outside of the folder: keyring.Create and Config.File.
	keys := keyring.New(time.Now())
	ring, err := keyring.Open(keyring.Config{Load: func() (keyring.Keys, error) { return keys, nil }})
	if err != nil {
		log.Fatal(err)
	}

	// The sessions of the folder's roles are sealed by package sts, and stored nowhere.
	store, err := sts.NewStore(sts.StoreConfig{Ring: ring, Roles: files, Credentials: files, Policies: files})
	if err != nil {
		log.Fatal(err)
	}
	issued, err := store.Issue(context.Background(), sts.Grant{
		Session:  sts.Session{Kind: sts.RoleSession, RoleARN: "arn:aws:iam::111122223333:role/Rider", Name: "alice"},
		Duration: time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(issued.Credential.AccessKeyID[:4], issued.Credential.Principal.ARN)
	// Output: ASIA arn:aws:sts::111122223333:assumed-role/Rider/alice
}
