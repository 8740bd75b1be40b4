package micro

import (
	"context"
	"fmt"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// What the directories of the parts hold.
const (
	fewUsers  = 1_000
	manyUsers = 100_000
	keysEach  = 10
	inTurn    = 100 // keys that are asked for
	usersARN  = "arn:aws:iam::" + workload.Account + ":user/"
	secret    = "secret-of-a-user-of-the-directory-000000"
)

// The names of the parts of a directory.
const (
	DirectoryPOST = "directory, header POST"
	DirectoryGET  = "directory, header GET"
)

// directories hold a request by a user of a directory against one by a static credential that is
// the same in everything, and what a directory of many users does against one of few.
func directories() []Part {
	return append([]Part{
		byUser(DirectoryPOST, workload.ReferenceBy), byUser(DirectoryGET, workload.BodilessBy),
	}, sizes(fewUsers, manyUsers)...)
}

// byUser is the part of a request that is verified with a directory.
func byUser(name string, by func(workload.Key) *workload.Case) Part {
	return Part{
		Group: Directory, Name: name,
		New: func() ([]measure.Side, error) {
			dir, err := newDirectory(fewUsers)
			if err != nil {
				return nil, err
			}
			c, err := dir.Credential(context.Background(), keyID(fewUsers/2, 0), "")
			if err != nil {
				return nil, err
			}
			good, err := by(workload.Key{ID: c.AccessKeyID, Secret: c.Secret.Reveal()}).Good("execute-api")
			if err != nil {
				return nil, err
			}
			verifying := func(credentials sigv4auth.CredentialStore) (func(), error) {
				a, err := contender.NewAuthenticatorOf(workload.Setting{}, credentials)
				if err != nil {
					return nil, err
				}
				verify := func() error {
					_, err := a.Verify(good[0].Again())
					return err
				}
				return sure(verify), verify()
			}
			static, err := verifying(sigv4auth.StaticCredentials(c))
			if err != nil {
				return nil, err
			}
			ours, err := verifying(dir)
			return sides("static credential", static, "wildgate", ours), err
		},
	}
}

// sizes are the parts that tell whether what a directory does grows with what it holds. The same
// number of keys is asked for in turn, whatever there is beside them.
func sizes(few, many int) []Part {
	var all []Part
	for _, work := range []struct {
		name string
		of   func(dir *directory.Directory, users int) (func() error, error)
	}{{"a credential", lookingUp}, {"policies", askingPolicies}, {"a change, and the look-up after it", changing}} {
		all = append(all, Part{
			Group: Sizes, Size: float64(many),
			Name: fmt.Sprintf("%s, of %s users with %s keys", work.name, workload.Number(many), workload.Number(many*keysEach)),
			New: func() ([]measure.Side, error) {
				var runs []func()
				for _, users := range []int{few, many} {
					dir, err := newDirectory(users)
					if err != nil {
						return nil, err
					}
					run, err := work.of(dir, users)
					if err != nil {
						return nil, err
					}
					if err := run(); err != nil {
						return nil, err
					}
					runs = append(runs, sure(run))
				}
				return sides(fmt.Sprintf("of %s users", workload.Number(few)), runs[0], "wildgate", runs[1]), nil
			},
		})
	}
	return all
}

func keyID(user, key int) string { return fmt.Sprintf("AKIA%012dX%03d", user, key) }

// newUser is a user with as many keys.
func newUser(i, keys int, groups ...string) directory.NewUser {
	u := directory.NewUser{ARN: fmt.Sprintf("%screw/u%d", usersARN, i), Groups: groups, Keys: make([]directory.NewKey, keys)}
	for j := range keys {
		u.Keys[j] = directory.NewKey{ID: keyID(i, j), Secret: sigv4auth.NewSecret(secret)}
	}
	return u
}

// newDirectory returns a directory in memory, with users in groups of 1,000 that have a managed
// policy.
func newDirectory(users int) (*directory.Directory, error) {
	const (
		prefix   = "arn:aws:iam::" + workload.Account + ":"
		ride     = prefix + "policy/Ride"
		document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ride:*","Resource":"*"}]}`
	)
	ctx := context.Background()
	dir, err := directory.Open(ctx, directory.Config{})
	if err != nil {
		return nil, err
	}
	c := directory.Contents{Accounts: []string{workload.Account}, Policies: []directory.NewPolicy{{ARN: ride, Document: document}}}
	for i := range users {
		group := fmt.Sprintf("%sgroup/g%d", prefix, i/1000)
		if i%1000 == 0 {
			c.Groups = append(c.Groups, directory.NewGroup{ARN: group, Holder: directory.Holder{Attached: []string{ride}}})
		}
		c.Users = append(c.Users, newUser(i, keysEach, group))
	}
	return dir, dir.Fill(ctx, c)
}

// asked returns the access key IDs that are asked for.
func asked(users int) []string {
	ids := make([]string, inTurn)
	for i := range ids {
		ids[i] = keyID(i*(users/inTurn), i%keysEach)
	}
	return ids
}

func lookingUp(dir *directory.Directory, users int) (func() error, error) {
	ids, ctx, next := asked(users), context.Background(), 0
	return func() error {
		_, err := dir.Credential(ctx, ids[next], "")
		next = (next + 1) % len(ids)
		return err
	}, nil
}

func askingPolicies(dir *directory.Directory, users int) (func() error, error) {
	ctx, next := context.Background(), 0
	var ids []sigv4auth.Identity
	for _, id := range asked(users) {
		c, err := dir.Credential(ctx, id, "")
		if err != nil {
			return nil, err
		}
		ids = append(ids, sigv4auth.Identity{Principal: c.Principal, AccessKeyID: id, Revision: c.Revision})
	}
	return func() error {
		set, _, err := dir.Policies(ctx, ids[next])
		if err == nil && len(set.Identity) != 1 {
			err = fmt.Errorf("%s has %d policies", ids[next].Principal.ARN, len(set.Identity))
		}
		next = (next + 1) % len(ids)
		return err
	}, nil
}

// changing adds a user with a key each time.
func changing(dir *directory.Directory, users int) (func() error, error) {
	ctx, next := context.Background(), users
	return func() error {
		if err := dir.Fill(ctx, directory.Contents{Users: []directory.NewUser{newUser(next, 1)}}); err != nil {
			return err
		}
		_, err := dir.Credential(ctx, keyID(next, 0), "")
		next++
		return err
	}, nil
}
