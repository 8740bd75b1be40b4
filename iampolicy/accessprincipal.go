package iampolicy

import "slices"

// A callerList lists callers such that every caller is named by the same
// elements of Principal and NotPrincipal as one of them.
type callerList struct {
	accounts, partitions []string
	roles                []string // names
	arns                 []string
	services, providers  []string
}

// What no policy of a real account names.
const (
	unnamedAccount  = "999999999999"
	unnamedName     = "witness"
	unnamedService  = "witness.amazonaws.com"
	unnamedProvider = "arn:aws:iam::999999999999:oidc-provider/witness.example.com"
)

func (l *callerList) collect(p *principals) {
	for _, a := range p.accounts {
		l.add(a.partition, a.id)
	}
	for _, r := range p.roles {
		l.add(r.partition, r.account)
		l.roles = append(l.roles, r.name)
	}
	for _, s := range p.arns {
		c := callerOfARN(s)
		l.add(c.partition, c.account)
		if c.typ == AssumedRole {
			l.roles = append(l.roles, c.name)
		}
	}
	l.arns = append(l.arns, p.arns...)
	l.services = append(l.services, p.services...)
	l.providers = append(l.providers, p.providers...)
}

func (l *callerList) add(partition, account string) {
	if partition != "" {
		l.partitions = append(l.partitions, partition)
	}
	l.accounts = append(l.accounts, account)
}

// list returns the callers, those first that read best in a witness.
func (l *callerList) list() (callers []Principal) {
	accounts := unique(append(l.accounts, unnamedAccount))
	partitions := unique(append([]string{witnessPartition}, l.partitions...))
	arns := unique(l.arns)
	federated := []string{}
	for _, s := range arns {
		callers = append(callers, Principal{ARN: s})
		if callerOfARN(s).typ == FederatedUser {
			federated = append(federated, s)
		}
	}
	for _, partition := range partitions {
		for _, account := range accounts {
			head := "arn:" + partition + ":iam::" + account + ":"
			sts := "arn:" + partition + ":sts::" + account + ":"
			callers = append(callers, Principal{ARN: head + "user/" + unnamedName})
			for _, role := range unique(append(slices.Clone(l.roles), unnamedName)) {
				callers = append(callers, Principal{ARN: sts + "assumed-role/" + role + "/" + unnamedName})
			}
			callers = append(callers, Principal{ARN: head + "root"})
			federated = append(federated, sts+"federated-user/"+unnamedName)
		}
	}
	for _, s := range federated {
		callers = append(callers, Principal{ARN: s})
		for _, user := range arns {
			callers = append(callers, Principal{ARN: s, UserARN: user})
		}
	}
	for _, s := range unique(append(slices.Clone(l.services), unnamedService)) {
		callers = append(callers, Principal{ARN: s})
	}
	for _, s := range unique(append(slices.Clone(l.providers), unnamedProvider)) {
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
