package awsquery

import (
	"strconv"
	"strings"
)

// Strings returns the members of a list of texts, in order: Name.member.1, Name.member.2 and so on.
// nil: the list was not sent. A list that is sent as Name= is empty, and not nil.
func (p *Params) Strings(name string, list, member Rule) []string {
	n, sent := p.members(name, &list)
	if !sent {
		return nil
	}
	all := make([]string, 0, n)
	broken := false
	parts := len(p.form.below(p.prefix + name + "."))
	for i := range n {
		value, ok := p.form.Get(p.member(name, i))
		if !ok || parts != n { // a part that is no member would be dropped
			p.malformed("Start of structure or map found where not expected")
			return nil
		}
		broken = broken || len(member.Broken(value)) > 0
		all = append(all, value)
	}
	quoted := list
	quoted.Sensitive = list.Sensitive || member.Sensitive
	text := "[" + strings.Join(all, ", ") + "]"
	for _, b := range list.BrokenLength(n) {
		p.violation(name, quoted.Quoted(text), b)
	}
	if broken {
		p.violation(name, quoted.Quoted(text), member.OfMembers())
	}
	return all
}

// Structs returns the members of a list of structures, in order: Name.member.1.Key,
// Name.member.1.Value and so on. What is found wrong with them is in p's Err too. nil: the list was
// not sent.
func (p *Params) Structs(name string, list Rule) []*Params {
	n, sent := p.members(name, &list)
	if !sent {
		return nil
	}
	all := make([]*Params, 0, n)
	for i := range n {
		at := p.member(name, i)
		if _, ok := p.form.Get(at); ok {
			p.malformed("Unexpected complex element termination")
			return nil
		}
		all = append(all, &Params{
			form: p.form, prefix: at + ".", place: p.at(name) + "." + strconv.Itoa(i+1) + ".member.", wrong: p.wrong,
		})
	}
	for _, b := range list.BrokenLength(n) {
		p.violation(name, "", b)
	}
	return all
}

// member returns the name of the i-th member, from 0, as the form has it.
func (p *Params) member(name string, i int) string {
	return p.prefix + name + ".member." + strconv.Itoa(i+1)
}

// members returns how many members a list has, and whether it was sent. They have to be numbered
// from 1 without a gap, as every client numbers them: a reader that stops at a gap drops the
// members behind it, the policies that restrict a session among them.
func (p *Params) members(name string, list *Rule) (n int, sent bool) {
	whole := p.prefix + name
	value, empty := p.form.Get(whole)
	parts := p.form.below(whole + ".")
	switch {
	case empty && (value != "" || len(parts) > 0):
		p.malformed("Unexpected list element termination")
		return 0, false
	case empty:
		return 0, true
	case len(parts) == 0:
		p.absent(name, list)
		return 0, false
	}
	seen := make([]bool, len(parts)) // => no number can be greater than that without a gap
	for _, part := range parts {
		rest, ok := strings.CutPrefix(part.name[len(whole):], ".member.")
		if !ok {
			p.malformed("Top level element may not be treated as a list")
			return 0, false
		}
		digits, _, _ := strings.Cut(rest, ".")
		i, err := strconv.Atoi(digits)
		if err != nil || strconv.Itoa(i) != digits || i < 1 || i > len(parts) {
			p.malformed("The members of '" + p.at(name) + "' are not numbered from 1 on")
			return 0, false
		}
		if !seen[i-1] {
			seen[i-1] = true
			n++
		}
	}
	for i := range n {
		if !seen[i] {
			p.malformed("The members of '" + p.at(name) + "' are not numbered from 1 on")
			return 0, false
		}
	}
	return n, true
}
