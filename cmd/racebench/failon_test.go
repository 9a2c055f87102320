package main

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/report"
)

// A run that ends with status 1 says why, also where its verdict is no finding.
func TestWhatFailOnFailedIsNamed(t *testing.T) {
	rep := &result.Report{Results: []result.Row{{
		Header: result.Header{Scenario: "web", Target: "external", Variant: "server"}, Warnings: []result.RowWarning{{Summary: "3 WebSockets got no close frame"}},
		Crossed: []result.Crossed{{Kind: "refused-after", Count: 9, Of: 9}, {Kind: "sent-after-fresh-eof", Count: 3, Of: 4}, {Kind: "unread-fresh-eof", Count: 2, Of: 4}}, Unseen: []string{"no-leak/*"},
	}}}
	if why := alsoFails(rep, nil); why != nil {
		t.Errorf("without --fail-on it fails for %q", why)
	}
	why := alsoFails(rep, []string{"warnings", "crossed", "unseen"})
	want := []string{
		"by --fail-on warnings: web external/server: 3 WebSockets got no close frame",
		"by --fail-on crossed: web external/server: 2 crossed on the wire",
		"by --fail-on unseen: web external/server: no trial showed no-leak/*",
	}
	if strings.Join(why, "\n") != strings.Join(want, "\n") {
		t.Errorf("it fails for %q", why)
	}
	for _, format := range []string{"text", "markdown"} {
		raw, err := report.Render(format, rep, report.Options{AlsoFailed: why})
		if err != nil || strings.Count(string(raw), "FAILED") == 0 || !strings.Contains(string(raw), "3 WebSockets got no close frame") {
			t.Errorf("%s, %v:\n%s", format, err, raw)
		}
	}
}
