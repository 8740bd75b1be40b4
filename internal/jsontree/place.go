package jsontree

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Path says where in a document's structure a value is. The nil Path is the document's own value.
// A Path is cheap to make, and written out only where something is wrong.
type Path struct {
	Up    *Path
	Name  string // of a member; "" for an element of a list
	Index int    // of an element
}

// String returns the path as Statement[0].Sid. It copies the names, so that a Path never leaves the
// stack of who reads a document.
func (p *Path) String() string {
	var b strings.Builder
	p.write(&b)
	return b.String()
}

// maxPathName bounds a name in a path, in bytes. A name may be as long as the document, and many
// mistakes may lie below it (threat 245).
const maxPathName = 256

func (p *Path) write(b *strings.Builder) {
	if p == nil {
		return
	}
	p.Up.write(b)
	if p.Name == "" {
		b.WriteByte('[')
		b.WriteString(strconv.Itoa(p.Index))
		b.WriteByte(']')
		return
	}
	if p.Up != nil {
		b.WriteByte('.')
	}
	if len(p.Name) <= maxPathName {
		b.WriteString(p.Name)
		return
	}
	n := maxPathName
	for n > 0 && !utf8.RuneStart(p.Name[n]) {
		n--
	}
	b.WriteString(p.Name[:n])
	b.WriteString("…")
}

// A Locator finds lines and columns in Text. Places that are asked for in the order of the text
// take time in proportion to it, all together: each is counted from the one before.
type Locator struct {
	Text string

	off, line, column int // of the last place, from 0
}

// Place returns the line and the column of a byte offset. Both begin with 1; columns count
// characters.
func (l *Locator) Place(off int) (line, column int) {
	if off < l.off {
		l.off, l.line, l.column = 0, 0, 0
	}
	between := l.Text[l.off:off]
	if newline := strings.LastIndexByte(between, '\n'); newline >= 0 {
		l.line += strings.Count(between, "\n")
		l.column = 0
		between = between[newline+1:]
	}
	l.off = off
	l.column += utf8.RuneCountInString(between)
	return l.line + 1, l.column + 1
}
