package iampolicy

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy/internal/scalar"
	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/internal/jsontree"
)

// conditions looks at every condition with the node of its values, in the order
// in which they were compiled.
func (l *linter) conditions() {
	sameKey := make(map[string][]*condition) // by folded key: only these are held against each other
	for i := range l.st.conditions {
		key := ascii.ToLower(l.st.conditions[i].key)
		sameKey[key] = append(sameKey[key], &l.st.conditions[i])
	}
	next := 0
	for i := range l.e.condition.Kids {
		op := &l.e.condition.Kids[i]
		for j := range op.Kids {
			c := &l.st.conditions[next]
			next++
			at := &jsontree.Path{Up: &jsontree.Path{Up: &jsontree.Path{Up: l.at, Name: "Condition"}, Name: op.Name}, Name: op.Kids[j].Name}
			lc := conditionLinter{l, c, &op.Kids[j], at, sameKey[ascii.ToLower(c.key)]}
			lc.key()
			lc.absence()
			lc.values()
			lc.together()
		}
	}
}

type conditionLinter struct {
	*linter
	c  *condition
	n  *jsontree.Node // of the values
	at *jsontree.Path
	// sameKey are the conditions on its key, itself too.
	sameKey []*condition
}

func (l *conditionLinter) whole(code Code, format string, args ...any) {
	l.note(l.n.NameOffset, l.at, code, format, args...)
}

func (l *conditionLinter) one(index int, code Code, format string, args ...any) {
	if l.n.Kind == jsontree.List {
		l.note(l.n.Kids[index].Offset, &jsontree.Path{Up: l.at, Index: index}, code, format, args...)
		return
	}
	l.note(l.n.Offset, l.at, code, format, args...)
}

// key holds the operator against what is known of the key.
func (l *conditionLinter) key() {
	c := l.c
	if c.operand == nullOperand && c.quantifier != single {
		l.whole(CodeSetOperatorOnNull, "a set operator before Null changes nothing")
	}
	if !ascii.HasPrefixFold(c.key, "aws:") {
		return
	}
	k, ok := globalKeyNamed(c.key)
	switch {
	case !ok:
		l.whole(CodeUnknownGlobalKey, "%q is no global condition key that is known", c.key)
		return
	case c.operand == nullOperand:
	case k.multivalued && c.quantifier == single:
		l.whole(CodePlainOperatorOnMultivalued, "%q is multivalued: %s never matches it, with ForAllValues or ForAnyValue it does", c.key,
			c.name)
	case !k.multivalued && c.quantifier != single:
		l.whole(CodeSetOperatorOnSingleValue, "%q has one value: %s is meant for multivalued keys", c.key, c.name)
	}
	if !k.fits(c.operand) {
		l.whole(CodeOperatorOfOtherType, "%s does not suit %q", c.name, c.key)
	}
	if k.operand == arnOperand && c.wildcards && !l.st.deny && l.hasWildcard() {
		l.whole(CodeStringOperatorOnARN, "wildcards of %s cross the parts of an ARN; ArnLike keeps them within", c.name)
	}
	if k.spoofable && !l.st.deny {
		l.whole(CodeSpoofableKey, "the caller chooses %q", c.key)
	}
}

func (l *conditionLinter) hasWildcard() bool {
	for _, text := range l.c.texts {
		if strings.ContainsAny(text, "*?") {
			return true
		}
	}
	return false
}

// absence looks at what happens where the key is missing.
func (l *conditionLinter) absence() {
	c := l.c
	if c.quantifier == forAnyValue && c.negated {
		l.whole(CodeNegatedForAnyValue, "%s holds as soon as one value is not listed", c.name)
	}
	if l.st.deny {
		if c.operand == boolOperand && !c.ifExists && c.bools == [2]bool{true, false} &&
			ascii.EqualFold(c.key, "aws:MultiFactorAuthPresent") {
			l.whole(CodeMFADenyWithoutIfExists,
				"long-term credentials do not have %q, so that the Deny does not apply to them; use BoolIfExists", c.key)
		}
		return
	}
	k, _ := globalKeyNamed(c.key)
	if k.always || l.guarded() || c.operand == nullOperand {
		return
	}
	switch {
	case c.ifExists:
		l.whole(CodeIfExistsInAllow, "%s holds where %q is missing", c.name, c.key)
	case c.quantifier == forAllValues:
		l.whole(CodeForAllValuesUnguarded, `%s holds where %q is missing or empty; add Null "false" for it`, c.name, c.key)
	case c.negated && c.quantifier == single:
		l.whole(CodeNegationUnguarded, `%s holds where %q is missing; add Null "false" for it`, c.name, c.key)
	}
}

// guarded reports whether another condition needs the key to be there.
func (l *conditionLinter) guarded() bool {
	for _, other := range l.sameKey {
		if other != l.c && other.needsKey() {
			return true
		}
	}
	return false
}

// needsKey reports whether the condition never holds where its key is missing.
func (c *condition) needsKey() bool {
	if c.operand == nullOperand {
		return c.bools == [2]bool{true, false}
	}
	return !c.ifExists && (c.quantifier == forAnyValue || c.quantifier == single && !c.negated)
}

// values looks at the operands.
func (l *conditionLinter) values() {
	c := l.c
	if c.bools == [2]bool{true, true} {
		l.whole(CodeBothBooleans, "both true and false are listed")
	}
	seen := make(map[string]bool)
	for i, text := range c.texts {
		if seen[text] {
			l.one(i, CodeRedundantValue, "%q is there twice", text)
		}
		seen[text] = true
		if !l.modern && strings.Contains(text, "${") && (c.operand == stringOperand || c.operand == arnOperand) {
			l.one(i, CodeVariableInOldVersion, `%q is literal: policy variables need Version "2012-10-17"`, text)
		}
		switch c.operand {
		case stringOperand:
			l.text(i, text)
		case addressOperand:
			l.address(i, text)
		case arnOperand:
			if fields, parts := splitPattern(text, l.modern); parts == 6 {
				if a := fields[4]; a != "" && a != "aws" && !strings.ContainsAny(a, "*?$") && !isAccountID(a) {
					l.one(i, CodeInvalidAccountInARN, "%q is no account ID", a)
				}
			}
		case numberOperand, dateOperand, boolOperand, binaryOperand, nullOperand:
		}
	}
}

func (l *conditionLinter) text(i int, text string) {
	p := &l.c.patterns[i]
	n := l.n
	if n.Kind == jsontree.List {
		n = &n.Kids[i]
	}
	if n.Kind != jsontree.String {
		l.one(i, CodeUnquotedValue, "%s is compared as text", text)
	}
	switch {
	case l.c.wildcards && p.shape == anything && !l.c.negated:
		l.one(i, CodeLikeEverything, `"*" matches every value: Null "false" says so`)
	case l.c.wildcards && p.shape == literal && !strings.Contains(text, "${"):
		l.one(i, CodeLikeWithoutWildcard, "%q has no wildcard", text)
	case !l.c.wildcards && p.shape == literal && strings.ContainsAny(text, "*?") && !strings.Contains(text, "${"):
		l.one(i, CodeWildcardWithoutLike, "in %s the wildcard in %q is a plain character", l.c.name, text)
	}
	for _, v := range p.variables() {
		if ascii.EqualFold(v.key, "aws:username") && !v.hasDefault {
			l.one(i, CodeUsernameOfSessions, "aws:username is there for IAM users only, not for role sessions")
		}
	}
}

func (l *conditionLinter) address(i int, text string) {
	prefix := l.c.prefixes[i]
	if prefix.Bits() == 0 && !l.c.negated && !l.st.deny {
		l.one(i, CodeEveryAddress, "%q limits nothing", text)
	}
	if written, err := netip.ParsePrefix(text); err == nil && written.Masked() != written {
		l.one(i, CodeHostBits, "%q means %q", text, prefix.String())
	}
	if ascii.EqualFold(l.c.key, "aws:SourceIp") && (prefix.Addr().IsPrivate() || prefix.Addr().IsLoopback()) {
		l.one(i, CodePrivateAddress, "%q is a private address, which a public endpoint does not see", text)
	}
}

// together looks at conditions on the same key that exclude each other. Each
// pair is looked at once.
func (l *conditionLinter) together() {
	for _, other := range l.sameKey {
		if other == l.c {
			continue
		}
		if l.c.operand == nullOperand && l.c.bools == [2]bool{false, true} && other.needsKey() {
			l.whole(CodeNullContradicted, "Null needs %q to be missing, %s needs it", l.c.key, other.name)
		}
		if l.c.emptyRangeWith(other) {
			l.whole(CodeEmptyRange, "nothing satisfies both %s and %s", l.c.name, other.name)
		}
	}
}

// emptyRangeWith reports whether no value satisfies both, of which c bounds from
// above and other from below. Of several values the loosest counts.
func (c *condition) emptyRangeWith(other *condition) bool {
	below := c.relation == less || c.relation == lessEqual
	above := other.relation == greater || other.relation == greaterEqual
	if !below || !above || c.operand != other.operand || c.quantifier != single || other.quantifier != single ||
		c.ifExists && other.ifExists {
		return false
	}
	d := 0
	if c.operand == numberOperand {
		highest := slices.MaxFunc(c.numbers, func(a, b scalar.Decimal) int { return a.Compare(&b) })
		lowest := slices.MinFunc(other.numbers, func(a, b scalar.Decimal) int { return a.Compare(&b) })
		d = highest.Compare(&lowest)
	} else {
		d = slices.MaxFunc(c.instants, scalar.Instant.Compare).Compare(slices.MinFunc(other.instants, scalar.Instant.Compare))
	}
	return d < 0 || d == 0 && (c.relation == less || other.relation == greater)
}
