//go:build linux

package external_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
)

// TestHTTP2 signals servers while streams of HTTP/2 are open that have been for most of a second: those that the
// server answers, or says it has not touched, are not lost; the others are. The server has little else to do then, so
// that even a starved one comes to rest: what it has read is proved in one trial of three at the least.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	const (
		plain = "url: \"http://127.0.0.1:{port}/\""
		tls   = "url: \"https://127.0.0.1:{port}/\", env: {TLS: \"1\"}"
		read  = "every-request-answered/request-read/"
	)
	for _, row := range []struct{ mode, more, class string }{
		{"shutdown", plain, ""},
		{"no-handler", plain, read + "died-of-SIGTERM"},
		{"shutdown", tls, ""},
		{"close", tls, read + "exited"},
		{"h2-refuses", plain, ""},
		{"h2-forgets", plain, read + "exited"},
	} {
		t.Run(row.mode+" "+strings.Trim(row.more[6:11], ":"), func(t *testing.T) {
			t.Parallel()
			upload := "\n  - {client: http2, path: /upload, size: 2MiB, shape: slow, delay: 300ms, as: upload}"
			if strings.HasPrefix(row.mode, "h2-") {
				upload = ""
			}
			trials := 3
			if row.class != "" {
				trials = manyTrials
			}
			p := compile(t, fmt.Sprintf(`name: x
target: external
trials: %d
duration: 1s
external: {command: [%s, %s], %s}
inject: [{signal: SIGTERM, at: 80%%..95%%}]
load:
  - {client: http2, clients: 4, path: /long, as: long}
  - {client: http2, shape: slow, delay: 100ms, as: quick}%s
`, trials, path, row.mode, row.more, upload))
			c, _ := runCampaign(t, p, trial.Config{Keep: trial.KeepNone, FailFast: true})
			t.Logf("%s, %v, at risk %v, crossed %v", c.Verdict, classes(c), c.AtRisk, c.Judged[0].Crossed)
			if atRisk(c, "request-read") < 1 {
				t.Errorf("at risk %v, notes %v, %v", c.AtRisk, c.Notes, c.Judged)
			}
			switch {
			case row.class == "" && (c.Verdict != result.Passed || len(c.Breaches) > 0):
				t.Errorf("%s, %v", c.Verdict, c.Breaches)
			case row.class != "" && (c.Verdict != result.Breached || !strings.HasPrefix(strings.Join(classes(c), " "), row.class)):
				t.Errorf("%s, %v; want a report of %s", c.Verdict, classes(c), row.class)
			}
		})
	}
}

// TestHTTP2IsNotSpoken says what a server is that does not speak it.
func TestHTTP2IsNotSpoken(t *testing.T) {
	t.Parallel()
	c := run(t, "garbage", "", "\n  - {client: http2}\n", 1)
	if c.Verdict != result.Untested || len(c.Judged) != 1 || !strings.Contains(c.Judged[0].Void, "the server does not speak HTTP/2 here") {
		t.Errorf("%s: %v", c.Verdict, c.Judged)
	}
}
