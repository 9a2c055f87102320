//go:build unix

package external

import (
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/targets"
)

// striking is what a target is lent in a trial with a signal.
type striking struct{ targets.Outside }

func (striking) Control() bool { return false }

// TestOnlyStatusOneWithALineIsAFinding holds each way in which a check may end to what it means.
func TestOnlyStatusOneWithALineIsAFinding(t *testing.T) {
	for _, tc := range []struct {
		script, lines, why string
		holds              bool
	}{
		{script: "exit 0", holds: true},
		{script: "echo all is well >&2", holds: true},
		{script: "echo fine; exit 0", why: "status 0 and printed"},
		{script: "echo one; echo; echo two; exit 1", lines: "one|two"},
		{script: "echo broken >&2; exit 1", why: "standard output: broken"},
		{script: "echo; exit 1", why: "printed nothing"},
		{script: "echo x; exit 2", why: "status 2"},
		{script: "echo x; exit 126", why: "status 126"},
		{script: "no-such-command", why: "status 127"},
		{script: "echo x; kill -9 $$", why: "ended by killed"},
		{script: "echo x; exec sleep 100", why: "had not ended after"},
		{script: "sleep 100 & echo $RACEBENCH_ANSWERED of $PORT; exit 1", lines: "0 of 0"}, // what it leaves behind holds its output
		{script: "yes | head -c 1000000; exit 1", lines: "y|y"},
	} {
		c := config{check: []string{"sh", "-c", tc.script}}
		s := &instance{c: c, p: &program{c: c}, out: striking{}}
		limit := 10 * time.Second
		if tc.why == "had not ended after" {
			limit = 100 * time.Millisecond
		}
		got := s.runCheck(limit)
		if lines := strings.Join(got.lines, "|"); got.holds != tc.holds || !strings.HasPrefix(lines, tc.lines) || tc.lines == "" && lines != "" ||
			!strings.Contains(got.why, tc.why) || tc.why == "" && got.why != "" || len(lines) > ownKept {
			t.Errorf("%s: holds %t, lines %.80q, why %q", tc.script, got.holds, lines, got.why)
		}
	}
}
