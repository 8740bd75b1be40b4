package main

import (
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// complete puts the flags over what the request file says, and wants the rest to
// be there.
func (s *simulation) complete(f *requestFile) error {
	r := &f.request
	if s.principal.given {
		r.Principal = iampolicy.Principal{ARN: s.principal.text}
	}
	for _, each := range []struct {
		flag textFlag
		to   *string
	}{{s.action, &r.Action}, {s.resource, &r.Resource}, {s.account, &r.ResourceAccount}} {
		if each.flag.given {
			*each.to = each.flag.text
		}
	}
	var missing []string
	if !f.principal && !s.principal.given {
		missing = append(missing, "-principal")
	}
	if r.Action == "" {
		missing = append(missing, "-action")
	}
	if r.Resource == "" {
		missing = append(missing, "-resource")
	}
	if missing != nil {
		return usagef("missing: %s", strings.Join(missing, ", "))
	}
	if r.Principal.EffectiveType() == 0 {
		return usagef("%s", whyNoCaller(r.Principal.ARN))
	}
	switch owner := ownerOf(r.Resource); {
	case !f.account && !s.account.given:
		r.ResourceAccount = owner
	case s.account.given && owner != "" && owner != r.ResourceAccount:
		return usagef("the resource %q is of account %s; -resource-account is for one that names no account", r.Resource, owner)
	}
	return nil
}

// whyNoCaller says what is wrong with a principal that cannot call.
func whyNoCaller(arn string) string {
	wrong := "the principal " + strconv.Quote(arn) + " names nobody who can call, or contradicts itself"
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && strings.HasPrefix(parts[5], "role/") {
		role := parts[5][strings.LastIndexByte(parts[5], '/')+1:]
		return wrong + "; a role acts through its sessions: arn:" + parts[1] + ":sts::" + parts[4] + ":assumed-role/" + role + "/SESSION"
	}
	return wrong
}

// hints says of a denied request how it was taken, where it may be meant otherwise.
func hints(r *iampolicy.Request) (list []string) {
	if !strings.HasPrefix(r.Resource, "arn:") {
		list = append(list, "the resource "+strconv.Quote(r.Resource)+" is no ARN: only a Resource of \"*\", or a NotResource, matches it")
	}
	if r.ResourceAccount == "" && r.Principal.Account() != "" {
		list = append(list, "the resource "+strconv.Quote(r.Resource)+" names no account: -resource-account says whose it is")
	}
	return list
}

// ownerOf returns the account in the resource's ARN, "" where it names none, as those of S3: whose
// the resource is must not be guessed, since an Allow is enough only within one account.
func ownerOf(resource string) string {
	if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}

// fillPrincipalKeys sets the condition keys that the principal tells.
func fillPrincipalKeys(c *iampolicy.Context, p *iampolicy.Principal) {
	set := func(key, value string) {
		if value != "" {
			c.Set(key, value)
		}
	}
	set("aws:PrincipalArn", p.PrincipalARN())
	set("aws:PrincipalAccount", p.Account())
	set("aws:PrincipalType", p.EffectiveType().String())
	set("aws:username", p.UserName())
	set("aws:userid", p.UserID)
	for key, value := range p.Tags {
		c.Set("aws:PrincipalTag/"+key, value)
	}
}

// addKeys sets every key of more, over what c has.
func addKeys(c, more *iampolicy.Context) {
	for key := range more.Keys() {
		values, multivalued, _ := more.Get(key)
		switch {
		case more.Unknown(key):
			c.SetUnknown(key)
		case multivalued:
			c.SetMany(key, values...)
		default:
			c.Set(key, values[0])
		}
	}
}
