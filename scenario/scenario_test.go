package scenario

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/scenario/spec"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// now is when all tests read their files.
var now = time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC)

// golden compares got with a file of testdata, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s: (-want +got)\n%s", path, d)
	}
}

// good lists the scenarios of testdata that are right.
func good(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	return paths
}

func TestBadFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, problems := Parse(filepath.Base(path), data, now)
			if problems == nil {
				t.Fatal("nothing was found wrong")
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".txt", []byte(problems.Error()+"\n"))
		})
	}
}

// TestBadBytes has the cases that an editor would not save.
func TestBadBytes(t *testing.T) {
	for _, row := range []struct{ what, data, want string }{
		{"empty", "", "f: the file is empty: a scenario needs at least name and target (racebench init writes one)"},
		{"only a comment", "# later\n", "f: the file is empty"},
		{"null", "~\n", "f:1:1: a scenario is a map of fields, not nothing"},
		{"NUL", "name: a\x00b\n", "f:1:8: a NUL byte"},
		{"Latin-1", "name: x\nowner: Andr\xe9\n", "f:2:12: byte 0xe9 is not UTF-8"},
		{"UTF-16", "\xff\xfen\x00", "f:1:1: byte 0xff is not UTF-8"},
		{"escape sequence", "owner: \x1b[31m\n", "f:1:8: control character U+001B"},
		{"line separator", "name: a\u2028b\n", "f:1:8: line separator U+2028"},
		{"too deep", strings.Repeat("[", 70), "f:1:65: nested deeper than 64 levels"},
		{"far too deep", strings.Repeat("{a: ", 100_000), "nested deeper than 64 levels"},
		{"deep in blocks", deepBlocks(80), "nested deeper than 64 levels"},
		{"two values", "[a][b]", "f:1:4: text after the end of what the file holds"},
		{"too large", strings.Repeat("#", int(input.Scenario.Limit())+1), "f: larger than 1 MiB"},
		{"carriage returns", "name: x\rtarget: broker\rtrails: 3\r", "f:3:1: unknown field \"trails\" (did you mean \"trials\"?)\n    trails: 3\n    ^"},
		{"a byte order mark", "\ufeffnam: x\ntarget: broker", "f:1:1: unknown field \"nam\" (did you mean \"name\"?)\n    nam: x\n    ^"},
	} {
		_, problems := Parse("f", []byte(row.data), now)
		if problems == nil {
			t.Errorf("%s: nothing was found wrong", row.what)
		} else if got := problems.Error(); !strings.Contains(got, row.want) {
			t.Errorf("%s: got %s\nwant %s", row.what, got, row.want)
		}
	}
}

func deepBlocks(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// TestAliasBomb holds that a few lines cannot expand to millions of values.
func TestAliasBomb(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'j'; c++ {
		p := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+p+",", 10), ",") + "]\n"
	}
	_, problems := Parse("f", []byte(bomb), now)
	if problems == nil || !strings.Contains(problems.Error(), "aliases expand to more than 10000 values") {
		t.Errorf("got %v", problems)
	}
}

func TestAliases(t *testing.T) {
	s, problems := Parse("f", []byte("name: x\ntarget: broker\nknobs: {mailbox: &m 4, other: *m}\nsim: {knobs: {mailbox: *m}}\n"), now)
	if problems != nil {
		t.Fatal(problems)
	}
	if v := s.Sim.Knobs[0].Value; v.Text != "4" || v.Pos != (spec.Pos{Line: 4, Col: 24}) {
		t.Errorf("the alias is %q at %v", v.Text, v.Pos)
	}
	_, problems = Parse("f", []byte("name: &n [*n]\ntarget: broker\n"), now)
	if problems == nil || !strings.Contains(problems.Error(), "alias *n stands inside what it names") {
		t.Errorf("a value inside itself: %v", problems)
	}
}

func TestDefaults(t *testing.T) {
	s, problems := Parse("f", []byte("name: x\ntarget: broker\n"), now)
	if problems != nil {
		t.Fatal(problems)
	}
	want := Scenario{
		Name: "x", Target: s.Target, Variants: []spec.Value{spec.Text(Reference)}, Engine: Real,
		File: "f", Source: s.Source, Trials: 10, Duration: 2 * time.Second, DrainLimit: 2 * time.Second,
	}
	if d := cmp.Diff(want, s); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	s, problems = Parse("f", []byte("name: x\ntarget: external\nexternal: {command: ./server}\n"), now)
	if problems != nil {
		t.Fatal(problems)
	}
	if s.DrainLimit != 10*time.Second || s.Variants != nil || s.External == nil {
		t.Errorf("external: drain limit %v, variants %v, external %v", s.DrainLimit, s.Variants, s.External)
	}
}

// TestContractExample reads the example of the documentation in full.
func TestContractExample(t *testing.T) {
	data, err := os.ReadFile("testdata/good/broker.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, problems := Parse("broker.yaml", data, now)
	if problems != nil {
		t.Fatal(problems)
	}
	if s.Name != "broker-sigterm-under-load" || s.Target.Text != "broker" || len(s.Variants) != 3 || !s.EngineSet ||
		s.Trials != 20 || *s.Seed != 7 || s.Owner != "@acme/broker" || len(s.Knobs) != 3 || len(s.Load) != 3 ||
		len(s.Inject) != 1 || len(s.Widen) != 1 || len(s.Expect) != 2 || len(s.Known) != 2 {
		t.Errorf("%+v", s)
	}
	if s.Sim.Ops != 12 || s.Sim.Clients != 3 || s.Sim.MaxSteps != 5000 || s.Sim.Knobs[0].Key.Text != "mailbox" {
		t.Errorf("sim: %+v", s.Sim)
	}
	k := s.Known[0]
	if !k.Matches("no-lost-message/stage1/raced") || k.Matches("no-lost-message/stage2/raced") ||
		k.Until.Format(time.DateOnly) != "2027-01-31" || k.Why != "tracked in #25" || k.Rate != 0 {
		t.Errorf("known: %+v", k)
	}
	if k := s.Known[1]; !k.Planted || k.Rate != 0.5 || k.Variant.Text != "close-merged" {
		t.Errorf("planted: %+v", k)
	}
	wantThresholds := []struct {
		metric Metric
		op     string
		value  float64
		unit   Unit
	}{
		{Metric{"p99", "publish", "steady"}, "<", 25e6, Nanoseconds},
		{Metric{"max", "drain", ""}, "<", 1e9, Nanoseconds},
		{Metric{"rate", "publish", ""}, ">", 1500, PerSecond},
		{Metric{"breach_rate", "", ""}, "<", 0.01, Share},
	}
	for i, want := range wantThresholds {
		if got := s.Thresholds[i]; got.Metric != want.metric || got.Op != want.op || got.Value != want.value || got.Unit != want.unit {
			t.Errorf("threshold %d: %+v, want %+v", i, got, want)
		}
	}
	if r := s.Regression; len(r) != 2 || r[0].Metric != (Metric{"p99", "publish", "steady"}) || r[0].Share != 0.1 {
		t.Errorf("regression: %+v", r)
	}
}

func TestWhySaysWhy(t *testing.T) {
	for _, why := range []string{`"..."`, `"…"`, `"."`} {
		_, problems := Parse("f", []byte("name: x\ntarget: broker\nknown: [{class: drain-ends/*, until: 2026-12-24, why: "+why+"}]\n"), now)
		if problems == nil {
			t.Errorf("why: %s was taken for a reason", why)
		}
	}
}

func TestKnownDates(t *testing.T) {
	for _, row := range []struct {
		until   string
		expired bool
		warns   string
	}{
		{"2027-05-20", false, ""}, // 180 days ahead, the most
		{"2026-12-06", false, ""},
		{"2026-12-05", false, "f:3:40: this known entry ends soon: after 2026-12-05 it tolerates nothing"},
		{"2026-11-21", false, "ends soon"}, // today is still tolerated
		{"2026-11-20", true, "f:3:40: this known entry has expired: it tolerates nothing since 2026-11-20"},
	} {
		s, problems := Parse("f", []byte("name: x\ntarget: broker\nknown: [{class: drain-ends/*, until:   "+row.until+"}]\n"), now)
		if problems != nil {
			t.Fatal(problems)
		}
		got := strings.Join(s.Warnings, "\n")
		if s.Known[0].Expired != row.expired || !strings.Contains(got, row.warns) || (got == "") != (row.warns == "") {
			t.Errorf("until %s: expired %v, warnings %q", row.until, s.Known[0].Expired, got)
		}
	}
}

// TestKnownClassesOfEarlierVersions: a class that names a signal by its number still holds, and a warning says how
// it is called now.
func TestKnownClassesOfEarlierVersions(t *testing.T) {
	for _, row := range []struct{ class, warns string }{
		{"clean-exit/program/signal-60", "f:3:17: class clean-exit/program/signal-60 is called clean-exit/program/SIG60 now; write that"},
		{"clean-exit/program/signal-*", "f:3:17: class clean-exit/program/signal-*: reports name signals now, such as SIGUSR1; write the name in place of the number"},
		{"clean-exit/program/signal-6*", "f:3:17: class clean-exit/program/signal-6*: reports name signals now, such as SIGUSR1; write the name in place of the number"},
		{"clean-exit/program/SIG60", ""},
		{"clean-exit/*", ""},
	} {
		s, problems := Parse("f", []byte("name: x\ntarget: broker\nknown: [{class: "+row.class+", planted: true}]\n"), now)
		if problems != nil {
			t.Fatal(problems)
		}
		if got := strings.Join(s.Warnings, "\n"); got != row.warns {
			t.Errorf("%s: warnings %q, want %q", row.class, got, row.warns)
		}
		if k := s.Known[0]; !k.Matches("clean-exit/program/SIG60") || k.Matches("process-survives/program/SIG60") {
			t.Errorf("%s: it is about clean-exit/program/SIG60 and not about process-survives/program/SIG60, but Matches says otherwise", row.class)
		}
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	f, err := os.Create(large)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	for path, want := range map[string]string{
		dir:                         "read scenario " + dir + ": it is a directory: name a file in it",
		filepath.Join(dir, "none"):  "read scenario " + filepath.Join(dir, "none") + ": no such file",
		filepath.Join(large, "sub"): "read scenario " + filepath.Join(large, "sub") + ": not a directory",
		large:                       "read scenario " + large + ": larger than 1 MiB, which no scenario is",
	} {
		_, problems, err := ReadFile(path, now)
		if problems != nil || err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if _, problems, err := ReadFile("testdata/good/broker.yaml", now); err != nil || problems != nil {
		t.Errorf("a good file: %v, %v", err, problems)
	}
}

func TestProblemsAdd(t *testing.T) {
	p := &Problems{File: "f", Source: []byte("name: x\n\towner: é日本 y\n" + strings.Repeat("z", 500) + "\n")}
	p.Add(spec.Errors{
		{Pos: spec.Pos{Line: 3, Col: 400}, Msg: "far right"},
		{Pos: spec.Pos{Line: 2, Col: 13}, Msg: "after a tab"},
		{Pos: spec.Pos{Line: 2, Col: 13}, Msg: "after a tab"},
		{Pos: spec.Pos{Line: 9, Col: 1}, Msg: "past the end"},
		{Pos: spec.Pos{Line: 2, Col: 14}, Msg: "after wide characters"},
		{Msg: "from a flag"},
	})
	golden(t, "testdata/problems.txt", []byte(p.Error()+"\n"))
}

func TestLaterProblems(t *testing.T) {
	s := MustParse(t, "name: x", "target: brker")
	if s.Problems(nil) != nil {
		t.Error("no errors are a problem")
	}
	p := s.Problems(spec.Errors{spec.Unknown(s.Target, "target", []string{"broker", "gateway"})})
	want := "f:2:9: unknown target \"brker\" (did you mean \"broker\"?)\n    target: brker\n            ^"
	if p.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", p, want)
	}
}
