package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// planted is a document with mistakes, each beside a correct twin.
const planted = "# Planted\n" +
	"```sh\n" +
	"racebench run broker --trials 5 | head   # good\n" +
	"racebench run broker --trails 5\n" +
	"racebench fuzzle broker\n" +
	"racebench run broker/no-such --json > x && racebench version\n" +
	"racebench run broker \\\n" +
	"  --no-such\n" +
	"racebench list shapes --json\n" +
	"racebench list shades\n" +
	"go run ./cmd/racebench run examples/no-such.yaml\n" +
	"```\n" +
	"```\n" +
	"$ racebench version\n" +
	"$ racebench version --no-such\n" +
	"racebench output-is-no-command\n" +
	"```\n" +
	"\n" +
	"    racebench doctor --no-such\n" +
	"\n" +
	"```yaml\nname: good\ntarget: broker\n```\n" +
	"```yaml\nname: bad\ntarget: broker\nload: [{op: publsh}]\n```\n" +
	"```yaml\nexpect: [drain-ends]\n```\n" +
	"```yaml\nexpect: [drain-end]\n```\n" +
	"```yaml\nknown: [{class: drain-ends/*, until: 2001-01-31}]\n```\n" +
	"| shape | needs |\n|---|---|\n| `rate` | |\n| `rat` | |\n" +
	"\n" +
	"| field | meaning |\n|---|---|\n| `op` | holds `inner` |\n| `opp` | |\n" +
	"\n" +
	"| clean trials | rules out |\n|---|---|\n| 299 | 1 % |\n| 298 | 2 % |\n| 10 | 25 % |\n"

func TestMistakesAreFound(t *testing.T) {
	p, doc := build(t), page{"planted.md", planted}
	var wrong []string
	for _, c := range commandsOf(doc) {
		if why := p.checkCommand(t, c.args); why != "" {
			wrong = append(wrong, fmt.Sprintf("%d %s", c.line, strings.Join(c.args, " ")))
		}
	}
	want := []string{
		"4 run broker --trails 5", "5 fuzzle broker", "6 run broker/no-such --json", "7 run broker --no-such",
		"10 list shades", "11 run examples/no-such.yaml", "15 version --no-such", "19 doctor --no-such",
	}
	if !slices.Equal(wrong, want) {
		t.Errorf("bad commands\n%s\nwant\n%s", strings.Join(wrong, "\n"), strings.Join(want, "\n"))
	}
	var good []bool
	for _, b := range blocksOf(doc) {
		if text, ok := scenarioOf(b); ok && b.lang == "yaml" {
			good = append(good, p.checkScenario(t.TempDir(), text) == "")
		}
	}
	if want := []bool{true, false, true, false, true}; !slices.Equal(good, want) {
		t.Errorf("scenarios are good: %v, want %v", good, want)
	}
	for what, found := range map[string]struct{ got, want []string }{
		"shapes": {checkNames([]page{doc}, "shape", []string{"rate", "slow"}),
			[]string{"planted.md:42: shape rat does not exist", "no table of the documents describes shape slow"}},
		"fields": {checkFields(doc, []string{"op", "inner", "left-out", "later"}, []string{"later"}),
			[]string{"planted.md:47: field opp does not exist", "planted.md describes no field left-out"}},
		"bounds": {checkRulesOut([]page{doc}),
			[]string{"planted.md:52: 298 clean trials rule out 1.000 %, not 2 %", "planted.md:53: 10 clean trials rule out 25.887 %, not 25 %"}},
	} {
		if !slices.Equal(found.got, found.want) {
			t.Errorf("%s: %q, want %q", what, found.got, found.want)
		}
	}
}

func TestAQuotedErrorMustBePrinted(t *testing.T) {
	p := build(t)
	shown := block{invalid: "a.yaml", lines: []string{"name: a"}}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(shown.text()), 0o644); err != nil {
		t.Fatal(err)
	}
	_, printed, _ := p.run(dir, "validate", "a.yaml")
	for quote, good := range map[string]bool{
		"$ racebench validate a.yaml\n" + printed:              true,
		"$ racebench validate a.yaml\n" + printed + "and more": false,
		"$ racebench validate b.yaml\n" + printed:              false,
		printed: false,
	} {
		b := block{lines: strings.Split(strings.TrimSuffix(quote, "\n"), "\n")}
		if why := p.checkErrors(dir, shown, b); (why == "") != good {
			t.Errorf("quote %q: %q", quote, why)
		}
	}
}
