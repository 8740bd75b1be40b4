package main

import (
	"slices"

	"github.com/wildgate/wildgate/example/userpool"
)

// stsActions are those that the STS endpoint and the identity pool ask policies for.
var stsActions = []string{
	"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetFederationToken",
	"sts:GetSessionToken", "sts:GetWebIdentityToken", "sts:SetSourceIdentity", "sts:TagGetWebIdentityToken", "sts:TagSession",
}

// knownActions returns what policies in the folder may name: what the services at the address ask
// for, not the rides alone.
func knownActions(a api) []string {
	return slices.Concat(a.gateway().Actions(), stsActions, userpool.Actions())
}
