package report

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// hlogFormat is the version of the HdrHistogram log format, whose maxima are in milliseconds.
const hlogFormat = "#[Histogram log format version 1.3]\n"

// renderHlog writes the latencies as an HdrHistogram log, one line for each group and phase, told apart by
// its tag. The stored histograms are in the log's own encoding.
func renderHlog(r *result.Report, _ Options) ([]byte, error) {
	r = cleaned(r)
	var b bytes.Buffer
	b.WriteString(hlogFormat)
	fmt.Fprintf(&b, "#[StartTime: %.3f (seconds since epoch), %s]\n", float64(r.Started.UnixMilli())/1000, r.Started.UTC().Format(time.RFC1123))
	b.WriteString(`"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"` + "\n")
	for _, row := range r.Results {
		for _, l := range row.Latency {
			tag := strings.Join([]string{row.Scenario, row.Target, row.Variant, l.Group, l.Phase}, "/")
			fmt.Fprintf(&b, "Tag=%s,0.000,%.3f,%.3f,%s\n", tagOf(tag), float64(r.ElapsedNS)/1e9, float64(l.MaxNS)/1e6, tagOf(l.Histogram))
		}
	}
	return b.Bytes(), nil
}

// tagOf leaves out characters that would end a field of the log.
func tagOf(text string) string {
	return strings.Map(func(c rune) rune {
		if c == ',' || c <= ' ' {
			return '_'
		}
		return c
	}, text)
}
