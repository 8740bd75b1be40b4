package micro

import (
	"context"
	"errors"
	"fmt"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// The names of the parts of directories. Those of large ones are held against one of a thousand
// keys.
const (
	DirectoryPOST   = "header POST"
	DirectoryGET    = "header GET"
	DirectoryLookup = "a credential and its policies, among 100,000 keys"
	DirectoryChange = "a change, among 100,000 keys"
)

// The sizes that are compared.
const (
	fewKeys   = 1_000
	manyKeys  = 100_000
	keysAUser = 10
)

// directories hold a request by a key of a directory against one by a static credential, and what a
// large directory does against the same in a small one: neither is to grow with what there is.
func directories() []Part {
	return []Part{
		{
			Group: Directories, Name: DirectoryPOST,
			New: func() ([]measure.Side, error) { return knownKey(workload.ReferenceBy) },
		},
		{
			Group: Directories, Name: DirectoryGET,
			New: func() ([]measure.Side, error) { return knownKey(workload.BodilessBy) },
		},
		{Group: DirectorySizes, Name: DirectoryLookup, Size: manyKeys, New: func() ([]measure.Side, error) { return both(lookup) }},
		{Group: DirectorySizes, Name: DirectoryChange, Size: manyKeys, New: func() ([]measure.Side, error) { return both(change) }},
	}
}

// knownKey is a request by a key of a directory, and by a static credential.
func knownKey(by func(workload.Key) *workload.Case) ([]measure.Side, error) {
	d, err := people(fewKeys)
	if err != nil {
		return nil, err
	}
	c, err := d.Credential(context.Background(), keyID(fewKeys/2), "")
	if err != nil {
		return nil, err
	}
	c.Revision = "1" // as long as a state's, so that identities are as large
	return asStatic(d, c, by)
}

// both sets up a piece of work in a small and in a large directory.
func both(work func(d *directory.Directory, keys int) (func(), error)) ([]measure.Side, error) {
	var runs [2]func()
	for i, keys := range []int{fewKeys, manyKeys} {
		d, err := people(keys)
		if err != nil {
			return nil, err
		}
		if runs[i], err = work(d, keys); err != nil {
			return nil, err
		}
	}
	return sides("of 1,000", runs[0], "wildgate", runs[1]), nil
}

// lookup looks the keys of a hundred users up in turn, so that both sizes find as much of them in
// the processor's caches.
func lookup(d *directory.Directory, keys int) (func(), error) {
	ctx := context.Background()
	const users = 100
	var ids [users]string
	for i := range ids {
		ids[i] = keyID(i * (keys / users))
	}
	next := 0
	ask := func() error {
		c, err := d.Credential(ctx, ids[next], "")
		if err != nil {
			return err
		}
		next = (next + 1) % users
		set, _, err := d.Policies(ctx, sigv4auth.Identity{Principal: c.Principal, AccessKeyID: c.AccessKeyID, Revision: c.Revision})
		if err == nil && len(set.Identity) != 1 {
			err = errors.New("the user has no policy")
		}
		return err
	}
	for range users { // whose policies have been put together then
		if err := ask(); err != nil {
			return nil, err
		}
	}
	return sure(ask), nil
}

// change adds a user with a key.
func change(d *directory.Directory, keys int) (func(), error) {
	n := keys
	add := func() error {
		n++
		return d.Fill(context.Background(), directory.Contents{Users: []directory.NewUser{{
			ARN: userARN(n), Keys: []directory.NewKey{{ID: keyID(n), Secret: sigv4auth.NewSecret("a-secret-of-16+-" + keyID(n))}},
		}}})
	}
	return sure(add), nil
}

func keyID(n int) string { return fmt.Sprintf("AKIA%016d", n) }

func userARN(n int) string {
	return fmt.Sprintf("arn:aws:iam::%s:user/riders/u%07d", workload.Account, n)
}

// people returns a directory in memory with as many keys, of users with ten each and one policy
// that all of them have.
func people(keys int) (*directory.Directory, error) {
	ctx := context.Background()
	d, err := directory.Open(ctx, directory.Config{})
	if err != nil {
		return nil, err
	}
	policy := "arn:aws:iam::" + workload.Account + ":policy/Rides"
	contents := directory.Contents{
		Accounts: []string{workload.Account},
		Policies: []directory.NewPolicy{{ARN: policy, Document: `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}`}},
	}
	for first := 0; first < keys; first += keysAUser {
		u := directory.NewUser{ARN: userARN(first), Holder: directory.Holder{Attached: []string{policy}}}
		for n := first; n < first+keysAUser; n++ {
			u.Keys = append(u.Keys, directory.NewKey{ID: keyID(n), Secret: sigv4auth.NewSecret("a-secret-of-16+-" + keyID(n))})
		}
		contents.Users = append(contents.Users, u)
	}
	return d, d.Fill(ctx, contents)
}
