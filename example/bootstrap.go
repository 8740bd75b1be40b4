package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const (
	principalsFile   = "principals.json"
	standardPolicy   = "WildRydesAPI-StandardUserPolicy"
	dispatcherPolicy = "WildRydesAPI-DispatcherPolicy"
	riderRole        = "Rider"
	dispatcherUser   = "dispatcher"
	newcomerUser     = "newcomer"
	riderUser        = "rider" // who may assume the role

	identityPool = "wildrydes_identity_pool"
	authRole     = "Cognito_" + identityPool + "Auth_Role"   // of who has signed in
	unauthRole   = "Cognito_" + identityPool + "Unauth_Role" // of guests
)

// bootstrap makes the folder at the first start, and later leaves it as it is. principals.json is
// written last: while it is not there, an earlier first start did not end, and this one goes on
// with what that left. Once it is there it is the operator's, and so are the policies: one that was
// removed stays removed. So are the rides: a database that is missing beside principals.json was
// lost, and an empty one in its place would hide that (threat 249).
func bootstrap(dir, region string) (a api, err error) {
	if err := os.MkdirAll(filepath.Join(dir, "policies"), 0o700); err != nil {
		return api{}, err
	}
	if a, err = openAPI(dir, region); err != nil {
		return api{}, err
	}
	principals := filepath.Join(dir, principalsFile)
	if _, err := os.Lstat(principals); !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	for name, document := range map[string]string{
		standardPolicy: fmt.Sprintf(standardPolicyDocument, a.resource("*/*/ride"), a.resource(stage+"/GET/ride/*"),
			a.resource(stage+"/DELETE/ride/*")),
		dispatcherPolicy: fmt.Sprintf(dispatcherPolicyDocument, a.resource(stage+"/GET/rides")),
	} {
		if err := createFile(filepath.Join(dir, "policies", name+".json"), []byte(document)); err != nil {
			return api{}, err
		}
	}
	// Of mode 0600, which SQLite gives its other files, too. An empty file is an empty database.
	if err := createFile(filepath.Join(dir, ridesFile), nil); err != nil {
		return api{}, err
	}
	dispatcherKey, dispatcherSecret := filestore.NewAccessKey()
	newcomerKey, newcomerSecret := filestore.NewAccessKey()
	riderKey, riderSecret := filestore.NewAccessKey()
	return a, createFile(principals, fmt.Appendf(nil, principalsDocument,
		a.principal("user", dispatcherUser), uniqueID("AIDA"), standardPolicy, dispatcherPolicy, dispatcherKey, dispatcherSecret.Reveal(),
		a.principal("user", newcomerUser), uniqueID("AIDA"), newcomerKey, newcomerSecret.Reveal(),
		a.principal("user", riderUser), uniqueID("AIDA"), riderKey, riderSecret.Reveal(),
		a.principal("role", riderRole), uniqueID("AROA"), standardPolicy, a.principal("user", riderUser),
		a.poolRole(authRole), uniqueID("AROA"), a.IdentityPoolID, "authenticated",
		a.poolRole(unauthRole), uniqueID("AROA"), a.IdentityPoolID, "unauthenticated"))
}

// uniqueID has the form of IAM's: IAM User Guide, "Understanding unique ID prefixes".
func uniqueID(prefix string) string { return prefix + rand.Text()[:17] }

// createFile writes a file that does not exist, whole or not at all, and readable by nobody else.
// One that exists is left as it is, also where another process has just made it: a link does not
// replace, as renaming would.
func createFile(path string, data []byte) error {
	temporary, err := writeTemporary(path, data)
	if err != nil {
		return err
	}
	err = os.Link(temporary, path)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(temporary))
}

// replaceFile writes a file, whole or not at all, and readable by nobody else.
func replaceFile(path string, data []byte) error {
	temporary, err := writeTemporary(path, data)
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}

// writeTemporary writes a file beside path. Its mode is 0600 from the beginning: os.CreateTemp.
func writeTemporary(path string, data []byte) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// The documents are texts and not encoded values, for people to read and to edit: what is attached
// to a principal is one line. Nothing that is filled in needs an escape that Go and JSON spell in
// different ways.
const (
	// The first statement is the workshop's own: any method on /ride, of any stage.
	standardPolicyDocument = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "RequestRides",
      "Effect": "Allow",
      "Action": "execute-api:Invoke",
      "Resource": %q
    },
    {
      "Sid": "SeeAndCancelRides",
      "Effect": "Allow",
      "Action": "execute-api:Invoke",
      "Resource": [
        %q,
        %q
      ]
    }
  ]
}
`
	dispatcherPolicyDocument = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ListAllRides",
      "Effect": "Allow",
      "Action": "execute-api:Invoke",
      "Resource": %q
    }
  ]
}
`
	principalsDocument = `{
  "Users": [
    {
      "Arn": %q,
      "UserId": %q,
      "AttachedPolicies": [%q, %q],
      "AccessKeys": [
        {"AccessKeyId": %q, "SecretAccessKey": %q, "Status": "Active"}
      ]
    },
    {
      "Arn": %q,
      "UserId": %q,
      ` + nothingAttached + `,
      "AccessKeys": [
        {"AccessKeyId": %q, "SecretAccessKey": %q, "Status": "Active"}
      ]
    },
    {
      "Arn": %q,
      "UserId": %q,
      "AccessKeys": [
        {"AccessKeyId": %q, "SecretAccessKey": %q, "Status": "Active"}
      ]
    }
  ],
  "Roles": [
    {
      "Arn": %q,
      "RoleId": %q,
      "AttachedPolicies": [%q],
      "MaxSessionDuration": 43200,
      "AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
          {
            "Effect": "Allow",
            "Principal": {"AWS": %q},
            "Action": "sts:AssumeRole"
          }
        ]
      }
    },
` + poolRoleDocument + `,
` + poolRoleDocument + `
  ]
}
`
	// The trust policy is the one that Cognito writes: Amazon Cognito Developer Guide, "Role trust
	// and permissions".
	poolRoleDocument = `    {
      "Arn": %q,
      "RoleId": %q,
      ` + nothingAttached + `,
      "AssumeRolePolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
          {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
              "StringEquals": {"cognito-identity.amazonaws.com:aud": %q},
              "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": %q}
            }
          }
        ]
      }
    }`
	nothingAttached = `"AttachedPolicies": []`
)
