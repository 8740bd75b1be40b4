package report

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The pictures share one hand: sizes in points, sans serif.
const (
	width, textSize, smallSize = 720, 13, 11
	legendHeight, labelHeight  = 30, 24
)

var (
	ink   = color.NRGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xff}
	faint = color.NRGBA{R: 0xdd, G: 0xdd, B: 0xdd, A: 0xff}
	grey  = color.NRGBA{R: 0x70, G: 0x70, B: 0x70, A: 0xff}
)

// looks tell the contenders apart, by shape as well as by colour: the palette is Okabe and Ito's,
// which colour-blind readers can tell apart too.
var looks = map[string]draw.GlyphStyle{
	"floor":         {Color: ink, Radius: 1.5, Shape: draw.CircleGlyph{}},
	"wildgate":      {Color: color.NRGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, Radius: 5, Shape: draw.CircleGlyph{}},
	"iampolicy":     {Color: color.NRGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, Radius: 5, Shape: draw.CircleGlyph{}},
	"gofakes3":      {Color: color.NRGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, Radius: 4, Shape: draw.BoxGlyph{}},
	"casbin":        {Color: color.NRGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, Radius: 4, Shape: draw.BoxGlyph{}},
	"aws-sdk-go-v2": {Color: color.NRGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, Radius: 4.5, Shape: draw.PyramidGlyph{}},
	"cedar-go":      {Color: color.NRGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, Radius: 4.5, Shape: draw.PyramidGlyph{}},
	"smithy-go":     {Color: color.NRGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, Radius: 5, Shape: diamond{}},
}

// diamond is a filled one, which the drawing package does not have.
type diamond struct{}

func (diamond) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	var p vg.Path
	p.Move(vg.Point{X: at.X, Y: at.Y + style.Radius})
	p.Line(vg.Point{X: at.X + style.Radius, Y: at.Y})
	p.Line(vg.Point{X: at.X, Y: at.Y - style.Radius})
	p.Line(vg.Point{X: at.X - style.Radius, Y: at.Y})
	p.Close()
	c.SetColor(style.Color)
	c.Fill(p)
}

// explained are the contenders' names in the legends.
var explained = map[string]string{"wildgate": "Wildgate", "iampolicy": "Wildgate (iampolicy)", "floor": "floor"}

func label(name string) string {
	if text, ok := explained[name]; ok {
		return text
	}
	return name
}

func textStyle(size vg.Length) text.Style {
	return text.Style{
		Color: ink, Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size), Handler: plot.DefaultTextHandler,
	}
}

// newPlot returns an empty plot in the common hand.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Tick.Label = textStyle(smallSize)
		axis.LineStyle.Color = grey
		axis.Tick.LineStyle.Color = grey
	}
	p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XCenter, draw.YTop
	p.Y.Tick.Label.XAlign, p.Y.Tick.Label.YAlign = draw.XRight, draw.YCenter
	return p
}

// ticks label a logarithmic axis at powers of its base, and between them at 2 and 5 where the axis
// is short, or in even steps where it is so short that few of those lie on it.
type ticks struct {
	base  float64
	label func(v float64) string
	zero  float64 // the place of what is at 0, which has none on such an axis; 0: there is no such thing
}

func (t ticks) Ticks(low, high float64) []plot.Tick {
	var all []plot.Tick
	if high/low < 4 {
		step := math.Pow(10, math.Floor(math.Log10(high-low)))
		for _, fewer := range []float64{2, 2.5, 2} { // 2, 5 and 10 times the step
			if (high-low)/step > 10 {
				step *= fewer
			}
		}
		if (high-low)/step < 5 {
			step /= 2
		}
		for i := math.Ceil(low / step); i*step <= high; i++ {
			all = append(all, plot.Tick{Value: i * step, Label: t.label(i * step)})
		}
		return all
	}
	if t.zero > 0 {
		all = append(all, plot.Tick{Value: t.zero, Label: t.label(0)})
		low = t.zero * 1.5
	}
	between := []float64{1}
	if t.base == 10 && high/low < 1000 {
		between = []float64{1, 2, 5}
	}
	first, last := math.Floor(math.Log(low)/math.Log(t.base)), math.Ceil(math.Log(high)/math.Log(t.base))
	step := max(1, math.Ceil((last-first)/9)) // no more labels than fit
	for e := first; e <= last; e += step {
		for _, m := range between {
			if v := m * math.Pow(t.base, e); v >= low*0.999 && v <= high*1.001 {
				all = append(all, plot.Tick{Value: v, Label: t.label(v)})
			}
		}
	}
	return all
}

// logarithmic makes an axis logarithmic, over at least what lies between low and high, with room at
// both ends.
func logarithmic(a *plot.Axis, low, high float64, t ticks) {
	a.Scale, a.Tick.Marker = plot.LogScale{}, t
	room := 1.4
	if high/low < 2 {
		room = 1.1
	}
	a.Min, a.Max = low/room, high*room
}

func times(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) + "×" }

func size(v float64) string {
	switch {
	case v >= 1<<20:
		return fmt.Sprintf("%.0f MiB", v/(1<<20))
	case v >= 1<<10:
		return fmt.Sprintf("%.0f KiB", v/(1<<10))
	default:
		return fmt.Sprintf("%.0f B", v)
	}
}

func count(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func span(ns float64) string {
	switch {
	case ns >= 1e9:
		return strconv.FormatFloat(ns/1e9, 'g', 3, 64) + " s"
	case ns >= 1e6:
		return strconv.FormatFloat(ns/1e6, 'g', 3, 64) + " ms"
	case ns >= 1e3:
		return strconv.FormatFloat(ns/1e3, 'g', 3, 64) + " µs"
	default:
		return strconv.FormatFloat(ns, 'g', 3, 64) + " ns"
	}
}
