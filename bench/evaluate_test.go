package main

import (
	"slices"
	"testing"

	"github.com/cedar-policy/cedar-go"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/work"
	"github.com/wildgate/wildgate/iampolicy"
)

// questions returns those of the command's questions that suit.
func questions(suits func(q work.Question) bool) []work.Question {
	return slices.DeleteFunc(work.Evaluation(), func(q work.Question) bool { return !suits(q) })
}

// aThousand returns the questions about 1,000 statements, which differ in one thing each.
func aThousand() []work.Question {
	return questions(func(q work.Question) bool { return q.Group == work.Policies && len(q.Statements) == 1000 })
}

// document returns the question's one policy document.
func document(tb testing.TB, q work.Question) []byte {
	tb.Helper()
	docs, err := q.IAM()
	if err != nil || len(docs) != 1 {
		tb.Fatalf("%s: %d documents, %v", q.Name, len(docs), err)
	}
	return docs[0]
}

// BenchmarkEvaluate decides by the last of the statements. Here the floor of compare is cedar-go.
func BenchmarkEvaluate(b *testing.B) {
	for _, q := range questions(func(q work.Question) bool { return q.Group == work.Policies }) {
		b.Run("policies="+q.Name, func(b *testing.B) {
			var decide []contender.Decide
			for _, e := range contender.Engines()[:2] {
				d, err := e.New(q)
				if err != nil {
					b.Fatal(err)
				}
				decide = append(decide, d)
			}
			compare(b, func() { _ = decide[0](true) }, func() { _ = decide[1](true) })
		})
	}
}

// BenchmarkParse compiles 1,000 statements, beside cedar-go's compiling their equivalent.
func BenchmarkParse(b *testing.B) {
	for _, q := range aThousand() {
		b.Run("policies="+q.Name, func(b *testing.B) {
			theirs, ours := q.Cedar(), document(b, q)
			compareRounds(b, 1, func() {
				if _, err := cedar.NewPolicySetFromBytes("bench.cedar", theirs); err != nil {
					b.Fatal(err)
				}
			}, func() {
				if _, err := iampolicy.Parse(ours, iampolicy.Identity); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// TestSelfEvaluate: iampolicy's answers to all that is measured are right, and allocate nothing.
func TestSelfEvaluate(t *testing.T) {
	ours := contender.Engines()[1]
	for _, q := range work.Evaluation() {
		decide, err := ours.New(q)
		if err != nil || !decide(true) || decide(false) {
			t.Errorf("%s: %s does not decide as it should (%v)", q.Name, ours.Name, err)
			continue
		}
		if got := testing.AllocsPerRun(20, func() { decide(true) }); got > 0 {
			t.Errorf("%s: %v allocations; want 0", q.Name, got)
		}
	}
}
