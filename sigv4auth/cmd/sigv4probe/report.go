package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A report is what one run found.
type report struct {
	URL           string   `json:"url"`
	Region        string   `json:"region"`
	Service       string   `json:"service"`
	PathStyle     string   `json:"pathStyle"`
	Requests      int      `json:"requests"`
	Passed        int      `json:"passed"`
	Security      int      `json:"wronglyAdmitted"`
	Compatibility int      `json:"wronglyRefused"`
	Information   int      `json:"information"`
	NotTested     int      `json:"notTested"`
	Results       []result `json:"results"`

	options *options
}

func newReport(o *options) *report {
	return &report{URL: redact(o.url.String()), Region: o.region, Service: o.service, PathStyle: string(o.style), options: o}
}

func (r *report) add(one result) {
	r.Results = append(r.Results, one)
	switch one.Verdict {
	case passed:
		r.Passed++
	case wronglyAdmit:
		r.Security++
	case wronglyRefused:
		r.Compatibility++
	case information:
		r.Information++
	case notTested:
		r.NotTested++
	}
}

func (r *report) write(w io.Writer) error {
	if r.options.json {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\ncredential scope %s/%s, path style %s; checks made: %d, requests sent: %d\n",
		r.URL, r.Region, r.Service, r.PathStyle, len(r.Results), r.Requests)
	for _, v := range []verdict{wronglyAdmit, wronglyRefused} {
		for _, one := range r.with(v) {
			one.write(&b)
		}
	}
	r.list(&b, "for information: AWS's services differ here, or it is an option of the verifier", r.with(information))
	if r.options.verbose {
		r.list(&b, "not tested", r.with(notTested))
		r.list(&b, "ok", r.with(passed))
	} else {
		r.list(&b, "not tested (-v lists each)", byAnswer(r.with(notTested)))
	}
	fmt.Fprintf(&b, "\n%d ok, %d wrongly admitted (security), %d wrongly refused (compatibility), %d for information, %d not tested\n",
		r.Passed, r.Security, r.Compatibility, r.Information, r.NotTested)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *report) with(v verdict) (some []result) {
	for _, one := range r.Results {
		if one.Verdict == v {
			some = append(some, one)
		}
	}
	return some
}

// list writes a line for each result, in columns: what was answered, the check, and -v the reason.
func (r *report) list(b *strings.Builder, title string, some []result) {
	if len(some) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, one := range some {
		line := "  " + one.Answer + "\t" + one.Check
		if r.options.verbose {
			line += "\t" + one.Reason
		}
		fmt.Fprintln(table, line)
	}
	_ = table.Flush() // a strings.Builder takes everything
}

// byAnswer makes one result of those with the same answer, whose check says how many they are.
func byAnswer(some []result) (grouped []result) {
	count := map[string]int{}
	for _, one := range some {
		if count[one.Answer]++; count[one.Answer] == 1 {
			grouped = append(grouped, one)
		}
	}
	for i, one := range grouped {
		if n := count[one.Answer]; n > 1 {
			grouped[i].Check = fmt.Sprintf("%d checks", n)
		}
	}
	return grouped
}

// write writes a finding with its request, and how to make the check again.
func (one result) write(b *strings.Builder) {
	again := strings.ReplaceAll(regexp.QuoteMeta(one.Check), "'", ".") // between quotes of a shell
	fmt.Fprintf(b, "\n%s (%s): %s\n  answer: %s\n  reason: %s\n  make it again: -run '^%s$'\n",
		one.Verdict, one.Class, one.Check, one.Answer, one.Reason, again)
	for _, line := range one.Request {
		fmt.Fprintf(b, "    %s\n", line)
	}
}

var (
	signatures = regexp.MustCompile(`(?i)(signature=)[^,&\s]+`)
	tokens     = regexp.MustCompile(`(?i)(x-amz-security-token(?:=|: ?))[^&\s]+`)
)

// redact takes out of a text what could be used again.
func redact(text string) string {
	return tokens.ReplaceAllString(signatures.ReplaceAllString(text, "${1}REDACTED"), "${1}REDACTED")
}

// maxShown is the length at which a line of a request is cut.
const maxShown = 300

// show returns the lines of a request's head for the report: redacted, and with escapes for what a
// terminal would execute.
func show(wire []byte) []string {
	head, body, _ := strings.Cut(string(wire), "\r\n\r\n")
	head = redact(head)
	var lines []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if len(line) > maxShown {
			line = fmt.Sprintf("%s... (%d bytes)", line[:maxShown], len(line))
		}
		quoted := strconv.QuoteToASCII(line)
		lines = append(lines, strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`))
	}
	if body != "" {
		lines = append(lines, fmt.Sprintf("(and a body of %d bytes)", len(body)))
	}
	return lines
}
