package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"
)

// A report is what one run found.
type report struct {
	Target        string   `json:"target"`
	Region        string   `json:"region"`
	Service       string   `json:"service"`
	Path          string   `json:"path"`
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
	return &report{Target: o.url.Redacted(), Region: o.region, Service: o.service, Path: string(o.style), options: o}
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
	fmt.Fprintf(&b, "%s, scope %s/%s, paths %s: %d checks, %d requests\n\n", r.Target, r.Region, r.Service, r.Path, len(r.Results), r.Requests)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, v := range []verdict{wronglyAdmit, wronglyRefused, information, notTested, passed} {
		for _, one := range r.Results {
			if one.Verdict == v && (v != passed || r.options.verbose) {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", one.Verdict, one.Check, one.Answer, one.Reason)
			}
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, one := range r.Results {
		if one.Verdict != wronglyAdmit && one.Verdict != wronglyRefused {
			continue
		}
		fmt.Fprintf(&b, "\n%s (%s): %s\n  %s; sent again by -run '^%s$'\n", one.Verdict, one.Class, one.Check, one.Reason, strings.ReplaceAll(regexp.QuoteMeta(one.Check), "'", "."))
		for _, line := range one.Request {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	fmt.Fprintf(&b, "\n%d as they should be, %d wrongly admitted (security), %d wrongly refused (compatibility), %d for information, %d not tested\n",
		r.Passed, r.Security, r.Compatibility, r.Information, r.NotTested)
	_, err := io.WriteString(w, b.String())
	return err
}
