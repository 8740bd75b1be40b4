package sts

import (
	"maps"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// tag is a session tag, as it was sent.
type tag struct{ key, value string }

// sentTags are the tags of a request.
type sentTags struct {
	tags       []tag
	transitive []string // keys of tags, as they are written there
}

func readTags(p *awsquery.Params) (s sentTags) {
	for _, one := range p.Structs("Tags", tagsRule) {
		s.tags = append(s.tags, tag{one.String("Key", tagKeyRule), one.String("Value", tagValueRule)})
	}
	return s
}

// check checks tags that are right each by itself, and which of them are to be transitive.
func (s *sentTags) check(transitive []string) error {
	seen := make(map[string]string, len(s.tags))
	for i, t := range s.tags {
		for _, other := range s.tags[:i] {
			if strings.EqualFold(other.key, t.key) {
				return invalidValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
			}
		}
		if problem := iamid.AddTag(seen, t.key, t.value); problem != "" {
			return invalidValue("The tag " + t.key + ": " + problem)
		}
	}
	for _, key := range transitive {
		i := slices.IndexFunc(s.tags, func(t tag) bool { return strings.EqualFold(t.key, key) })
		if i < 0 {
			return invalidValue("The specified transitive tag key must be included in the requested tags.")
		}
		if !slices.Contains(s.transitive, s.tags[i].key) {
			s.transitive = append(s.transitive, s.tags[i].key)
		}
	}
	return nil
}

// sessionTags are the tags of a session that is asked for: those of the request, and the transitive
// ones of the calling session.
type sessionTags struct {
	sent       sentTags
	values     map[string]string
	transitive []string
}

// after adds the transitive tags of the calling session, which a request cannot replace: IAM User
// Guide, "Passing session tags in AWS STS", chaining roles.
func (s *sentTags) after(caller *Session) (sessionTags, error) {
	all := sessionTags{sent: *s, transitive: slices.Clone(s.transitive)}
	if len(s.tags)+len(caller.TransitiveTags) > 0 {
		all.values = make(map[string]string, len(s.tags)+len(caller.TransitiveTags))
	}
	for _, t := range s.tags {
		all.values[t.key] = t.value
	}
	for _, key := range caller.TransitiveTags {
		if slices.ContainsFunc(s.tags, func(t tag) bool { return strings.EqualFold(t.key, key) }) {
			return sessionTags{}, invalidValue("One of the specified transitive tag keys can't be set because it conflicts with " +
				"a transitive tag key from the calling session.")
		}
		all.values[key] = caller.Tags[key]
		all.transitive = append(all.transitive, key)
	}
	if len(all.values) > iamid.MaxTags {
		return sessionTags{}, invalidValue("The session would have more than 50 tags, with those of the calling session.")
	}
	return all, nil
}

// permissions returns the action that tags need, if there are any.
func (a *sessionTags) permissions(action string) []string {
	if len(a.values) == 0 {
		return nil
	}
	return []string{action}
}

// keys adds the condition keys of the tags that were sent, and of all that are to be transitive.
func (a *sessionTags) keys(to *iampolicy.Context) {
	if len(a.sent.tags) > 0 {
		keys := make([]string, 0, len(a.sent.tags))
		for _, t := range a.sent.tags {
			to.Set("aws:RequestTag/"+t.key, t.value)
			keys = append(keys, t.key)
		}
		to.SetMany("aws:TagKeys", keys...)
	}
	if len(a.transitive) > 0 {
		to.SetMany("sts:TransitiveTagKeys", a.transitive...)
	}
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
