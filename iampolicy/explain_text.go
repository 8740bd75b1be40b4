package iampolicy

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns the explanation as lines of text: the decision, what made it,
// and for an implicit deny what the nearest misses lacked. Every value is quoted,
// so that a log line stays one.
func (x Explanation) String() string {
	var b strings.Builder
	caller := x.principal
	if caller == "" {
		caller = "anonymous"
	}
	fmt.Fprintf(&b, "%v: %q, %q on %q\n", x.Decision.Outcome, caller, x.action, x.resource)
	switch {
	case x.Undecided != "":
		fmt.Fprintf(&b, "  %s\n", x.Undecided)
	case x.Decision.Outcome == ImplicitDeny:
		fmt.Fprintf(&b, "  no %v allows it\n", x.BlockedBy)
		for _, obstacle := range []string{bareName(x.principal, x.bare), accountsApart(x.CallerAccount, x.ResourceAccount)} {
			if obstacle != "" {
				fmt.Fprintf(&b, "  %s\n", obstacle)
			}
		}
	case x.Decision.PolicyType == 0:
		b.WriteString("  the root user of the account needs no Allow\n")
	}
	for _, f := range x.Statements {
		if d := x.Decision; d.PolicyType == f.PolicyType && d.Level == f.Level && d.Policy == f.Policy && d.Statement == f.Statement {
			fmt.Fprintf(&b, "  by %s\n", f.place())
			f.writePresumed(&b)
		}
	}
	if x.Incomplete {
		b.WriteString("  not all statements were looked at: that would cost too much\n")
	}
	if len(x.NearestMisses) > 0 {
		b.WriteString("nearest misses:\n")
	}
	for _, f := range x.NearestMisses {
		b.WriteString(f.String())
	}
	return b.String()
}

// Sentences returns what String says as sentences of one line each: the decision, what made it, and
// for each of the nearest misses what it lacked. Every value is quoted.
func (x Explanation) Sentences() (list []string) {
	for line := range strings.Lines(x.String()) {
		text := strings.TrimSpace(line)
		switch {
		case text == "nearest misses:":
		case !strings.HasPrefix(line, "    ") || len(list) == 0:
			list = append(list, text)
		case strings.HasSuffix(list[len(list)-1], ":"): // what the statement lacks
			list[len(list)-1] += " " + text
		default:
			list[len(list)-1] += "; " + text
		}
	}
	return list
}

// bareName says of a caller that is named by no ARN that it has no policies of its own; "" of
// others.
func bareName(principal string, bare bool) string {
	if !bare {
		return ""
	}
	return "the principal " + strconv.Quote(principal) + " is no ARN, and taken for a service, which has no policies of its own; " +
		"a user is arn:aws:iam::ACCOUNT:user/NAME"
}

// accountsApart says which accounts differ, so that no Allow of the caller's own policies is
// enough; "" where they are the same, or the caller belongs to none.
func accountsApart(caller, resource string) string {
	switch {
	case caller == "" || caller == resource:
		return ""
	case resource == "":
		return "the caller is of account " + strconv.Quote(caller) +
			", and the resource's is not known: then a resource policy has to allow it as well"
	}
	return "the caller is of account " + strconv.Quote(caller) + ", the resource of " + strconv.Quote(resource) +
		": across accounts a resource policy has to allow it as well"
}

// String returns the statement's place and whether it applied, and a line for
// each element that failed.
func (f StatementResult) String() string {
	var b strings.Builder
	b.WriteString("  " + f.place())
	if f.Applied() {
		b.WriteString(" applies\n")
		f.writePresumed(&b)
		return b.String()
	}
	b.WriteString(" does not apply:\n")
	for _, failure := range f.Mismatches {
		b.WriteString("    " + failure.String() + "\n")
	}
	return b.String()
}

// writePresumed writes what of a Deny that applied only counts as matching.
func (f StatementResult) writePresumed(b *strings.Builder) {
	for _, p := range f.Presumed {
		fmt.Fprintf(b, "    %s; what is not known denies\n", p)
	}
}

// place names the statement, as: identity policy "riders", statement 2 "OwnRides" (Allow).
func (f StatementResult) place() string {
	var b strings.Builder
	b.WriteString(f.PolicyType.String())
	if f.PolicyType == SCP || f.PolicyType == RCP {
		fmt.Fprintf(&b, " of level %d", f.Level)
	}
	if f.PolicyName != "" {
		fmt.Fprintf(&b, " %q", f.PolicyName)
	} else {
		fmt.Fprintf(&b, " %d", f.Policy)
	}
	fmt.Fprintf(&b, ", statement %d", f.Statement)
	if f.Sid != "" {
		fmt.Fprintf(&b, " %q", f.Sid)
	}
	if f.Deny {
		return b.String() + " (Deny)"
	}
	return b.String() + " (Allow)"
}

// String says what failed or is presumed, with the policy's values and the request's.
func (f Mismatch) String() string {
	name := f.Element
	if f.Operator != "" {
		name += " " + f.Operator + " " + fmt.Sprintf("%q", f.Key)
	}
	policy, request := quoteAll(f.Policy), quoteAll(f.Request)
	switch f.Cause {
	case MismatchKeyAbsent:
		return fmt.Sprintf("%s: the policy has %s, the key is missing", name, policy)
	case MismatchKeyPresent:
		return fmt.Sprintf("%s: the policy has %s, the request has the key: %s", name, policy, request)
	case MismatchMultivalued:
		return fmt.Sprintf("%s: the key is multivalued (%s), which needs ForAllValues or ForAnyValue", name, request)
	case MismatchUnreadable:
		return fmt.Sprintf("%s: the policy has %s, the value cannot be read: the request has %s", name, policy, request)
	case MismatchUnknown:
		if f.Variable == "" {
			return fmt.Sprintf("%s: the policy has %s, the request's value is not known", name, policy)
		}
		return fmt.Sprintf("%s: the policy has %s, whose variable %q has a value that is not known; the request has %s",
			name, policy, f.Variable, request)
	case MismatchUnresolved:
		return fmt.Sprintf("%s: the policy has %s, whose variable %q has no value; the request has %s", name, policy, f.Variable, request)
	case MismatchExcluded:
		return fmt.Sprintf("%s: the policy excepts %s, the request has %s", name, policy, request)
	case MismatchValue:
	}
	return fmt.Sprintf("%s: the policy has %s, the request has %s", name, policy, request)
}

func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = strconv.Quote(text)
	}
	return strings.Join(quoted, ", ")
}
