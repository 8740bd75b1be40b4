package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

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

	operatorPolicy = "AdministerIAM"

	identityPool = "wildrydes_identity_pool"
	authRole     = "Cognito_" + identityPool + "Auth_Role"   // of who has signed in
	unauthRole   = "Cognito_" + identityPool + "Unauth_Role" // of guests
)

// bootstrap makes the folder at the first start, and later leaves it as it is.
func bootstrap(opts options) (a api, err error) {
	if a, err = openAPI(opts.data, opts.region); err != nil {
		return api{}, err
	}
	inDatabase, err := hasRevision(opts.data)
	if err != nil {
		return api{}, err
	}
	inFiles := true
	if _, err := os.Lstat(filepath.Join(opts.data, principalsFile)); errors.Is(err, fs.ErrNotExist) {
		inFiles = false
	} else if err != nil {
		return api{}, err
	}
	switch {
	case inDatabase && opts.store == filesStore:
		return api{}, fmt.Errorf("its users, keys and policies are in %s: leave -store files out; in files, keys that were deleted since "+
			"would be good again (if that is what you want, remove %s)", ridesFile, revisionName)
	case opts.store == filesStore && !inFiles:
		return a, makeFiles(opts.data, a)
	case !inDatabase && !inFiles:
		return a, makeDatabase(opts.data)
	}
	return a, nil
}

// makeDatabase makes a database at the first start. Once there are principals, in a file or in it,
// one that is missing was lost, and an empty one in its place would hide that (threat 249). It is
// of mode 0600, which SQLite gives its other files, too; an empty file is an empty database.
func makeDatabase(dir string) error { return createFile(filepath.Join(dir, ridesFile), nil) }

// makeFiles makes the folder of filestore, at the first start. principals.json is written last:
// while it is not there, an earlier first start did not end, and this one goes on with what that
// left. Once it is there it is the operator's, and so are the policies: one that was removed stays
// removed.
func makeFiles(dir string, a api) error {
	if err := os.MkdirAll(filepath.Join(dir, "policies"), 0o700); err != nil {
		return err
	}
	for name, document := range map[string]string{standardPolicy: a.standardDocument(), dispatcherPolicy: a.dispatcherDocument()} {
		if err := createFile(filepath.Join(dir, "policies", name+".json"), []byte(document)); err != nil {
			return err
		}
	}
	if err := makeDatabase(dir); err != nil {
		return err
	}
	dispatcherKey, dispatcherSecret := filestore.NewAccessKey()
	newcomerKey, newcomerSecret := filestore.NewAccessKey()
	riderKey, riderSecret := filestore.NewAccessKey()
	return createFile(filepath.Join(dir, principalsFile), fmt.Appendf(nil, principalsDocument,
		a.principal("user", dispatcherUser), uniqueID("AIDA"), standardPolicy, dispatcherPolicy, dispatcherKey, dispatcherSecret.Reveal(),
		a.principal("user", newcomerUser), uniqueID("AIDA"), newcomerKey, newcomerSecret.Reveal(),
		a.principal("user", riderUser), uniqueID("AIDA"), riderKey, riderSecret.Reveal(),
		a.principal("role", riderRole), uniqueID("AROA"), standardPolicy, int(riderSessions/time.Second), indented(a.riderTrust()),
		a.poolRole(authRole), uniqueID("AROA"), indented(a.poolTrust("authenticated")),
		a.poolRole(unauthRole), uniqueID("AROA"), indented(a.poolTrust("unauthenticated"))))
}

// indented sets a document as deep as it stands in principals.json.
func indented(document string) string {
	return strings.ReplaceAll(strings.TrimSuffix(document, "\n"), "\n", "\n      ")
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
