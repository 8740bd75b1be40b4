package oidc

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The claims of session tags and of the source identity, from "Passing session tags using
// AssumeRoleWithWebIdentity" in the IAM User Guide. Tags come nested in one claim, or flat, each
// in a claim of its own.
const (
	tagsClaim           = "https://aws.amazon.com/tags"
	flatTagPrefix       = tagsClaim + "/principal_tags/"
	flatTransitiveClaim = tagsClaim + "/transitive_tag_keys"
	sourceIdentityClaim = "https://aws.amazon.com/source_identity"
)

// Limits of the STS API Reference, in characters.
const (
	maxTags           = 50
	maxTagKey         = 128
	maxTagValue       = 256
	minSourceIdentity = 2
	maxSourceIdentity = 64
)

// sessionTags returns the tags that a verified token carries, and which are transitive. What breaks
// a rule is refused, never left out: a policy may deny by it.
func sessionTags(claims *jsonValue) (tags map[string]string, transitive []string, err error) {
	var r tagReader
	if v, is := claims.member(tagsClaim); is {
		if v.kind != jsonObject {
			return nil, nil, rejectedClaim("the claim of the session tags is no object")
		}
		for _, m := range v.members {
			switch {
			case m.name == "principal_tags" && m.value.kind == jsonObject:
				for _, tag := range m.value.members {
					r.add(tag.name, &tag.value)
				}
			case m.name == "transitive_tag_keys":
				r.addTransitive(&m.value)
			default:
				r.fail("the claim of the session tags has a member that is not known")
			}
		}
	}
	for i := range claims.members {
		m := &claims.members[i]
		if key, is := strings.CutPrefix(m.name, flatTagPrefix); is {
			r.add(key, &m.value)
		} else if m.name == flatTransitiveClaim {
			r.addTransitive(&m.value)
		}
	}
	if r.problem == "" && len(r.tags) > maxTags {
		r.fail("there are more than 50 session tags")
	}
	for _, key := range r.transitive {
		if _, is := r.tags[key]; !is {
			r.fail("a transitive tag key is no key of a session tag")
		}
	}
	if r.problem != "" {
		return nil, nil, rejectedClaim(r.problem)
	}
	return r.tags, r.transitive, nil
}

type tagReader struct {
	tags       map[string]string
	folded     map[string]bool // the keys without regard to case, which does not tell tags apart
	transitive []string
	problem    string // the first
}

func (r *tagReader) fail(problem string) {
	if r.problem == "" {
		r.problem = problem
	}
}

// add adds a tag, whose value is a text or, as AWS shows it, a list of one.
func (r *tagReader) add(key string, v *jsonValue) {
	if v.kind == jsonArray && len(v.items) == 1 {
		v = &v.items[0]
	}
	folded := strings.ToLower(key)
	switch {
	case v.kind != jsonString:
		r.fail("a session tag has not exactly one text for a value")
	case !tagText(key, 1, maxTagKey) || !tagText(v.text, 0, maxTagValue):
		r.fail("a session tag breaks the grammar of tags")
	case strings.HasPrefix(folded, "aws:"):
		r.fail("a session tag is one of AWS's own")
	case r.folded[folded]:
		r.fail("two session tags have one key")
	default:
		if r.tags == nil {
			r.tags, r.folded = map[string]string{}, map[string]bool{}
		}
		r.tags[key], r.folded[folded] = v.text, true
	}
}

func (r *tagReader) addTransitive(v *jsonValue) {
	keys, ok := texts(v, maxTags, maxTagKey*utf8.UTFMax)
	if !ok {
		r.fail("the transitive tag keys are not a list of at most 50 texts")
	}
	for _, key := range keys {
		if !slices.Contains(r.transitive, key) {
			r.transitive = append(r.transitive, key)
		}
	}
}

// tagText reports whether s matches [\p{L}\p{Z}\p{N}_.:/=+\-@]* and has least to most characters.
func tagText(s string, least, most int) bool {
	if n := utf8.RuneCountInString(s); n < least || n > most {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r)
	})
}

// sourceIdentity returns the source identity that a verified token carries, "" if none.
func sourceIdentity(claims *jsonValue) (string, error) {
	v, is := claims.member(sourceIdentityClaim)
	if !is {
		return "", nil
	}
	n := len(v.text)
	odd := strings.ContainsFunc(v.text, func(r rune) bool {
		word := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !word && !strings.ContainsRune("_+=,.@-", r)
	})
	if v.kind != jsonString || n < minSourceIdentity || n > maxSourceIdentity || odd {
		return "", rejectedClaim(`the source identity is not 2 to 64 characters of [\w+=,.@-]`)
	}
	return v.text, nil
}
