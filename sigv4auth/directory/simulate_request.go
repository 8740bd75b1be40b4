package directory

import (
	"context"
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

var simulationOperations = map[string]operation{
	"SimulatePrincipalPolicy":          simulatePrincipalPolicy,
	"SimulateCustomPolicy":             simulateCustomPolicy,
	"GetContextKeysForPrincipalPolicy": getContextKeysForPrincipalPolicy,
	"GetContextKeysForCustomPolicy":    getContextKeysForCustomPolicy,
}

// maxSimulated bounds each list of a simulation's request. IAM states no bounds.
const maxSimulated = 100

var (
	simulatedListRule    = awsquery.Rule{MaxLength: maxSimulated}
	requiredListRule     = awsquery.Rule{Required: true, MinLength: 1, MaxLength: maxSimulated}
	optionalDocumentRule = awsquery.Rule{MinLength: 1, MaxLength: maxDocumentSent, Pattern: documentText}
	actionNameRule       = awsquery.Rule{MinLength: 3, MaxLength: 128}
	resourceNameRule     = awsquery.Rule{MinLength: 1, MaxLength: 2048}
	contextKeyRule       = awsquery.Rule{Required: true, MinLength: 5, MaxLength: 256}
	contextTypeRule      = awsquery.Rule{Enum: []string{
		"string", "stringList", "numeric", "numericList", "boolean", "booleanList", "ip", "ipList", "binary", "binaryList", "date",
		"dateList",
	}}
	handlingRule = awsquery.Rule{MinLength: 1, MaxLength: 64}
)

// asked is the parameters that both simulations have.
type asked struct {
	policies, boundaries, actions, resources []string
	resourcePolicy, owner, caller            string
	entries                                  iampolicy.Context
	page                                     page
	from                                     int // the first result of the page
}

// asked reads them. required is the rule of PolicyInputList.
func (c *call) asked(policies awsquery.Rule) (*asked, error) {
	a := &asked{
		policies:       c.p.Strings("PolicyInputList", policies, optionalDocumentRule),
		boundaries:     c.p.Strings("PermissionsBoundaryPolicyInputList", simulatedListRule, optionalDocumentRule),
		actions:        c.p.Strings("ActionNames", requiredListRule, actionNameRule),
		resources:      c.p.Strings("ResourceArns", simulatedListRule, resourceNameRule),
		resourcePolicy: c.p.String("ResourcePolicy", optionalDocumentRule),
		owner:          c.p.String("ResourceOwner", resourceNameRule),
		caller:         c.p.String("CallerArn", resourceNameRule),
	}
	handling := c.p.String("ResourceHandlingOption", handlingRule)
	if err := c.contextEntries(&a.entries); err != nil {
		return nil, err
	}
	var err error
	if a.page, err = c.page(); err != nil {
		return nil, err
	}
	if a.page.after != "" {
		if a.from, err = strconv.Atoi(a.page.after); err != nil || a.from < 0 {
			return nil, validationError("Invalid Marker.")
		}
	}
	if handling != "" {
		return nil, invalidInput("ResourceHandlingOption is for simulations of Amazon EC2, which are not supported.")
	}
	if len(a.boundaries) > 1 {
		return nil, invalidInput("Only one permissions boundary policy can be simulated.")
	}
	for _, action := range a.actions {
		service, name, ok := strings.Cut(action, ":")
		if !ok || service == "" || name == "" || !iamid.WordOr(service, "-.") || !iamid.WordOr(name, "-.") {
			return nil, invalidInput("Invalid action name: %s", action)
		}
	}
	for _, resource := range a.resources {
		if resource != "*" && (!strings.HasPrefix(resource, "arn:") || strings.Count(resource, ":") < 5) {
			return nil, invalidInput("Invalid resource ARN: %s", resource)
		}
	}
	return a, a.check(c)
}

// check takes apart what names accounts.
func (a *asked) check(c *call) error {
	if a.caller != "" {
		of, ok := iamid.ParseARN(a.caller, "user")
		if !ok || of.Partition != c.endpoint.dir.cfg.Partition || !iamid.ValidAccount(of.Account) {
			return invalidInput("Invalid CallerArn: %s is not the ARN of an IAM user.", a.caller)
		}
	}
	if a.owner != "" {
		if root, ok := iamid.ParseRootARN(a.owner); ok {
			a.owner = root.Account
		}
		if !iamid.ValidAccount(a.owner) {
			return invalidInput("Invalid ResourceOwner: %s is not an account.", a.owner)
		}
	}
	return nil
}

// contextEntries reads ContextEntries.
func (c *call) contextEntries(to *iampolicy.Context) error {
	for _, entry := range c.p.Structs("ContextEntries", simulatedListRule) {
		key := entry.String("ContextKeyName", contextKeyRule)
		values := entry.Strings("ContextKeyValues", simulatedListRule, awsquery.Rule{})
		kind := entry.String("ContextKeyType", contextTypeRule)
		if c.p.Err() != nil {
			continue
		}
		one, many := strings.CutSuffix(kind, "List")
		if _, _, twice := to.Get(key); twice {
			return invalidInput("The context key %s is given twice.", key)
		}
		if !many && len(values) != 1 {
			return invalidInput("The context key %s has %d values. A key with several is of a list type.", key, len(values))
		}
		for _, value := range values {
			if !isOfType(one, value) {
				return invalidInput("The context key %s has a value that is not of type %s.", key, one)
			}
		}
		if many {
			to.SetMany(key, values...)
		} else {
			to.Set(key, values[0])
		}
	}
	return nil
}

// isOfType reports whether the value of a context key is of a type.
func isOfType(kind, value string) bool {
	var err error
	switch kind {
	case "numeric":
		_, err = strconv.ParseFloat(value, 64)
	case "boolean":
		return strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	case "ip":
		if _, err = netip.ParseAddr(value); err != nil {
			_, err = netip.ParsePrefix(value)
		}
	case "binary":
		_, err = base64.StdEncoding.DecodeString(value)
	case "date":
		if _, err = time.Parse(time.RFC3339, value); err != nil {
			_, err = strconv.ParseInt(value, 10, 64)
		}
	}
	return err == nil
}

func simulatePrincipalPolicy(c *call) (do, error) {
	arn := c.p.String("PolicySourceArn", arnRule)
	a, err := c.asked(simulatedListRule)
	if err != nil {
		return nil, err
	}
	held, err := c.policySource(arn)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		m := c.simulationOf(held)
		m.set.SCPs = c.endpoint.dir.cfg.SCPs[c.account]
		if by, _ := iamid.ParseARN(a.caller, "user"); a.caller != "" && by.Account != c.account {
			return nil, invalidInput("CallerArn %s is not of the account of PolicySourceArn.", a.caller)
		}
		if err := m.add(c, a); err != nil {
			return nil, err
		}
		return m.run(ctx, a.page, a.from)
	}, nil
}

func simulateCustomPolicy(c *call) (do, error) {
	a, err := c.asked(requiredListRule)
	if err != nil {
		return nil, err
	}
	if err := c.allow("*"); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		m := &simulation{}
		if err := m.add(c, a); err != nil {
			return nil, err
		}
		return m.run(ctx, a.page, a.from)
	}, nil
}

// contextKeysAnswer is the condition keys of policies.
type contextKeysAnswer struct{ ContextKeyNames awsquery.List[string] }

func getContextKeysForPrincipalPolicy(c *call) (do, error) {
	arn := c.p.String("PolicySourceArn", arnRule)
	policies := c.p.Strings("PolicyInputList", simulatedListRule, optionalDocumentRule)
	held, err := c.policySource(arn)
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) { return c.simulationOf(held).contextKeys(policies) }, nil
}

func getContextKeysForCustomPolicy(c *call) (do, error) {
	policies := c.p.Strings("PolicyInputList", requiredListRule, optionalDocumentRule)
	if err := c.allow("*"); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) { return new(simulation).contextKeys(policies) }, nil
}

// contextKeys returns the keys that the policies of the simulation look at, and those of documents.
func (m *simulation) contextKeys(documents []string) (any, error) {
	if err := m.addIdentity(documents); err != nil {
		return nil, err
	}
	var keys keySet
	m.eachPolicy(func(_ int, p *iampolicy.Policy) {
		for _, key := range p.ConditionKeys() {
			keys.add(key)
		}
	})
	return contextKeysAnswer{keys.sorted()}, nil
}

// parseInput compiles a document that a simulation was sent.
func parseInput(name, text string, as iampolicy.PolicyType) (*iampolicy.Policy, error) {
	p, err := iampolicy.Parse([]byte(text), as, iampolicy.WithName(name))
	if err != nil {
		return nil, invalidInput("%s: %s", name, documentProblem(err))
	}
	return p, nil
}

func (m *simulation) addIdentity(documents []string) error {
	m.set.Identity = slices.Clone(m.set.Identity)
	for i, text := range documents {
		id := "PolicyInputList." + strconv.Itoa(i+1)
		p, err := parseInput(id, text, iampolicy.IdentityPolicy)
		if err != nil {
			return err
		}
		m.set.Identity, m.identity = append(m.set.Identity, p), append(m.identity, source{id: id, text: text})
	}
	return nil
}

// add adds what the request gives to the simulation.
func (m *simulation) add(c *call, a *asked) (err error) {
	if err := m.addIdentity(a.policies); err != nil {
		return err
	}
	if len(a.boundaries) > 0 {
		m.boundary = source{id: "PermissionsBoundaryPolicyInputList.1", text: a.boundaries[0]}
		p, err := parseInput(m.boundary.id, m.boundary.text, iampolicy.PermissionsBoundary)
		if err != nil {
			return err
		}
		m.set.Boundaries = []*iampolicy.Policy{p}
	}
	if a.resourcePolicy != "" {
		if a.caller == "" && m.principal.EffectiveType() != iampolicy.User {
			return invalidInput("CallerArn is required with a ResourcePolicy, unless PolicySourceArn is the ARN of an IAM user.")
		}
		m.resource = source{id: "ResourcePolicy", text: a.resourcePolicy}
		if m.set.Resource, err = parseInput(m.resource.id, m.resource.text, iampolicy.ResourcePolicy); err != nil {
			return err
		}
	}
	m.call(c, a)
	for key := range a.entries.Keys() {
		if values, many, _ := a.entries.Get(key); many {
			m.context.SetMany(key, values...)
		} else {
			m.context.Set(key, values[0])
		}
	}
	m.actions, m.resources, m.named = a.actions, a.resources, len(a.resources) > 0 && !slices.Equal(a.resources, []string{"*"})
	if len(m.resources) == 0 {
		m.resources = []string{"*"}
	}
	if m.owner = a.owner; m.owner == "" {
		m.owner = m.principal.Account()
	}
	return nil
}
