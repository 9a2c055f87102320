package scenario_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets/all"
)

// spoilt are values that do not belong where they are put, most of the time.
var spoilt = []string{
	"nope", "0", "-1", "1.5", "7", "true", "null", "[]", "{}", "[a, b]", "{a: 1}", `""`, `"1"`, "5%", "10ms", "3s..1s", "64KiB", "9s", "x y", "broker", "external",
	"no-ghost", "SIGTERM", "99999999999999999999", "reference", "2000/s", "20%..80%", "op 10..20", `"op 10..20"`, "startup", "p99(publish) < 5ms", "2027-01-31",
}

// scalars are the single values and the keys of a value that stand on one line as they are meant.
func scalars(v spec.Value) []spec.Value {
	var all []spec.Value
	switch v.Kind {
	case spec.List:
		for _, item := range v.Items {
			all = append(all, scalars(item)...)
		}
	case spec.Map:
		for _, f := range v.Fields {
			all = append(append(all, f.Key), scalars(f.Value)...)
		}
	case spec.Scalar:
		if !v.Quoted && v.Text != "" {
			all = append(all, v)
		}
	}
	return all
}

// mutate puts another text in the place of a value.
func mutate(text string, at spec.Value, with string) (string, bool) {
	lines := strings.SplitAfter(text, "\n")
	if at.Pos.Line < 1 || at.Pos.Line > len(lines) {
		return "", false
	}
	line := []rune(lines[at.Pos.Line-1])
	from := at.Pos.Col - 1
	if from > len(line) || !strings.HasPrefix(string(line[from:]), at.Text) {
		return "", false
	}
	lines[at.Pos.Line-1] = string(line[:from]) + with + strings.TrimPrefix(string(line[from:]), at.Text)
	return strings.Join(lines, ""), true
}

// An editor marks no file that validate takes: what the schema refuses, validate refuses as well. No mutation makes
// either of them panic, and none is refused without a place or a word.
func TestSchemaRefusesNothingThatValidateTakes(t *testing.T) {
	schema := compiled(t)
	catalog := trial.Catalog(all.Targets())
	var bases []string
	for _, path := range scenario.Good(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bases = append(bases, string(data))
	}
	for _, target := range catalog {
		bases = append(bases, string(target.Example))
	}
	refused, taken, told := 0, 0, map[string]bool{}
	r := rand.New(rand.NewPCG(1, 2))
	for range 800 {
		text := bases[r.IntN(len(bases))]
		for range 1 + r.IntN(2) {
			root, errs := scenario.DecodeYAML([]byte(text))
			if len(errs) > 0 {
				break
			}
			at := scalars(root)
			if more, ok := mutate(text, at[r.IntN(len(at))], spoilt[r.IntN(len(spoilt))]); ok {
				text = more
			}
		}
		root, errs := scenario.DecodeYAML([]byte(text))
		s, problems := scenario.Parse("f", []byte(text), scenario.Now)
		if len(errs) > 0 {
			if problems == nil {
				t.Errorf("no YAML, and taken:\n%s", text)
			}
			continue
		}
		_, bad := trial.Compile(s, catalog)
		if problems != nil {
			bad = append(bad, problems.Errors...)
		}
		if slices.ContainsFunc(bad, func(e *spec.Error) bool { return e.Msg == "" }) {
			t.Errorf("refused without a word:\n%s", text)
		}
		if err := schema.Validate(plain(root)); err != nil {
			refused++
			if why := fmt.Sprint(err); len(bad) == 0 && !told[why] {
				told[why] = true
				t.Errorf("the schema refuses what validate takes: %v\n%s", err, text)
			}
		} else {
			taken++
		}
	}
	if refused < 200 || taken < 50 {
		t.Errorf("%d files were refused, %d taken: too few to prove anything", refused, taken)
	}
}
