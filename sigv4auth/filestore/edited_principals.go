package filestore

import (
	"fmt"
	"maps"
	"slices"
)

// principalsEdit says what has changed in principals.json: who was added, who was removed, and what
// is different in whom. It names keys by their IDs, and never a secret.
func principalsEdit(before, now *principals, _ bool) string {
	var texts []string
	several := severalAccounts(before, now)
	for _, kind := range []struct {
		name        string
		before, now []principal
	}{
		{"user", usersOf(before), now.users}, {"role", rolesOf(before), now.roles},
	} {
		was := make(map[string]*principal, len(kind.before))
		for i := range kind.before {
			was[kind.before[i].arn] = &kind.before[i]
		}
		for i := range kind.now {
			p := &kind.now[i]
			old := was[p.arn]
			delete(was, p.arn)
			name := kind.name + " " + p.label(several)
			if old == nil {
				text := name + " added"
				if kind.name == "user" {
					text += " with " + count(len(p.keys), "key", "")
				}
				texts = append(texts, text)
			} else if changes := old.compared(p); len(changes) > 0 {
				texts = append(texts, name+": "+some(changes, ", "))
			}
		}
		for _, arn := range slices.Sorted(maps.Keys(was)) {
			texts = append(texts, kind.name+" "+was[arn].label(several)+" removed")
		}
	}
	if len(texts) == 0 {
		return "nothing that it says has changed"
	}
	return some(texts, "; ")
}

func usersOf(p *principals) []principal {
	if p == nil {
		return nil
	}
	return p.users
}

func rolesOf(p *principals) []principal {
	if p == nil {
		return nil
	}
	return p.roles
}

// severalAccounts reports whether the principals are of more than one account, so that a name alone
// does not say who.
func severalAccounts(before, now *principals) bool {
	account := ""
	for _, list := range [][]principal{usersOf(before), rolesOf(before), usersOf(now), rolesOf(now)} {
		for i := range list {
			if account == "" {
				account = list[i].parsed.Account
			}
			if list[i].parsed.Account != account {
				return true
			}
		}
	}
	return false
}

// label is the name of a principal, which is that of one user or role of the account.
func (p *principal) label(withAccount bool) string {
	if withAccount {
		return p.parsed.Name + " of " + p.parsed.Account
	}
	return p.parsed.Name
}

// compared says what is different in now, which has the same ARN.
func (p *principal) compared(now *principal) (texts []string) {
	if p.id != now.id {
		texts = append(texts, "another unique ID")
	}
	texts = append(texts, comparedPolicies(p, now)...)
	if text := p.trust.compared(&now.trust); text != "" {
		texts = append(texts, text)
	}
	if p.maxSession != now.maxSession {
		texts = append(texts, "longest session changed")
	}
	if !maps.Equal(p.tags, now.tags) {
		texts = append(texts, "tags changed")
	}
	was := make(map[string]*accessKey, len(p.keys))
	for i := range p.keys {
		was[p.keys[i].id] = &p.keys[i]
	}
	for i := range now.keys {
		k := &now.keys[i]
		if old := was[k.id]; old == nil {
			texts = append(texts, k.label()+" added")
		} else {
			texts = append(texts, old.compared(k)...)
		}
		delete(was, k.id)
	}
	for _, id := range slices.Sorted(maps.Keys(was)) {
		texts = append(texts, was[id].label()+" removed")
	}
	return texts
}

// comparedPolicies says which policies and which boundary are attached now, and are no more.
func comparedPolicies(before, now *principal) (texts []string) {
	names := func(p *principal) (list []string) {
		for _, a := range p.attached {
			list = append(list, a.policy)
		}
		return list
	}
	was, is := names(before), names(now)
	for _, name := range is {
		if !slices.Contains(was, name) {
			texts = append(texts, "policy "+name+" attached")
		}
	}
	for _, name := range was {
		if !slices.Contains(is, name) {
			texts = append(texts, "policy "+name+" detached")
		}
	}
	switch {
	case now.boundary == nil && before.boundary != nil:
		texts = append(texts, "permissions boundary "+before.boundary.policy+" removed")
	case now.boundary != nil && (before.boundary == nil || before.boundary.policy != now.boundary.policy):
		texts = append(texts, "permissions boundary "+now.boundary.policy+" set")
	}
	return texts
}

// maxNamedKeyID is how long an access key ID is that the text of an edit names: a secret may have
// been put in its place (threat 97).
const maxNamedKeyID = 32

func (k *accessKey) label() string {
	if len(k.id) >= maxNamedKeyID {
		return fmt.Sprintf("a key whose ID has %d characters", len(k.id))
	}
	return "key " + k.id
}

// compared says what is different in now, which has the same ID.
func (k *accessKey) compared(now *accessKey) (texts []string) {
	name := k.label()
	if k.active != now.active {
		texts = append(texts, name+map[bool]string{true: " active", false: " inactive"}[now.active])
	}
	if !k.expires.Equal(now.expires) {
		texts = append(texts, name+" expires at another time")
	}
	a, b := &k.source, &now.source
	switch {
	case a.inline.IsZero() != b.inline.IsZero() || a.env != b.env || a.file != b.file:
		texts = append(texts, name+" has its secret from elsewhere")
	case !a.inline.Equal(b.inline.Reveal()):
		texts = append(texts, name+" has another secret")
	}
	return texts
}

// noteSecret tells whose secret has changed in the file called name. The name is not told: a slip
// may have put the secret itself there.
func (f *folder) noteSecret(name string) {
	p := f.principals.current
	if p == nil {
		return
	}
	several := severalAccounts(nil, p)
	var texts []string
	for i := range p.users {
		for j := range p.users[i].keys {
			if k := &p.users[i].keys[j]; k.active && k.source.file == name {
				texts = append(texts, "user "+p.users[i].label(several)+": "+k.label()+" has another secret")
			}
		}
	}
	f.noteEdit(Edit{File: principalsFile, What: some(texts, "; ")})
}
