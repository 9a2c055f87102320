package external

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTellingLines(t *testing.T) {
	const panicked = "2026/01/02 http: panic serving 127.0.0.1:50123: send on closed channel"
	for _, tc := range []struct {
		name, printed string
		want          []string
	}{
		{"a handler's panic, and not its stack", panicked + "\ngoroutine 34 [running]:\nmain.main()\n", []string{panicked}},
		{"a trace: its head and its error", "stopping\n" + pythonCrash + "stopped\n", []string{"Traceback (most recent call last):", "ValueError: no pool"}},
		{"a refusal", "a\nopen data/log: permission denied\nb\n", []string{"open data/log: permission denied"}},
		{"nothing known: the last five", "1\n2\n3\n\n4\n5\n6\n", []string{"2", "3", "4", "5", "6"}},
		{"nothing", "", nil},
	} {
		w := stopWords{heeded: true}
		for i, line := range strings.Split(tc.printed, "\n") {
			w.take(line, time.Duration(i))
		}
		var got []string
		for _, l := range w.told() {
			got = append(got, l.text)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	var before stopWords
	before.take(panicked, 0)
	if len(before.told()) > 0 {
		t.Error("what was printed before the signal was kept")
	}
	heeded := stopWords{heeded: true}
	heeded.take(panicked, 0)
	if port := heeded.told()[0].port; port != 50123 {
		t.Errorf("the panic is of the client at port %d", port)
	}
}
