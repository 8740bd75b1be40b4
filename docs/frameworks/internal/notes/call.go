package notes

import (
	"strconv"
	"strings"
)

// prefix begins the line of a call, so that a program may print other lines too.
const prefix = "notes: "

// Call is what a line of a [Service] says.
type Call struct{ Operation, ID string }

// ParseCall takes a line apart, and reports false for one that tells of no call.
func ParseCall(line string) (Call, bool) {
	rest, ok := strings.CutPrefix(line, prefix)
	operation, quoted, found := strings.Cut(rest, " ")
	id, err := strconv.Unquote(quoted)
	return Call{operation, id}, ok && found && err == nil
}
