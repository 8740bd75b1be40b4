package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/internal/testneed"
)

// A summary counts tests, and subtests as tests.
type summary struct {
	passed, failed, skipped, failedPackages int
	lack                                    [len(needs) + 1]lack // by need; the last one is any other reason
	cached                                  bool                 // a test was skipped when its cached result was made
}

// A lack is what tests were skipped for, one attribute of package testneed.
type lack struct {
	tests int
	what  map[string]bool
}

// needs are the attributes of skipped tests, and what the summary says of them.
var needs = [...]struct {
	attr, text string
	named      bool // say what exactly
}{
	{testneed.ProgramAttr, "for programs that are not installed", true},
	{testneed.DataAttr, "for the test data in the folder shared beside the repository", false},
	{testneed.SystemAttr, "for what this system does not have", true},
}

func (s *summary) skip(attrs map[string]string) {
	s.skipped++
	for i, n := range needs {
		if what, ok := attrs[n.attr]; ok {
			if s.lack[i].what == nil {
				s.lack[i].what = map[string]bool{}
			}
			s.lack[i].what[what] = true
			s.lack[i].tests++
			return
		}
	}
	s.lack[len(needs)].tests++
}

// String returns one line.
func (s *summary) String() string {
	var b strings.Builder
	if s.failedPackages > 0 {
		fmt.Fprintf(&b, "FAIL: packages: %d failed; ", s.failedPackages)
	}
	fmt.Fprintf(&b, "tests: %d failed, %d passed, %d skipped", s.failed, s.passed, s.skipped)
	separator := ": "
	for i, l := range s.lack {
		if l.tests == 0 {
			continue
		}
		text := "for another reason"
		if i < len(needs) {
			text = needs[i].text
			if needs[i].named {
				text += " (" + strings.Join(slices.Sorted(maps.Keys(l.what)), ", ") + ")"
			}
		}
		fmt.Fprintf(&b, "%s%d %s", separator, l.tests, text)
		separator = ", "
	}
	if s.cached {
		b.WriteString("; some of that is from the test cache: -count=1 looks again")
	}
	return b.String()
}
