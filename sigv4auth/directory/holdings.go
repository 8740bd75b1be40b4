package directory

import "github.com/wildgate/wildgate/sigv4auth/internal/awsquery"

// holding is what differs between users, groups and roles where it is about their policies.
type holding struct {
	word      string // in the names of operations and parameters
	rule      awsquery.Rule
	maxInline int // characters of all inline policies together

	// on decides about an operation that tells policies of the entity that a request names, and
	// onChange about one that changes them, for which its boundary is a condition key: Service
	// Authorization Reference.
	on, onChange func(c *call, name string, keys ...conditionKey) (*holder, error)
	// change returns what changes its policies. change is given a copy as it is then.
	change func(c *call, of *named, change func(*edit, *holder) error) do
}

var holdings = []holding{
	{
		word: "User", rule: existingUserRule, maxInline: maxInlineUser,
		on: func(c *call, name string, keys ...conditionKey) (*holder, error) {
			return holderOfUser(c.onUser(name, keys...))
		},
		onChange: func(c *call, name string, keys ...conditionKey) (*holder, error) {
			return holderOfUser(c.onUserWithBoundary(name, keys...))
		},
		change: func(c *call, of *named, change func(*edit, *holder) error) do {
			return c.changeUser(of, func(e *edit, u *user) error { return change(e, &u.holder) })
		},
	},
	{
		word: "Group", rule: groupNameRule, maxInline: maxInlineGroup,
		on: onGroupHolder, onChange: onGroupHolder, // groups have no boundary
		change: func(c *call, of *named, change func(*edit, *holder) error) do {
			return c.changeGroup(of, func(e *edit, g *group) error { return change(e, &g.holder) })
		},
	},
	{
		word: "Role", rule: roleNameRule, maxInline: maxInlineRole,
		on: func(c *call, name string, keys ...conditionKey) (*holder, error) {
			return holderOfRole(c.onRole(name, keys...))
		},
		onChange: func(c *call, name string, keys ...conditionKey) (*holder, error) {
			return holderOfRole(c.onRoleWithBoundary(name, keys...))
		},
		change: func(c *call, of *named, change func(*edit, *holder) error) do {
			return c.changeRole(of, func(e *edit, r *role) error { return change(e, &r.holder) })
		},
	},
}

func holderOfUser(u *user, err error) (*holder, error) {
	if err != nil {
		return nil, err
	}
	return &u.holder, nil
}

func holderOfRole(r *role, err error) (*holder, error) {
	if err != nil {
		return nil, err
	}
	return &r.holder, nil
}

func onGroupHolder(c *call, name string, keys ...conditionKey) (*holder, error) {
	g, err := c.onGroup(name, keys...)
	if err != nil {
		return nil, err
	}
	return &g.holder, nil
}

// holdingOperations returns the operations on the policies of users, groups and roles.
func holdingOperations() map[string]operation {
	all := map[string]operation{}
	for i := range holdings {
		h := &holdings[i]
		all["Attach"+h.word+"Policy"] = h.attach
		all["Detach"+h.word+"Policy"] = h.detach
		all["ListAttached"+h.word+"Policies"] = h.listAttached
		all["Put"+h.word+"Policy"] = h.put
		all["Get"+h.word+"Policy"] = h.get
		all["Delete"+h.word+"Policy"] = h.delete
		all["List"+h.word+"Policies"] = h.list
	}
	return all
}

// name reads the name of the user, the group or the role.
func (h *holding) name(c *call) string { return c.p.String(h.word+"Name", h.rule) }
