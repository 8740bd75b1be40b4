package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/wildgate/wildgate/bench/suite"
)

// begin and end are around what [Markdown] writes in a document.
const (
	begin = "<!-- written by go run ./bench -write bench -->"
	end   = "<!-- until here -->"
)

// Markdown returns the document with the tables between its two marks replaced by those of the results.
func Markdown(document []byte, r *suite.Results) ([]byte, error) {
	before, rest, ok := bytes.Cut(document, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return nil, fmt.Errorf("bench: the document has no lines %q and %q", begin, end)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n\n%s.\n\n%s\n", before, begin, machine(r), legendText)
	for _, t := range titles {
		markdownTable(&b, t.title, numbers(r, t.group))
	}
	markdownTable(&b, "The work of several cores, in times that of one", coreNumbers(r))
	fmt.Fprintf(&b, "\n%s%s", end, after)
	return []byte(b.String()), nil
}

func markdownTable(b *strings.Builder, title string, t table) {
	fmt.Fprintf(b, "\n### %s\n\n| %s |\n|%s\n", title, strings.Join(t.Head, " | "), strings.Repeat(" --- |", len(t.Head)))
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
