package web

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
)

// Chart is a plot that the server draws: an SVG without styles of its own
// (classes and presentation attributes only, readable in both themes), with a
// title for who cannot see it and the figures as a table beneath.
type Chart struct {
	Title  string
	Detail string // one sentence of what is to be seen, for who cannot see it
	Labels []string
	Head   string // of the labels in the table
	Figure string // of the table: what opens it
	Lines  []ChartLine
	Bars   bool // else lines
	Log    bool // the axis counts in powers of ten; for times
	Say    func(float64) string
}

// ChartLine is one series; NaN is nothing.
type ChartLine struct {
	Name   string
	Values []float64
}

// Size of the drawing in its own units.
const (
	chartW, chartH              = 720.0, 220.0
	chartLeft, chartTop         = 56.0, 12.0
	chartRight, chartBottom     = 10.0, 28.0
	plotW                       = chartW - chartLeft - chartRight
	plotH                       = chartH - chartTop - chartBottom
	chartLabels             int = 6
)

// SVG draws the chart. All text in it is escaped here.
func (c Chart) SVG() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<figure class="chart%s"><figcaption>%s</figcaption><svg viewBox="0 0 %g %g" role="img" aria-label="%s" preserveAspectRatio="xMidYMid meet">`, map[bool]string{true: " bars"}[c.Bars], esc(c.Title), chartW, chartH, esc(c.Title+". "+c.Detail))
	fmt.Fprintf(&b, `<title>%s</title><desc>%s</desc>`, esc(c.Title), esc(c.Detail))
	low, high, ticks := c.axis()
	for _, t := range ticks {
		y := c.y(t, low, high)
		fmt.Fprintf(&b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="tick" x="%g" y="%.1f" text-anchor="end">%s</text>`, chartLeft, chartW-chartRight, y, y, chartLeft-6, y+4, esc(c.say(t)))
	}
	n := len(c.Labels)
	step := max(1, (n+chartLabels-1)/chartLabels)
	for i := 0; i < n; i += step {
		fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%g" text-anchor="middle">%s</text>`, c.x(i), chartH-8, esc(c.Labels[i]))
	}
	for k, l := range c.Lines {
		if c.Bars {
			c.bars(&b, k, l, low, high)
		} else {
			c.line(&b, k, l, low, high)
		}
	}
	b.WriteString(`</svg>`)
	if len(c.Lines) > 1 {
		b.WriteString(`<ul class="legend">`)
		for k, l := range c.Lines {
			fmt.Fprintf(&b, `<li><svg viewBox="0 0 14 10" width="14" height="10" aria-hidden="true"><rect class="s%d mark" width="14" height="10" rx="2"/></svg> %s</li>`, k, esc(l.Name))
		}
		b.WriteString(`</ul>`)
	}
	c.table(&b)
	b.WriteString(`</figure>`)
	return template.HTML(b.String()) //nolint:gosec // every text went through esc
}

// table has the figures for who would rather read them.
func (c Chart) table(b *strings.Builder) {
	fmt.Fprintf(b, `<details><summary>%s</summary><div class="scroll"><table><thead><tr><th scope="col">%s</th>`, esc(c.Figure), esc(c.Head))
	for _, l := range c.Lines {
		fmt.Fprintf(b, `<th scope="col" class="num">%s</th>`, esc(l.Name))
	}
	b.WriteString(`</tr></thead><tbody>`)
	for i, label := range c.Labels {
		fmt.Fprintf(b, `<tr><th scope="row">%s</th>`, esc(label))
		for _, l := range c.Lines {
			text := "–"
			if i < len(l.Values) && !math.IsNaN(l.Values[i]) {
				text = c.say(l.Values[i])
			}
			fmt.Fprintf(b, `<td class="num">%s</td>`, esc(text))
		}
		b.WriteString(`</tr>`)
	}
	b.WriteString(`</tbody></table></div></details>`)
}

// line draws a series; where a value is missing the line is broken, and a
// value alone is a dot.
func (c Chart) line(b *strings.Builder, k int, l ChartLine, low, high float64) {
	var run []string
	flush := func() {
		if len(run) > 1 {
			fmt.Fprintf(b, `<polyline class="s%d" fill="none" points="%s"/>`, k, strings.Join(run, " "))
		}
		run = run[:0]
	}
	for i, v := range l.Values {
		if math.IsNaN(v) {
			flush()
			continue
		}
		x, y := c.x(i), c.y(v, low, high)
		run = append(run, fmt.Sprintf("%.1f,%.1f", x, y))
		fmt.Fprintf(b, `<circle class="s%d mark" cx="%.1f" cy="%.1f" r="3"><title>%s</title></circle>`, k, x, y, esc(c.label(i)+" · "+l.Name+": "+c.say(v)))
	}
	flush()
}

// bars draws a series over the one before it, from the same floor: a part of it.
func (c Chart) bars(b *strings.Builder, k int, l ChartLine, low, high float64) {
	width := math.Min(28, plotW/float64(max(1, len(c.Labels)))*0.7)
	for i, v := range l.Values {
		if math.IsNaN(v) || v <= low {
			continue
		}
		y := c.y(v, low, high)
		fmt.Fprintf(b, `<rect class="s%d mark" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s</title></rect>`, k, c.x(i)-width/2, y, width, chartTop+plotH-y, esc(c.label(i)+" · "+l.Name+": "+c.say(v)))
	}
}

func (c Chart) label(i int) string {
	if i < len(c.Labels) {
		return c.Labels[i]
	}
	return ""
}

func (c Chart) say(v float64) string {
	if c.Say != nil {
		return c.Say(v)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func (c Chart) x(i int) float64 {
	return chartLeft + plotW*(float64(i)+0.5)/float64(max(1, len(c.Labels)))
}

func (c Chart) y(v, low, high float64) float64 {
	share := (v - low) / (high - low)
	if c.Log {
		share = (math.Log10(math.Max(v, low)) - math.Log10(low)) / (math.Log10(high) - math.Log10(low))
	}
	return chartTop + plotH*(1-math.Min(1, math.Max(0, share)))
}

// axis is where the axis begins and ends, and what stands at it.
func (c Chart) axis() (low, high float64, ticks []float64) {
	least, most := math.Inf(1), 0.0
	for _, l := range c.Lines {
		for _, v := range l.Values {
			if !math.IsNaN(v) {
				least, most = math.Min(least, v), math.Max(most, v)
			}
		}
	}
	if c.Log {
		low, high = 1, 10
		if !math.IsInf(least, 1) {
			low = math.Pow(10, math.Floor(math.Log10(math.Max(1, least))))
			high = math.Max(low*10, math.Pow(10, math.Ceil(math.Log10(math.Max(1, most)))))
		}
		for t := low; t <= high*1.001; t *= 10 {
			ticks = append(ticks, t)
		}
		return low, high, ticks
	}
	step := math.Pow(10, math.Floor(math.Log10(math.Max(1, most/4))))
	for _, m := range []float64{1, 2, 5, 10} {
		if most <= step*m*4 {
			step *= m
			break
		}
	}
	high = math.Max(step, math.Ceil(most/step)*step)
	for t := 0.0; t <= high*1.001; t += step {
		ticks = append(ticks, t)
	}
	return 0, high, ticks
}

func esc(s string) string { return html.EscapeString(s) }

// Milliseconds says a value of a chart of times.
func Milliseconds(l Lang) func(float64) string {
	return func(v float64) string { return Lasted(l, time.Duration(v*float64(time.Millisecond))) }
}
