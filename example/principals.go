package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// principals is who there is and what they may do, wherever that is kept.
type principals interface {
	sigv4auth.CredentialStore
	sigv4auth.PolicyStore
	sigv4auth.RoleStore

	// where says where they are kept, in a note to the operator.
	where() string
	// caller returns a user of the workshop with a key that can be used, or a note why there is
	// none.
	caller(ctx context.Context, name string) caller
	// attached returns the names of the policies of a role.
	attached(ctx context.Context, role string) ([]string, error)

	Close() error
}

// principalFiles is principals in principals.json and policies/.
type principalFiles struct {
	*filestore.Store
	api
	view principalsView // as it was at the start
}

// openPrincipalFiles opens the folder's principals, which exist.
func openPrincipalFiles(dir string, a api, log *journal) (*principalFiles, error) {
	f := &principalFiles{api: a}
	var err error
	if f.Store, err = filestore.Open(filestore.Config{
		Dir: dir, Report: log.problem, Edited: log.edited,
		Actions: knownActions(a), // so that a misspelt action in a policy is reported
	}); err != nil {
		return nil, err
	}
	if f.view, err = readPrincipals(dir); err != nil {
		_ = f.Close() // never fails
		return nil, err
	}
	return f, nil
}

func (f *principalFiles) where() string { return principalsFile }

// caller returns a user with the first key that can be used. A secret that the operator keeps
// outside of principals.json stays out of other files, too. A user whom the operator has taken out
// has no key; that is not a mistake.
func (f *principalFiles) caller(_ context.Context, name string) caller {
	c := caller{name: name}
	arn := f.principal("user", name)
	u := f.view.user(arn)
	if u == nil {
		c.note = fmt.Sprintf("no env file: %s has no user %s", principalsFile, arn)
		return c
	}
	for _, k := range u.AccessKeys {
		if k.Status == "Active" && k.SecretAccessKey != "" && (k.Expires.IsZero() || time.Now().Before(k.Expires)) {
			c.accessKeyID, c.secret = k.AccessKeyID, sigv4auth.NewSecret(k.SecretAccessKey)
			break
		}
	}
	if c.accessKeyID == "" {
		c.note = fmt.Sprintf("no env file: the user has no active key with its secret in %s", principalsFile)
	} else {
		c.note = userNote(u.AttachedPolicies)
	}
	return c
}

// userNote says what a user may do.
func userNote(policies []string) string {
	if len(policies) == 0 {
		return "a user with no policy yet"
	}
	return "a user: " + strings.Join(policies, ", ")
}

func (f *principalFiles) attached(_ context.Context, arn string) ([]string, error) {
	role := f.view.role(arn)
	if role == nil {
		return nil, sigv4auth.ErrNoSuchRole
	}
	return role.AttachedPolicies, nil
}

// policyNames returns the names of a principal's policies.
func policyNames(set iampolicy.Set) []string {
	var names []string
	for _, p := range set.Identity {
		if p != nil {
			names = append(names, p.Name())
		}
	}
	slices.Sort(names)
	return names
}

// principalsView is what env files and the printed text need of principals.json. The store has
// checked the document.
type principalsView struct {
	Users []userView
	Roles []roleView
}

type roleView struct {
	Arn, RoleID      string
	AttachedPolicies []string
}

type userView struct {
	Arn, UserID      string
	AttachedPolicies []string
	AccessKeys       []struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Status          string
		Expires         time.Time
	}
}

func readPrincipals(dir string) (v principalsView, err error) {
	data, err := os.ReadFile(filepath.Join(dir, principalsFile))
	if err != nil {
		return principalsView{}, err
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return principalsView{}, fmt.Errorf("%s: %w", principalsFile, err)
	}
	return v, nil
}

// role returns the role with this ARN, or nil.
func (v *principalsView) role(arn string) *roleView {
	if i := slices.IndexFunc(v.Roles, func(r roleView) bool { return r.Arn == arn }); i >= 0 {
		return &v.Roles[i]
	}
	return nil
}

// user returns the user with this ARN, or nil.
func (v *principalsView) user(arn string) *userView {
	if i := slices.IndexFunc(v.Users, func(u userView) bool { return u.Arn == arn }); i >= 0 {
		return &v.Users[i]
	}
	return nil
}
