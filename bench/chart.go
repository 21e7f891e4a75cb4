package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The sizes of the chart, in pixels.
const (
	chartWidth = 760
	labelWidth = 210
	barWidth   = 460 // of the longest bar
	barHeight  = 18
	lineHeight = 26
	titleSpace = 58
	margin     = 24
)

// chartStyle paints its own background, so that the text is readable on any
// page. Dark follows the reader's system.
const chartStyle = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
  .back { fill: #ffffff; stroke: #d0d7de; }
  .title { font-size: 15px; font-weight: 600; }
  .note, .value { fill: #59636e; }
  .floor { fill: #8c959f; }
  .peer { fill: #a9bcd3; }
  .ours { fill: #0969da; }
  .mark { stroke: #59636e; stroke-dasharray: 3 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .back { fill: #0d1117; stroke: #30363d; }
    .note, .value { fill: #9198a1; }
    .floor { fill: #6e7681; }
    .peer { fill: #3d5a80; }
    .ours { fill: #4493f8; }
    .mark { stroke: #9198a1; }
  }
`

// panel is one bar chart.
type panel struct {
	title, note string
	rows        []row
}

// chart is the picture: what a call costs, and what a verification costs. The
// first is where a cache helps, the second is where it does not.
func (r report) chart() string {
	panels := []panel{
		{"A unary call, times the call that nobody checks", "64 callers, a token under EdDSA", r.set(unaryMany, "EdDSA")},
		{"Verifying one token, times the bare signature", "RS256, nothing cached", r.set(verifyGroup, "RS256")},
	}
	var body strings.Builder
	top := float64(margin)
	for _, p := range panels {
		top = p.draw(&body, top)
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" width="%d" height="%.0f" role="img" aria-label="%s">
<style>%s</style>
<rect class="back" x="0.5" y="0.5" width="%d" height="%.0f" rx="6"/>
%s</svg>
`, chartWidth, top, chartWidth, top, "What checking a token costs; the figures are in the tables of benchmarks.md", chartStyle, chartWidth-1, top-1, body.String())
}

// set is the rows of one group and algorithm.
func (r report) set(group, algorithm string) []row {
	for _, set := range r.sets() {
		if set[0].Group == group && set[0].Algorithm == algorithm {
			return set
		}
	}
	return nil
}

// draw adds the panel below top and returns where it ends.
func (p panel) draw(out *strings.Builder, top float64) float64 {
	fmt.Fprintf(out, "<text class=\"title\" x=\"%d\" y=\"%.0f\">%s</text>\n", margin, top+14, html.EscapeString(p.title))
	fmt.Fprintf(out, "<text class=\"note\" x=\"%d\" y=\"%.0f\">%s; less is better</text>\n", margin, top+34, html.EscapeString(p.note))
	most := 1.0
	for _, row := range p.rows {
		most = math.Max(most, row.OverFloor)
	}
	y := top + titleSpace
	for _, row := range p.rows {
		width := row.OverFloor / most * barWidth
		middle := y + barHeight - 5
		fmt.Fprintf(out, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%s</text>\n", labelWidth, middle, html.EscapeString(row.Case))
		fmt.Fprintf(out, "<rect class=\"%s\" x=\"%d\" y=\"%.0f\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>\n", row.class(), labelWidth+10, y, width, barHeight)
		fmt.Fprintf(out, "<text class=\"value\" x=\"%.1f\" y=\"%.0f\">%.2f×</text>\n", labelWidth+16+width, middle, row.OverFloor)
		y += lineHeight
	}
	x := labelWidth + 10 + barWidth/most
	fmt.Fprintf(out, "<line class=\"mark\" x1=\"%.1f\" y1=\"%.0f\" x2=\"%.1f\" y2=\"%.0f\"/>\n", x, top+titleSpace-5, x, y-3)
	return y + margin
}

// class is the bar's colour.
func (r row) class() string {
	switch {
	case benchCase{name: r.Case}.isFloor():
		return "floor"
	case strings.HasPrefix(r.Case, coldCase):
		return "ours"
	}
	return "peer"
}
