package report

import (
	_ "embed"
	"html/template"
	"io"
	"strings"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// figure is a picture, and what it shows. It may have numbers alone.
type figure struct {
	Title, Caption string
	SVG            template.HTML
	Rows           table
	Legend         string // of the numbers; "" where they need none
}

// table is that of a picture, in numbers.
type table struct {
	Head    []string
	Rows    [][]string
	Reasons []string
}

const (
	toFloor       = "time, in times the floor's (logarithmic; dashed: the floor, 1×; left is faster)"
	cannotCaption = " A contender that cannot do a case is named in it."
)

// Verification writes the picture of the verifications, as a file of its own.
func Verification(w io.Writer, r *runner.Results) error {
	picture, err := dots(r, workload.Requests, "wildgate", toFloor)
	if err != nil {
		return err
	}
	// White, as the page of the report is: a reader's page may be dark, and the text is.
	_, err = io.WriteString(w, strings.Replace(string(picture), "<svg", `<svg style="background:white"`, 1))
	return err
}

// HTML writes the results as one file that needs nothing else: pictures, and the numbers below
// each.
func HTML(w io.Writer, r *runner.Results) error {
	time := func(s measure.Sample) measure.Quartiles { return s.Nanoseconds }
	ratio := func(s measure.Sample) measure.Quartiles { return s.Ratio }
	const noBody = 256 // the place of what has no body, left of 1 KiB
	figures := []struct {
		figure
		group workload.Group
		draw  func() (template.HTML, error)
	}{
		{
			figure{
				Title: "Verification",
				Caption: "How many times as long as what cannot be avoided a verification takes. That is hashing, but for SigV4A, " +
					"whose row does not compare with the others: it is held against one bare verification of ECDSA, which takes many " +
					"times as long as the hashing." +
					cannotCaption,
			},
			workload.Requests, func() (template.HTML, error) {
				return dots(r, workload.Requests, "wildgate", toFloor)
			},
		},
		{
			figure{
				Title: "Refusal",
				Caption: "How long a request takes that has to be refused, in times the hashing of the good one: right of the dashed " +
					"line a refusal costs more than that. From top to bottom the faults are found ever later. An unknown key or token " +
					"costs as much as a wrong signature on purpose, so that the time does not tell which keys exist. A contender that " +
					"does not look at the fault is named as one that cannot.",
			},
			workload.Refusals, func() (template.HTML, error) {
				return dots(r, workload.Refusals, "wildgate", toFloor)
			},
		},
		{
			figure{
				Title: "Body size",
				Caption: "The time to verify a POST whose signature covers its body's SHA-256. The floor is that hash, over bytes " +
					"that are in memory already. On the left is a request without a body, for which a logarithmic axis has no place.",
			},
			workload.Bodies, func() (template.HTML, error) {
				return lines(curves(r, workload.Bodies, noBody, time), "bytes of the body (logarithmic from 1 KiB on)",
					"time of one verification (logarithmic)", ticks{base: 4, label: size, zero: noBody}, ticks{base: 10, label: span})
			},
		},
		{
			figure{
				Title: "Bodies in chunks",
				Caption: "Uploads of 16 MiB in the content coding aws-chunked, held against the same encoded bytes fed to the bare " +
					"SHA-256 or CRC32; 1.03× is 0.97 of its rate." +
					cannotCaption,
			},
			workload.Chunks, func() (template.HTML, error) {
				return dots(r, workload.Chunks, "wildgate", toFloor)
			},
		},
		{
			figure{
				Title: "Known keys",
				Caption: "What it costs to know many keys: one caller sends the same hundred different GETs in turn, while ever more " +
					"keys are known. A level curve says that they cost nothing.",
			},
			workload.Keys, func() (template.HTML, error) {
				return lines(curves(r, workload.Keys, 0, ratio), "keys that the verifier knows (logarithmic)",
					"time, in times the floor's (logarithmic)", ticks{base: 10, label: count}, ticks{base: 10, label: times})
			},
		},
		{
			figure{
				Title: "Callers",
				Caption: "What it costs to serve many callers: a thousand different GETs in turn, by ever more callers, of whom each " +
					"has a key of its own, while 100,000 are known. On the left they are all by one.",
			},
			workload.Callers, func() (template.HTML, error) {
				return lines(curves(r, workload.Callers, 0, ratio), "callers who send in turn (logarithmic)",
					"time, in times the floor's (logarithmic)", ticks{base: 10, label: count}, ticks{base: 10, label: times})
			},
		},
		{
			figure{
				Title:   "Decision by policies",
				Caption: "The time of a decision by equivalent policies, in times cedar-go's. The last statement is the one that allows.",
			},
			workload.Policies, func() (template.HTML, error) {
				return dots(r, workload.Policies, "iampolicy",
					"time, in times cedar-go's (logarithmic; dashed: cedar-go, 1×; left is faster)")
			},
		},
		{
			figure{
				Title:   "Statements",
				Caption: "The time of a decision against the number of statements, which differ in what their resource begins with.",
			},
			workload.Statements, func() (template.HTML, error) {
				return lines(curves(r, workload.Statements, 0, time), "statements (logarithmic)", "time of one decision (logarithmic)",
					ticks{base: 10, label: count}, ticks{base: 10, label: span})
			},
		},
	}
	var all []figure
	for _, f := range figures {
		if f.Rows = numbers(r, f.group); len(f.Rows.Rows) == 0 { // results of a run that knew no such group
			continue
		}
		picture, err := f.draw()
		if err != nil {
			return err
		}
		f.SVG, f.Legend = picture, legendText
		all = append(all, f.figure)
	}
	picture, err := scalings(r)
	if err != nil {
		return err
	}
	all = append(all, figure{
		Title: "Cores", SVG: picture, Rows: coreNumbers(r),
		Caption: "The header POST on several cores at once. The floor, which shares nothing, shows what the machine's cores can do: " +
			"those that share their units cannot do twice the work.",
	})
	if s := r.Service; s != nil {
		all = append(all, figure{Title: serviceTitle, Caption: serviceConditions(s), Rows: serviceNumbers(s)})
	}
	return page.Execute(w, struct {
		Machine, GoalsTitle, GoalsText string
		Goals                          table
		Figures                        []figure
	}{machine(r), goalsTitle, goalsText, goalNumbers(r), all})
}

func numbers(r *runner.Results, g workload.Group) table {
	names := contenders(r, g)
	t := table{Head: append([]string{""}, names...), Reasons: reasons(r, g)}
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Group == g {
			t.Rows = append(t.Rows, append([]string{row.Case}, cells(row, names)...))
		}
	}
	return t
}
