package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// noTrust stands for a role that has no trust policy: nobody may assume it.
const noTrust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}`

// takeOver returns what the files of a folder say, and the operator. A policy in them is of no
// account: here it is of each account whose principals have it, and of the API's own.
func takeOver(dir string, a api) (f filling, err error) {
	said, err := filestore.Read(filestore.Config{Dir: dir})
	if err != nil {
		return filling{}, err
	}
	policies := map[string]string{} // documents by ARN
	for name, document := range said.Policies {
		policies[a.policyARN(name)] = document
	}
	accounts := map[string]bool{a.AccountID: true}
	// holder returns the ARNs of a principal's policies.
	holder := func(p *filestore.Principal) (h directory.Holder, boundary string) {
		account := strings.SplitN(p.ARN, ":", 6)[4]
		accounts[account] = true
		of := func(name string) string {
			arn := api{AccountID: account}.policyARN(name)
			policies[arn] = said.Policies[name]
			return arn
		}
		for _, name := range p.Attached {
			h.Attached = append(h.Attached, of(name))
		}
		if p.Boundary != "" {
			boundary = of(p.Boundary)
		}
		return h, boundary
	}
	for i := range said.Users {
		u := &said.Users[i]
		made := directory.NewUser{ARN: u.ARN, ID: u.ID, Tags: tagsOf(u.Tags)}
		made.Holder, made.Boundary = holder(&u.Principal)
		made.Keys = f.keysOf(u, time.Now())
		f.Users = append(f.Users, made)
		f.keepKey(a, u)
	}
	for i := range said.Roles {
		r := &said.Roles[i]
		made := directory.NewRole{ARN: r.ARN, ID: r.ID, Tags: tagsOf(r.Tags), MaxSession: r.MaxSession, Trust: r.Trust}
		made.Holder, made.Boundary = holder(&r.Principal)
		if r.Trust == "" {
			made.Trust = noTrust
			f.says = append(f.says, fmt.Sprintf("%s has no trust policy: here it has one that denies everybody", r.ARN))
		}
		f.Roles = append(f.Roles, made)
	}
	f.Accounts = slices.Sorted(maps.Keys(accounts))
	for _, arn := range slices.Sorted(maps.Keys(policies)) {
		f.Policies = append(f.Policies, directory.NewPolicy{ARN: arn, Document: policies[arn]})
	}
	if i := slices.IndexFunc(f.Users, a.isOperator); i >= 0 {
		return filling{}, fmt.Errorf("there is a user %s, whose name is that of who may do everything in IAM: give it another name",
			f.Users[i].ARN)
	}
	f.addOperator(a)
	return f, nil
}

// isOperator reports whether a user has the operator's name: names of an account have no case, and
// no path.
func (a api) isOperator(u directory.NewUser) bool {
	account := "arn:aws:iam::" + a.AccountID + ":user/"
	return strings.HasPrefix(u.ARN, account) && strings.EqualFold(u.ARN[strings.LastIndexByte(u.ARN, '/')+1:], operatorUser)
}

// keysOf returns a user's keys. One that expires does so in the directory too, though aws iam does
// not show that.
func (f *filling) keysOf(u *filestore.User, now time.Time) (keys []directory.NewKey) {
	for _, k := range u.Keys {
		made := directory.NewKey{ID: k.ID, Secret: k.Secret, Inactive: k.Inactive}
		switch {
		case k.Expires.IsZero():
		case now.Before(k.Expires):
			made.Expires = k.Expires
			f.says = append(f.says, fmt.Sprintf("access key %s of %s expires on %s, which aws iam does not show", k.ID, u.ARN,
				k.Expires.UTC().Format(time.RFC3339)))
		default:
			made.Inactive = true
			f.says = append(f.says, fmt.Sprintf("access key %s of %s has expired: here it is inactive", k.ID, u.ARN))
		}
		keys = append(keys, made)
	}
	return keys
}

// keepKey remembers the first good key of a user of the workshop. A secret that the operator keeps
// outside of principals.json stays out of env files.
func (f *filling) keepKey(a api, u *filestore.User) {
	for _, name := range []string{dispatcherUser, newcomerUser, riderUser} {
		if u.ARN != a.principal("user", name) {
			continue
		}
		for _, k := range u.Keys {
			if k.Inline && !k.Inactive && k.Expires.IsZero() {
				f.keep(name, k.ID, k.Secret)
				return
			}
		}
	}
}

func tagsOf(tags map[string]string) (list []directory.Tag) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, directory.Tag{Key: key, Value: tags[key]})
	}
	return list
}
