package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// filling is what is put into a directory that never held anything.
type filling struct {
	directory.Contents
	callers []caller // the workshop's users whose keys are known
	says    []string // what differs from the files that it is of, for the log
}

// fill fills the directory, all of it or nothing: in a new folder with the workshop's principals,
// in one that has principals.json with these. The files stay as they are, and are read no more. The
// keys are in env files before: they are told nowhere else.
func (p *principalDirectory) fill(ctx context.Context, addr net.Addr, rides *rideStore, writeError error, log *journal) error {
	if writeError != nil {
		return fmt.Errorf("users, keys and policies cannot be put into %s: %w; with -store files those in %s are served as they are",
			ridesFile, writeError, principalsFile)
	}
	f, taken := firstFilling(p.api), false
	if _, err := os.Lstat(filepath.Join(p.dir, principalsFile)); err == nil {
		if f, err = takeOver(p.dir, p.api); err != nil {
			return cannotTakeOver(err)
		}
		taken = true
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// All mistakes are found before anything is changed.
	if err := trial(ctx, f.Contents); err != nil && taken {
		return cannotTakeOver(err)
	} else if err != nil {
		return err // unreachable
	}
	for i := range f.callers {
		c := &f.callers[i]
		if c.name == riderUser { // whose key aws.config has
			if err := writeAWSConfig(p.dir, p.api, *c); err != nil {
				return err
			}
		} else if err := c.writeEnv(p.dir, p.api, endpoint(addr)); err != nil {
			return err
		}
	}
	if err := moveRides(ctx, p.dir, f.view(), rides, log.Logger); err != nil {
		return err
	}
	if err := p.Fill(ctx, f.Contents); err != nil {
		return err
	}
	if taken {
		log.Info("users, roles, keys and policies were taken over from the files, which are not read any more: "+
			"aws iam shows and changes them",
			"users", len(f.Users), "roles", len(f.Roles), "policies", len(f.Policies), "files", principalsFile+" and policies/")
	}
	for _, difference := range f.says {
		log.Warn("taken over otherwise than the files say", "what", difference)
	}
	return nil
}

// trial fills a directory in memory.
func trial(ctx context.Context, contents directory.Contents) error {
	d, err := directory.Open(ctx, directory.Config{})
	if err != nil {
		return err // unreachable
	}
	return errors.Join(d.Fill(ctx, contents), d.Close())
}

func cannotTakeOver(err error) error {
	return fmt.Errorf("%s and policies/ cannot be taken over into %s, and nothing was changed: mend what follows, or serve them "+
		"as they are with -store files: %w", principalsFile, ridesFile, err)
}

// view returns who is in a filling.
func (f *filling) view() *principalsView {
	v := new(principalsView)
	for i := range f.Users {
		v.Users = append(v.Users, userView{Arn: f.Users[i].ARN, UserID: f.Users[i].ID})
	}
	for i := range f.Roles {
		v.Roles = append(v.Roles, roleView{Arn: f.Roles[i].ARN, RoleID: f.Roles[i].ID})
	}
	return v
}

// policyARN returns the ARN of a managed policy of the account.
func (a api) policyARN(name string) string { return "arn:aws:iam::" + a.AccountID + ":policy/" + name }

// firstFilling returns who there is in a new folder.
func firstFilling(a api) filling {
	f := filling{Contents: directory.Contents{
		Accounts: []string{a.AccountID},
		Policies: []directory.NewPolicy{
			{
				ARN: a.policyARN(standardPolicy), Document: a.standardDocument(),
				Description: "Asks for rides, and sees and cancels the rider's own",
			},
			{ARN: a.policyARN(dispatcherPolicy), Document: a.dispatcherDocument(), Description: "Lists the rides of all riders"},
		},
		Roles: []directory.NewRole{
			{
				ARN: a.principal("role", riderRole), ID: uniqueID("AROA"), MaxSession: riderSessions, Trust: a.riderTrust(),
				Holder: directory.Holder{Attached: []string{a.policyARN(standardPolicy)}},
			},
			{ARN: a.poolRole(authRole), ID: uniqueID("AROA"), Trust: a.poolTrust("authenticated")},
			{ARN: a.poolRole(unauthRole), ID: uniqueID("AROA"), Trust: a.poolTrust("unauthenticated")},
		},
	}}
	f.add(a, dispatcherUser, directory.Holder{Attached: []string{a.policyARN(standardPolicy), a.policyARN(dispatcherPolicy)}})
	f.add(a, newcomerUser, directory.Holder{})
	f.add(a, riderUser, directory.Holder{})
	f.addOperator(a)
	return f
}

// add adds a user of the workshop, with a new key.
func (f *filling) add(a api, name string, policies directory.Holder) {
	id, secret := filestore.NewAccessKey()
	f.Users = append(f.Users, directory.NewUser{
		ARN: a.principal("user", name), ID: uniqueID("AIDA"), Holder: policies, Keys: []directory.NewKey{{ID: id, Secret: secret}},
	})
	f.keep(name, id, secret)
}

// keep remembers a key for the user's env file.
func (f *filling) keep(name, id string, secret sigv4auth.Secret) {
	f.callers = append(f.callers, caller{name: name, accessKeyID: id, secret: secret})
}

// addOperator adds who may do everything in IAM, by a policy that stands at the user itself: no
// policy of another name is in its way.
func (f *filling) addOperator(a api) {
	f.add(a, operatorUser, directory.Holder{Inline: map[string]string{operatorPolicy: operatorPolicyDocument}})
}
