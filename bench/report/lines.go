package report

import (
	"html/template"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

const lineHeight = 400

// curve is a line of points, one for each value of x, with a line from quartile to quartile through
// each.
type curve struct {
	name string
	x    []float64
	y    []measure.Quartiles
}

// curves returns a curve for each contender of a group. What is at 0, for which a logarithmic axis
// has no place, is put where zero says.
func curves(r *runner.Results, g workload.Group, zero float64, value func(s measure.Sample) measure.Quartiles) []curve {
	var all []curve
	for _, name := range contenders(r, g) {
		c := curve{name: name}
		for i := range r.Rows {
			row := &r.Rows[i]
			if s, ok := row.Sample(name); ok && row.Group == g {
				c.x, c.y = append(c.x, max(row.X, zero)), append(c.y, value(s))
			}
		}
		all = append(all, c)
	}
	return all
}

// lines draws curves over two logarithmic axes.
func lines(all []curve, xLabel, yLabel string, x, y ticks) (template.HTML, error) {
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = xLabel, yLabel
	lowX, highX, lowY, highY := all[0].x[0], all[0].x[0], all[0].y[0].Median, all[0].y[0].Median
	for _, c := range all {
		for i := range c.x {
			lowX, highX = min(lowX, c.x[i]), max(highX, c.x[i])
			lowY, highY = min(lowY, c.y[i].Lower), max(highY, c.y[i].Upper)
		}
	}
	logarithmic(&p.X, lowX, highX, x)
	logarithmic(&p.Y, lowY, highY, y)
	plotCurves(p, all, x.zero)
	return svg(p, lineHeight, curveNames(all))
}

// scalings draws how many times the work of one core several do, and what they would at best.
func scalings(r *runner.Results) (template.HTML, error) {
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "cores that work at the same time", "work done, in times that of one core"
	var all []curve
	most := 1.0
	for _, s := range r.Cores {
		c := curve{name: s.Name, y: s.Times}
		for i, n := range s.Workers {
			c.x = append(c.x, float64(n))
			most = max(most, float64(n), s.Times[i].Upper)
		}
		all = append(all, c)
	}
	var marks []plot.Tick
	for _, n := range all[0].x {
		marks = append(marks, plot.Tick{Value: n, Label: count(n)})
	}
	last := all[0].x[len(all[0].x)-1]
	p.X.Tick.Marker = plot.ConstantTicks(marks)
	marks = nil
	step := 0.5
	if most > 4 {
		step = math.Ceil(most / 8)
	}
	for n := 0.0; n <= most*1.08; n += step {
		marks = append(marks, plot.Tick{Value: n, Label: times(n)})
	}
	p.Y.Tick.Marker = plot.ConstantTicks(marks)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0.9, last*1.05, 0, most*1.08
	p.Add(&plotter.Line{
		XYs: plotter.XYs{{X: 1, Y: 1}, {X: last, Y: last}}, LineStyle: draw.LineStyle{Color: grey, Width: 1, Dashes: []vg.Length{3, 3}},
	})
	if err := write(p, 1+(last-1)*0.45, 1+(last-1)*0.55, 0, 6, draw.XRight, "as many times as there are cores"); err != nil {
		return "", err
	}
	plotCurves(p, all, 0)
	return svg(p, lineHeight, curveNames(all))
}

// plotCurves draws them. What is at zero stands for itself: no line leads there, since its place
// says nothing of its distance.
func plotCurves(p *plot.Plot, all []curve, zero float64) {
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = faint, faint
	p.Add(grid)
	for j := len(all) - 1; j >= 0; j-- { // the first lie on top
		c, look := all[j], looks[all[j].name]
		points, line := make(plotter.XYs, len(c.x)), plotter.XYs{}
		for i := range c.x {
			if points[i] = (plotter.XY{X: c.x[i], Y: c.y[i].Median}); c.x[i] != zero {
				line = append(line, points[i])
			}
			p.Add(&plotter.Line{
				XYs:       plotter.XYs{{X: c.x[i], Y: c.y[i].Lower}, {X: c.x[i], Y: c.y[i].Upper}},
				LineStyle: draw.LineStyle{Color: look.Color, Width: 1.2},
			})
		}
		style := draw.LineStyle{Color: look.Color, Width: 1.6}
		if c.name == "floor" {
			style.Dashes = []vg.Length{5, 3}
		}
		p.Add(&plotter.Line{XYs: line, LineStyle: style}, &plotter.Scatter{XYs: points, GlyphStyle: look})
	}
}

func curveNames(all []curve) []string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.name
	}
	return names
}
