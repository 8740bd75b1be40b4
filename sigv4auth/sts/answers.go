package sts

import (
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// The answers of STS, as encoding/xml writes them: STS API Reference, "Response Elements".

type credentialsAnswer struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      awsquery.Time
}

func credentialsOf(i *Issued) credentialsAnswer {
	c := &i.Credential
	return credentialsAnswer{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.Secret.Reveal(), SessionToken: c.SessionToken.Reveal(),
		Expiration: awsquery.Time(c.Expires),
	}
}

// tokenSizes are what an answer says of the session token.
type tokenSizes struct {
	SessionTokenSize        int
	SessionTokenUtilization int
}

func sizesOf(i *Issued) tokenSizes { return tokenSizes{i.TokenSize, i.TokenUtilization} }

type assumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	Arn           string
}

// assumed is what all answers with a role's session have.
type assumed struct {
	Credentials      credentialsAnswer
	AssumedRoleUser  assumedRoleUser
	PackedPolicySize int `xml:",omitempty"`
	tokenSizes
}

func newAssumed(i *Issued) assumed {
	p := &i.Credential.Principal
	return assumed{credentialsOf(i), assumedRoleUser{p.UserID, p.ARN}, i.PackedPolicySize, sizesOf(i)}
}

type assumeRoleResult struct {
	assumed
	SourceIdentity string `xml:",omitempty"`
}

type webIdentityResult struct {
	assumed
	SubjectFromWebIdentityToken string
	Audience                    string
	Provider                    string
	SourceIdentity              string `xml:",omitempty"`
}

type sessionTokenResult struct {
	Credentials credentialsAnswer
	tokenSizes
}

type federatedUserAnswer struct {
	FederatedUserID string `xml:"FederatedUserId"`
	Arn             string
}

type federationTokenResult struct {
	Credentials      credentialsAnswer
	FederatedUser    federatedUserAnswer
	PackedPolicySize int
	tokenSizes
}

type callerIdentityResult struct {
	UserID  string `xml:"UserId"`
	Account string
	Arn     string
}

type accessKeyInfoResult struct {
	Account string
}

type identityTokenResult struct {
	WebIdentityToken string
	Expiration       awsquery.Time
}
