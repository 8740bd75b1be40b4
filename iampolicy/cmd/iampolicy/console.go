package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode"
)

// maxInputBytes is one more than iampolicy takes, so that a larger document is
// refused by its own rule, and a device without end is not read for ever.
const maxInputBytes = 1<<20 + 1

// standardInput is the file name that means it.
const standardInput = "-"

// A console is the process's streams.
type console struct {
	in      io.Reader
	out     *bufio.Writer
	err     io.Writer
	taken   bool // in was read
	painter      // of what goes to out
}

func newConsole(stdin io.Reader, stdout, stderr io.Writer) *console {
	return &console{in: stdin, out: bufio.NewWriter(stdout), err: stderr, painter: painter(wantsColor(stdout))}
}

// wantsColor reports whether w is a terminal whose user did not decline colour
// (no-color.org: any NO_COLOR that is not empty).
func wantsColor(w io.Writer) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	f, ok := w.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

// printf writes to the standard output. Its errors come back from Flush.
func (c *console) printf(format string, args ...any) {
	fmt.Fprintf(c.out, format, args...)
}

// notef writes to the standard error, behind what was printed before.
func (c *console) notef(format string, args ...any) {
	c.out.Flush() // its error stays, and run reports it
	fmt.Fprintf(c.err, format, args...)
}

// A style is an SGR parameter of ECMA-48.
type style string

const (
	bold    style = "1"
	red     style = "31"
	green   style = "32"
	yellow  style = "33"
	magenta style = "35"
	cyan    style = "36"
)

// A painter is whether there is colour.
type painter bool

// paint returns the text in a style, or as it is.
func (p painter) paint(s style, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// read returns the content of a file, or of the standard input for "-".
func (c *console) read(name string) ([]byte, error) {
	if name == standardInput {
		if c.taken {
			return nil, errors.New("the standard input can be read once only")
		}
		c.taken = true
		return io.ReadAll(io.LimitReader(c.in, maxInputBytes))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxInputBytes))
}

// displayName is how messages call a file.
func displayName(name string) string {
	if name == standardInput {
		return "<stdin>"
	}
	return printable(name)
}

// printable returns the text with control characters escaped: a key of a
// document that is not trusted must neither begin a line of its own in a log nor
// move a terminal's cursor (threat 214).
func printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			quoted := strconv.QuoteRuneToGraphic(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}
