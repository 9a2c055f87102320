package report

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/racebench/racebench/engine/result"
)

// renderBenchfmt writes every trial's own numbers as a Go benchmark's, so that benchstat can compare two
// files of them: a trial is one run.
func renderBenchfmt(r *result.Report, _ Options) ([]byte, error) {
	r = cleaned(r)
	var b bytes.Buffer
	fmt.Fprintf(&b, "goos: %s\ngoarch: %s\ncpu: %s\n", r.Tool.OS, r.Tool.Arch, r.Machine.CPU)
	for _, row := range r.Results {
		for _, t := range row.PerTrial {
			if t.Verdict == result.Void {
				continue
			}
			benchLines(&b, row, t)
		}
	}
	return b.Bytes(), nil
}

func benchLines(b *bytes.Buffer, row result.Row, t result.RowTrial) {
	name := "Benchmark" + benchName(row.Scenario) + "/" + benchWord(row.Target) + "/" + benchWord(row.Variant)
	if t.DrainNS > 0 {
		fmt.Fprintf(b, "%s/drain 1 %d ns/op\n", name, t.DrainNS)
	}
	for _, metric := range slices.Sorted(maps.Keys(t.Metrics)) {
		fn, rest, ok := strings.Cut(metric, "(")
		if !ok {
			continue // counts of what was at risk are no measurements of speed
		}
		unit := "ns/op"
		switch fn {
		case "rate":
			unit = "op/s"
		case "errors", "late", "returned":
			unit = "ops"
		}
		group, phase, _ := strings.Cut(strings.TrimSuffix(rest, ")"), ", ")
		full := name + "/" + benchWord(group)
		if phase != "" {
			full += "/" + benchWord(phase)
		}
		fmt.Fprintf(b, "%s/%s 1 %s %s\n", full, fn, strconv.FormatFloat(t.Metrics[metric], 'f', -1, 64), unit)
	}
}

// benchName makes a benchmark's name of a scenario's: words begin with capitals.
func benchName(scenario string) string {
	var b strings.Builder
	up := true
	for _, c := range benchWord(scenario) {
		switch {
		case c == '-':
			up = true
			continue
		case up:
			c = unicode.ToUpper(c)
		}
		up = false
		b.WriteRune(c)
	}
	return b.String()
}

// benchWord keeps a name in its field.
func benchWord(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || c == '/' {
			return '_'
		}
		return c
	}, text)
}
