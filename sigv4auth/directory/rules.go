package directory

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// IAM's quotas: IAM User Guide, "IAM and AWS STS quotas". Those that AWS lets a customer raise are
// at AWS's defaults, but for users, groups and roles in an account, which are not counted.
const (
	maxKeysPerUser      = 2
	maxGroupsPerUser    = 10
	maxAttached         = 10
	maxVersions         = 5
	maxInlineUser       = 2048 // characters of all inline policies together, without white space
	maxInlineGroup      = 5120
	maxInlineRole       = 10240
	maxManagedPolicy    = 6144
	maxTrustPolicy      = 2048
	maxProviderClients  = 100
	maxDescription      = 1000
	maxDocumentSent     = 131_072 // of what a request may send: IAM API Reference
	minSessionDuration  = 3600
	maxSessionDuration  = 43_200
	defaultSessionHours = 1
)

// The patterns of IAM's service model.
var (
	latin = &awsquery.Pattern{Text: `[\u0020-\u00FF]+`, Match: func(s string) bool {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > 0xff }) < 0
	}}
	namePattern = &awsquery.Pattern{Text: `[\w+=,.@-]+`, Match: func(s string) bool { return s != "" && iamid.WordOr(s, "+=,.@-") }}
	pathPattern = &awsquery.Pattern{Text: `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, Match: validPath}
	prefixText  = &awsquery.Pattern{Text: `\u002F[\u0021-\u007E]*`, Match: func(s string) bool {
		return strings.HasPrefix(s, "/") && printableASCII(s)
	}}
	documentText = &awsquery.Pattern{Text: `[\u0009\u000A\u000D\u0020-\u00FF]+`, Match: func(s string) bool {
		return s != "" && utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
			return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r > 0xff
		}) < 0
	}}
	wordPattern = &awsquery.Pattern{Text: `[\w]+`, Match: func(s string) bool { return s != "" && iamid.WordOr(s, "") }}
)

func printableASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// validPath admits what IAM admits, but for wildcards, variables and empty parts, which would mean
// something else in a policy.
func validPath(s string) bool {
	return s == "/" || strings.HasPrefix(s, "/") && strings.HasSuffix(s, "/") && iamid.ValidPath(s[1:])
}

var (
	userNameRule     = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 64, Pattern: namePattern}
	ownUserNameRule  = awsquery.Rule{MinLength: 1, MaxLength: 128, Pattern: namePattern}
	existingUserRule = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 128, Pattern: namePattern}
	newUserNameRule  = awsquery.Rule{MinLength: 1, MaxLength: 64, Pattern: namePattern}
	groupNameRule    = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 128, Pattern: namePattern}
	newGroupNameRule = awsquery.Rule{MinLength: 1, MaxLength: 128, Pattern: namePattern}
	roleNameRule     = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 64, Pattern: namePattern}
	policyNameRule   = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 128, Pattern: namePattern}
	pathRule         = awsquery.Rule{MinLength: 1, MaxLength: 512, Pattern: pathPattern}
	pathPrefixRule   = awsquery.Rule{MinLength: 1, MaxLength: 512, Pattern: prefixText}
	arnRule          = awsquery.Rule{Required: true, MinLength: 20, MaxLength: 2048}
	optionalARNRule  = awsquery.Rule{MinLength: 20, MaxLength: 2048}
	documentRule     = awsquery.Rule{Required: true, MinLength: 1, MaxLength: maxDocumentSent, Pattern: documentText}
	accessKeyIDRule  = awsquery.Rule{Required: true, MinLength: 16, MaxLength: 128, Pattern: wordPattern}
	statusRule       = awsquery.Rule{Required: true, Enum: []string{statusActive, statusInactive, statusExpired}}
	tagsRule         = awsquery.Rule{MaxLength: iamid.MaxTags}
	requiredTagsRule = awsquery.Rule{Required: true, MaxLength: iamid.MaxTags}
	tagKeyRule       = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 128}
	tagValueRule     = awsquery.Rule{Required: true, MaxLength: 256}
	tagKeysRule      = awsquery.Rule{Required: true, MaxLength: iamid.MaxTags}
	tagKeyOfListRule = awsquery.Rule{MinLength: 1, MaxLength: 128}
	defaultPath      = "/"
	errTooManyTags   = "The number of tags has exceeded the limit of 50."
)

// path reads a path, "/" if it was not sent.
func (c *call) path() string {
	if path := c.p.String("Path", pathRule); path != "" {
		return path
	}
	return defaultPath
}

// pathPrefix reads the prefix of the paths that a list is to have.
func (c *call) pathPrefix() string {
	if prefix := c.p.String("PathPrefix", pathPrefixRule); prefix != "" {
		return prefix
	}
	return defaultPath
}

// tags reads the tags that a request sets, sorted by key.
func (c *call) tags(rule awsquery.Rule) ([]Tag, error) {
	var tags []Tag
	seen := map[string]string{}
	for _, one := range c.p.Structs("Tags", rule) {
		t := Tag{Key: one.String("Key", tagKeyRule), Value: one.String("Value", tagValueRule)}
		if c.p.Err() == nil {
			if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
				return nil, invalidInput("Tag keys must not begin with aws:")
			}
			if problem := iamid.AddTag(seen, t.Key, t.Value); problem != "" {
				return nil, invalidInput("%s", problem)
			}
		}
		tags = append(tags, t)
	}
	sortTags(tags)
	return tags, nil
}

// tagKeys reads the keys of the tags that a request removes.
func (c *call) tagKeys() []string { return c.p.Strings("TagKeys", tagKeysRule, tagKeyOfListRule) }

func sortTags(tags []Tag) {
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
}

// withTags returns tags with those that are set; one whose key differs by the case of ASCII letters
// alone is replaced, as condition keys have none.
func withTags(tags, set []Tag) ([]Tag, error) {
	now := slices.Clone(tags)
	for _, t := range set {
		now = slices.DeleteFunc(now, func(old Tag) bool { return ascii.EqualFold(old.Key, t.Key) })
	}
	now = append(now, set...)
	if len(now) > iamid.MaxTags {
		return nil, limitExceeded("%s", errTooManyTags)
	}
	sortTags(now)
	return now, nil
}

// withoutTags returns tags without those that have one of the keys.
func withoutTags(tags []Tag, keys []string) []Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t Tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return ascii.EqualFold(k, t.Key) })
	})
}
