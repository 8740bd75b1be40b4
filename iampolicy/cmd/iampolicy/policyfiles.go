package main

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/jsontree"
)

// A policySource is where one policy stands: a file, or an object of a request file.
type policySource struct {
	file string
	// inline is the document where the request file has it.
	inline       []byte
	line, column int // where it begins there
}

// policyFiles are the sources of a Set: by type, by level. Types other than SCP
// and RCP have one level.
type policyFiles map[iampolicy.PolicyType][][]policySource

// replace takes the types that other has from there. A resource has one policy,
// be it of the one type or of the other.
func (p policyFiles) replace(other policyFiles) {
	if other[iampolicy.ResourcePolicy] != nil || other[iampolicy.TrustPolicy] != nil {
		delete(p, iampolicy.ResourcePolicy)
		delete(p, iampolicy.TrustPolicy)
	}
	maps.Copy(p, other)
}

// sets reads "policies" of a request file.
func (f *requestFile) sets(v *jsontree.Node) error {
	known := make(map[string]func(*jsontree.Node) error)
	for kind := iampolicy.IdentityPolicy; kind <= iampolicy.TrustPolicy; kind++ {
		known[kindName(kind)] = func(v *jsontree.Node) error {
			levels, err := f.levels(v, kind)
			f.policies[kind] = levels
			return err
		}
	}
	if err := f.members(v, known); err != nil {
		return err
	}
	if f.policies[iampolicy.ResourcePolicy] != nil && f.policies[iampolicy.TrustPolicy] != nil {
		return f.text.errorf(v.Offset, "a resource has one policy: of type resource, or for a role of type trust")
	}
	return nil
}

// levels reads the policies of one type.
func (f *requestFile) levels(v *jsontree.Node, kind iampolicy.PolicyType) (levels [][]policySource, err error) {
	switch kind {
	case iampolicy.SCP, iampolicy.RCP:
		if v.Kind != jsontree.List {
			return nil, f.text.errorf(v.Offset, "a list of levels is expected, root first, each a policy or a list of policies")
		}
		levels = make([][]policySource, len(v.Kids))
		for i := range v.Kids {
			if levels[i], err = f.sources(&v.Kids[i]); err != nil {
				return nil, err
			}
		}
		return levels, nil
	case iampolicy.ResourcePolicy, iampolicy.TrustPolicy:
		if v.Kind == jsontree.List {
			return nil, f.text.errorf(v.Offset, "a resource has one policy, which is no list")
		}
	}
	sources, err := f.sources(v)
	return [][]policySource{sources}, err
}

// sources reads a policy or a list of policies: names of files, or documents.
func (f *requestFile) sources(v *jsontree.Node) (list []policySource, err error) {
	if v.Kind == jsontree.List {
		for i := range v.Kids {
			s, err := f.source(&v.Kids[i])
			if err != nil {
				return nil, err
			}
			list = append(list, s)
		}
		return list, nil
	}
	s, err := f.source(v)
	return []policySource{s}, err
}

func (f *requestFile) source(v *jsontree.Node) (policySource, error) {
	if v.Kind == jsontree.Object {
		line, column := f.text.position(v.Offset)
		return policySource{f.name, []byte(v.Text), line, column}, nil
	}
	name := v.Text
	switch {
	case v.Kind != jsontree.String || name == "":
		return policySource{}, f.text.errorf(v.Offset, "a policy is expected: the name of a file, or the document itself")
	case name != standardInput && !filepath.IsAbs(name):
		name = filepath.Join(f.dir, name)
	}
	return policySource{file: name}, nil
}

// name is how decisions and messages call the policy.
func (s policySource) name() string {
	if s.inline != nil {
		return fmt.Sprintf("%s:%d:%d", displayName(s.file), s.line, s.column)
	}
	return displayName(s.file)
}

// A loader parses policies, and keeps what is wrong with them.
type loader struct {
	console *console
	parsing parsing
	wrong   []string // lines for people and editors
}

func (l *loader) load(s policySource, kind iampolicy.PolicyType) *iampolicy.Policy {
	doc, err := s.inline, error(nil)
	if doc == nil {
		doc, err = l.console.read(s.file)
	}
	if err != nil {
		l.wrong = append(l.wrong, "iampolicy: "+printable(err.Error()))
		return nil
	}
	policy, err := iampolicy.Parse(doc, kind, l.parsing.options(s.name())...)
	if e, ok := errors.AsType[*iampolicy.ParseError](err); ok {
		l.wrong = append(l.wrong, s.mistakes(e)...)
	}
	return policy
}

// mistakes returns a line for each mistake in the policy.
func (s policySource) mistakes(e *iampolicy.ParseError) (lines []string) {
	for _, m := range e.Findings {
		lines = append(lines, s.mistake(m))
	}
	return lines
}

// mistake returns the line for a mistake, its place that in the file.
func (s policySource) mistake(m iampolicy.Finding) string {
	if s.inline != nil {
		if m.Line == 1 {
			m.Column += s.column - 1
		}
		m.Line += s.line - 1
	}
	return reportOf(m).line(false, displayName(s.file))
}

// set parses all sources into a Set. It is of use only where nothing is wrong.
func (l *loader) set(files policyFiles) *iampolicy.Set {
	levels := func(kind iampolicy.PolicyType) (list [][]*iampolicy.Policy) {
		for _, sources := range files[kind] {
			policies := make([]*iampolicy.Policy, len(sources))
			for i, s := range sources {
				policies[i] = l.load(s, kind)
			}
			list = append(list, policies)
		}
		return list
	}
	flat := func(kind iampolicy.PolicyType) (list []*iampolicy.Policy) {
		for _, policies := range levels(kind) {
			list = append(list, policies...)
		}
		return list
	}
	set := &iampolicy.Set{
		Identity: flat(iampolicy.IdentityPolicy), Boundaries: flat(iampolicy.PermissionsBoundary), Sessions: flat(iampolicy.SessionPolicy),
		SCPs: levels(iampolicy.SCP), RCPs: levels(iampolicy.RCP),
	}
	for _, policy := range append(flat(iampolicy.ResourcePolicy), flat(iampolicy.TrustPolicy)...) {
		set.Resource = policy
	}
	return set
}

// fails returns what was wrong, as one error.
func (l *loader) fails() error {
	if l.wrong == nil {
		return nil
	}
	return inputError(strings.Join(l.wrong, "\n"))
}
