package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets/all"
)

// vocabulary is that of the whole catalogue.
var vocabulary = trial.Catalog(all.Targets()).Vocabulary()

// TestHashIgnoresSpelling pairs scenarios that do the same in every trial.
func TestHashIgnoresSpelling(t *testing.T) {
	for _, row := range []struct{ what, one, other string }{
		{"order of keys", "duration: 3s\ntrials: 5", "trials: 5\nduration: 3s"},
		{"comments", "duration: 3s", "# long\nduration: 3s # three"},
		{"defaults written out", "", "engine: real\nduration: 2s\ndrain_limit: 2s\ntrials: 10"},
		{"units of durations", "duration: 1500ms", "duration: 1.5s"},
		{"variants", "", "variants: [a, b]"},
		{"trials, seed and owner", "", "trials: 7\nseed: 9\nowner: me"},
		{"what is judged", "", "expect: [drain-ends]\nthresholds: [max(drain) < 1s]\nregression: {memory: 5%}"},
		{"known breaches", "", "known: [{class: a, planted: true}]"},
		{"order of knobs", "knobs: {a: 1, b: 2}", "knobs: {b: 2, a: 1}"},
		{"no knobs", "", "knobs: {}"},
		{"units of knobs", "knobs: {a: 100us, b: 1KiB, c: 5..5}", "knobs: {a: 0.1ms, b: 1024B, c: 5}"},
		{"quotes", "knobs: {a: drop}", `knobs: {a: "drop"}`},
		{"block or flow", "load:\n  - op: publish\n    clients: 2", "load: [{op: publish, clients: 2}]"},
		{"defaults of a load group", "load: [{op: publish}]", "load: [{op: publish, clients: 1, shape: saturate, as: publish}]"},
		{"units in a load group", "load: [{op: p, shape: slow, delay: 1ms..5ms}]", "load: [{op: p, shape: slow, delay: 1000us..5ms}]"},
		{"units in injection", "inject: [{signal: SIGTERM, at: 0.3s}]", "inject: [{signal: SIGTERM, at: 300ms}]"},
		{"an empty small world", "", "sim: {}"},
		{"an anchor", "knobs: {a: 1, b: 1}", "knobs: {a: &x 1, b: *x}"},
	} {
		one, other := scenario.MustParse(t, scenario.Head, row.one), scenario.MustParse(t, scenario.Head, row.other)
		if one.Hash(vocabulary) != other.Hash(vocabulary) {
			t.Errorf("%s: the hashes of\n%s\nand\n%s\ndiffer", row.what, row.one, row.other)
		}
	}
}

// differing are scenarios of which no two do the same in every trial.
var differing = []string{
	scenario.Head,
	"name: x\ntarget: gateway",
	scenario.Head + "\nengine: sim",
	scenario.Head + "\nduration: 3s",
	scenario.Head + "\ndrain_limit: 3s",
	scenario.Head + "\nknobs: {mailbox: 1}",
	scenario.Head + "\nknobs: {mailbox: 2}",
	scenario.Head + "\nknobs: {mailbox: 1.5}",
	scenario.Head + "\nwiden: {mailbox: 1}",
	scenario.Head + "\nload: [{op: publish}]",
	scenario.Head + "\nload: [{op: publish, clients: 2}]",
	scenario.Head + "\nload: [{op: publish, as: writers}]",
	scenario.Head + "\nload: [{op: publish}, {op: subscribe}]",
	scenario.Head + "\nload: [{op: subscribe}, {op: publish}]",
	scenario.Head + "\ninject: [{signal: SIGTERM, at: 300ms}]",
	scenario.Head + "\ninject: [{signal: SIGTERM, at: 301ms}]",
	scenario.Head + "\nsim: {ops: 3}",
	scenario.Head + "\nsim: {knobs: {mailbox: 1}}",
	"name: x\ntarget: external\nexternal: {command: ./a}",
	"name: x\ntarget: external\nexternal: {command: [./a, 60s]}",
	"name: x\ntarget: external\nexternal: {command: [./a, 1m]}",
	"name: x\ntarget: external\nexternal: {command: ./a}\nload: [{client: write-http, body: 1KiB}]",
	"name: x\ntarget: external\nexternal: {command: ./a}\nload: [{client: write-http, body: 1024B}]",
	"name: x\ntarget: external\nexternal: {command: ./a, env: {TOKEN: s3cret, PORT: \":{port}\"}}\nload: [{client: http-upload, clients: 1, as: http-upload, over: 0.1s, headers: {cookie: me, Accept: \"*/*\"}}]",
}

// TestHashSeesWhatShapesATrial changes one thing at a time.
func TestHashSeesWhatShapesATrial(t *testing.T) {
	seen := map[string]string{}
	for _, lines := range differing {
		hash := scenario.MustParse(t, lines).Hash(vocabulary)
		if twin, ok := seen[hash]; ok {
			t.Errorf("one hash for\n%s\nand\n%s", twin, lines)
		}
		seen[hash] = lines
	}
}

// TestHashStays holds the hashes themselves: recorded trials, replay files and baselines are found by them.
func TestHashStays(t *testing.T) {
	var text strings.Builder
	for _, lines := range differing {
		fmt.Fprintf(&text, "%s %q\n", scenario.MustParse(t, lines).Hash(vocabulary), lines)
	}
	for _, path := range scenario.Good(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "%s %s\n", scenario.MustParse(t, string(data)).Hash(vocabulary), filepath.ToSlash(path))
	}
	scenario.Golden(t, "testdata/hashes.txt", []byte(text.String()))
}

// withoutPlaces drops what a round trip may change: places and quotes.
var withoutPlaces = cmp.Options{
	cmp.Transformer("value", func(v spec.Value) any {
		if v.Kind == spec.Scalar {
			return v.Text
		}
		return struct {
			Kind   spec.Kind
			Items  []spec.Value
			Fields []spec.Field
		}{v.Kind, v.Items, v.Fields}
	}),
	cmp.FilterPath(func(p cmp.Path) bool {
		return p.Last().String() == ".Warnings" || p.Last().String() == ".Source" || p.Last().String() == ".File" || p.Last().String() == ".EngineSet" || p.Last().String() == ".At"
	}, cmp.Ignore()),
}

func TestMarshalRoundTrip(t *testing.T) {
	for _, path := range scenario.Good(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s := scenario.MustParse(t, string(data))
		text := s.Marshal()
		scenario.Golden(t, strings.TrimSuffix(path, ".yaml")+".pinned", text)
		back, problems := scenario.Parse(path+" pinned", text, scenario.Now)
		if problems != nil {
			t.Errorf("the pinned scenario is refused:\n%s", problems)
			continue
		}
		if d := cmp.Diff(s, back, withoutPlaces); d != "" {
			t.Errorf("%s: (-before +after)\n%s", path, d)
		}
		if s.Hash(vocabulary) != back.Hash(vocabulary) {
			t.Errorf("%s: the hash changed", path)
		}
		if again := back.Marshal(); string(again) != string(text) {
			t.Errorf("%s: pinned twice gives\n%s", path, again)
		}
	}
}

func TestMarshalOfFlags(t *testing.T) {
	s := scenario.MustParse(t, scenario.Head)
	s.Engine = scenario.Sim
	s.Variants = []spec.Value{spec.Text("null"), spec.Text("a, b"), spec.Text("- x")}
	odd := ""
	for r := range rune(0x300) {
		odd += string(r)
	}
	s.Knobs = []spec.Field{{Key: spec.Text("odd"), Value: spec.Text(odd + "\u2028\ufeff\U0001f600")}}
	seed := scenario.Seed(1<<64 - 1)
	s.Seed = &seed
	back := scenario.MustParse(t, string(s.Marshal()))
	if d := cmp.Diff(s, back, withoutPlaces); d != "" {
		t.Errorf("(-before +after)\n%s", d)
	}
	s.Knobs[0].Value = spec.Text("\xff")
	if v := scenario.MustParse(t, string(s.Marshal())).Knobs[0].Value; v.Text != "\ufffd" {
		t.Errorf("a byte that is no text became %q", v.Text)
	}
}

// FuzzParse holds that any file is either refused, in a text that can be shown, or
// survives being pinned.
func FuzzParse(f *testing.F) {
	for _, path := range append(scenario.Good(&testing.T{}), "testdata/bad/many.yaml", "testdata/bad/metrics.yaml", "testdata/bad/keys.yaml") {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("name: a\ntarget: &x \"\\u2028\"\nknobs: {*x : |2\n    a\n\n}"))
	f.Add([]byte("{name: a, target: 'b', owner: \"\\x85\\t\", knobs: {? a : ''}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, problems := scenario.Parse("f", data, scenario.Now)
		if problems != nil {
			if len(problems.Errors) == 0 || problems.Error() == "" {
				t.Error("problems without an error")
			}
			return
		}
		text := s.Marshal()
		back, problems := scenario.Parse("f", text, scenario.Now)
		if problems != nil {
			t.Fatalf("pinned, it is refused: %v\n%s", problems, text)
		}
		if d := cmp.Diff(s, back, withoutPlaces); d != "" {
			t.Errorf("pinned, it differs: (-before +after)\n%s\n%s", d, text)
		}
		if s.Hash(vocabulary) != back.Hash(vocabulary) {
			t.Errorf("pinned, it has another hash\n%s", text)
		}
	})
}
