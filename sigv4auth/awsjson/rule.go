package awsjson

import "github.com/wildgate/wildgate/sigv4auth/internal/awsservice"

// Rule is what a service's model says of a member of an operation's input. Its zero value permits
// everything, and the member's absence.
type Rule struct {
	// Required: the member must be sent. One that is sent empty is there.
	Required bool
	// Sensitive: the value is not repeated in messages.
	Sensitive bool
	// MinLength and MaxLength bound a text's length in Unicode characters, and a list's or a map's
	// in members, both included. 0: no bound.
	MinLength, MaxLength int
	// Min and Max bound a number, both included. Both 0: no bounds.
	Min, Max int64
	// Pattern is what a text has to match as a whole. nil: everything.
	Pattern *Pattern
	// Enum lists the texts that are permitted. nil: all.
	Enum []string
}

// Pattern is a regular expression of a service's model: its text is for messages, and Match
// decides. Both are required. Match is called from many goroutines at once.
type Pattern struct {
	Text  string
	Match func(string) bool
}

// shared returns the rule with the words that all services have for it.
func (r *Rule) shared() *awsservice.Rule {
	s := &awsservice.Rule{
		Required: r.Required, Sensitive: r.Sensitive, MinLength: r.MinLength, MaxLength: r.MaxLength, Min: r.Min, Max: r.Max,
		Enum: r.Enum,
	}
	if r.Pattern != nil {
		s.Pattern = &awsservice.Pattern{Text: r.Pattern.Text, Match: r.Pattern.Match}
	}
	return s
}
