package report

import (
	"slices"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// A timeline is three plots over one axis of time, whose zero is the signal.
type timeline struct {
	Panels  []panel
	Struck  string // where the signal is
	Loss    string // where the first thing that was lost was accepted, or cut off; empty when nothing was
	Lost    string // when that was, in words
	Caption string
	Drain   string // how wide half of the drains are; empty when none ended
}

// A panel is one plot of a timeline.
type panel struct {
	chart
	Title string
	Span  int // the plot's height
}

// timelineOf draws the clients' work around the signal. It is nil if a result stores none.
func timelineOf(row result.Row) *timeline {
	if row.Timeline == nil || row.Timeline.WidthNS <= 0 {
		return nil
	}
	ticks, width := inReach(row.Timeline.Ticks), row.Timeline.WidthNS
	if len(ticks) < 2 {
		return nil
	}
	first, last := ticks[0].At, ticks[len(ticks)-1].At+1
	x := func(at float64) string {
		return coordinate(plotLeft + plotWidth*(at-float64(first))/float64(last-first))
	}
	perTrial := func(n int64, t result.Tick) float64 { return float64(n) / float64(max(t.Trials, 1)) }
	seconds := time.Duration(width).Seconds()
	tl := &timeline{Caption: "What clients did around the signal: the average trial. The shaded part is as long as the median drain."}
	around := " around the signal"
	if row.Plain {
		tl.Caption, around = "What clients did, over the time of the load.", ""
	}
	for _, p := range []struct {
		title string
		log   bool
		lines []series
	}{
		{"operations a second", false, []series{
			{"accepted", "c2", func(t result.Tick) float64 { return perTrial(t.Accepted, t) / seconds }},
			{"refused", "c1", func(t result.Tick) float64 { return perTrial(t.Refused, t) / seconds }},
		}},
		{"latency of accepted operations", true, []series{
			{"mean", "c0", func(t result.Tick) float64 { return float64(t.MeanNS) }},
			{"max", "c3", func(t result.Tick) float64 { return float64(t.MaxNS) }},
		}},
		{"calls in flight", false, []series{{"calls", "c4", func(t result.Tick) float64 { return perTrial(t.Open, t) }}}},
		{"accepted messages in the server, not delivered yet", false, []series{{"queued", "c5", func(t result.Tick) float64 { return perTrial(t.Queued, t) }}}},
	} {
		if p.lines[0].name == "queued" && !slices.ContainsFunc(ticks, func(t result.Tick) bool { return t.Queued > 0 }) {
			continue
		}
		tl.Panels = append(tl.Panels, panelOf(p.title+" of "+nameOf(row)+around, p.title, p.log, p.lines, ticks, x))
	}
	for i := range tl.Panels {
		for _, at := range []int{first, 0, last} {
			if at < first || at > last || at == 0 && (first > -3 || last < 3) && !row.Plain {
				continue
			}
			label := "signal"
			switch {
			case row.Plain:
				label = span(int64(at) * width)
			case at != 0:
				label = sign(at) + span(int64(max(at, -at))*width)
			}
			tl.Panels[i].X = append(tl.Panels[i].X, tick{x(float64(at)), label})
		}
	}
	if first <= 0 && last >= 0 && !row.Plain {
		tl.Struck = x(0)
		if d := row.Drain; d != nil && d.Count > 0 {
			tl.Drain = coordinate(plotWidth * min(float64(d.P50NS)/float64(width), float64(last)) / float64(last-first))
		}
	}
	if loss := row.Timeline.FirstLossNS; loss != nil {
		at := float64(*loss) / float64(width)
		tl.Loss, tl.Lost = x(min(max(at, float64(first)), float64(last))), sinceSignal(*loss)
	}
	return tl
}

// inReach leaves out the outermost pieces: they also hold everything beyond them, which would look like a burst.
func inReach(ticks []result.Tick) []result.Tick {
	return slices.DeleteFunc(slices.Clone(ticks), func(t result.Tick) bool { return t.At < 1-result.Reach || t.At > result.Reach-2 })
}

// sinceSignal is a time from the signal in words.
func sinceSignal(ns int64) string {
	if ns < 0 {
		return span(-ns) + " before the signal"
	}
	return span(ns) + " after the signal"
}

func sign(at int) string {
	if at < 0 {
		return "-"
	}
	return "+"
}

// A series is one line of a panel.
type series struct {
	name, class string
	value       func(result.Tick) float64
}

// panelHeight is the height of a panel's inside.
const panelHeight = 90

func panelOf(label, title string, log bool, lines []series, ticks []result.Tick, x func(float64) string) panel {
	p := panel{chart: frame(label), Title: title, Span: panelHeight}
	p.Height, p.Bottom = plotTop+panelHeight+28, plotTop+panelHeight
	low, high := 0.0, 0.0
	for _, l := range lines {
		for _, t := range ticks {
			v := l.value(t)
			high = max(high, v)
			if log && v > 0 && (low == 0 || v < low) {
				low = v
			}
		}
	}
	y := func(v float64) float64 { return plotTop + panelHeight*(1-v/max(high, 1e-9)) }
	if log {
		scale := logScale(max(low, 1), high)
		y = func(v float64) float64 { return plotTop + (scale.at(v)-plotTop)*panelHeight/plotHeight }
		for _, t := range scale.ends() {
			p.Y = append(p.Y, tick{coordinate(y(t)), span(int64(t))})
		}
	} else {
		p.Y = []tick{{coordinate(y(0)), "0"}, {coordinate(y(high)), perSecond(high)}}
	}
	for _, l := range lines {
		var points []string
		for _, t := range ticks {
			if v := l.value(t); !log || v > 0 {
				points = append(points, x(float64(t.At)+0.5)+","+coordinate(y(v)))
			}
		}
		p.Lines = append(p.Lines, chartLine{strings.Join(points, " "), l.name, l.class})
	}
	return p
}
