package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// The inside of a chart, in its own units; around it there is room for labels.
const (
	plotWidth  = 560
	plotHeight = 200
	plotLeft   = 70
	plotTop    = 10
	// fullWidth and fullHeight include the labels.
	fullWidth  = plotLeft + plotWidth + 40
	fullHeight = plotTop + plotHeight + 28
	// dotsAtMost is how many trials a chart shows.
	dotsAtMost = 100
	// colors is how many lines can be told apart by colour.
	colors = 6
)

// A tick is a place on an axis with its label.
type tick struct {
	At   string
	Text string
}

// A line is a series of points, as SVG writes them.
type chartLine struct {
	Points, Name, Class string
}

// A chart is latency by percentile: both axes are logarithmic, percentiles by what lies beyond.
type chart struct {
	Width, Height, Left, Right, Top, Bottom int
	Label                                   string
	X, Y                                    []tick
	Lines                                   []chartLine
}

// percentiles are where a curve has its points.
var percentiles = []float64{0, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99}

// nines is how far to the right a percentile is: 0, 1 at 90 %, 2 at 99 %, 4 at 99.99 % and beyond.
func nines(q float64) float64 { return min(-math.Log10(1-min(q, 99.99)/100), 4) }

func frame(label string) chart {
	return chart{
		Width: fullWidth, Height: fullHeight, Left: plotLeft, Right: plotLeft + plotWidth, Top: plotTop, Bottom: plotTop + plotHeight, Label: label,
	}
}

// chartOf draws the latencies of a result, or is nil when their histograms cannot be read.
func chartOf(row result.Row) *chart {
	type curve struct {
		l      result.Latency
		values []int64
	}
	var curves []curve
	low, high := math.Inf(1), 0.0
	for _, l := range row.Latency {
		values, ok := l.Quantiles(percentiles)
		if !ok {
			continue
		}
		curves = append(curves, curve{l, values})
		for _, v := range values {
			low, high = min(low, max(float64(v), result.LowestLatency)), max(high, float64(v))
		}
	}
	if len(curves) == 0 {
		return nil
	}
	c := frame("latency by percentile of " + nameOf(row))
	y := logScale(low, high)
	c.Y = y.ticks()
	for _, q := range []float64{0, 90, 99, 99.9, 99.99} {
		c.X = append(c.X, tick{coordinate(plotLeft + nines(q)/4*plotWidth), fmt.Sprintf("%g %%", q)})
	}
	names := map[string]int{}
	for _, k := range curves {
		color, seen := names[k.l.Group]
		if !seen {
			color = len(names) % colors
			names[k.l.Group] = color
		}
		var points []string
		for i, q := range percentiles {
			if i > 0 && float64(k.l.Count)*(1-q/100) < 1 {
				break // fewer than one operation lies beyond: there is nothing to draw
			}
			points = append(points, coordinate(plotLeft+nines(q)/4*plotWidth)+","+coordinate(y.at(float64(k.values[i]))))
		}
		c.Lines = append(c.Lines, chartLine{strings.Join(points, " "), k.l.Group + ", " + k.l.Phase, fmt.Sprintf("c%d %s", color, k.l.Phase)})
	}
	return &c
}

// A logAxis maps values to heights.
type logAxis struct{ low, high float64 }

// logScale covers the values with whole powers of ten.
func logScale(low, high float64) logAxis {
	a := logAxis{math.Floor(math.Log10(low)), math.Ceil(math.Log10(max(high, 1)))}
	if a.high <= a.low {
		a.high = a.low + 1
	}
	return a
}

func (a logAxis) at(v float64) float64 {
	return plotTop + plotHeight*(1-max(0, math.Log10(max(v, 1))-a.low)/(a.high-a.low))
}

// ends are the lowest and the highest value of the axis.
func (a logAxis) ends() []float64 { return []float64{math.Pow(10, a.low), math.Pow(10, a.high)} }

func (a logAxis) ticks() []tick {
	var all []tick
	for power := a.low; power <= a.high; power++ {
		all = append(all, tick{coordinate(a.at(math.Pow(10, power))), span(int64(math.Pow(10, power)))})
	}
	return all
}

func coordinate(v float64) string { return fmt.Sprintf("%.1f", v) }

// A dot is a trial.
type dot struct{ X, Y, Class, Text string }

// A scatter is every trial by the moment when the signal struck and how long the drain took.
type scatter struct {
	chart
	Dots []dot
}

// scatterOf draws the trials of a result, or is nil when fewer than two were struck.
func scatterOf(row result.Row) *scatter {
	var struck []result.RowTrial
	low, high, last := math.Inf(1), 0.0, int64(1)
	first := int64(math.MaxInt64)
	for _, t := range row.PerTrial {
		if t.StruckNS <= 0 || t.Verdict == result.Void || len(struck) == dotsAtMost {
			continue
		}
		struck = append(struck, t)
		first, last = min(first, t.StruckNS), max(last, t.StruckNS)
		if t.DrainNS > 0 {
			low, high = min(low, float64(t.DrainNS)), max(high, float64(t.DrainNS))
		}
	}
	if len(struck) < 2 || high == 0 {
		return nil
	}
	s := scatter{chart: frame("trials of " + nameOf(row) + ": when the signal struck, and how long the drain took")}
	y := logScale(low, high)
	s.Y = y.ticks()
	spread := float64(max(1, last-first))
	for _, share := range []float64{0, 0.5, 1} {
		s.X = append(s.X, tick{coordinate(plotLeft + share*plotWidth), span(first + int64(share*spread))})
	}
	for _, t := range struck {
		top, drain := float64(plotTop), "without end"
		if t.DrainNS > 0 {
			top, drain = y.at(float64(t.DrainNS)), span(t.DrainNS)
		}
		s.Dots = append(s.Dots, dot{
			X: coordinate(plotLeft + float64(t.StruckNS-first)/spread*plotWidth), Y: coordinate(top), Class: kindOf(t.Verdict),
			Text: fmt.Sprintf("trial %d %s: struck at %s, drain %s", t.Trial, t.Verdict, time.Duration(t.StruckNS).Round(time.Microsecond), drain),
		})
	}
	return &s
}
