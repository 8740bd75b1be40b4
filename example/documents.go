package main

import (
	"fmt"
	"time"
)

// riderSessions is how long a session of the rider's role may last.
const riderSessions = 12 * time.Hour

func (a api) standardDocument() string {
	return fmt.Sprintf(standardPolicyDocument, a.resource("*/*/ride"), a.resource(stage+"/GET/ride/*"), a.resource(stage+"/DELETE/ride/*"))
}

func (a api) dispatcherDocument() string {
	return fmt.Sprintf(dispatcherPolicyDocument, a.resource(stage+"/GET/rides"))
}

// riderTrust lets the user assume the role.
func (a api) riderTrust() string {
	return fmt.Sprintf(riderTrustDocument, a.principal("user", riderUser))
}

// poolTrust lets the identity pool's identities assume a role, whose authentication is amr.
func (a api) poolTrust(amr string) string {
	return fmt.Sprintf(poolTrustDocument, a.IdentityPoolID, amr)
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
      "MaxSessionDuration": %d,
      "AssumeRolePolicyDocument": %s
    },
` + poolRoleDocument + `,
` + poolRoleDocument + `
  ]
}
`
	poolRoleDocument = `    {
      "Arn": %q,
      "RoleId": %q,
      ` + nothingAttached + `,
      "AssumeRolePolicyDocument": %s
    }`
	nothingAttached = `"AttachedPolicies": []`

	riderTrustDocument = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {"AWS": %q},
      "Action": "sts:AssumeRole"
    }
  ]
}
`
	// The trust policy is the one that Cognito writes: Amazon Cognito Developer Guide, "Role trust
	// and permissions".
	poolTrustDocument = `{
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
`
	// Of what belongs to no user, group, role or policy, IAM asks for *: to list the policies, for
	// instance. Which account it is about, the caller's own says.
	operatorPolicyDocument = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AdministerIAM",
      "Effect": "Allow",
      "Action": "iam:*",
      "Resource": "*"
    }
  ]
}
`
)
