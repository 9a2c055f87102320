package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/result"
)

// differences says how the scenarios of two stored results differ, as far as results tell.
func differences(base, head result.Row) []string {
	var all []string
	differ := func(what, was, is string) {
		if was != is {
			all = append(all, fmt.Sprintf("%s is %s, was %s", what, cmp.Or(is, "none"), cmp.Or(was, "none")))
		}
	}
	differ("what strikes", base.Moment, head.Moment)
	differ("drain_limit", base.DrainLimit.String(), head.DrainLimit.String())
	knobs := maps.Clone(base.Knobs)
	if knobs == nil {
		knobs = map[string]string{}
	}
	maps.Copy(knobs, head.Knobs)
	for _, name := range slices.Sorted(maps.Keys(knobs)) {
		differ("knob "+name, base.Knobs[name], head.Knobs[name])
	}
	differ("expect", strings.Join(base.Invariants, " "), strings.Join(head.Invariants, " "))
	differ("load", groupsOf(base), groupsOf(head))
	if len(all) == 0 {
		all = append(all, "in what the results do not tell, such as rates, sizes and durations")
	}
	return all
}

// groupsOf names the groups of a result's load.
func groupsOf(row result.Row) string {
	var names []string
	for _, t := range row.Throughput {
		names = append(names, t.Group)
	}
	return strings.Join(names, " ")
}

// Lines says how two texts of a scenario differ: the lines that only one of them has, without those that are empty or a
// comment, and not more than a few.
func Lines(base, head string) []string {
	const most = 6
	of := func(text string) []string {
		var lines []string
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
		return lines
	}
	was, is := of(base), of(head)
	var all []string
	without := func(lines, other []string, word string) {
		left := slices.Clone(other)
		for _, line := range lines {
			if i := slices.Index(left, line); i >= 0 {
				left = slices.Delete(left, i, i+1)
				continue
			}
			all = append(all, fmt.Sprintf("%s %q", word, line))
		}
	}
	without(is, was, "has")
	without(was, is, "lacks")
	if len(all) == 0 && !slices.Equal(was, is) {
		return []string{"the order of its lines"}
	}
	if n := len(all) - most; n > 0 {
		all = append(all[:most:most], fmt.Sprintf("and %d more", n))
	}
	return all
}
