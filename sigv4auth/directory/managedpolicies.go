package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

var policyOperations = map[string]operation{
	"CreatePolicy":            createPolicy,
	"GetPolicy":               getPolicy,
	"ListPolicies":            listPolicies,
	"DeletePolicy":            deletePolicy,
	"CreatePolicyVersion":     createPolicyVersion,
	"GetPolicyVersion":        getPolicyVersion,
	"ListPolicyVersions":      listPolicyVersions,
	"SetDefaultPolicyVersion": setDefaultPolicyVersion,
	"DeletePolicyVersion":     deletePolicyVersion,
	"TagPolicy":               tagPolicy,
	"UntagPolicy":             untagPolicy,
	"ListPolicyTags":          listPolicyTags,
	"ListEntitiesForPolicy":   listEntitiesForPolicy,
}

// policyAnswer is a managed policy as IAM tells it.
type policyAnswer struct {
	PolicyName                    string
	PolicyID                      string `xml:"PolicyId"`
	ARN                           string `xml:"Arn"`
	Path                          string
	DefaultVersionID              string `xml:"DefaultVersionId"`
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	Description                   string `xml:",omitempty"`
	CreateDate                    awsquery.Time
	UpdateDate                    awsquery.Time
	Tags                          awsquery.List[Tag]
}

// listedPolicy returns a managed policy as lists tell it: without description and tags.
func listedPolicy(s *state, p *policy) policyAnswer {
	n, _ := s.usage.Get(p.arn)
	return policyAnswer{
		PolicyName: p.name, PolicyID: p.id, ARN: p.arn, Path: p.path, DefaultVersionID: p.defaultVersion, AttachmentCount: n.attached,
		PermissionsBoundaryUsageCount: n.boundaries, IsAttachable: true, CreateDate: awsquery.Time(p.created),
		UpdateDate: awsquery.Time(p.updated),
	}
}

func answerPolicy(s *state, p *policy) policyAnswer {
	a := listedPolicy(s, p)
	a.Description, a.Tags = p.description, answerTags(p.tags)
	return a
}

// versionAnswer is a version of a managed policy as IAM tells it.
type versionAnswer struct {
	Document         string `xml:",omitempty"`
	VersionID        string `xml:"VersionId"`
	IsDefaultVersion bool
	CreateDate       awsquery.Time
}

func answerVersion(p *policy, v *version) versionAnswer {
	return versionAnswer{VersionID: v.id, IsDefaultVersion: v.id == p.defaultVersion, CreateDate: awsquery.Time(v.created)}
}

func policyNotFound(arn string) error { return noSuchEntity("Policy %s was not found.", arn) }

func noSuchVersion(arn, id string) error {
	return noSuchEntity("Policy %s version %s does not exist or is not attachable.", arn, id)
}

// onPolicy decides about an operation on the managed policy that a request names.
func (c *call) onPolicy(arn string, keys ...conditionKey) (*policy, error) {
	p := c.state.managedPolicy(arn)
	if p != nil && p.account == c.account {
		return p, c.allowOn(aboutPolicy(p), keys...)
	}
	if err := c.p.Err(); err != nil {
		return nil, err
	}
	if err := c.checkPolicyARN(arn); err != nil {
		return nil, err
	}
	if err := c.allow(arn, keys...); err != nil {
		return nil, err
	}
	return nil, policyNotFound(arn)
}

// changePolicy returns what changes a managed policy. change is given a copy of it as it is then.
func (c *call) changePolicy(decided *policy, change func(*edit, *policy) error) do {
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			now, ok := e.policyID.Get(decided.id)
			if !ok {
				return policyNotFound(decided.arn)
			}
			p := *now
			if err := change(e, &p); err != nil {
				return err
			}
			e.putPolicy(&p)
			return nil
		})
	}
}

// managedDocument compiles the document of a managed policy that a request sends.
func managedDocument(name, text string) (*document, error) {
	doc, err := parsedDocument(name, text, iampolicy.IdentityPolicy)
	if err == nil && sized(text) > maxManagedPolicy {
		return nil, limitExceeded("Cannot exceed quota for PolicySize: %d", maxManagedPolicy)
	}
	return doc, err
}

func createPolicy(c *call) (do, error) {
	name, path, text := c.p.String("PolicyName", policyNameRule), c.path(), c.p.String("PolicyDocument", documentRule)
	description := c.p.String("Description", policyDescriptionRule)
	tags, err := c.tags(tagsRule)
	if err != nil {
		return nil, err
	}
	if err := c.allow(c.arn("policy", path, name), requestTags(tags, nil)); err != nil {
		return nil, err
	}
	doc, err := managedDocument(name, text)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		p := &policy{
			named:       named{account: c.account, id: newUniqueID(policyPrefix), name: name, path: path, tags: tags},
			description: description, defaultVersion: "v1", nextVersion: 2,
		}
		err := c.update(ctx, func(e *edit) error {
			if _, exists := e.managed.Get(p.key()); exists {
				return alreadyExists("A policy called %s already exists. Duplicate names are not allowed.", name)
			}
			p.created, p.updated = e.now, e.now
			p.versions = []*version{{id: p.defaultVersion, doc: doc, created: e.now}}
			e.putPolicy(p)
			return nil
		})
		return struct{ Policy policyAnswer }{answerPolicy(c.state, p)}, err
	}, nil
}

func getPolicy(c *call) (do, error) {
	p, err := c.onPolicy(c.p.String("PolicyArn", arnRule))
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		return struct{ Policy policyAnswer }{answerPolicy(c.state, p)}, nil
	}, nil
}

// The values of PolicyUsageFilter and Scope.
const (
	asPolicy   = "PermissionsPolicy"
	asBoundary = "PermissionsBoundary"
	scopeAll   = "All"
	scopeAWS   = "AWS"
	scopeLocal = "Local"
)

func listPolicies(c *call) (do, error) {
	scope, onlyAttached := c.p.String("Scope", scopeRule), c.p.Bool("OnlyAttached", awsquery.Rule{})
	prefix, usage := c.pathPrefix(), c.p.String("PolicyUsageFilter", usageRule)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	if err := c.allow(c.arn("policy", prefix, "")); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		policies, end := take(pg, within(c.state.managed.From, c.account+"/"), func(p *policy) (policyAnswer, bool) {
			a := listedPolicy(c.state, p)
			admitted := scope != scopeAWS && strings.HasPrefix(p.path, prefix) // there are none of AWS's
			switch {
			case usage == asBoundary:
				admitted = admitted && a.PermissionsBoundaryUsageCount > 0
			case usage == asPolicy || onlyAttached:
				admitted = admitted && a.AttachmentCount > 0
			}
			return a, admitted
		})
		return struct {
			Policies awsquery.List[policyAnswer]
			listed
		}{policies, end}, nil
	}, nil
}

func deletePolicy(c *call) (do, error) {
	decided, err := c.onPolicy(c.p.String("PolicyArn", arnRule))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			p, ok := e.policyID.Get(decided.id)
			if !ok {
				return policyNotFound(decided.arn)
			}
			n, _ := e.usage.Get(p.arn)
			switch {
			case n.attached > 0:
				return deleteConflict("Cannot delete a policy attached to entities.")
			case n.boundaries > 0:
				return deleteConflict("Cannot delete a policy that is used as a permissions boundary.")
			case len(p.versions) > 1:
				return deleteConflict("This policy has more than one version. Before you delete a policy, you must delete the " +
					"policy's versions. The default version is deleted with the policy.")
			}
			e.deletePolicy(p)
			return nil
		})
	}, nil
}

func createPolicyVersion(c *call) (do, error) {
	arn, text := c.p.String("PolicyArn", arnRule), c.p.String("PolicyDocument", documentRule)
	asDefault := c.p.Bool("SetAsDefault", awsquery.Rule{})
	p, err := c.onPolicy(arn)
	if err != nil {
		return nil, err
	}
	doc, err := managedDocument(p.name, text)
	if err != nil {
		return nil, err
	}
	var answer versionAnswer
	change := c.changePolicy(p, func(e *edit, p *policy) error {
		if len(p.versions) >= maxVersions {
			return limitExceeded("A managed policy can have up to %d versions. Before you create a new version, you must delete an "+
				"existing version.", maxVersions)
		}
		v := &version{id: fmt.Sprintf("v%d", p.nextVersion), doc: doc, created: e.now}
		p.versions, p.nextVersion, p.updated = append(slices.Clone(p.versions), v), p.nextVersion+1, e.now
		if asDefault {
			p.defaultVersion = v.id
		}
		answer = answerVersion(p, v)
		return nil
	})
	return func(ctx context.Context) (any, error) {
		_, err := change(ctx)
		return struct{ PolicyVersion versionAnswer }{answer}, err
	}, nil
}

// versionID reads VersionId.
func (c *call) versionID() string { return c.p.String("VersionId", versionRule) }

func getPolicyVersion(c *call) (do, error) {
	arn, id := c.p.String("PolicyArn", arnRule), c.versionID()
	p, err := c.onPolicy(arn)
	if err != nil {
		return nil, err
	}
	v := p.version(id)
	if v == nil {
		return nil, noSuchVersion(arn, id)
	}
	return func(context.Context) (any, error) {
		answer := answerVersion(p, v)
		answer.Document = encoded(v.doc.text)
		return struct{ PolicyVersion versionAnswer }{answer}, nil
	}, nil
}

func listPolicyVersions(c *call) (do, error) {
	arn := c.p.String("PolicyArn", arnRule)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	p, err := c.onPolicy(arn)
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		// The newest first, as AWS has it. Versions never get many digits.
		newest := slices.Clone(p.versions)
		slices.Reverse(newest)
		key := func(v *version) string { return fmt.Sprintf("%020d", ^uint32(0)-versionNumber(v.id)) }
		part, end := takeSlice(pg, newest, key, func(v *version) (versionAnswer, bool) { return answerVersion(p, v), true })
		return struct {
			Versions awsquery.List[versionAnswer]
			listed
		}{part, end}, nil
	}, nil
}

func versionNumber(id string) (n uint32) {
	_, _ = fmt.Sscanf(id, "v%d", &n) // it is one
	return n
}

func setDefaultPolicyVersion(c *call) (do, error) {
	arn, id := c.p.String("PolicyArn", arnRule), c.versionID()
	p, err := c.onPolicy(arn)
	if err != nil {
		return nil, err
	}
	return c.changePolicy(p, func(_ *edit, p *policy) error {
		if p.version(id) == nil {
			return noSuchVersion(arn, id)
		}
		p.defaultVersion = id
		return nil
	}), nil
}

func deletePolicyVersion(c *call) (do, error) {
	arn, id := c.p.String("PolicyArn", arnRule), c.versionID()
	p, err := c.onPolicy(arn)
	if err != nil {
		return nil, err
	}
	return c.changePolicy(p, func(_ *edit, p *policy) error {
		switch {
		case p.version(id) == nil:
			return noSuchVersion(arn, id)
		case id == p.defaultVersion:
			return deleteConflict("Cannot delete the default version of a policy.")
		}
		p.versions = slices.DeleteFunc(slices.Clone(p.versions), func(v *version) bool { return v.id == id })
		return nil
	}), nil
}

func tagPolicy(c *call) (do, error) {
	arn := c.p.String("PolicyArn", arnRule)
	tags, err := c.tags(requiredTagsRule)
	if err != nil {
		return nil, err
	}
	p, err := c.onPolicy(arn, requestTags(tags, nil))
	if err != nil {
		return nil, err
	}
	return c.changePolicy(p, func(_ *edit, p *policy) (err error) {
		p.tags, err = withTags(p.tags, tags)
		return err
	}), nil
}

func untagPolicy(c *call) (do, error) {
	arn, keys := c.p.String("PolicyArn", arnRule), c.tagKeys()
	p, err := c.onPolicy(arn, requestTags(nil, keys))
	if err != nil {
		return nil, err
	}
	return c.changePolicy(p, func(_ *edit, p *policy) error {
		p.tags = withoutTags(p.tags, keys)
		return nil
	}), nil
}

func listPolicyTags(c *call) (do, error) {
	arn := c.p.String("PolicyArn", arnRule)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	p, err := c.onPolicy(arn)
	if err != nil {
		return nil, err
	}
	return answerTagsOf(pg, p.tags), nil
}

// userOfPolicy, groupOfPolicy and roleOfPolicy are who has a managed policy, as IAM tells them.
type (
	userOfPolicy struct {
		UserName string
		UserID   string `xml:"UserId"`
	}
	groupOfPolicy struct {
		GroupName string
		GroupID   string `xml:"GroupId"`
	}
	roleOfPolicy struct {
		RoleName string
		RoleID   string `xml:"RoleId"`
	}
)

// The values of EntityFilter, by the kind that they admit.
var entityFilters = map[string]kind{"User": kindUser, "Group": kindGroup, "Role": kindRole}

func listEntitiesForPolicy(c *call) (do, error) {
	arn, filter := c.p.String("PolicyArn", arnRule), c.p.String("EntityFilter", entityRule)
	prefix, usage := c.pathPrefix(), c.p.String("PolicyUsageFilter", usageRule)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	p, err := c.onPolicy(arn)
	if err != nil {
		return nil, err
	}
	wanted, some := entityFilters[filter]
	if filter != "" && !some && filter != localFilter {
		wanted, some = "", true // policies of AWS's have no entities
	}
	return func(context.Context) (any, error) {
		type entity struct {
			kind kind
			of   *named
		}
		found, end := take(pg, within(c.state.used.From, p.arn+"\x00"), func(u use) (entity, bool) {
			of := c.state.holderOf(u)
			admitted := of != nil && strings.HasPrefix(of.path, prefix) && (!some || u.kind == wanted)
			switch {
			case usage == asPolicy:
				admitted = admitted && !u.boundary
			case usage == asBoundary:
				admitted = admitted && u.boundary
			case u.boundary: // it has been told, if it has the policy in the other way, too
				admitted = admitted && !slices.Contains(of.attached, p.arn)
			}
			if !admitted {
				return entity{}, false
			}
			return entity{u.kind, &of.named}, true
		})
		answer := struct {
			PolicyGroups awsquery.List[groupOfPolicy]
			PolicyUsers  awsquery.List[userOfPolicy]
			PolicyRoles  awsquery.List[roleOfPolicy]
			listed
		}{awsquery.List[groupOfPolicy]{}, awsquery.List[userOfPolicy]{}, awsquery.List[roleOfPolicy]{}, end}
		for _, one := range found {
			switch one.kind {
			case kindGroup:
				answer.PolicyGroups = append(answer.PolicyGroups, groupOfPolicy{one.of.name, one.of.id})
			case kindUser:
				answer.PolicyUsers = append(answer.PolicyUsers, userOfPolicy{one.of.name, one.of.id})
			case kindRole:
				answer.PolicyRoles = append(answer.PolicyRoles, roleOfPolicy{one.of.name, one.of.id})
			}
		}
		return answer, nil
	}, nil
}

// holderOf returns who uses a managed policy.
func (s *state) holderOf(u use) *holder {
	switch u.kind {
	case kindUser:
		if one, ok := s.usersID.Get(u.id); ok {
			return &one.holder
		}
	case kindGroup:
		if one, ok := s.groupsID.Get(u.id); ok {
			return &one.holder
		}
	case kindRole:
		if one, ok := s.rolesID.Get(u.id); ok {
			return &one.holder
		}
	}
	return nil
}

// The rules of managed policies alone.
var (
	policyDescriptionRule = awsquery.Rule{MaxLength: maxDescription}
	versionRule           = awsquery.Rule{Required: true, Pattern: versionPattern}
	scopeRule             = awsquery.Rule{Enum: []string{scopeAll, scopeAWS, scopeLocal}}
	usageRule             = awsquery.Rule{Enum: []string{asPolicy, asBoundary}}
	entityRule            = awsquery.Rule{Enum: entityTypes}
	versionPattern        = &awsquery.Pattern{Text: `v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`, Match: func(s string) bool {
		number, suffix, _ := strings.Cut(s, ".")
		digits, isVersion := strings.CutPrefix(number, "v")
		return isVersion && digits != "" && digits[0] != '0' && strings.Trim(digits, "0123456789") == "" &&
			strings.Trim(suffix, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == ""
	}}
)
