//go:build linux

package external_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

// answersBadly runs the test server in a mode under requests that take a while.
func answersBadly(t *testing.T, mode, more string, trials int) *result.Campaign {
	t.Helper()
	return run(t, mode, more, "\n  - {client: http-keepalive, clients: 6, path: /work}\n", trials)
}

// TestErrorsInFlight holds what an error answer to a request in flight comes to: a breach where nothing but the stop
// explains it, and a warning or nothing elsewhere.
func TestErrorsInFlight(t *testing.T) {
	t.Parallel()
	const class = "every-request-answered/answered-badly/"
	for _, c := range []struct {
		mode, more string
		breach     string
		warning    string
	}{
		{"shutdown", "", "", ""},
		{"cancels", "", class + "500", ""},
		{"refuses", "", "", class + "503"},
		{"refuses", "expect: [every-request-answered]", class + "503", ""},
	} {
		t.Run(c.mode+" "+c.more, func(t *testing.T) {
			t.Parallel()
			trials := 2
			switch {
			case c.breach != "":
				trials = manyTrials
			case c.warning != "":
				trials = 10 // what a signal meets is chance, and no warning ends a run
			}
			got := answersBadly(t, c.mode, c.more, trials)
			if c.breach == "" && (got.Verdict != result.Passed || len(got.Breaches) > 0) ||
				c.breach != "" && (got.Verdict != result.Breached || !slices.Equal(classes(got), []string{c.breach})) {
				t.Errorf("%s, %v, asked %+v, void %v", got.Verdict, classes(got), got.Asked, got.Void)
			}
			if all := strings.Join(warnings(t, got), " "); !strings.Contains(all, c.warning) || c.warning == "" && strings.Contains(all, class) {
				t.Errorf("warnings %s, want %s", all, c.warning)
			}
			if c.breach == "" || len(got.Breaches) == 0 {
				return
			}
			story := strings.Join(got.Breaches[0].First.Evidence, "\n")
			for _, want := range []string{"answered with: HTTP/1.1 5", "in the control run was answered with: HTTP/1.1 200 OK, \"done\""} {
				if !strings.Contains(story, want) {
					t.Errorf("the story does not say %q:\n%s", want, story)
				}
			}
		})
	}
}

// TestErrorsAtAllTimes fails one request in 25 whether or not it was told to stop: that is no finding.
func TestErrorsAtAllTimes(t *testing.T) {
	t.Parallel()
	c := answersBadly(t, "fails-often", "", 4)
	if c.Verdict != result.Passed || len(c.Breaches) > 0 {
		t.Errorf("%s, %v, asked %+v", c.Verdict, classes(c), c.Asked)
	}
}

// TestSlowRequestsAreTested strikes while every request is the client's first: the control run has proved that they are
// answered.
func TestSlowRequestsAreTested(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]result.Verdict{"shutdown": result.Passed, "exits": result.Breached} {
		c := run(t, mode, "", "\n  - {client: http-keepalive, clients: 4, path: /long}\n", 2)
		if c.Verdict != want || c.Trials.Void > 0 || atRisk(c, "request-read") == 0 {
			t.Errorf("%s: %s, %+v, at risk %v, %v", mode, c.Verdict, c.Trials, c.AtRisk, c.Void)
		}
	}
}

// TestStreamsWithoutAnEnd holds streams that stay open to what WebSockets are held to: to be told of the stop, and not to
// hold it. One that does not say that it is a stream of events is known by the run without a signal.
func TestStreamsWithoutAnEnd(t *testing.T) {
	t.Parallel()
	const load = "\n  - {client: %s, clients: 2, path: %s}\n"
	for _, c := range []struct {
		mode, client, path string
		verdict            result.Verdict
		class, warning     string
	}{
		{"shutdown", "http-stream", "/events", result.Passed, "", ""},
		{"shutdown", "sse", "/events", result.Passed, "", ""},
		{"shutdown", "http-stream", "/tail", result.Passed, "", ""},
		{"exits", "http-stream", "/events", result.Passed, "", "clean-close/stream/cut"},
		{"holds", "http-stream", "/tail", result.Hung, "drain-ends/program/stream-open", ""},
	} {
		t.Run(c.mode+" "+c.client+c.path, func(t *testing.T) {
			t.Parallel()
			got := run(t, c.mode, limitOf(c.verdict == result.Hung), fmt.Sprintf(load, c.client, c.path), 1)
			if got.Verdict != c.verdict || strings.Join(classes(got), " ") != c.class || strings.Join(warnings(t, got), " ") != c.warning || atRisk(got, "stream-open") != 2 {
				t.Errorf("%s, %v, warned of %v, at risk %v, void %v", got.Verdict, classes(got), warnings(t, got), got.AtRisk, got.Void)
			}
			if notes := strings.Join(got.Notes, " "); !strings.Contains(notes, "taken as streams without an end: "+c.client+" GET "+c.path) {
				t.Errorf("notes %s", notes)
			}
		})
	}
}

// TestStatuses reads what is well: one status or a list, of HTTP or of gRPC.
func TestStatuses(t *testing.T) {
	for status, want := range map[string]string{
		"200": "", "[2xx, 503]": "", "[2xx, NOT_FOUND]": "",
		"600": `status "600": write one such as 200, 2xx`, "[2xx, fine]": `status "fine": write one`, "[]": "status is an empty list",
	} {
		errs := compileErrors(t, "{client: http-keepalive, status: "+status+"}")
		if want == "" && len(errs) > 0 || want != "" && (len(errs) != 1 || !strings.Contains(errs[0], want)) {
			t.Errorf("%s: %q, want %q", status, errs, want)
		}
	}
}
