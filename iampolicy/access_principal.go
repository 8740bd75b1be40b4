package iampolicy

import (
	"slices"
	"strconv"
	"strings"
)

// maxAccessCallers bounds the callers of one question.
const maxAccessCallers = 1 << 14

// A callerList lists callers such that every caller is named by the same
// elements of Principal and NotPrincipal as one of them. Those of one kind,
// partition and account that no policy names are all the same.
type callerList struct {
	partitions          []string
	accounts            []string
	roles               []string // names
	arns                []string
	services, providers []string
	userIDs, roleIDs    []string // unique IDs
}

// callers are the principals that the statements of the question tell apart.
func (q *accessQuestion) callers() []Principal {
	c := q.check
	if c.kind != ResourcePolicy && c.kind != TrustPolicy {
		return []Principal{{ARN: witnessUser}}
	}
	l := callerList{partitions: c.partitions()}
	for _, st := range slices.Concat(q.required, q.blockers) {
		if st.principals != nil {
			l.collect(st.principals)
		}
	}
	return l.withUniqueIDs(l.list())
}

// partitions returns those that the policies name, or AWS's first one. Callers of
// others are left out of account: partitions have nothing to do with each other,
// and with them an account's ID would be more than the account's ARN.
func (c *accessCheck) partitions() (list []string) {
	for _, p := range slices.Concat(c.new, c.old) {
		for i := range p.statements {
			if l := p.statements[i].principals; l != nil {
				for _, a := range l.accounts {
					list = append(list, a.partition)
				}
				for _, r := range l.roles {
					list = append(list, r.partition)
				}
				for _, s := range l.arns {
					list = append(list, callerOfARN(s).partition)
				}
			}
		}
	}
	slices.Sort(list)
	list = slices.DeleteFunc(slices.Compact(list), func(s string) bool { return s == "" })
	if len(list) == 0 {
		return []string{witnessPartition}
	}
	return list
}

// unnamed returns a name that is in nothing that the policies name, made of text.
func (l *callerList) unnamed(text string) string {
	for _, s := range slices.Concat(l.arns, l.roles, l.services, l.providers) {
		for strings.Contains(s, text) {
			text += "x"
		}
	}
	return text
}

// unnamedAccount returns an account that the policies do not name.
func (l *callerList) unnamedAccount() string {
	for n := 999999999999; ; n-- {
		if id := strconv.Itoa(n); !slices.Contains(l.accounts, id) {
			return id
		}
	}
}

func (l *callerList) collect(p *principals) {
	for _, a := range p.accounts {
		l.accounts = append(l.accounts, a.id)
	}
	for _, r := range p.roles {
		l.accounts = append(l.accounts, r.account)
		l.roles = append(l.roles, r.name)
	}
	for _, s := range p.arns {
		c := callerOfARN(s)
		l.accounts = append(l.accounts, c.account)
		if c.typ == AssumedRole {
			l.roles = append(l.roles, c.name)
		}
	}
	l.arns = append(l.arns, p.arns...)
	l.services = append(l.services, p.services...)
	l.providers = append(l.providers, p.providers...)
	l.userIDs = append(l.userIDs, p.userIDs...)
	l.roleIDs = append(l.roleIDs, p.roleIDs...)
}

// list returns the callers, those first that read best in a witness. If they are
// more than maxAccessCallers, some may be missing.
func (l *callerList) list() (callers []Principal) {
	accounts := unique(append(l.accounts, l.unnamedAccount()))
	name := l.unnamed("witness")
	arns := unique(l.arns)
	federated := []string{}
	for _, s := range arns {
		callers = append(callers, Principal{ARN: s})
		if callerOfARN(s).typ == FederatedUser {
			federated = append(federated, s)
		}
	}
	for _, partition := range l.partitions {
		for _, account := range accounts {
			if len(callers) > maxAccessCallers {
				return callers
			}
			head := "arn:" + partition + ":iam::" + account + ":"
			sts := "arn:" + partition + ":sts::" + account + ":"
			callers = append(callers, Principal{ARN: head + "user/" + name})
			for _, role := range unique(append(slices.Clone(l.roles), name)) {
				callers = append(callers, Principal{ARN: sts + "assumed-role/" + role + "/" + name})
			}
			callers = append(callers, Principal{ARN: head + "root"})
			federated = append(federated, sts+"federated-user/"+name)
		}
	}
	for _, s := range federated {
		if callers = append(callers, Principal{ARN: s}); len(callers) > maxAccessCallers {
			return callers
		}
		for _, user := range arns {
			callers = append(callers, Principal{ARN: s, UserARN: user})
		}
	}
	for _, s := range unique(append(slices.Clone(l.services), name+".amazonaws.com")) {
		callers = append(callers, Principal{ARN: s})
	}
	for _, s := range unique(append(slices.Clone(l.providers), name+".example.com")) {
		callers = append(callers, Principal{ARN: s, Type: IdentityProvider})
	}
	return append(callers, Principal{})
}

// withUniqueIDs gives each caller each of the unique IDs that it may have and that the policies
// name, and one that they do not. If there are none, the callers stay as they are.
func (l *callerList) withUniqueIDs(callers []Principal) (all []Principal) {
	if len(l.userIDs)+len(l.roleIDs) == 0 {
		return callers
	}
	users := unique(append(slices.Clone(l.userIDs), l.unnamedID(userIDPrefix)))
	roles := unique(append(slices.Clone(l.roleIDs), l.unnamedID(roleIDPrefix)))
	for _, p := range callers {
		if len(all) > maxAccessCallers {
			break
		}
		switch p.EffectiveType() {
		case User:
			for _, p.UserID = range users {
				all = append(all, p)
			}
		case FederatedUser:
			for _, p.BaseUserID = range users {
				all = append(all, p)
			}
		case AssumedRole:
			name := p.SessionName()
			for _, id := range roles {
				p.UserID = id + ":" + name
				all = append(all, p)
			}
		case Account, Service, Anonymous, IdentityProvider:
			all = append(all, p)
		}
	}
	return all
}

// unnamedID returns a unique ID that the policies do not name.
func (l *callerList) unnamedID(prefix string) string {
	id := prefix + "WITNESS"
	for slices.Contains(l.userIDs, id) || slices.Contains(l.roleIDs, id) {
		id += "X"
	}
	return id
}

// unique returns the texts without repetitions, in the order of their first ones.
func unique(list []string) (once []string) {
	seen := make(map[string]bool, len(list))
	for _, s := range list {
		if !seen[s] {
			seen[s], once = true, append(once, s)
		}
	}
	return once
}
