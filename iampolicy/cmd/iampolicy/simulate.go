package main

import (
	"context"
	"flag"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

const simulateHelp = `Usage: iampolicy simulate [flags]

Decides one request by policies, as IAM would, and says why.

The request:
  -principal ARN         who calls: a user, a role session, an account's root, a
                         service, or "anonymous"
  -action NAME           as execute-api:Invoke
  -resource ARN          what is asked for; a * in it is a plain character
  -resource-account ID   who owns the resource; by default the account in its ARN.
                         Where that has none it is not known, and then an Allow of
                         the caller's own policies is not enough
  -context KEY=VALUE     a condition key, as often as needed. A value in brackets
                         makes the key multivalued, also with one value or none:
                         KEY=[a,b], or as JSON KEY=["a, b","c"]
  -unknown KEY           a condition key that is there, but whose value is not known,
                         as often as needed: every Deny takes it for a match, and no
                         Allow does

What the principal's ARN tells is filled in: aws:PrincipalArn, aws:PrincipalAccount,
aws:PrincipalType and aws:username. Every other key is missing unless it is given.

The policies, each flag as often as needed:
  -identity FILE         of the user, its groups, or the role
  -boundary FILE         a permissions boundary
  -session FILE          a session policy
  -resource-policy FILE  the resource's policy (one)
  -trust-policy FILE     the role's trust policy (one), for sts:AssumeRole and its like
  -scp FILE[,FILE...]    the service control policies of one level; levels from the
                         root on
  -rcp FILE[,FILE...]    the resource control policies of one level, likewise

More flags:
  -request FILE          a JSON file with all this, below; flags replace what it says
  -size-limits           refuse policies larger than AWS's quotas
  -api REGION/ACCOUNT/API-ID
                         expand API Gateway's short form execute-api:/...
  -all                   also print the context and every statement's fate
  -json                  print one JSON object

A FILE named "-" is the standard input. The request file's members are all optional:

  {
    "principal": "arn:aws:sts::111122223333:assumed-role/Rider/alice",
    "action": "execute-api:Invoke",
    "resource": "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride",
    "resourceAccount": "111122223333",
    "context": {"aws:SourceIp": "203.0.113.7", "aws:TagKeys": ["team", "cost"]},
    "unknown": ["aws:SecureTransport"],
    "policies": {
      "identity": ["rider.json", {"Version": "2012-10-17", "Statement": []}],
      "boundary": [], "session": [], "resource": "api.json",
      "scp": [["root.json"], ["ou.json", "team.json"]], "rcp": []
    }
  }

A policy is the name of a file, from the request file's folder on, or the document
itself; "trust" stands in the place of "resource". In the context a list makes the
key multivalued; "unknown" has the keys of -unknown. "principal" may be an object with
arn, accountId, userId, roleArn, userArn, baseUserId, type and tags; then aws:userid and
aws:PrincipalTag/... are filled in too.

Exit status: 0 allowed, 1 denied, 2 no answer: a wrong flag, a file that cannot be
read, a policy with mistakes, a request that cannot be evaluated.

Examples:
  iampolicy simulate -identity rider.json \
    -principal arn:aws:sts::111122223333:assumed-role/Rider/alice \
    -action execute-api:Invoke \
    -resource arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride \
    -context aws:SourceIp=203.0.113.7
  iampolicy simulate -request case.json
  iampolicy simulate -request case.json -identity new-policy.json -json | jq .allowed
`

// simulate is "iampolicy simulate".
func simulate(c *console, args []string) (status int, err error) {
	var s simulation
	operands, err := parseFlags(s.flags(), args)
	if err != nil {
		return 0, err
	}
	if len(operands) > 0 {
		return 0, usagef("unexpected %q: policies are given by flags, as -identity %s", operands[0], operands[0])
	}
	for key := range s.unknown.context.Keys() {
		if _, _, both := s.context.context.Get(key); both {
			return 0, usagef("the key %q has a value by -context, and none by -unknown", key)
		}
	}
	files, err := s.policyFiles()
	if err != nil {
		return 0, err
	}
	f := &requestFile{}
	if s.request.given {
		if f, err = readRequestFile(c, s.request.text); err != nil {
			return 0, err
		}
		f.policies.replace(files)
		files = f.policies
	}
	if len(files) == 0 {
		return 0, usagef("no policy is given, as -identity FILE; a request file can say that there is none: \"identity\": []")
	}
	request := &f.request
	if err := s.complete(f); err != nil {
		return 0, err
	}
	fillPrincipalKeys(&request.Context, &request.Principal)
	f.overlay(&request.Context)
	addKeys(&request.Context, &s.context.context)
	addKeys(&request.Context, &s.unknown.context)
	l := loader{console: c, parsing: s.parsing}
	set := l.set(files)
	if err := l.fails(); err != nil {
		return 0, err
	}
	x := iampolicy.Explain(context.Background(), set, request)
	if s.json {
		err = c.printJSON(reportSimulation(request, &x))
	} else {
		s.print(c, request, &x)
		for _, hint := range hints(request) {
			if !x.Decision.Allowed() {
				c.notef("iampolicy: %s\n", printable(hint))
			}
		}
	}
	return simulationStatus(&x), err
}

// simulationStatus tells a denial by policies from a request that no policy was
// asked about: a script that expects a denial must not take a misspelt action
// for one.
func simulationStatus(x *iampolicy.Explanation) int {
	switch {
	case x.Undecided != "":
		return statusFailed
	case x.Decision.Allowed():
		return statusOK
	}
	return statusNo
}

// A simulation is the command line of simulate.
type simulation struct {
	principal, action, resource, account textFlag
	context                              contextFlag
	unknown                              unknownFlag
	identity, boundary, session          listFlag
	resourcePolicy, trustPolicy          textFlag
	scp, rcp                             listFlag
	request                              textFlag
	parsing                              parsing
	all, json                            bool
}

func (s *simulation) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("simulate", flag.ContinueOnError)
	fs.Var(&s.principal, "principal", "")
	fs.Var(&s.action, "action", "")
	fs.Var(&s.resource, "resource", "")
	fs.Var(&s.account, "resource-account", "")
	fs.Var(&s.context, "context", "")
	fs.Var(&s.unknown, "unknown", "")
	fs.Var(&s.identity, "identity", "")
	fs.Var(&s.boundary, "boundary", "")
	fs.Var(&s.session, "session", "")
	fs.Var(&s.resourcePolicy, "resource-policy", "")
	fs.Var(&s.trustPolicy, "trust-policy", "")
	fs.Var(&s.scp, "scp", "")
	fs.Var(&s.rcp, "rcp", "")
	fs.Var(&s.request, "request", "")
	s.parsing.register(fs)
	fs.BoolVar(&s.all, "all", false, "")
	fs.BoolVar(&s.json, "json", false, "")
	return fs
}

// policyFiles returns the policies that the flags name.
func (s *simulation) policyFiles() (policyFiles, error) {
	if s.resourcePolicy.given && s.trustPolicy.given {
		return nil, usagef("a resource has one policy: -resource-policy, or for a role -trust-policy")
	}
	files := make(policyFiles)
	level := func(kind iampolicy.PolicyType, names []string) {
		if len(names) > 0 {
			sources := make([]policySource, len(names))
			for i, name := range names {
				sources[i].file = name
			}
			files[kind] = append(files[kind], sources)
		}
	}
	level(iampolicy.IdentityPolicy, s.identity)
	level(iampolicy.PermissionsBoundary, s.boundary)
	level(iampolicy.SessionPolicy, s.session)
	if s.resourcePolicy.given {
		level(iampolicy.ResourcePolicy, []string{s.resourcePolicy.text})
	}
	if s.trustPolicy.given {
		level(iampolicy.TrustPolicy, []string{s.trustPolicy.text})
	}
	for _, names := range s.scp {
		level(iampolicy.SCP, strings.Split(names, ","))
	}
	for _, names := range s.rcp {
		level(iampolicy.RCP, strings.Split(names, ","))
	}
	return files, nil
}
