package filestore

import (
	"fmt"
	"strings"
	"time"
)

// field is one element that an object may have.
type field struct {
	name     string
	required bool
	decode   func(n *node, at string)
}

// object decodes n by its fields. Nothing unknown is skipped: a misspelt PermissionsBoundary or
// Expires would widen what its owner may do (threats 150 to 153).
func (d *decoder) object(n *node, at, what string, fields []field) {
	if n.kind != objectNode {
		d.fail(n.off, at, "%s is an object, not %s", what, n.kind)
		return
	}
	found := make(map[string]bool, len(fields))
	for i := range n.kids {
		kid := &n.kids[i]
		known := false
		for _, f := range fields {
			if f.name == kid.name {
				known = true
				found[f.name] = true
				f.decode(kid, join(at, f.name))
			}
		}
		if !known {
			d.unknown(kid, at, what, fields)
		}
	}
	for _, f := range fields {
		if f.required && !found[f.name] {
			d.fail(n.off, at, "%s needs %s", what, f.name)
		}
	}
}

func (d *decoder) unknown(n *node, at, what string, fields []field) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
		if strings.EqualFold(strings.TrimSuffix(f.name, "s"), strings.TrimSuffix(n.name, "s")) {
			d.fail(n.nameOff, at, "unknown element; did you mean %q?", f.name)
			return
		}
	}
	d.fail(n.nameOff, at, "unknown element; %s has %s", what, strings.Join(names, ", "))
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// list calls decode for each element of a list of at most limit.
func (d *decoder) list(n *node, at string, limit int, decode func(n *node, at string)) {
	switch {
	case n.kind != listNode:
		d.fail(n.off, at, "a list is expected, not %s", n.kind)
	case len(n.kids) > limit:
		d.fail(n.off, at, "the list has %d elements; at most %d", len(n.kids), limit)
	default:
		for i := range n.kids {
			decode(&n.kids[i], fmt.Sprintf("%s[%d]", at, i))
		}
	}
}

// string decodes a string that valid admits; rule says what that is. The string itself is not told:
// where an ID and a secret have changed places it is the secret.
func (d *decoder) string(n *node, at string, valid func(string) bool, rule string) (s string, ok bool) {
	switch {
	case n.kind != stringNode:
		d.fail(n.off, at, "a string is expected, not %s", n.kind)
	case !valid(n.text):
		d.fail(n.off, at, "%s", rule)
	default:
		return n.text, true
	}
	return "", false
}

func (d *decoder) bool(n *node, at string) bool {
	if n.kind != boolNode {
		d.fail(n.off, at, "true or false is expected, not %s", n.kind)
	}
	return n.truth
}

// time decodes an instant, as 2027-01-31T00:00:00Z.
func (d *decoder) time(n *node, at string) (t time.Time) {
	valid := func(s string) bool {
		var err error
		t, err = time.Parse(time.RFC3339, s)
		return err == nil && !t.IsZero()
	}
	d.string(n, at, valid, "is no instant as RFC 3339 has it: 2027-01-31T00:00:00Z")
	return t
}

// The bounds of tags: IAM User Guide, "Rules for tagging in IAM and AWS STS".
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

func (d *decoder) tags(n *node, at string) map[string]string {
	if n.kind != objectNode {
		d.fail(n.off, at, "tags are an object, not %s", n.kind)
		return nil
	}
	if len(n.kids) > maxTags {
		d.fail(n.off, at, "%d tags; at most %d", len(n.kids), maxTags)
		return nil
	}
	tags := make(map[string]string, len(n.kids))
	for i := range n.kids {
		kid := &n.kids[i]
		if kid.kind != stringNode {
			d.fail(kid.off, at, "the value of a tag is a string, not %s", kid.kind)
			continue
		}
		if problem := addTag(tags, kid.name, kid.text); problem != "" {
			d.fail(kid.nameOff, at, "%s", problem)
		}
	}
	return tags
}

// addTag adds a tag, or says what is wrong with it. Condition keys have no case, so that of two
// tags that differ by case aws:PrincipalTag could mean either.
func addTag(tags map[string]string, key, value string) (problem string) {
	switch {
	case key == "" || len(key) > maxTagKey || !printable(key):
		return fmt.Sprintf("the key of a tag is 1 to %d characters without control characters", maxTagKey)
	case len(value) > maxTagValue || !printable(value):
		return fmt.Sprintf("the value of a tag is at most %d characters without control characters", maxTagValue)
	}
	for other := range tags {
		if strings.EqualFold(other, key) {
			return "the tag is given twice: case does not tell the keys of tags apart"
		}
	}
	tags[key] = value
	return ""
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}
