package report

import (
	"html/template"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

// dots draws a row for each case of a group and in it a glyph for each contender, where its ratio
// to the base is, with a line from quartile to quartile. Ours has its ratio written above it, and
// who cannot do the case is named in it.
func dots(r *runner.Results, g workload.Group, ours, axis string) (template.HTML, error) {
	var rows []*runner.Row
	for i := range r.Rows {
		if r.Rows[i].Group == g {
			rows = append(rows, &r.Rows[i])
		}
	}
	names := contenders(r, g)
	p := newPlot()
	labels := make([]string, len(rows))
	low, high := 1.0, 1.0
	for i, row := range rows {
		labels[len(rows)-1-i] = row.Case // the first row is on top
		for _, s := range row.Samples {
			low, high = min(low, s.Ratio.Lower), max(high, s.Ratio.Upper)
		}
	}
	p.NominalY(labels...)
	p.Y.Tick.Label = textStyle(smallSize + 1)
	p.Y.Tick.Label.XAlign, p.Y.Tick.Label.YAlign = draw.XRight, draw.YCenter
	for _, text := range labels { // room for fonts that are wider than the one that is measured with
		p.Y.Padding = max(p.Y.Padding, p.Y.Tick.Label.Width(text)*0.2)
	}
	p.Y.Min, p.Y.Max = -0.6, float64(len(rows))-0.3
	logarithmic(&p.X, low, high, ticks{base: 10, label: times})
	p.X.Label.Text = axis
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = faint, faint
	p.Add(grid)
	p.Add(&plotter.Line{
		XYs:       plotter.XYs{{X: 1, Y: p.Y.Min}, {X: 1, Y: p.Y.Max}},
		LineStyle: draw.LineStyle{Color: ink, Width: 1.2, Dashes: []vg.Length{4, 3}},
	})
	for j := len(names) - 1; j >= 0; j-- { // the first, and ours after it, lie on top
		for i, row := range rows {
			s, ok := row.Sample(names[j])
			if !ok || names[j] == row.Base {
				continue
			}
			y := float64(len(rows) - 1 - i)
			p.Add(&plotter.Line{
				XYs:       plotter.XYs{{X: s.Ratio.Lower, Y: y}, {X: s.Ratio.Upper, Y: y}},
				LineStyle: draw.LineStyle{Color: looks[names[j]].Color, Width: 2},
			})
			p.Add(&plotter.Scatter{XYs: plotter.XYs{{X: s.Ratio.Median, Y: y}}, GlyphStyle: looks[names[j]]})
		}
	}
	for i, row := range rows {
		y := float64(len(rows) - 1 - i)
		s, ok := row.Sample(ours)
		if !ok {
			continue
		}
		if err := write(p, s.Ratio.Median, y, 0, 7, draw.XCenter, number(s.Ratio.Median)+"×"); err != nil {
			return "", err
		}
		var unable []string
		for _, c := range row.Cannot {
			unable = append(unable, label(c.Name))
		}
		who := strings.Join(unable, ", ")
		if len(row.Samples) == 2 { // the base and ours
			who = "all others"
		}
		if len(unable) > 0 {
			if err := write(p, s.Ratio.Upper, y, 12, -4, draw.XLeft, "cannot: "+who); err != nil {
				return "", err
			}
		}
	}
	return svg(p, vg.Length(legendHeight+60+30*len(rows)), named(names, rows))
}

// named returns the names for the legend: the base is a line in the picture, which the axis names.
func named(names []string, rows []*runner.Row) []string {
	var all []string
	for _, name := range names {
		if name != rows[0].Base {
			all = append(all, name)
		}
	}
	return all
}

// write writes a word beside a point, off by points of paper.
func write(p *plot.Plot, x, y float64, right, up vg.Length, align draw.XAlignment, word string) error {
	l, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: x, Y: y}}, Labels: []string{word}})
	if err != nil {
		return err
	}
	l.TextStyle[0] = textStyle(smallSize)
	l.TextStyle[0].XAlign = align
	l.Offset = vg.Point{X: right, Y: up}
	p.Add(l)
	return nil
}
