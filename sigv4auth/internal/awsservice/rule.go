package awsservice

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Rule is what a service's model says of a member of an operation's input. Its zero value permits
// everything, and the member's absence.
type Rule struct {
	// Required: the member must be sent. One that is sent empty is there.
	Required bool
	// Sensitive: the value is not repeated in messages.
	Sensitive bool
	// MinLength and MaxLength bound a text's length in Unicode characters, and a list's in members,
	// both included. 0: no bound.
	MinLength, MaxLength int
	// Min and Max bound a number, both included. Both 0: no bounds.
	Min, Max int64
	// Pattern is what a text has to match as a whole. nil: everything.
	Pattern *Pattern
	// Enum lists the texts that are permitted. nil: all.
	Enum []string
}

// Pattern is a regular expression of a service's model: its text is for messages, and Match
// decides.
type Pattern struct {
	Text  string
	Match func(string) bool
}

// Broken returns what a text breaks.
func (r *Rule) Broken(value string) []string {
	all := r.BrokenLength(utf8.RuneCountInString(value))
	if r.Pattern != nil && !r.Pattern.Match(value) {
		all = append(all, r.patternText())
	}
	if r.Enum != nil && !slices.Contains(r.Enum, value) {
		all = append(all, r.enumText())
	}
	return all
}

// BrokenLength returns what the length of a text or a list breaks.
func (r *Rule) BrokenLength(n int) []string {
	var all []string
	if r.MaxLength > 0 && n > r.MaxLength {
		all = append(all, r.maxText())
	}
	if n < r.MinLength {
		all = append(all, r.minText())
	}
	return all
}

// BrokenNumber returns what a number breaks, "" if nothing.
func (r *Rule) BrokenNumber(n int64) string {
	switch {
	case r.Min == 0 && r.Max == 0:
		return ""
	case n < r.Min:
		return "Member must have value greater than or equal to " + strconv.FormatInt(r.Min, 10)
	case n > r.Max:
		return "Member must have value less than or equal to " + strconv.FormatInt(r.Max, 10)
	}
	return ""
}

func (r *Rule) maxText() string {
	return "Member must have length less than or equal to " + strconv.Itoa(r.MaxLength)
}

func (r *Rule) minText() string {
	return "Member must have length greater than or equal to " + strconv.Itoa(r.MinLength)
}

func (r *Rule) patternText() string {
	return "Member must satisfy regular expression pattern: " + r.Pattern.Text
}

func (r *Rule) enumText() string {
	return "Member must satisfy enum value set: [" + strings.Join(r.Enum, ", ") + "]"
}

// OfMembers returns the whole rule as AWS says it of a list, one of whose members breaks it.
func (r *Rule) OfMembers() string { return "Member must satisfy constraint: " + r.whole() }

// OfKeys and OfValues return the whole rule as AWS says it of a map, one of whose keys or values
// breaks it.
func (r *Rule) OfKeys() string { return "Map keys must satisfy constraint: " + r.whole() }

// OfValues is described with OfKeys.
func (r *Rule) OfValues() string { return "Map value must satisfy constraint: " + r.whole() }

// whole lists all that a rule says of a text.
func (r *Rule) whole() string {
	var all []string
	if r.MaxLength > 0 {
		all = append(all, r.maxText())
	}
	if r.MinLength > 0 {
		all = append(all, r.minText())
	}
	if r.Pattern != nil {
		all = append(all, r.patternText())
	}
	if r.Enum != nil {
		all = append(all, r.enumText())
	}
	return "[" + strings.Join(all, ", ") + "]"
}
