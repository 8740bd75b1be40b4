package report

import (
	"bytes"
	"html/template"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// svg draws a plot with a legend above it, out of the way of what is plotted, and returns the
// element to put into a page.
func svg(p *plot.Plot, height vg.Length, names []string) (template.HTML, error) {
	canvas := vgsvg.New(width, height)
	all := draw.New(canvas)
	legend(draw.Crop(all, 0, 0, height-legendHeight, 0), names)
	p.Draw(labels(draw.Crop(all, 6, -14, 6, -legendHeight), p))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	text := b.String()
	return template.HTML(text[strings.Index(text, "<svg"):]), nil //nolint:gosec // of numbers and of names in this module
}

// labels writes those of the axes, in the middle of the edges, and returns the area that is left.
// The plot's own way to do it takes an axis's middle for that of its values, which on a logarithmic
// axis is near its end.
func labels(c draw.Canvas, p *plot.Plot) draw.Canvas {
	style := textStyle(textSize)
	style.XAlign, style.YAlign = draw.XCenter, draw.YBottom
	middle := vg.Point{X: (c.Min.X + c.Max.X) / 2, Y: (c.Min.Y + c.Max.Y) / 2}
	c.FillText(style, vg.Point{X: middle.X, Y: c.Min.Y}, p.X.Label.Text)
	var left vg.Length
	if p.Y.Label.Text != "" {
		left = labelHeight
		style.Rotation, style.YAlign = math.Pi/2, draw.YTop
		c.FillText(style, vg.Point{X: c.Min.X, Y: middle.Y}, p.Y.Label.Text)
	}
	p.X.Label.Text, p.Y.Label.Text = "", ""
	return draw.Crop(c, left, 0, labelHeight, 0)
}

// legend writes the contenders in a line, each behind its glyph.
func legend(c draw.Canvas, names []string) {
	style := textStyle(textSize)
	style.YAlign = draw.YCenter
	x, y := c.Min.X+14, (c.Min.Y+c.Max.Y)/2
	for _, name := range names {
		if name == "floor" { // its curve is the dashed one
			c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1.6, Dashes: []vg.Length{5, 3}}, x-10, y, x+7, y)
		}
		c.DrawGlyph(looks[name], vg.Point{X: x, Y: y})
		c.FillText(style, vg.Point{X: x + 10, Y: y}, label(name))
		x += 10 + style.Width(label(name)) + 26
	}
}
