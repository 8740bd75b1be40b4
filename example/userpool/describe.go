package userpool

import (
	"net/http"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// poolType is what there is of UserPoolType.
type poolType struct {
	Id, Name, Arn          string //nolint:revive,staticcheck // the names are AWS's
	Policies               struct{ PasswordPolicy passwordPolicyType }
	SchemaAttributes       []schemaAttribute
	AutoVerifiedAttributes []string
	MfaConfiguration       string
	EstimatedNumberOfUsers int64
	AdminCreateUserConfig  struct{ AllowAdminCreateUserOnly bool }
	UsernameConfiguration  struct{ CaseSensitive bool }
}

type passwordPolicyType struct {
	MinimumLength                                                      int
	RequireUppercase, RequireLowercase, RequireNumbers, RequireSymbols bool
	TemporaryPasswordValidityDays                                      int
}

type schemaAttribute struct {
	Name, AttributeDataType string
	Mutable, Required       bool
}

// describeUserPool is DescribeUserPool.
func (p *Pool) describeUserPool(r *http.Request, _ *awsjson.Input) (any, error) {
	n, err := p.store.countUsers(r.Context())
	if err != nil {
		return nil, err
	}
	policy := &p.cfg.Password
	t := poolType{
		Id: p.cfg.ID, Name: p.cfg.Name, Arn: p.arn, AutoVerifiedAttributes: []string{"email"}, MfaConfiguration: "OFF",
		EstimatedNumberOfUsers: n,
	}
	t.Policies.PasswordPolicy = passwordPolicyType{
		policy.MinLength, !policy.NoUppercase, !policy.NoLowercase, !policy.NoNumbers, !policy.NoSymbols,
		int(policy.TemporaryFor / (24 * time.Hour)),
	}
	add := func(name string, mutable, required bool) {
		kind := "String"
		switch {
		case isVerified(name):
			kind = "Boolean"
		case name == "updated_at":
			kind = "Number"
		}
		t.SchemaAttributes = append(t.SchemaAttributes, schemaAttribute{name, kind, mutable, required})
	}
	add("sub", false, true)
	for _, name := range standardAttributes {
		add(name, true, name == "email" && p.cfg.RequireEmail)
	}
	for _, name := range p.cfg.CustomAttributes {
		add(customPrefix+name, true, false)
	}
	return struct{ UserPool poolType }{t}, nil
}

// poolClientType is what there is of UserPoolClientType. A client's secret is not shown.
type poolClientType struct {
	UserPoolId, ClientId, ClientName                           string //nolint:revive,staticcheck // the names are AWS's
	RefreshTokenValidity, AccessTokenValidity, IdTokenValidity int64  //nolint:revive,staticcheck // the names are AWS's
	TokenValidityUnits                                         struct{ AccessToken, IdToken, RefreshToken string }
	ExplicitAuthFlows                                          []string
	PreventUserExistenceErrors                                 string
	EnableTokenRevocation                                      bool
	AuthSessionValidity                                        int
	RefreshTokenRotation                                       struct {
		Feature                 string
		RetryGracePeriodSeconds int
	}
}

// describeUserPoolClient is DescribeUserPoolClient.
func (p *Pool) describeUserPoolClient(_ *http.Request, in *awsjson.Input) (any, error) {
	id := in.String("ClientId", clientRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	c := p.client(id)
	if c == nil {
		return nil, errNoClient(id)
	}
	t := poolClientType{
		UserPoolId: p.cfg.ID, ClientId: c.ID, ClientName: c.Name, AccessTokenValidity: int64(c.TokensFor / time.Second),
		IdTokenValidity: int64(c.TokensFor / time.Second), RefreshTokenValidity: int64(c.RefreshFor / time.Second),
		ExplicitAuthFlows:          []string{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"},
		PreventUserExistenceErrors: "ENABLED", EnableTokenRevocation: true, AuthSessionValidity: int(challengeFor / time.Minute),
	}
	if !c.NoPasswords {
		t.ExplicitAuthFlows = append(t.ExplicitAuthFlows, "ALLOW_USER_PASSWORD_AUTH")
	}
	t.TokenValidityUnits.AccessToken, t.TokenValidityUnits.IdToken, t.TokenValidityUnits.RefreshToken = "seconds", "seconds", "seconds"
	t.RefreshTokenRotation.Feature = "ENABLED"
	t.RefreshTokenRotation.RetryGracePeriodSeconds = int(c.RetryGrace / time.Second)
	return struct{ UserPoolClient poolClientType }{t}, nil
}
