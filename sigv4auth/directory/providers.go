package directory

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

var providerOperations = map[string]operation{
	"CreateOpenIDConnectProvider":             createProvider,
	"GetOpenIDConnectProvider":                getProvider,
	"ListOpenIDConnectProviders":              listProviders,
	"DeleteOpenIDConnectProvider":             deleteProvider,
	"UpdateOpenIDConnectProviderThumbprint":   updateThumbprints,
	"AddClientIDToOpenIDConnectProvider":      addClientID,
	"RemoveClientIDFromOpenIDConnectProvider": removeClientID,
	"TagOpenIDConnectProvider":                tagProvider,
	"UntagOpenIDConnectProvider":              untagProvider,
	"ListOpenIDConnectProviderTags":           listProviderTags,
}

// IAM's quotas of identity providers: "IAM and AWS STS quotas", and CreateOpenIDConnectProvider.
const (
	maxProviders   = 100 // of an account
	maxThumbprints = 5
)

var (
	hexText = &awsquery.Pattern{Text: `[0-9a-fA-F]+`, Match: func(s string) bool {
		return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == ""
	}}
	providerURLRule  = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 255}
	clientIDRule     = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 255}
	thumbprintRule   = awsquery.Rule{MinLength: 40, MaxLength: 40, Pattern: hexText}
	requiredListOnly = awsquery.Rule{Required: true}
)

// IdentityProvider is an OpenID Connect identity provider of an account.
type IdentityProvider struct {
	// ARN is what trust policies name the provider by.
	ARN string
	// URL is the issuer, as its tokens have it in iss.
	URL string
	// ClientIDs are the audiences for which its tokens are accepted, and Thumbprints the SHA-1
	// hashes of certificates that were given for it, in hexadecimal.
	ClientIDs, Thumbprints []string
}

// IdentityProviders returns the identity providers of an account, by ARN: for those who verify
// tokens. There are none while the Directory is closed or its database has not been reached for
// longer than MaxStale.
func (d *Directory) IdentityProviders(accountID string) []IdentityProvider {
	s, err := d.serving()
	if err != nil {
		return nil
	}
	var all []IdentityProvider
	for _, p := range within(s.providers.From, accountID+"/")("") {
		all = append(all, IdentityProvider{
			ARN: p.arn, URL: "https://" + p.url, ClientIDs: slices.Clone(p.clients), Thumbprints: slices.Clone(p.thumbprints),
		})
	}
	return all
}

// providerName returns the URL of a provider without its scheme. It names the provider in its ARN
// and in condition keys, so that what would mean something else there is refused.
func providerName(text string) (name string, ok bool) {
	u, err := url.Parse(text)
	name, secure := strings.CutPrefix(text, "https://")
	if err != nil || !secure || u.Host == "" || u.Port() != "" || u.User != nil {
		return "", false
	}
	return name, iamid.WordOr(name, "-.~/%") && !strings.Contains(name, "//")
}

func noSuchProvider(arn string) error {
	return noSuchEntity("OpenIDConnect Provider not found for arn %s", arn)
}

func tooManyClientIDs() error {
	return limitExceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxProviderClients)
}

// onProvider decides about an operation on the provider that a request names. nil: there is none,
// as is told only to who may act on it.
func (c *call) onProvider(arn string, keys ...conditionKey) (*provider, error) {
	p, ok := c.state.providers.Get(providerKey(c.account, arn))
	if !ok {
		return nil, c.allow(arn, keys...)
	}
	return p, c.allowOn(aboutProvider(p), keys...)
}

// readProvider is onProvider for what needs the provider.
func (c *call) readProvider() (*provider, error) {
	arn := c.p.String("OpenIDConnectProviderArn", arnRule)
	p, err := c.onProvider(arn)
	if err == nil && p == nil {
		err = noSuchProvider(arn)
	}
	return p, err
}

// changeProvider decides, and returns what changes the provider.
func (c *call) changeProvider(change func(p *provider) error, keys ...conditionKey) (do, error) {
	arn := c.p.String("OpenIDConnectProviderArn", arnRule)
	if _, err := c.onProvider(arn, keys...); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			old, ok := e.providers.Get(providerKey(c.account, arn))
			if !ok {
				return noSuchProvider(arn)
			}
			p := *old
			if err := change(&p); err != nil {
				return err
			}
			e.putProvider(&p)
			return nil
		})
	}, nil
}

// thumbprints reads ThumbprintList.
func (c *call) thumbprints(rule awsquery.Rule) ([]string, error) {
	list := c.p.Strings("ThumbprintList", rule, thumbprintRule)
	if len(list) > maxThumbprints {
		return nil, invalidInput("Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	return list, nil
}

func createProvider(c *call) (do, error) {
	text := c.p.String("Url", providerURLRule)
	clients := c.p.Strings("ClientIDList", awsquery.Rule{}, clientIDRule)
	thumbprints, err := c.thumbprints(awsquery.Rule{})
	if err != nil {
		return nil, err
	}
	tags, err := c.tags(tagsRule)
	if err != nil {
		return nil, err
	}
	if err := c.p.Err(); err != nil {
		return nil, err
	}
	name, ok := providerName(text)
	if !ok {
		return nil, validationError("Invalid Open ID Connect Provider URL")
	}
	arn := c.arn("oidc-provider", defaultPath, name)
	if err := c.allow(arn, requestTags(tags, nil)); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		p := &provider{account: c.account, arn: arn, url: name, thumbprints: thumbprints, tags: tags}
		for _, client := range clients {
			if !slices.Contains(p.clients, client) {
				p.clients = append(p.clients, client)
			}
		}
		err := c.update(ctx, func(e *edit) error {
			if _, exists := e.providers.Get(providerKey(c.account, arn)); exists {
				return alreadyExists("Provider with url %s already exists.", text)
			}
			if len(p.clients) > maxProviderClients {
				return tooManyClientIDs()
			}
			n := 0
			for range e.providers.Prefix(c.account + "/") {
				n++
			}
			if n >= maxProviders {
				return limitExceeded("Cannot exceed quota for OpenIdConnectProvidersPerAccount: %d", maxProviders)
			}
			p.created = e.now
			e.putProvider(p)
			return nil
		})
		return struct {
			OpenIDConnectProviderARN string `xml:"OpenIDConnectProviderArn"`
			Tags                     awsquery.List[Tag]
		}{arn, answerTags(tags)}, err
	}, nil
}

func getProvider(c *call) (do, error) {
	p, err := c.readProvider()
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		return struct {
			URL            string `xml:"Url"`
			ClientIDList   awsquery.List[string]
			ThumbprintList awsquery.List[string]
			CreateDate     awsquery.Time
			Tags           awsquery.List[Tag]
		}{p.url, listOf(p.clients), listOf(p.thumbprints), awsquery.Time(p.created), listOf(p.tags)}, nil
	}, nil
}

// listOf returns a list for an answer that has it even if it is empty.
func listOf[T any](of []T) awsquery.List[T] { return append(awsquery.List[T]{}, of...) }

// providerAnswer is a provider in a list.
type providerAnswer struct {
	ARN string `xml:"Arn"`
}

func listProviders(c *call) (do, error) {
	if err := c.allow("*"); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		list := awsquery.List[providerAnswer]{}
		for _, p := range within(c.state.providers.From, c.account+"/")("") {
			list = append(list, providerAnswer{p.arn})
		}
		return struct{ OpenIDConnectProviderList awsquery.List[providerAnswer] }{list}, nil
	}, nil
}

// deleteProvider is no error if there is no such provider: IAM API Reference,
// DeleteOpenIDConnectProvider.
func deleteProvider(c *call) (do, error) {
	arn := c.p.String("OpenIDConnectProviderArn", arnRule)
	if _, err := c.onProvider(arn); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			if p, ok := e.providers.Get(providerKey(c.account, arn)); ok {
				e.deleteProvider(p)
			}
			return nil
		})
	}, nil
}

func updateThumbprints(c *call) (do, error) {
	thumbprints, err := c.thumbprints(requiredListOnly)
	if err != nil {
		return nil, err
	}
	return c.changeProvider(func(p *provider) error {
		p.thumbprints = thumbprints
		return nil
	})
}

func addClientID(c *call) (do, error) {
	id := c.p.String("ClientID", clientIDRule)
	return c.changeProvider(func(p *provider) error {
		switch {
		case slices.Contains(p.clients, id):
			return nil
		case len(p.clients) >= maxProviderClients:
			return tooManyClientIDs()
		}
		p.clients = append(slices.Clone(p.clients), id)
		return nil
	})
}

func removeClientID(c *call) (do, error) {
	id := c.p.String("ClientID", clientIDRule)
	return c.changeProvider(func(p *provider) error {
		p.clients = slices.DeleteFunc(slices.Clone(p.clients), func(client string) bool { return client == id })
		return nil
	})
}

func tagProvider(c *call) (do, error) {
	tags, err := c.tags(requiredTagsRule)
	if err != nil {
		return nil, err
	}
	return c.changeProvider(func(p *provider) (err error) {
		p.tags, err = withTags(p.tags, tags)
		return err
	}, requestTags(tags, nil))
}

func untagProvider(c *call) (do, error) {
	keys := c.tagKeys()
	return c.changeProvider(func(p *provider) error {
		p.tags = withoutTags(p.tags, keys)
		return nil
	}, requestTags(nil, keys))
}

func listProviderTags(c *call) (do, error) {
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	p, err := c.readProvider()
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		tags, end := takeSlice(pg, p.tags, func(t Tag) string { return t.Key }, func(t Tag) (Tag, bool) { return t, true })
		return struct {
			Tags awsquery.List[Tag]
			listed
		}{tags, end}, nil
	}, nil
}
