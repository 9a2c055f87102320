// Package report renders stored results for people and for programs. It reads nothing but a
// result.Report, so that last month's results render as today's do, and it runs nothing.
package report

import (
	"fmt"

	"github.com/racebench/racebench/engine/result"
)

// Options describe the output. The zero value is plain text for a pipe.
type Options struct {
	// Width is the terminal's, in columns; 0 means that the output is no terminal.
	Width int
	// Color allows ANSI colours. Whether they are wanted (NO_COLOR and its kin) is the caller's to decide.
	Color bool
	// Dir is where the run was stored; its "latest" is named at the end. Empty where nothing was stored.
	Dir string
	// NoTrials says that no trial was kept in Dir.
	NoTrials bool
	// CutShort says that the run was ended before it was done, so that a reader learns it first.
	CutShort bool
	// Worked, if set, is the report's last line in place of the verdict: a demonstration showed what it was meant to.
	Worked string
	// AlsoFailed says why the run fails although its verdict is no finding: one sentence for each name of --fail-on.
	AlsoFailed []string
	// Root is the folder that annotations name files in: a stack's place below it is one. Empty where there is none.
	Root string
	// Verbose shows the latencies of every group, and every trial in a line.
	Verbose bool
}

// A format is one way of writing a report.
type format struct {
	name   string
	render func(*result.Report, Options) ([]byte, error)
}

// formats is the table of all of them; adding one is a file and a row.
func formats() []format {
	return []format{
		{"text", renderText},
		{"json", renderJSON},
		{"ndjson", renderNDJSON},
		{"junit", renderJUnit},
		{"markdown", renderMarkdown},
		{"github", renderGitHub},
		{"hlog", renderHlog},
		{"benchfmt", renderBenchfmt},
		{"openmetrics", renderOpenMetrics},
		{"html", renderHTML},
	}
}

// Formats returns the formats' names, the default first.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Render writes a report in one of the formats. An error is a format that does not exist, or a report
// that cannot be encoded.
func Render(name string, r *result.Report, o Options) ([]byte, error) {
	for _, f := range formats() {
		if f.name == name {
			return f.render(r, o)
		}
	}
	return nil, fmt.Errorf("render result: there is no format %q", name)
}
