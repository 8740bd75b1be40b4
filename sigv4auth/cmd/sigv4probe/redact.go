package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	signatures = regexp.MustCompile(`(?i)(signature=)[^,&\s]+`)
	tokens     = regexp.MustCompile(`(?i)(x-amz-security-token(?:=|: ?))[^&\s]+`)
)

// maxShown bounds each line of a request that is shown.
const maxShown = 300

// show returns the lines of a request's head, without what could be used again, and with what a terminal would obey in escapes.
func show(wire []byte) []string {
	head, body, _ := strings.Cut(string(wire), "\r\n\r\n")
	head = signatures.ReplaceAllString(head, "${1}REDACTED")
	head = tokens.ReplaceAllString(head, "${1}REDACTED")
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
