package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/perf/benchfmt"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/scenario"
)

// measuredSample is the sample with histograms and trials that hold something.
func measuredSample(t *testing.T) *result.Report {
	t.Helper()
	r := sample()
	for i := range r.Results {
		row := &r.Results[i]
		for j := range row.Latency {
			l := &row.Latency[j]
			h := result.NewHistogram()
			for k := range int64(1000) {
				if err := h.RecordValue(l.P50NS + (l.P99NS-l.P50NS)*k/1000); err != nil {
					t.Fatal(err)
				}
			}
			raw, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
			if err != nil {
				t.Fatal(err)
			}
			l.Histogram = string(raw)
		}
		row.Timeline = &result.RowTimeline{WidthNS: 50 * ms}
		for at := -20; at < 6; at++ {
			tick := result.Tick{At: at, Trials: 5, Accepted: 500, MeanNS: 50 * us, MaxNS: 2 * ms, Open: 4}
			if at >= 0 {
				tick.Accepted, tick.Refused, tick.MaxNS = 40, 200, 31*ms
			}
			if row.Verdict == result.Breached {
				first := -2 * ms
				tick.Queued, row.Timeline.FirstLossNS = 5*int64(1911+40*at), &first
			}
			row.Timeline.Ticks = append(row.Timeline.Ticks, tick)
		}
		row.PerTrial = nil
		for k := range row.Trials.Run {
			row.PerTrial = append(row.PerTrial, result.RowTrial{
				Trial: k, Seed: "1", Verdict: row.Verdict, StruckNS: int64(400+100*k) * ms, DrainNS: int64(40+k) * ms,
				Metrics: map[string]float64{"p99(publish)": float64(388 * us), "rate(publish)": 1987.5, "p99(publish, drain)": 9e6, "errors(publish)": 3, "at_risk_queued": 7},
			})
		}
	}
	return r
}

func TestEveryFormat(t *testing.T) {
	for _, f := range Formats() {
		if f != "text" && f != "json" {
			golden(t, "sample."+f, []byte(render(t, f, measuredSample(t), Options{})))
		}
	}
	for _, f := range ComparisonFormats() {
		if f != "text" {
			golden(t, "comparison."+f, []byte(renderComparison(t, f, sampleComparison(), Options{})))
		}
	}
}

func TestNDJSONIsARowALine(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(render(t, "ndjson", sample(), Options{})), "\n")
	if len(lines) != len(sample().Results) {
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		var row result.Row
		if err := json.Unmarshal([]byte(line), &row); err != nil || row.Variant != sample().Results[i].Variant {
			t.Errorf("line %d: %v", i, err)
		}
	}
}

func TestHlogReads(t *testing.T) {
	r := measuredSample(t)
	reader := hdrhistogram.NewHistogramLogReader(strings.NewReader(render(t, "hlog", r, Options{})))
	n := 0
	for {
		h, err := reader.NextIntervalHistogram()
		if err != nil || h == nil {
			if err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
		if n++; h.TotalCount() != 1000 {
			t.Errorf("histogram %d holds %d", n, h.TotalCount())
		}
	}
	if want := 3 * (len(r.Results) - 1); n != want {
		t.Errorf("%d histograms, not %d", n, want)
	}
}

func TestBenchfmtReads(t *testing.T) {
	reader := benchfmt.NewReader(strings.NewReader(render(t, "benchfmt", measuredSample(t), Options{})), "test")
	units := map[string]int{}
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Error(rec)
		case *benchfmt.Result:
			units[rec.Values[0].Unit]++
		}
	}
	if reader.Err() != nil || units["sec/op"] == 0 || units["op/s"] == 0 || units["ops"] == 0 {
		t.Errorf("%v %v", units, reader.Err())
	}
}

func TestJUnitCounts(t *testing.T) {
	for name, text := range map[string]string{
		"result": render(t, "junit", sample(), Options{}), "comparison": renderComparison(t, "junit", sampleComparison(), Options{}),
	} {
		var all junit.Testsuites
		if err := xml.Unmarshal([]byte(text), &all); err != nil {
			t.Fatal(err)
		}
		failures, skipped := 0, 0
		for _, s := range all.Suites {
			for _, c := range s.Testcases {
				if c.Failure != nil {
					failures++
				}
				if c.Skipped != nil {
					skipped++
				}
			}
		}
		if failures == 0 || failures != all.Failures || skipped == 0 || all.Errors == 0 {
			t.Errorf("%s: %d failures counted as %d, %d skipped, %d errors", name, failures, all.Failures, skipped, all.Errors)
		}
	}
}

// A known breach is skipped, an untested result is an error, and neither is a failure.
func TestJUnitOfOne(t *testing.T) {
	for row, want := range map[*result.Row][3]int{
		ptrTo(passedRow()): {0, 0, 0}, ptrTo(knownRow()): {0, 0, 1}, ptrTo(untestedRow()): {0, 1, 4}, ptrTo(hungRow()): {1, 0, 3}, ptrTo(missedRow()): {2, 1, 0},
	} {
		r := sample()
		r.Results = []result.Row{*row}
		var all junit.Testsuites
		if err := xml.Unmarshal([]byte(render(t, "junit", r, Options{})), &all); err != nil {
			t.Fatal(err)
		}
		if got := [3]int{all.Failures, all.Errors, all.Suites[0].Skipped}; got != want {
			t.Errorf("%s: failures, errors, skipped are %v, not %v", row.Variant, got, want)
		}
	}
}

func ptrTo[T any](v T) *T { return &v }

const hostile = "</pre></style></title><script>alert(1)</script><img src=x onerror=alert(1)> \"'`|[x](javascript:1)@acme::error::%0A\x1b[31m]]>"

// Names come from other people's files: they are text everywhere and never markup.
func TestHostileNames(t *testing.T) {
	r := measuredSample(t)
	poison(reflect.ValueOf(r), hostile)
	c := sampleComparison()
	poison(reflect.ValueOf(c), hostile)
	for name, text := range map[string]string{
		"html": render(t, "html", r, Options{}), "markdown": render(t, "markdown", r, Options{}),
		"comparison": renderComparison(t, "markdown", c, Options{}),
	} {
		for _, bad := range []string{"<script", "<img", "](javascript", "@acme"} {
			if name == "html" && (bad == "@acme" || bad == "](javascript") {
				continue // plain text there
			}
			if strings.Contains(text, bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
	}
	for name, text := range map[string]string{"junit": render(t, "junit", r, Options{}), "comparison": renderComparison(t, "junit", c, Options{})} {
		if err := xml.Unmarshal([]byte(text), new(junit.Testsuites)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{render(t, "github", r, Options{}), renderComparison(t, "github", c, Options{})} {
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "::error ") && !strings.HasPrefix(line, "::warning ") && !strings.HasPrefix(line, "racebench: ") {
				t.Errorf("a line is no annotation: %q", line)
			}
			if strings.Contains(line, "%0A") && !strings.Contains(line, "%250A") {
				t.Errorf("a percent sign of a name was not escaped: %q", line)
			}
		}
	}
}

// The page is one file: it loads nothing and runs nothing.
func TestPageNeedsNothing(t *testing.T) {
	text := render(t, "html", measuredSample(t), Options{})
	link := `<a href="` + WordList + `">`
	if n := strings.Count(text, link); n != 1 {
		t.Errorf("the page links %d times to the word list", n)
	}
	text = strings.ReplaceAll(text, link, "") // it is followed when somebody asks, and loads nothing
	for _, bad := range []string{"http://", "https://", "<script", " style=", " onclick", "<link", "@import", "url("} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for _, want := range []string{"default-src &#39;none&#39;; style-src &#39;sha256-", "<polyline", "<circle", `class="struck"`, `class="band"`, `class="copy"`, "prefers-color-scheme:dark"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// manyVariants is a result of so many variants.
func manyVariants(t *testing.T, n int) *result.Report {
	t.Helper()
	r := measuredSample(t)
	rows := r.Results
	r.Results = nil
	for i := range n {
		row := rows[i%len(rows)]
		row.Variant = fmt.Sprintf("%s-%d", row.Variant, i)
		r.Results = append(r.Results, row)
	}
	return r
}

func TestPageAndSummaryStaySmall(t *testing.T) {
	if n := len(render(t, "html", manyVariants(t, 65), Options{})); n > 200_000 {
		t.Errorf("a page of 65 variants takes %d bytes", n)
	}
	if n := len(render(t, "markdown", manyVariants(t, 5000), Options{})); n > markdownLimit+1000 {
		t.Errorf("a summary takes %d bytes", n)
	}
	r := manyVariants(t, 500)
	if n := bytes.Count([]byte(render(t, "github", r, Options{})), []byte("::error ")); n != perKind {
		t.Errorf("%d annotations", n)
	}
}

func BenchmarkEveryFormat(b *testing.B) {
	r := sample()
	rows := r.Results
	for len(r.Results) < 65 {
		r.Results = append(r.Results, rows[len(r.Results)%len(rows)])
	}
	for b.Loop() {
		for _, f := range Formats() {
			if _, err := Render(f, r, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// What a program from outside lost is no accepted message; it is lost all the same.
func TestLostOfAProgramFromOutside(t *testing.T) {
	r := row("cart", result.Breached, result.Counts{Planned: 5, Run: 5, Breached: 5})
	r.Target = scenario.External
	r.AtRisk = []result.RowRisk{{Kind: "request-read", Count: 50, Lost: 50, Trials: 5}}
	if text := render(t, "markdown", reportOf(r), Options{}); !strings.Contains(text, "| 50 | 50 |") {
		t.Errorf("the loss is not in the table:\n%s", text)
	}
	if text := render(t, "html", reportOf(r), Options{}); !strings.Contains(text, ">50</td>") {
		t.Errorf("the loss is not in the page:\n%s", text)
	}
}
