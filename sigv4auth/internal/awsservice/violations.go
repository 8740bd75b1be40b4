package awsservice

import (
	"strconv"
	"strings"
)

const (
	maxEchoed   = 1024 // characters of a value that a message repeats
	maxReported = 50   // violations that a message describes
)

// Absent is what a member breaks that is required and was not sent.
const Absent = "Member must not be null"

// Violations collects which members of an input break their rules. Its zero value is none.
type Violations struct {
	texts []string
	count int // >= len(texts)
}

// Add adds that the value of a member breaks its rule. value is what [Quoted] returns, or empty.
func (v *Violations) Add(place, value, broken string) {
	if v.count++; len(v.texts) < maxReported {
		v.texts = append(v.texts, "Value"+value+" at '"+place+"' failed to satisfy constraint: "+broken)
	}
}

// Message returns what is wrong, as AWS says it, or "" for nothing.
func (v *Violations) Message() string {
	if v.count == 0 {
		return ""
	}
	what := " validation error detected: "
	if v.count > 1 {
		what = " validation errors detected: "
	}
	return strconv.Itoa(v.count) + what + strings.Join(v.texts, "; ")
}

// At returns a member's name as AWS's messages have it: the first letter is a small one.
func At(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// Quoted returns a value for a violation, or nothing if it is not to be repeated.
func (r *Rule) Quoted(value string) string {
	if r.Sensitive {
		return ""
	}
	return " '" + Cut(value) + "'"
}

// Cut returns as much of a text as a message repeats.
func Cut(text string) string {
	n := 0
	for i := range text {
		if n++; n > maxEchoed {
			return text[:i] + "..."
		}
	}
	return text
}
