package main

import (
	"fmt"
	"io"
	"os"
)

// progress is one line on a terminal that says what is being measured; on anything else it is
// nothing.
type progress struct{ w io.Writer }

func (p progress) show(done, all int, what string) {
	if p.terminal() {
		fmt.Fprintf(p.w, "\r\x1b[K%3d %%  %s", 100*done/all, what)
	}
}

func (p progress) clear() {
	if p.terminal() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func (p progress) terminal() bool {
	f, ok := p.w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
