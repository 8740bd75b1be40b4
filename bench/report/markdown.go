package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/wildgate/wildgate/bench/runner"
)

// begin and end are around what [Markdown] writes in a document.
const (
	begin = "<!-- written by go run ./bench -write bench -->"
	end   = "<!-- until here -->"
)

// Markdown returns the document with what is between its two marks replaced by all tables of the
// results.
func Markdown(document []byte, r *runner.Results) ([]byte, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n\n### %s\n\n%s\n", machine(r), goalsTitle, goalsText)
	markdownTable(&b, goalNumbers(r))
	fmt.Fprintf(&b, "\n%s\n", legendText)
	for _, t := range titles {
		fmt.Fprintf(&b, "\n### %s\n", t.title)
		markdownTable(&b, numbers(r, t.group))
	}
	fmt.Fprintf(&b, "\n### %s\n", coresTitle)
	markdownTable(&b, coreNumbers(r))
	if s := r.Service; s != nil {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", serviceTitle, serviceConditions(s))
		markdownTable(&b, serviceNumbers(s))
	}
	return between(document, b.String())
}

// Summary returns the document with what is between its two marks replaced by a few sentences,
// which tell medians.
func Summary(document []byte, r *runner.Results) ([]byte, error) {
	return between(document, summaryText(r)+"\nMedians of "+r.Machine.When.Format("2 January 2006")+".\n")
}

// between returns the document with text between its two marks.
func between(document []byte, text string) ([]byte, error) {
	before, rest, ok := bytes.Cut(document, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return nil, fmt.Errorf("bench: the document has no lines %q and %q", begin, end)
	}
	return fmt.Appendf(nil, "%s%s\n\n%s\n%s%s", before, begin, text, end, after), nil
}

func markdownTable(b *strings.Builder, t table) {
	fmt.Fprintf(b, "\n| %s |\n|%s\n", strings.Join(t.Head, " | "), strings.Repeat(" --- |", len(t.Head)))
	for _, row := range t.Rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	if len(t.Reasons) > 0 {
		b.WriteString("\n")
	}
	for _, reason := range t.Reasons {
		fmt.Fprintf(b, "- %s\n", reason)
	}
}
