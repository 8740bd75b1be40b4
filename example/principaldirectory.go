package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const operatorUser = "operator" // who may do everything in IAM

// principalDirectory is principals in the database of the data folder, which the API of IAM shows
// and changes.
type principalDirectory struct {
	*directory.Directory
	api
	dir      string // the data folder
	revision *revisionFile
}

// openPrincipalDirectory opens the directory in the database, and fills it if it never was. Whether
// it was, the database alone tells.
func openPrincipalDirectory(ctx context.Context, opts options, a api, addr net.Addr, rides *rideStore, ring *keyring.Ring,
	writeError error, log *journal,
) (_ *principalDirectory, err error) {
	p := &principalDirectory{api: a, dir: opts.data}
	if p.Directory, err = directory.Open(ctx, directory.Config{
		DB: rides.directory, Ring: ring, MaxStale: opts.maxStale, Report: log.directoryProblem,
		Check: func(context.Context) error { return rides.files.check() },
	}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if p.revision, err = openRevision(opts.data, p.Revision, log.Logger); err != nil {
		return nil, err
	}
	switch now, answered := p.Revision(), p.revision.answered(); {
	case now == 0 && answered > 0:
		return nil, fmt.Errorf("%s has no users, keys and policies any more: restore it from a backup, with no %[1]s-wal and no %[1]s-shm "+
			"beside it; to begin with new ones, remove %s, and %s if there is one, whose keys would be good again",
			ridesFile, revisionName, principalsFile)
	case now == 0:
		if err := p.fill(ctx, addr, rides, writeError, log); err != nil {
			return nil, err
		}
	case now < answered && !opts.restored:
		return nil, fmt.Errorf("%s is a backup from before the last changes of users, keys and policies: it has their revision %d, and %d "+
			"was answered; keys that were deleted since, and what was detached, would count again: start with -restored to serve it "+
			"all the same, and look through it", ridesFile, now, answered)
	case now < answered:
		log.Warn("users, keys and policies are those of a backup: keys that were deleted or made inactive since count again, and so does "+
			"what was detached: look through aws iam get-account-authorization-details and list-access-keys",
			"revision", now, "answered_before", answered)
	}
	if opts.operator != "" {
		if err := p.addOperator(ctx, opts.operator, addr); err != nil {
			return nil, fmt.Errorf("no operator %q was made: %w", opts.operator, err)
		}
		log.Info("another operator was made", "user", a.principal("user", opts.operator), "file", envPath(opts.data, opts.operator))
	}
	p.revision.restart()
	return p, nil
}

// addOperator adds another operator. Who can start the program on the folder may do so: it is the
// way back in where the operator's key was lost or deleted, or the ring that sealed it.
func (p *principalDirectory) addOperator(ctx context.Context, name string, addr net.Addr) error {
	if strings.EqualFold(name, poolEnv) || strings.ContainsAny(name, `/\`) {
		return errors.New("its env file cannot have that name")
	}
	var f filling
	f.add(p.api, name, directory.Holder{Inline: map[string]string{operatorPolicy: operatorPolicyDocument}})
	if err := p.Fill(ctx, f.Contents); err != nil {
		return err
	}
	return f.callers[0].writeEnv(p.dir, p.api, endpoint(addr))
}

func (p *principalDirectory) where() string { return "the directory" }

// caller returns a user with the key that the env file of an earlier start names. The directory has
// the secret, and tells it to nobody else.
func (p *principalDirectory) caller(ctx context.Context, name string) caller {
	c := caller{name: name}
	arn := p.principal("user", name)
	id := keyIn(p.dir, name)
	credential, err := p.Credential(ctx, id, "")
	switch {
	case err == nil && credential.Principal.ARN == arn:
		c.accessKeyID, c.secret = id, credential.Secret
		c.note = p.userNote(ctx, arn)
	case err == nil || errors.Is(err, sigv4auth.ErrUnrecognizedClient):
		c.withoutFile("no active key: aws iam create-access-key --user-name " + name)
	default:
		c.withoutFile("no env file: " + err.Error())
	}
	return c
}

func (p *principalDirectory) userNote(ctx context.Context, arn string) string {
	set, _, err := p.Policies(ctx, sigv4auth.Identity{Principal: iampolicy.Principal{ARN: arn}})
	if err != nil {
		return err.Error()
	}
	return userNote(policyNames(set))
}

// attached returns the names of all policies of a role.
func (p *principalDirectory) attached(ctx context.Context, arn string) ([]string, error) {
	role, err := p.Role(ctx, arn)
	if err != nil {
		return nil, err
	}
	set, _, err := p.Policies(ctx, sigv4auth.Identity{Principal: iampolicy.Principal{
		ARN: "arn:aws:sts::" + p.AccountID + ":assumed-role/" + arn[strings.LastIndexByte(arn, '/')+1:] + "/any", RoleARN: role.ARN,
	}})
	return policyNames(set), err
}

// endpoint makes the endpoint of IAM. Clients sign for us-east-1, wherever they are.
func (p *principalDirectory) endpoint(opts options, keys *sts.Store, log *journal) (http.Handler, error) {
	endpoint, err := directory.NewEndpoint(directory.EndpointConfig{
		Directory: p.Directory, Credentials: keys, Policies: keys,
		Auth: sigv4auth.Config{
			Region: p.Region, MaxPresignExpiry: opts.presign, Observe: sigv4auth.Observe{Audit: log.audit},
		},
		Regions: []string{defaultRegion}, ExplainRefusals: opts.explain, Failed: log.broken,
	})
	if err != nil {
		return nil, err
	}
	return p.revision.noting(endpoint), nil
}

// keyIn returns the access key that a file of an earlier start names: the env file of a user, or
// for the user who assumes the role aws.config. It is "" if there is none.
func keyIn(dir, name string) string {
	path, before := envPath(dir, name), "export AWS_ACCESS_KEY_ID="
	if name == riderUser {
		path, before = awsConfigPath(dir), "aws_access_key_id = "
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), before); ok {
			return id
		}
	}
	return ""
}
