package directory_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

const (
	issuer     = "token.actions.githubusercontent.com"
	issuerARN  = rootOfARN + "oidc-provider/" + issuer
	thumbprint = "6938fd4d98bab03faadb97b34396831e3780aea1"
)

// TestProviders: identity providers are created, told, listed, changed and deleted.
func TestProviders(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	got := s.must("CreateOpenIDConnectProvider", "Url", "https://"+issuer, "ClientIDList.member.1", "sts.amazonaws.com",
		"ThumbprintList.member.1", thumbprint, "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue")
	got.has(t, "OpenIDConnectProviderArn", issuerARN, "Tags/member.1/Key", "team")
	s.refused(409, "EntityAlreadyExists", "Provider with url https://"+issuer+" already exists.", "CreateOpenIDConnectProvider", "Url",
		"https://"+issuer)
	get := func() answer {
		t.Helper()
		return s.must("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", issuerARN)
	}
	on := func(action string, params ...string) {
		t.Helper()
		s.must(action, append(params, "OpenIDConnectProviderArn", issuerARN)...)
	}
	get().has(t, "Url", issuer, "ClientIDList/member.1", "sts.amazonaws.com", "ThumbprintList/member.1", thumbprint,
		"CreateDate", "2026-12-01T12:00:00Z", "Tags/member.1/Value", "blue")

	on("AddClientIDToOpenIDConnectProvider", "ClientID", "app")
	on("AddClientIDToOpenIDConnectProvider", "ClientID", "app")
	get().has(t, "ClientIDList/member.2", "app", "ClientIDList/member.3", "")
	on("RemoveClientIDFromOpenIDConnectProvider", "ClientID", "sts.amazonaws.com")
	on("RemoveClientIDFromOpenIDConnectProvider", "ClientID", "sts.amazonaws.com")
	get().has(t, "ClientIDList/member.1", "app", "ClientIDList/member.2", "")
	other := strings.Repeat("0f", 20)
	on("UpdateOpenIDConnectProviderThumbprint", "ThumbprintList.member.1", other)
	get().has(t, "ThumbprintList/member.1", other, "ThumbprintList/member.2", "")
	on("TagOpenIDConnectProvider", "Tags.member.1.Key", "team", "Tags.member.1.Value", "red", "Tags.member.2.Key", "a",
		"Tags.member.2.Value", "b")
	page := s.must("ListOpenIDConnectProviderTags", "OpenIDConnectProviderArn", issuerARN, "MaxItems", "1")
	page.has(t, "Tags/member.1/Key", "a", "IsTruncated", "true")
	s.must("ListOpenIDConnectProviderTags", "OpenIDConnectProviderArn", issuerARN, "Marker", page.get("Marker")).has(t,
		"Tags/member.1/Value", "red", "IsTruncated", "false")
	on("UntagOpenIDConnectProvider", "TagKeys.member.1", "team")
	get().has(t, "Tags/member.1/Key", "a", "Tags/member.2/Key", "")

	s.must("CreateOpenIDConnectProvider", "Url", "https://idp.example/realms/a")
	s.must("ListOpenIDConnectProviders").has(t, "OpenIDConnectProviderList/member.1/Arn", rootOfARN+"oidc-provider/idp.example/realms/a",
		"OpenIDConnectProviderList/member.2/Arn", issuerARN, "OpenIDConnectProviderList/member.3/Arn", "")
	all := s.dir.IdentityProviders(accountID)
	if len(all) != 2 || all[1].URL != "https://"+issuer || all[1].ARN != issuerARN || !slices.Equal(all[1].ClientIDs, []string{"app"}) ||
		!slices.Equal(all[1].Thumbprints, []string{other}) || len(s.dir.IdentityProviders("444455556666")) != 0 {
		t.Errorf("IdentityProviders: %+v", all)
	}
	on("DeleteOpenIDConnectProvider")
	on("DeleteOpenIDConnectProvider")
	for _, action := range []string{
		"GetOpenIDConnectProvider", "ListOpenIDConnectProviderTags", "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider",
		"UpdateOpenIDConnectProviderThumbprint", "TagOpenIDConnectProvider", "UntagOpenIDConnectProvider",
	} {
		s.refused(404, "NoSuchEntity", "OpenIDConnect Provider not found for arn "+issuerARN, action, "OpenIDConnectProviderArn", issuerARN,
			"ClientID", "x", "ThumbprintList.member.1", other, "Tags.member.1.Key", "a", "Tags.member.1.Value", "b", "TagKeys.member.1", "a")
	}
	_ = s.dir.Close()
	if left := s.dir.IdentityProviders(accountID); left != nil {
		t.Errorf("closed: %v", left)
	}
}

// TestProvidersRefused: an issuer that is none, and lists beyond their limits, are refused.
func TestProvidersRefused(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	for _, wrong := range []string{
		"http://idp.example", "idp.example", "https://", "https:///path", "https://idp.example:8443", "https://idp.example?tenant=a",
		"https://idp.example#a", "https://a@idp.example", "https://idp.example/*", "https://idp.example/${x}", "https://idp.example//a",
		"https://idp.example/a b", "HTTPS://idp.example", "https://idp.example:",
	} {
		s.refused(400, "ValidationError", "Invalid Open ID Connect Provider URL", "CreateOpenIDConnectProvider", "Url", wrong)
	}
	s.refused(400, "ValidationError", "", "CreateOpenIDConnectProvider", "Url", "https://"+strings.Repeat("a", 248))
	s.refused(400, "ValidationError", "", "CreateOpenIDConnectProvider")
	s.refused(400, "ValidationError", "", "CreateOpenIDConnectProvider", "Url", "https://idp.example", "ThumbprintList.member.1", "6938")
	s.refused(400, "ValidationError", "", "CreateOpenIDConnectProvider", "Url", "https://idp.example",
		"ThumbprintList.member.1", strings.Repeat("g", 40))
	var clients, thumbprints []string
	for i := range 101 {
		clients = append(clients, "ClientIDList.member."+strconv.Itoa(i+1), "client-"+strconv.Itoa(i))
	}
	for i := range 6 {
		thumbprints = append(thumbprints, "ThumbprintList.member."+strconv.Itoa(i+1), thumbprint)
	}
	s.refused(400, "InvalidInput", "Thumbprint list must contain fewer than 5 entries.", "CreateOpenIDConnectProvider",
		append(thumbprints, "Url", "https://idp.example")...)
	const tooMany = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"
	s.refused(409, "LimitExceeded", tooMany, "CreateOpenIDConnectProvider", append(clients, "Url", "https://idp.example")...)
	s.must("CreateOpenIDConnectProvider", append(clients[:200], "Url", "https://idp.example")...)
	arn := rootOfARN + "oidc-provider/idp.example"
	s.refused(409, "LimitExceeded", tooMany, "AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", arn, "ClientID", "more")
	s.must("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", arn, "ClientID", "client-7")
	for i := range 99 {
		s.must("CreateOpenIDConnectProvider", "Url", "https://idp"+itoa(i)+".example")
	}
	s.refused(409, "LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100", "CreateOpenIDConnectProvider",
		"Url", "https://more.example")
}

// TestProvidersRights: a principal acts on the providers that its policies name, by ARN and by tag,
// and learns nothing of others.
func TestProvidersRights(t *testing.T) {
	t.Parallel()
	const limited = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:*OpenIDConnectProvider*","Resource":"` + rootOfARN + `oidc-provider/own.example*"},
		{"Effect":"Allow","Action":"iam:GetOpenIDConnectProvider","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/open":"yes"}}},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"red"}}}]}`
	s := newIAM(t, directory.Contents{Users: []directory.NewUser{{
		ARN: rootOfARN + "user/limited", Holder: directory.Holder{Inline: map[string]string{"P": limited}},
		Keys: []directory.NewKey{{ID: limitedKey, Secret: secretOf(limitedKey)}},
	}}})
	s.must("CreateOpenIDConnectProvider", "Url", "https://open.example", "Tags.member.1.Key", "open", "Tags.member.1.Value", "yes")
	s.must("CreateOpenIDConnectProvider", "Url", "https://closed.example")
	arn := func(name string) []string {
		return []string{"OpenIDConnectProviderArn", rootOfARN + "oidc-provider/" + name}
	}
	for _, test := range []struct {
		action string
		params []string
		status int
	}{
		{"CreateOpenIDConnectProvider", []string{"Url", "https://own.example"}, http.StatusOK},
		{"CreateOpenIDConnectProvider", []string{"Url", "https://else.example"}, http.StatusForbidden},
		{"GetOpenIDConnectProvider", arn("own.example"), http.StatusOK},
		{"GetOpenIDConnectProvider", arn("own.example/none"), http.StatusNotFound},
		{"GetOpenIDConnectProvider", arn("open.example"), http.StatusOK},
		{"GetOpenIDConnectProvider", arn("closed.example"), http.StatusForbidden},
		{"GetOpenIDConnectProvider", arn("none.example"), http.StatusForbidden},
		{"DeleteOpenIDConnectProvider", arn("closed.example"), http.StatusForbidden},
		{"DeleteOpenIDConnectProvider", arn("none.example"), http.StatusForbidden},
		{"TagOpenIDConnectProvider", append(arn("own.example"), "Tags.member.1.Key", "team", "Tags.member.1.Value", "red"), http.StatusForbidden},
		{"TagOpenIDConnectProvider", append(arn("own.example"), "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue"), http.StatusOK},
		{"GetOpenIDConnectProvider", []string{"OpenIDConnectProviderArn", otherARN + "oidc-provider/own.example"}, http.StatusForbidden},
		{"ListOpenIDConnectProviders", nil, http.StatusForbidden},
	} {
		if got := s.call(limitedKey, test.action, test.params...); got.status != test.status {
			t.Errorf("%s %q: %d %s, want %d", test.action, test.params, got.status, got.message, test.status)
		}
	}
}

// TestProvidersTogether: those who change a provider at the same time lose nothing of each other's.
func TestProvidersTogether(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateOpenIDConnectProvider", "Url", "https://"+issuer)
	var all sync.WaitGroup
	const writers = 20
	for i := range writers {
		all.Go(func() {
			if got := s.admin("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", issuerARN, "ClientID",
				"app-"+itoa(i)); got.status != http.StatusOK {
				t.Errorf("%d: %d %s", i, got.status, got.code)
			}
		})
	}
	all.Wait()
	if got := s.dir.IdentityProviders(accountID); len(got[0].ClientIDs) != writers {
		t.Errorf("%d clients, want %d: %q", len(got[0].ClientIDs), writers, got[0].ClientIDs)
	}
}
