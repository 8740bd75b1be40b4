package awsquery

import (
	"strconv"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsservice"
)

// Params gives typed access to the input of an operation, or to a member of a list in it, and
// collects what is wrong. An operation reads all that it knows and then asks Err. Parameters that
// nobody reads are ignored, as AWS has it: newer clients send more.
//
// It is not safe for concurrent use.
type Params struct {
	form   Form
	prefix string  // of names in the form, for instance "Tags.member.1."
	place  string  // of names in messages, for instance "tags.1.member."
	wrong  *faults // shared with the members of lists
}

// faults is what has been found wrong.
type faults struct {
	shape      *Error // the first parameter of a wrong shape; nil => none
	violations awsservice.Violations
}

// NewParams returns the parameters of f.
func NewParams(f Form) *Params { return &Params{form: f, wrong: &faults{}} }

// Err returns nil if all that has been read so far is right, and an [*Error] otherwise.
func (p *Params) Err() error {
	if p.wrong.shape != nil {
		return p.wrong.shape
	}
	if message := p.wrong.violations.Message(); message != "" {
		return &Error{Code: "ValidationError", Message: message}
	}
	return nil
}

// Has reports whether the parameter was sent, or a part of it.
func (p *Params) Has(name string) bool {
	_, ok := p.form.Get(p.prefix + name)
	return ok || len(p.form.below(p.prefix+name+".")) > 0
}

// String returns a text, "" if it was not sent.
func (p *Params) String(name string, rule Rule) string {
	value, ok := p.scalar(name, &rule)
	if !ok {
		return ""
	}
	for _, broken := range rule.Broken(value) {
		p.violation(name, rule.Quoted(value), broken)
	}
	return value
}

// Int returns a whole number of 32 bits, and whether it was sent and is one.
func (p *Params) Int(name string, rule Rule) (n int64, ok bool) {
	value, ok := p.scalar(name, &rule)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || strconv.FormatInt(n, 10) != value { // no "+5", no "007"
		p.malformed("The value at '" + p.at(name) + "' is not an integer")
		return 0, false
	}
	if broken := rule.BrokenNumber(n); broken != "" {
		p.violation(name, rule.Quoted(value), broken)
	}
	return n, true
}

// Bool returns a truth value, false if it was not sent.
func (p *Params) Bool(name string, rule Rule) bool {
	value, ok := p.scalar(name, &rule)
	if ok && value != "true" && value != "false" {
		p.malformed("The value at '" + p.at(name) + "' is neither true nor false")
	}
	return value == "true"
}

// scalar returns what is no list and no structure.
func (p *Params) scalar(name string, rule *Rule) (value string, ok bool) {
	if len(p.form.below(p.prefix+name+".")) > 0 {
		p.malformed("Start of list found where not expected")
		return "", false
	}
	if value, ok = p.form.Get(p.prefix + name); !ok {
		p.absent(name, rule)
	}
	return value, ok
}

func (p *Params) absent(name string, rule *Rule) {
	if rule.Required {
		p.violation(name, " null", awsservice.Absent)
	}
}

// malformed records a parameter of a wrong shape.
func (p *Params) malformed(message string) {
	if p.wrong.shape == nil {
		p.wrong.shape = malformedInput(message)
	}
}

// violation records a value that breaks its rule.
func (p *Params) violation(name, value, broken string) {
	p.wrong.violations.Add(p.at(name), value, broken)
}

// at returns the place of a parameter as AWS's messages name it: the first letter is a small one.
func (p *Params) at(name string) string { return p.place + awsservice.At(name) }
