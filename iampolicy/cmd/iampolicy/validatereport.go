package main

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// A validationReport is what validate found; with -json it is the output.
type validationReport struct {
	Files   []fileReport `json:"files"`
	Summary summary      `json:"summary"`
	// Failed is whether the exit status is not 0.
	Failed bool `json:"failed"`
}

type fileReport struct {
	File string `json:"file"`
	Type string `json:"type"`
	// Error says why the file could not be read; then there are no findings.
	Error    string          `json:"error,omitempty"`
	Findings []findingReport `json:"findings"`
}

type findingReport struct {
	severity iampolicy.Severity
	Severity string         `json:"severity"`
	Code     iampolicy.Code `json:"code"`
	Line     int            `json:"line"`
	Column   int            `json:"column"`
	Path     string         `json:"path"`
	Message  string         `json:"message"`
}

func reportOf(f iampolicy.Finding) findingReport {
	return findingReport{f.Severity, f.Severity.String(), f.Code, f.Line, f.Column, f.Path, f.Message}
}

// A summary counts.
type summary struct {
	Files            int `json:"files"`
	Unreadable       int `json:"unreadable"`
	Errors           int `json:"errors"`
	SecurityWarnings int `json:"securityWarnings"`
	Warnings         int `json:"warnings"`
	Suggestions      int `json:"suggestions"`
}

func (r *validationReport) add(file fileReport) {
	r.Files = append(r.Files, file)
	s := &r.Summary
	s.Files++
	if file.Error != "" {
		s.Unreadable++
	}
	for _, f := range file.Findings {
		switch f.severity {
		case iampolicy.SeverityError:
			s.Errors++
		case iampolicy.SeveritySecurityWarning:
			s.SecurityWarnings++
		case iampolicy.SeverityWarning:
			s.Warnings++
		case iampolicy.SeveritySuggestion:
			s.Suggestions++
		}
	}
}

// String returns the counts that are not zero, as: 2 files: 1 error, 3 warnings.
func (s summary) String() string {
	var counts []string
	count := func(n int, one, many string) {
		if n == 1 {
			counts = append(counts, "1 "+one)
		} else if n > 1 {
			counts = append(counts, strconv.Itoa(n)+" "+many)
		}
	}
	count(s.Files, "file", "files")
	files := counts[0]
	counts = nil
	count(s.Unreadable, "could not be read", "could not be read")
	count(s.Errors, "error", "errors")
	count(s.SecurityWarnings, "security warning", "security warnings")
	count(s.Warnings, "warning", "warnings")
	count(s.Suggestions, "suggestion", "suggestions")
	if counts == nil {
		counts = []string{"no findings"}
	}
	return files + ": " + strings.Join(counts, ", ")
}

// printJSON writes a report, indented and as it is: <, > and & are in policies.
func (c *console) printJSON(report any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(report)
}
