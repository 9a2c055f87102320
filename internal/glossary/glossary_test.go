package glossary

import (
	"slices"
	"strings"
	"testing"
)

// TestTheRowThatSaysMostIsTaken: a class that has a row of its own is not explained by one for any word.
func TestTheRowThatSaysMostIsTaken(t *testing.T) {
	own := 0
	for _, c := range classes() {
		if slices.ContainsFunc(strings.Split(c.pattern, "/"), isWildcard) {
			continue
		}
		own++
		if e, ok := Explain(c.pattern); !ok || !slices.Equal(e.Means, []string{c.means}) {
			t.Errorf("%s means %q, not %q", c.pattern, e.Means, c.means)
		}
	}
	if own < 20 {
		t.Errorf("%d classes have a row of their own", own)
	}
	for class, pattern := range map[string]string{
		"process-survives/program/panic":          "process-survives/program/CAUSE",
		"process-survives/reader/panic":           "process-survives/TASK/panic",
		"no-lost-message/unconfirmed/gap":         "no-lost-message/unconfirmed/CAUSE",
		"drain-ends/program/tcp-silent":           "drain-ends/program/CAUSE",
		"drain-ends/reader/receive-merged-queues": "drain-ends/TASK/WAIT",
	} {
		want, known := Explain(pattern)
		if got, ok := Explain(class); !ok || !known || !slices.Equal(got.Means, want.Means) {
			t.Errorf("%s means %q, not what %s means, %q", class, got.Means, pattern, want.Means)
		}
	}
}
