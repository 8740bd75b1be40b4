package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// An event is a line of go test -json: see "go doc test2json" and "go help buildjson".
type event struct {
	Action, Package, Test, Output, Key, Value string
}

// A test is one that is running.
type test struct {
	output string // without what go test prints with -v alone
	failed string // the output of its subtests that failed
	attrs  map[string]string
}

// A reader prints what go test prints without -v, and counts.
type reader struct {
	w       io.Writer
	sum     summary
	running map[string]*packageRun
}

// A packageRun is what is running of a package.
type packageRun struct {
	tests   map[string]*test
	order   []string // the tests' names, in the order in which they began
	skipped int
	shown   strings.Builder // what is shown of it, at its end: packages run side by side
}

func newReader(w io.Writer) *reader {
	return &reader{w: w, running: map[string]*packageRun{}}
}

// read takes events until they end. A line that is no event is shown as it is.
func (r *reader) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(line) == 0:
		case json.Unmarshal(line, &e) != nil:
			fmt.Fprintf(r.w, "%s", line)
		case e.Action == "build-output":
			fmt.Fprint(r.w, e.Output)
		case e.Package != "":
			r.event(e)
		}
		if err == io.EOF {
			for name, p := range r.running { // of a go command that was ended
				r.end(p, name)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *reader) event(e event) {
	p := r.running[e.Package]
	if p == nil {
		p = &packageRun{tests: map[string]*test{}}
		r.running[e.Package] = p
	}
	if e.Test == "" {
		r.packageEvent(p, e)
		return
	}
	t := p.tests[e.Test]
	if t == nil {
		t = &test{attrs: map[string]string{}}
		p.tests[e.Test], p.order = t, append(p.order, e.Test)
	}
	switch e.Action {
	case "output":
		t.add(e.Output)
	case "attr":
		t.attrs[e.Key] = e.Value
	case "pass":
		r.sum.passed++
		delete(p.tests, e.Test)
	case "skip":
		p.skipped++
		r.sum.skip(t.attrs)
		delete(p.tests, e.Test)
	case "fail":
		r.sum.failed++
		delete(p.tests, e.Test)
		if parent := p.parent(e.Test); parent != nil {
			parent.failed += t.output + t.failed
		} else {
			p.shown.WriteString(t.output + t.failed)
		}
	}
}

// add adds a line of output. The line that says how the test ended comes first, as without -v.
func (t *test) add(line string) {
	switch {
	case strings.HasPrefix(line, "=== "):
	case strings.HasPrefix(strings.TrimLeft(line, " "), "--- FAIL: "):
		t.output = line + t.output
	default:
		t.output += line
	}
}

// parent returns the test of which the named one is a subtest, nil if it is none.
func (p *packageRun) parent(name string) *test {
	for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name[:i], '/') {
		if t := p.tests[name[:i]]; t != nil {
			return t
		}
	}
	return nil
}

func (r *reader) packageEvent(p *packageRun, e event) {
	switch e.Action {
	case "output":
		if strings.HasPrefix(e.Output, "FAIL\t") {
			// A panic, a timeout or os.Exit ends tests that then never say how they ended.
			for _, name := range p.order {
				if t := p.tests[name]; t != nil {
					p.shown.WriteString(t.output + t.failed)
				}
			}
			clear(p.tests)
		}
		if e.Output != "PASS\n" {
			p.shown.WriteString(e.Output)
		}
		if p.skipped > 0 && strings.HasSuffix(e.Output, "\t(cached)\n") {
			r.sum.cached = true
		}
	case "fail":
		r.sum.failedPackages++
		r.end(p, e.Package)
	case "pass", "skip":
		r.end(p, e.Package)
	}
}

// end shows what is to be shown of a package.
func (r *reader) end(p *packageRun, name string) {
	fmt.Fprint(r.w, p.shown.String())
	delete(r.running, name)
}
