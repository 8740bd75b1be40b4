package directory

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

var accountOperations = map[string]operation{
	"GetAccountSummary":              accountSummary,
	"CreateAccountAlias":             createAccountAlias,
	"DeleteAccountAlias":             deleteAccountAlias,
	"ListAccountAliases":             listAccountAliases,
	"GetAccountAuthorizationDetails": accountAuthorizationDetails,
}

// anything is the resource of operations that are on nothing in particular.
const anything = "*"

// count returns how many keys of a sorted map begin with the account.
func count[V any](all iter.Seq2[string, V]) (n int) {
	for range all {
		n++
	}
	return n
}

func accountSummary(c *call) (do, error) {
	if err := c.allow(anything); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		of, s := c.account+"/", c.state
		versions := 0
		for _, p := range s.managed.Prefix(of) {
			versions += len(p.versions)
		}
		return struct{ SummaryMap awsquery.Map[int] }{awsquery.Map[int]{
			"Users":                         count(s.users.Prefix(of)),
			"Groups":                        count(s.groups.Prefix(of)),
			"Roles":                         count(s.roles.Prefix(of)),
			"Policies":                      count(s.managed.Prefix(of)),
			"Providers":                     count(s.providers.Prefix(of)),
			"PolicyVersionsInUse":           versions,
			"AccountAccessKeysPresent":      0, // the directory has none of root users
			"AccountMFAEnabled":             0,
			"MFADevices":                    0,
			"AccessKeysPerUserQuota":        maxKeysPerUser,
			"GroupsPerUserQuota":            maxGroupsPerUser,
			"AttachedPoliciesPerUserQuota":  maxAttached,
			"AttachedPoliciesPerGroupQuota": maxAttached,
			"AttachedPoliciesPerRoleQuota":  maxAttached,
			"VersionsPerPolicyQuota":        maxVersions,
			"PolicySizeQuota":               maxManagedPolicy,
			"UserPolicySizeQuota":           maxInlineUser,
			"GroupPolicySizeQuota":          maxInlineGroup,
			"RolePolicySizeQuota":           maxInlineRole,
			"AssumeRolePolicySizeQuota":     maxTrustPolicy,
		}}, nil
	}, nil
}

// changeAccount changes the caller's account. change is given a copy of it as it is then.
func (c *call) changeAccount(ctx context.Context, change func(*edit, *account) error) error {
	return c.update(ctx, func(e *edit) error {
		now, ok := e.accounts.Get(c.account)
		if !ok {
			return noSuchEntity("The account cannot be found.") // unreachable: accounts stay
		}
		a := *now
		if err := change(e, &a); err != nil {
			return err
		}
		e.putAccount(&a)
		return nil
	})
}

func createAccountAlias(c *call) (do, error) {
	alias := c.p.String("AccountAlias", aliasRule)
	if err := c.allow(anything); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.changeAccount(ctx, func(e *edit, a *account) error {
			for _, other := range e.accounts.From("") {
				if other.alias == alias && other.id != a.id {
					return alreadyExists("The account alias %s already exists.", alias)
				}
			}
			a.alias = alias // an account has one
			return nil
		})
	}, nil
}

func deleteAccountAlias(c *call) (do, error) {
	alias := c.p.String("AccountAlias", aliasRule)
	if err := c.allow(anything); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.changeAccount(ctx, func(_ *edit, a *account) error {
			if a.alias != alias {
				return noSuchEntity("The account alias %s cannot be found.", alias)
			}
			a.alias = ""
			return nil
		})
	}, nil
}

func listAccountAliases(c *call) (do, error) {
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	if err := c.allow(anything); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		var aliases []string
		if a, ok := c.state.accounts.Get(c.account); ok && a.alias != "" {
			aliases = []string{a.alias}
		}
		same := func(alias string) string { return alias }
		part, end := takeSlice(pg, aliases, same, func(alias string) (string, bool) { return alias, true })
		return struct {
			AccountAliases awsquery.List[string]
			listed
		}{part, end}, nil
	}, nil
}

// The details that GetAccountAuthorizationDetails tells of each kind: API Reference.
type (
	inlineDetail struct{ PolicyName, PolicyDocument string }

	userDetail struct {
		userAnswer
		UserPolicyList          awsquery.List[inlineDetail]
		GroupList               awsquery.List[string]
		AttachedManagedPolicies awsquery.List[attachedAnswer]
	}

	groupDetail struct {
		groupAnswer
		GroupPolicyList         awsquery.List[inlineDetail]
		AttachedManagedPolicies awsquery.List[attachedAnswer]
	}

	roleDetail struct {
		roleAnswer
		RolePolicyList          awsquery.List[inlineDetail]
		AttachedManagedPolicies awsquery.List[attachedAnswer]
		InstanceProfileList     awsquery.List[string] // there are none
	}

	policyDetail struct {
		policyAnswer
		PolicyVersionList awsquery.List[versionAnswer]
	}
)

func inlineDetails(h *holder) awsquery.List[inlineDetail] {
	all := awsquery.List[inlineDetail]{}
	for _, p := range h.inline {
		all = append(all, inlineDetail{p.name, encoded(p.doc.text)})
	}
	return all
}

// localFilter admits the managed policies of the account.
const localFilter = "LocalManagedPolicy"

var (
	entityTypes = []string{"User", "Role", "Group", localFilter, "AWSManagedPolicy"}
	filterRule  = awsquery.Rule{Enum: entityTypes}
	aliasRule   = awsquery.Rule{Required: true, MinLength: 3, MaxLength: 63, Pattern: aliasPattern}
)

var aliasPattern = &awsquery.Pattern{Text: `^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, Match: func(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && !strings.Contains(s, "--") &&
		!strings.HasPrefix(s, "-") && !strings.HasSuffix(s, "-")
}}

// detail is one of the entities that are told, under the key that markers have.
type detail struct {
	user   *user
	group  *group
	role   *role
	policy *policy
}

// details returns what an account has, of the kinds that a filter admits, in the order of the keys:
// a letter for the kind, and the name.
func (c *call) details(filter []string) func(from string) iter.Seq2[string, detail] {
	admits := func(kind string) bool { return len(filter) == 0 || slices.Contains(filter, kind) }
	of := c.account + "/"
	return func(from string) iter.Seq2[string, detail] {
		return func(yield func(string, detail) bool) {
			_ = (!admits("Group") || ofKind("g", from, within(c.state.groups.From, of), yield,
				func(g *group) detail { return detail{group: g} })) &&
				(!admits(localFilter) || ofKind("p", from, within(c.state.managed.From, of), yield,
					func(p *policy) detail { return detail{policy: p} })) &&
				(!admits("Role") || ofKind("r", from, within(c.state.roles.From, of), yield,
					func(r *role) detail { return detail{role: r} })) &&
				(!admits("User") || ofKind("u", from, within(c.state.users.From, of), yield,
					func(u *user) detail { return detail{user: u} }))
		}
	}
}

// ofKind yields the entities of a kind, whose keys begin with a letter, from a key on. It reports
// whether more are wanted.
func ofKind[V any](
	letter, from string, list func(string) iter.Seq2[string, V], yield func(string, detail) bool, as func(V) detail,
) bool {
	start := ""
	switch {
	case from > letter+"\xff":
		return true
	case strings.HasPrefix(from, letter):
		start = from[1:]
	}
	for key, v := range list(start) {
		if !yield(letter+key, as(v)) {
			return false
		}
	}
	return true
}

func accountAuthorizationDetails(c *call) (do, error) {
	filter := c.p.Strings("Filter", awsquery.Rule{}, filterRule)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	if err := c.allow(anything); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		s := c.state
		found, end := take(pg, c.details(filter), func(d detail) (detail, bool) { return d, true })
		answer := struct {
			UserDetailList  awsquery.List[userDetail]
			GroupDetailList awsquery.List[groupDetail]
			RoleDetailList  awsquery.List[roleDetail]
			Policies        awsquery.List[policyDetail]
			listed
		}{awsquery.List[userDetail]{}, awsquery.List[groupDetail]{}, awsquery.List[roleDetail]{}, awsquery.List[policyDetail]{}, end}
		for _, d := range found {
			switch {
			case d.user != nil:
				answer.UserDetailList = append(answer.UserDetailList, userDetail{
					answerUser(d.user), inlineDetails(&d.user.holder), s.groupNames(d.user), attachedOf(d.user.attached),
				})
			case d.group != nil:
				answer.GroupDetailList = append(answer.GroupDetailList, groupDetail{
					answerGroup(d.group), inlineDetails(&d.group.holder), attachedOf(d.group.attached),
				})
			case d.role != nil:
				answer.RoleDetailList = append(answer.RoleDetailList, roleDetail{
					answerRole(s, d.role), inlineDetails(&d.role.holder), attachedOf(d.role.attached), awsquery.List[string]{},
				})
			case d.policy != nil:
				detail := policyDetail{answerPolicy(s, d.policy), awsquery.List[versionAnswer]{}}
				for _, v := range d.policy.versions {
					told := answerVersion(d.policy, v)
					told.Document = encoded(v.doc.text)
					detail.PolicyVersionList = append(detail.PolicyVersionList, told)
				}
				answer.Policies = append(answer.Policies, detail)
			}
		}
		return answer, nil
	}, nil
}

// groupNames returns the names of a user's groups.
func (s *state) groupNames(u *user) awsquery.List[string] {
	names := awsquery.List[string]{}
	for _, id := range u.groups {
		if g, ok := s.groupsID.Get(id); ok {
			names = append(names, g.name)
		}
	}
	slices.Sort(names)
	return names
}
