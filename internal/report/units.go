package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// A scale is a unit of time.
type scale struct {
	name string
	ns   float64
}

var scales = []scale{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}, {"ns", 1}}

// scaleOf returns the unit in which a duration has digits before the point.
func scaleOf(ns int64) scale {
	for _, s := range scales {
		if float64(ns) >= s.ns {
			return s
		}
	}
	return scales[1]
}

// figure writes a number with about three digits that matter, and none that pretend to.
func figure(v float64) string {
	decimals := 0
	switch {
	case v < 9.995:
		decimals = 2
	case v < 99.95:
		decimals = 1
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// span writes a duration: "41.2 ms".
func span(ns int64) string {
	s := scaleOf(ns)
	return figure(float64(ns)/s.ns) + " " + s.name
}

// spans writes durations that belong together: in one unit where the smallest still shows in it,
// "0.41 / 8.13 ms", and each in its own otherwise.
func spans(ns ...int64) string {
	largest, smallest := ns[0], int64(math.MaxInt64)
	for _, n := range ns {
		largest = max(largest, n)
		if n > 0 {
			smallest = min(smallest, n)
		}
	}
	unit := scaleOf(largest)
	parts := make([]string, len(ns))
	shared := float64(smallest)/unit.ns >= 0.1
	for i, n := range ns {
		parts[i] = span(n)
		if shared {
			parts[i] = figure(float64(n) / unit.ns)
		}
	}
	text := strings.Join(parts, " / ")
	if shared {
		text += " " + unit.name
	}
	return text
}

// lasted writes how long something took, for a sentence: "46 s", "3 min 20 s".
func lasted(ns int64) string {
	d := time.Duration(ns)
	if d < 10*time.Second {
		return span(ns)
	}
	d = d.Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	if d < time.Hour {
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// percent writes a share: "25.9 %".
func percent(share float64) string {
	p := share * 100
	if p >= 100 || p == 0 {
		return fmt.Sprintf("%.0f %%", p)
	}
	if p >= 10 {
		return fmt.Sprintf("%.1f %%", p)
	}
	return strconv.FormatFloat(p, 'g', 2, 64) + " %"
}

// perSecond writes a rate without its unit.
func perSecond(v float64) string {
	if v < 10 {
		return figure(v)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// measured writes what a threshold's metric was, in its unit and with a digit more than elsewhere: one
// that was missed by little must not look as if it had been met.
func measured(t result.Threshold) string {
	if t.Value == nil {
		return "nothing was measured"
	}
	v := *t.Value
	switch t.Unit {
	case "ns":
		s := scaleOf(int64(v))
		return "measured " + fourDigits(v/s.ns) + " " + s.name
	case "/s":
		return "measured " + fourDigits(v) + "/s"
	case "share":
		return "measured " + fourDigits(v*100) + " %"
	case "bytes":
		return "measured " + size(v)
	}
	return "measured " + strconv.FormatFloat(v, 'f', -1, 64)
}

func fourDigits(v float64) string {
	if v >= 1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// size writes a number of bytes.
func size(bytes float64) string {
	for _, u := range []struct {
		name string
		of   float64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if bytes >= u.of {
			return figure(bytes/u.of) + " " + u.name
		}
	}
	return fmt.Sprintf("%.0f B", bytes)
}

// count writes a number with its noun; plural adds an s unless it is given.
func count(n int64, one string, many ...string) string {
	noun := one
	if n != 1 {
		noun = one + "s"
		if len(many) > 0 {
			noun = many[0]
		}
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// simulated is the engine whose trials are schedules.
const simulated = "sim"

// unitOf names one trial of a result: a trial or a schedule.
func unitOf(row result.Row) string {
	if row.Engine == simulated {
		return "schedule"
	}
	return "trial"
}

// shownIn counts the trials that showed a breach, and names the kept schedules that did, which are no trials.
func shownIn(row result.Row, b result.RowBreach) string {
	var kept string
	switch len(b.Kept) {
	case 0:
		return ofRuns(row, b.Trials)
	case 1:
		kept = "the kept schedule " + b.Kept[0]
	default:
		kept = fmt.Sprintf("%d kept schedules (%s, …)", len(b.Kept), b.Kept[0])
	}
	if b.Trials > 0 {
		return ofRuns(row, b.Trials) + " and " + kept
	}
	return fmt.Sprintf("%s and none of %s", kept, count(int64(row.Trials.Run), unitOf(row)))
}

// unjudged says whether no trial came to its end: what a server has not broken that has not ended, it may still break.
func unjudged(trials, hung int) bool { return hung > 0 && hung == trials }

// ofRuns counts the trials that showed something, of all.
func ofRuns(row result.Row, n int) string {
	return fmt.Sprintf("%d of %s", n, count(int64(row.Trials.Run), unitOf(row)))
}
