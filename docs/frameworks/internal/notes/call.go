package notes

import (
	"strconv"
	"strings"
)

// prefix begins the line of a call, so that a program may print other lines too.
const prefix = "notes: "

// Call is what a line of a [Service] says.
type Call struct {
	Operation, ID string
	By            string // who called, "" if the handler did not know
}

// ParseCall takes a line apart, and reports false for one that tells of no call.
func ParseCall(line string) (Call, bool) {
	rest, ok := strings.CutPrefix(line, prefix)
	operation, rest, found := strings.Cut(rest, " ")
	if !ok || !found {
		return Call{}, false
	}
	var texts [2]string
	for i := range texts {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return Call{}, false
		}
		texts[i], _ = strconv.Unquote(quoted) // it is one
		rest = strings.TrimPrefix(rest[len(quoted):], " ")
	}
	return Call{operation, texts[0], texts[1]}, rest == ""
}
