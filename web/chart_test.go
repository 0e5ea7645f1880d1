package web

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestChartAxis(t *testing.T) {
	for _, tt := range []struct {
		name   string
		log    bool
		values []float64
		ticks  []float64
	}{
		{"nothing", false, nil, []float64{0, 1}},
		{"small counts are whole", false, []float64{1, 3}, []float64{0, 1, 2, 3}},
		{"up to seven", false, []float64{7}, []float64{0, 2, 4, 6, 8}},
		{"hundreds", false, []float64{0, 380}, []float64{0, 100, 200, 300, 400}},
		{"missing values do not count", false, []float64{math.NaN(), 2}, []float64{0, 1, 2}},
		{"times", true, []float64{12, 430}, []float64{10, 100, 1000}},
		{"one time", true, []float64{20}, []float64{10, 100}},
		{"no times", true, nil, []float64{1, 10}},
		{"less than a millisecond", true, []float64{0, 5}, []float64{1, 10}},
	} {
		c := Chart{Log: tt.log, Lines: []ChartLine{{Values: tt.values}}}
		if _, _, ticks := c.axis(); !slices.Equal(ticks, tt.ticks) {
			t.Errorf("%s: %v, want %v", tt.name, ticks, tt.ticks)
		}
	}
}

// A chart is sound markup without a style or script, whatever it is called,
// and says its figures in a table.
func TestChartSVG(t *testing.T) {
	const evil = `<script>"'&`
	c := Chart{Title: evil, Detail: evil, Head: evil, Figure: evil, Labels: []string{"10:00", evil, "12:00"}, Say: func(v float64) string { return evil },
		Lines: []ChartLine{{Name: evil, Values: []float64{1, math.NaN(), 3}}, {Name: "two", Values: []float64{1, 2, 3}}}}
	for _, bars := range []bool{false, true} {
		c.Bars = bars
		text := string(c.SVG())
		d := xml.NewDecoder(strings.NewReader(text))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("bars %t: %v in %s", bars, err, text)
			}
		}
		for _, wrong := range []string{"<script", "style=", "NaN", "Inf"} {
			if strings.Contains(text, wrong) {
				t.Errorf("bars %t: the chart has %q", bars, wrong)
			}
		}
		for _, want := range []string{`role="img"`, "<title>", "<details>", `<td class="num">–</td>`, `class="legend"`} {
			if !strings.Contains(text, want) {
				t.Errorf("bars %t: the chart lacks %q", bars, want)
			}
		}
	}
	if one := string((Chart{Labels: []string{"a"}, Lines: []ChartLine{{Name: "n", Values: []float64{5}}}}).SVG()); strings.Contains(one, "legend") || strings.Contains(one, "polyline") || !strings.Contains(one, "<circle") {
		t.Errorf("one value: %s", one)
	}
}
