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
	return l.list()
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

// unique returns the texts without repetitions, in the order of their first ones.
func unique(list []string) (once []string) {
	for _, s := range list {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}
