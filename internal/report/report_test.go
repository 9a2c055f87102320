package report

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/lipgloss"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/console"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; if that is wanted: go test ./internal/report -update\n%s", path, got)
	}
}

func render(t *testing.T, format string, r *result.Report, o Options) string {
	t.Helper()
	raw, err := Render(format, r, o)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

var widths = []int{0, 40, 60, 80, 120, 200}

func TestText(t *testing.T) {
	for _, width := range widths {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			name := fmt.Sprintf("text-%d", width)
			if width == 0 {
				name = "text-piped"
			}
			golden(t, name, []byte(render(t, "text", sample(), Options{Width: width, Dir: "racebench-runs"})))
			golden(t, name+"-color", []byte(render(t, "text", sample(), Options{Width: width, Color: true})))
		})
	}
	golden(t, "text-verbose", []byte(render(t, "text", sample(), Options{Width: 100, Verbose: true})))
}

func TestTextOfOneVariant(t *testing.T) {
	idle, unmeasured := missedRow(), missedRow()
	idle.Verdict, idle.AtRisk, idle.Thresholds = result.Untested, []result.RowRisk{{Kind: "queued"}}, nil
	unmeasured.Verdict, unmeasured.Thresholds = result.Untested, unmeasured.Thresholds[2:]
	for name, row := range map[string]result.Row{
		"passed": passedRow(), "untested": untestedRow(), "known": knownRow(), "idle": idle, "unmeasured": unmeasured,
	} {
		r := sample()
		r.Results, r.Verdict = []result.Row{row}, row.Verdict
		golden(t, "one-"+name, []byte(render(t, "text", r, Options{})))
	}
}

func TestJSON(t *testing.T) { golden(t, "sample.json", []byte(render(t, "json", sample(), Options{}))) }

func TestFormats(t *testing.T) {
	if got := Formats(); !reflect.DeepEqual(got, []string{"text", "json", "ndjson", "junit", "markdown", "github", "hlog", "benchfmt", "openmetrics", "html"}) {
		t.Errorf("formats are %q", got)
	}
	if _, err := Render("csv", sample(), Options{}); err == nil || !strings.Contains(err.Error(), `"csv"`) {
		t.Errorf("an unknown format gave %v", err)
	}
	for _, f := range Formats() {
		if f != "ndjson" && render(t, f, &result.Report{Schema: result.SchemaName, Verdict: result.Untested}, Options{}) == "" {
			t.Errorf("%s: an empty report gave nothing at all", f)
		}
	}
}

// TestNoLineIsTooWide allows only what cannot be broken: a single word behind an indentation, or one
// with the shell's sign that the command goes on.
func TestNoLineIsTooWide(t *testing.T) {
	for width := leastWidth; width <= 200; width++ {
		for _, verbose := range []bool{false, true} {
			for line := range strings.Lines(render(t, "text", sample(), Options{Width: width, Verbose: verbose})) {
				line = strings.TrimRight(line, "\n")
				words := strings.Fields(strings.TrimSuffix(line, ` \`))
				if lipgloss.Width(line) > width && len(words) > 1 && !(width < blocksBelow && unbreakable(words)) {
					t.Errorf("at width %d (verbose %v), %d columns: %q", width, verbose, lipgloss.Width(line), line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("at width %d: spaces at the end of %q", width, line)
				}
			}
		}
	}
}

// unbreakable says that a line is a mark or a label beside one long word.
func unbreakable(words []string) bool { return len(words) == 2 && len(words[1]) > 12 }

var number = regexp.MustCompile(`\d+(\.\d+)?`)

// TestNoNumberIsCut compares the numbers at every width with those of a terminal that is wide enough for
// everything.
func TestNoNumberIsCut(t *testing.T) {
	whole := map[string]bool{}
	for _, width := range []int{0, 70, 90, 1000} { // shorter forms of columns may use other units
		for _, n := range number.FindAllString(render(t, "text", sample(), Options{Width: width, Verbose: true}), -1) {
			whole[n] = true
		}
	}
	for width := leastWidth; width <= 200; width++ {
		text := render(t, "text", sample(), Options{Width: width, Verbose: true})
		for _, n := range number.FindAllString(text, -1) {
			if !whole[n] {
				t.Errorf("at width %d there is a number %q that the report does not hold", width, n)
			}
		}
		for _, n := range []string{"2358", "9871", "25ms", "1480/s", "31 ms", "000012"} {
			if !strings.Contains(text, n) {
				t.Errorf("at width %d, %q is missing", width, n)
			}
		}
	}
}

func TestNumbersKeepTheirUnits(t *testing.T) {
	for width := leastWidth; width < 120; width++ {
		for line := range strings.Lines(render(t, "text", sample(), Options{Width: width})) {
			switch strings.Fields(line + " x")[0] {
			case "%", "ms", "µs", "s":
				t.Errorf("at width %d a line begins with a unit: %q", width, line)
			}
		}
	}
}

func TestPlainOutputHoldsNoEscapes(t *testing.T) {
	for _, width := range widths {
		if text := render(t, "text", sample(), Options{Width: width}); strings.ContainsRune(text, 0x1b) {
			t.Errorf("width %d without colour holds an escape", width)
		}
		colored := render(t, "text", sample(), Options{Width: width, Color: true})
		if !strings.ContainsRune(colored, 0x1b) {
			t.Errorf("width %d with colour holds no escape", width)
		}
		if plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(colored, ""); plain != render(t, "text", sample(), Options{Width: width}) {
			t.Errorf("width %d: colour changes the text", width)
		}
	}
}

// poison puts a string in place of every string of a report.
func poison(v reflect.Value, with string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + with)
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), with)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i), with)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), with)
		}
	}
}

func TestNothingDrivesTheTerminal(t *testing.T) {
	r := sample()
	poison(reflect.ValueOf(r), "\x1b[2J\x1b]0;owned\x07\r\u009b31m\u202e\u2028\xff\t\x00")
	for _, format := range Formats() {
		for _, width := range widths {
			for _, c := range render(t, format, r, Options{Width: width, Verbose: true}) {
				if c != '\n' && (unicode.IsControl(c) || console.Hidden(c)) {
					t.Fatalf("%s at width %d holds %U", format, width, c)
				}
			}
		}
	}
}

// A CI system reads what a step prints. No line of any format is a command of somebody else, wherever it was broken.
func TestNothingBecomesACommand(t *testing.T) {
	const command = "::error file=x::a b c ::add-mask::d e f ##[group]g ##vso[task.setvariable]h ##teamcity[i]"
	r, c := sample(), sampleComparison()
	poison(reflect.ValueOf(r), command)
	poison(reflect.ValueOf(c), command)
	for _, width := range widths {
		var texts []string
		for _, format := range Formats() {
			texts = append(texts, render(t, format, r, Options{Width: width, Verbose: true}))
		}
		for _, format := range ComparisonFormats() {
			texts = append(texts, renderComparison(t, format, c, Options{Width: width, Verbose: true}))
		}
		for _, text := range texts {
			for line := range strings.Lines(text) {
				own := regexp.MustCompile(`^::(error|warning|notice) (file=[^,:]*,)?(line=\d+,)?title=`).MatchString(line)
				if start := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(start, "::") && !own {
					t.Errorf("at width %d a line is a command: %q", width, line)
				}
				for _, mark := range []string{"##[", "##vso[", "##teamcity["} {
					if strings.Contains(line, mark) {
						t.Errorf("at width %d a line holds %s: %q", width, mark, line)
					}
				}
			}
		}
	}
}

func TestLinesOfEvidenceStayLines(t *testing.T) {
	r := sample()
	r.Results = r.Results[1:2]
	r.Results[0].Breaches[0].First.Evidence = []string{"panic: planted\r\n\ngoroutine 1 [running]:\n\tmain.main()\n"}
	text := render(t, "text", r, Options{})
	if want := "\n  panic: planted\n\n  goroutine 1 [running]:\n      main.main()\n"; !strings.Contains(text, want) {
		t.Errorf("%q is not in\n%s", want, text)
	}
}

func TestJSONMeansTheSameWhenEscaped(t *testing.T) {
	r := sample()
	r.Results[0].Scenario = "a\u009bb\u202ec\x7fd\x1be\"é日"
	back, err := result.Decode([]byte(render(t, "json", r, Options{})))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(r)
	got, _ := json.Marshal(back)
	if string(got) != string(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestRenderLeavesTheReportAlone(t *testing.T) {
	r := sample()
	r.Results[0].Scenario = "a\x1bb"
	before, _ := json.Marshal(r)
	_ = render(t, "text", r, Options{})
	if after, _ := json.Marshal(r); string(after) != string(before) {
		t.Error("the report was changed")
	}
}
