package iampolicy_test

import (
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

func TestPrincipal(t *testing.T) {
	type P = iampolicy.Principal
	const (
		user    = "arn:aws:iam::111122223333:user/people/Bob"
		session = "arn:aws:sts::111122223333:assumed-role/Pilot/Bob@x"
		root    = "arn:aws:iam::111122223333:root"
		fed     = "arn:aws:sts::111122223333:federated-user/Bob"
		role    = "arn:aws:iam::111122223333:role/crew/Pilot"
	)
	tests := []struct {
		name                     string
		p                        P
		typ                      iampolicy.PrincipalType
		account, user, sess, arn string
	}{
		{"zero", P{}, iampolicy.Anonymous, "", "", "", ""},
		{"anonymous", P{ARN: "anonymous"}, iampolicy.Anonymous, "", "", "", ""},
		{"user with a path", P{ARN: user}, iampolicy.User, account, "Bob", "", user},
		{"user without a path", P{ARN: "arn:aws:iam::111122223333:user/Bob"}, iampolicy.User, account, "Bob", "", "arn:aws:iam::111122223333:user/Bob"},
		{"root", P{ARN: root}, iampolicy.Account, account, "", "", root},
		{"session", P{ARN: session}, iampolicy.AssumedRole, account, "", "Bob@x", "arn:aws:iam::111122223333:role/Pilot"},
		{"session of a role with a path", P{ARN: session, RoleARN: role}, iampolicy.AssumedRole, account, "", "Bob@x", role},
		{"federated user", P{ARN: fed}, iampolicy.FederatedUser, account, "", "", fed},
		{"service", P{ARN: "events.amazonaws.com"}, iampolicy.Service, "", "", "", ""},
		{"identity provider", P{ARN: "arn:aws:iam::111122223333:oidc-provider/example.com"}, iampolicy.IdentityProvider, "", "", "", ""},
		{
			"identity provider without ARN",
			P{ARN: "cognito-identity.amazonaws.com", Type: iampolicy.IdentityProvider},
			iampolicy.IdentityProvider, "", "", "", "",
		},
		{
			"another partition",
			P{ARN: "arn:aws-cn:sts::111122223333:assumed-role/Pilot/Bob"},
			iampolicy.AssumedRole, account, "", "Bob",
			"arn:aws-cn:iam::111122223333:role/Pilot",
		},
		{"the type repeated", P{ARN: user, Type: iampolicy.User, AccountID: account}, iampolicy.User, account, "Bob", "", user},
		{"a user called root by the type", P{ARN: user, Type: iampolicy.Account}, 0, "", "", "", ""},
		{"a user called anonymous by the type", P{ARN: user, Type: iampolicy.Anonymous}, 0, "", "", "", ""},
		{"nobody called root by the type", P{Type: iampolicy.Account, AccountID: account}, 0, "", "", "", ""},
		{"another account than the ARN's", P{ARN: user, AccountID: other}, 0, "", "", "", ""},
		{"a role of another account", P{ARN: session, RoleARN: "arn:aws:iam::444455556666:role/Pilot"}, 0, "", "", "", ""},
		{"a role of another name", P{ARN: session, RoleARN: "arn:aws:iam::111122223333:role/Admin"}, 0, "", "", "", ""},
		{"a role of another partition", P{ARN: session, RoleARN: "arn:aws-cn:iam::111122223333:role/Pilot"}, 0, "", "", "", ""},
		{"a role with a region", P{ARN: session, RoleARN: "arn:aws:iam:us-east-1:111122223333:role/Pilot"}, 0, "", "", "", ""},
		{"a role that is none", P{ARN: session, RoleARN: "arn:aws:iam::111122223333:user/Pilot"}, 0, "", "", "", ""},
		{"a user behind of the account", P{ARN: fed, UserARN: user}, iampolicy.FederatedUser, account, "", "", fed},
		{"a user behind of another account", P{ARN: fed, UserARN: "arn:aws:iam::444455556666:user/Bob"}, 0, "", "", "", ""},
		{"a user behind that is none", P{ARN: fed, UserARN: role}, 0, "", "", "", ""},
		{"a role itself", P{ARN: role}, 0, "", "", "", ""},
		{"a group", P{ARN: "arn:aws:iam::111122223333:group/pilots"}, 0, "", "", "", ""},
		{"a session without name", P{ARN: "arn:aws:sts::111122223333:assumed-role/Pilot"}, 0, "", "", "", ""},
		{"a session without role", P{ARN: "arn:aws:sts::111122223333:assumed-role//Bob"}, 0, "", "", "", ""},
		{"a user without name", P{ARN: "arn:aws:iam::111122223333:user/people/"}, 0, "", "", "", ""},
		{"a user without account", P{ARN: "arn:aws:iam:::user/Bob"}, 0, "", "", "", ""},
		{"a user with a region", P{ARN: "arn:aws:iam:us-east-1:111122223333:user/Bob"}, 0, "", "", "", ""},
		{"half an ARN", P{ARN: "arn:aws:iam"}, 0, "", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &tt.p
			if got := p.EffectiveType(); got != tt.typ {
				t.Errorf("type %v, want %v", got, tt.typ)
			}
			if got := p.Account(); got != tt.account {
				t.Errorf("account %q, want %q", got, tt.account)
			}
			if got := p.UserName(); got != tt.user {
				t.Errorf("user name %q, want %q", got, tt.user)
			}
			if got := p.SessionName(); got != tt.sess {
				t.Errorf("session name %q, want %q", got, tt.sess)
			}
			if got := p.PrincipalARN(); got != tt.arn {
				t.Errorf("principal ARN %q, want %q", got, tt.arn)
			}
			if tt.typ != 0 {
				return
			}
			// What is no principal may do nothing, even where all is open.
			set := identity(t, `{"Effect":"Allow","Action":"*","Resource":"*"}`)
			set.Resource = policy(t, iampolicy.ResourcePolicy, `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`)
			req := request("s3:GetObject", object)
			req.Principal = tt.p
			if d := iampolicy.Evaluate(set, req); d.Allowed() {
				t.Errorf("allowed: %+v", d)
			}
		})
	}
}

// The types are what aws:PrincipalType holds.
func TestPrincipalTypeNames(t *testing.T) {
	names := map[iampolicy.PrincipalType]string{
		0: "", iampolicy.Account: "Account", iampolicy.User: "User", iampolicy.AssumedRole: "AssumedRole",
		iampolicy.FederatedUser: "FederatedUser", iampolicy.Service: "Service", iampolicy.Anonymous: "Anonymous",
		iampolicy.IdentityProvider: "IdentityProvider", iampolicy.IdentityProvider + 1: "",
	}
	for typ, name := range names {
		if typ.String() != name {
			t.Errorf("%d is %q, want %q", typ, typ, name)
		}
	}
}
