package filestore

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/internal/jsontree"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// field is one element that an object may have.
type field struct {
	name     string
	required bool
	decode   func(n *jsontree.Node, at string)
}

// object decodes n by its fields. Nothing unknown is skipped: a misspelt PermissionsBoundary or
// Expires would widen what its owner may do (threats 150 to 153).
func (d *decoder) object(n *jsontree.Node, at, what string, fields []field) {
	if n.Kind != jsontree.Object {
		d.fail(n.Offset, at, "%s is an object, not %s", what, n.Kind)
		return
	}
	found := make(map[string]bool, len(fields))
	for i := range n.Kids {
		kid := &n.Kids[i]
		known := false
		for _, f := range fields {
			if f.name == kid.Name {
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
			d.fail(n.Offset, at, "%s needs %s", what, f.name)
		}
	}
}

// unknown reports an element that does not exist. It is named where its name is nearly that of one
// that does, or too short for a secret: a slip of the keyboard may have put one there.
func (d *decoder) unknown(n *jsontree.Node, at, what string, fields []field) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
		if ascii.Distance(f.name, n.Name) <= maxSlips {
			d.fail(n.NameOffset, at, "unknown element %q; did you mean %q?", n.Name, f.name)
			return
		}
	}
	name := strconv.Quote(n.Name)
	if len(n.Name) >= iamid.MinSecret {
		name = fmt.Sprintf("of %d characters", utf8.RuneCountInString(n.Name))
	}
	d.fail(n.NameOffset, at, "unknown element %s; %s has %s", name, what, strings.Join(names, ", "))
}

// maxSlips is in how many letters a name may differ from the one that is meant.
const maxSlips = 2

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// list calls decode for each element of a list of at most limit.
func (d *decoder) list(n *jsontree.Node, at string, limit int, decode func(n *jsontree.Node, at string)) {
	switch {
	case n.Kind != jsontree.List:
		d.fail(n.Offset, at, "a list is expected, not %s", n.Kind)
	case len(n.Kids) > limit:
		d.fail(n.Offset, at, "the list has %d elements; at most %d", len(n.Kids), limit)
	default:
		for i := range n.Kids {
			decode(&n.Kids[i], fmt.Sprintf("%s[%d]", at, i))
		}
	}
}

// string decodes a string that valid admits; rule says what that is. The string itself is not told:
// where an ID and a secret have changed places it is the secret.
func (d *decoder) string(n *jsontree.Node, at string, valid func(string) bool, rule string) (s string, ok bool) {
	switch {
	case n.Kind != jsontree.String:
		d.fail(n.Offset, at, "a string is expected, not %s", n.Kind)
	case !valid(n.Text):
		d.fail(n.Offset, at, "%s", rule)
	default:
		return n.Text, true
	}
	return "", false
}

// time decodes an instant, as 2027-01-31T00:00:00Z.
func (d *decoder) time(n *jsontree.Node, at string) (t time.Time) {
	valid := func(s string) bool {
		var err error
		t, err = time.Parse(time.RFC3339, s)
		return err == nil && !t.IsZero()
	}
	d.string(n, at, valid, "is no instant as RFC 3339 has it: 2027-01-31T00:00:00Z")
	return t
}

func (d *decoder) tags(n *jsontree.Node, at string) map[string]string {
	if n.Kind != jsontree.Object {
		d.fail(n.Offset, at, "tags are an object, not %s", n.Kind)
		return nil
	}
	if len(n.Kids) > iamid.MaxTags {
		d.fail(n.Offset, at, "%d tags; at most %d", len(n.Kids), iamid.MaxTags)
		return nil
	}
	tags := make(map[string]string, len(n.Kids))
	for i := range n.Kids {
		kid := &n.Kids[i]
		if kid.Kind != jsontree.String {
			d.fail(kid.Offset, at, "the value of a tag is a string, not %s", kid.Kind)
			continue
		}
		if problem := iamid.AddTag(tags, kid.Name, kid.Text); problem != "" {
			d.fail(kid.NameOffset, at, "%s", problem)
		}
	}
	return tags
}
