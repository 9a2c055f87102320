// Package docs is one test: it holds the documents to the program. Commands and flags that they show
// exist, scenarios that they print are good, errors that they quote are what is printed, and the names in
// their tables are those that `racebench list` knows, all of them.
package docs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
)

// pages reads the documents, and what agents read.
func pages(t *testing.T) []page {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(names) == 0 {
		t.Fatalf("there are no documents: %v", err)
	}
	for _, name := range []string{"README.md", "AGENTS.md", "llms.txt"} {
		names = append(names, filepath.Join(root, name))
	}
	var all []page
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page{filepath.ToSlash(rel), string(text)})
	}
	return all
}

const root = "../.."

// A program is the command as users have it, built once.
type program struct {
	path  string
	known map[string]map[string]bool // flags by command
	lists map[string][]string        // names by list, without a target
}

func build(t *testing.T) *program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "racebench")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", path, "github.com/racebench/racebench/cmd/racebench").CombinedOutput(); err != nil {
		t.Fatalf("build racebench: %v\n%s", err, out)
	}
	return &program{path: path, known: map[string]map[string]bool{}, lists: map[string][]string{}}
}

// run calls the program in dir.
func (p *program) run(dir string, args ...string) (stdout, stderr string, status int) {
	cmd := exec.Command(p.path, args...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", err.Error(), -1
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

var helpFlag = regexp.MustCompile(`(?m)^\s+(?:(-\w), )?\s*(--[a-z][a-z0-9-]*)`)

// flags are those of a command's own help; nil when there is no such command.
func (p *program) flags(name string) map[string]bool {
	if flags, ok := p.known[name]; ok {
		return flags
	}
	args := []string{"--help"}
	if name != "" {
		args = []string{name, "--help"}
	}
	out, _, status := p.run("", args...)
	var flags map[string]bool
	if status == 0 && strings.Contains(out, "racebench "+name) {
		flags = map[string]bool{}
		for _, m := range helpFlag.FindAllStringSubmatch(out, -1) {
			flags[m[1]], flags[m[2]] = true, true
		}
		delete(flags, "")
	}
	p.known[name] = flags
	return flags
}

// listed are the names of `racebench list WHAT --json`.
func (p *program) listed(t *testing.T, what string) []string {
	t.Helper()
	if names, ok := p.lists[what]; ok {
		return names
	}
	out, errs, status := p.run("", "list", what, "--json")
	if status != 0 {
		t.Fatalf("list %s: status %d: %s", what, status, errs)
	}
	var rows []struct{ Name string }
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) == 0 {
		t.Fatalf("list %s: %d rows, error %v", what, len(rows), err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
	}
	p.lists[what] = names
	return names
}

// checkCommand says what is wrong with a command that a document shows, or "".
func (p *program) checkCommand(t *testing.T, args []string) string {
	t.Helper()
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	flags := p.flags(name)
	if flags == nil {
		return fmt.Sprintf("there is no command %q", name)
	}
	for _, arg := range args {
		if arg == "--" {
			break
		}
		if flag, _, _ := strings.Cut(arg, "="); strings.HasPrefix(flag, "-") && !flags[flag] {
			return fmt.Sprintf("%q has no flag %s", name, flag)
		}
		target, variant, slash := strings.Cut(arg, "/")
		switch {
		case slash && slices.Contains([]string{"examples", "targets", "docs"}, target):
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(arg))); err != nil {
				return "there is no file " + arg
			}
		case slash && slices.Contains(p.listed(t, "targets"), target) && variant != "reference" && !slices.Contains(p.listed(t, "variants"), variant):
			return "there is no variant " + arg
		}
	}
	if name == "list" && !placeholder(args) {
		if _, errs, status := p.run("", append([]string{"list"}, args...)...); status != 0 {
			return strings.TrimSpace(errs)
		}
	}
	return ""
}

// placeholder says whether a word in capitals stands for one of the reader's.
func placeholder(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return a == strings.ToUpper(a) && a != strings.ToLower(a) })
}

var date = regexp.MustCompile(`until: \d{4}-\d\d-\d\d`)

// field begins a fragment of a scenario.
var field = regexp.MustCompile(`^(variants|trials|seed|duration|drain_limit|knobs|load|inject|widen|expect|known|thresholds|regression|sim):`)

// scenarioOf is the scenario that a block shows, whole or completed; false when it shows none.
func scenarioOf(b block) (string, bool) {
	text := b.text()
	for _, line := range b.lines {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if field.MatchString(line) {
			text = "name: fragment\ntarget: broker\n" + text
		} else if !strings.HasPrefix(line, "name:") {
			return "", false
		}
		break
	}
	// What a document shows as a good entry must not expire with it.
	return date.ReplaceAllString(text, "until: "+time.Now().AddDate(0, 0, 60).Format(time.DateOnly)), true
}

// checkScenario says what is wrong with a scenario that is shown as good, or "".
func (p *program) checkScenario(dir, text string) string {
	path := filepath.Join(dir, "shown.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err.Error()
	}
	out, errs, status := p.run(dir, "validate", "shown.yaml")
	if status != 0 || out != "" || errs != "" {
		return fmt.Sprintf("validate: status %d\n%s%s", status, out, errs)
	}
	return ""
}

// checkErrors compares the errors that a document quotes with those that the program prints.
func (p *program) checkErrors(dir string, shown, quote block) string {
	if err := os.WriteFile(filepath.Join(dir, shown.invalid), []byte(shown.text()), 0o644); err != nil {
		return err.Error()
	}
	want, ok := strings.CutPrefix(quote.text(), "$ racebench validate "+shown.invalid+"\n")
	if !ok {
		return "no block follows that begins with $ racebench validate " + shown.invalid
	}
	out, errs, status := p.run(dir, "validate", shown.invalid)
	if status != 2 || out != "" || errs != want {
		return fmt.Sprintf("status %d, stdout %q; stderr is\n%s\nand the document says\n%s", status, out, errs, want)
	}
	return ""
}

func TestDocuments(t *testing.T) {
	p, all := build(t), pages(t)
	t.Run("commands", func(t *testing.T) { checkCommands(t, p, all) })
	t.Run("scenarios", func(t *testing.T) { checkScenarios(t, p, all) })
	t.Run("names", func(t *testing.T) {
		for _, what := range []string{"invariant", "shape", "op", "client", "knob", "window", "variant"} {
			for _, why := range checkNames(all, what, p.listed(t, what+"s")) {
				t.Error(why)
			}
		}
	})
	t.Run("result fields", func(t *testing.T) { checkPage(t, p, all, "docs/results.md", nil, "schema", "--result") })
	t.Run("scenario fields", func(t *testing.T) { checkPage(t, p, all, "docs/scenario.md", nil, "schema") })
	t.Run("rules out", func(t *testing.T) {
		for _, why := range checkRulesOut(all) {
			t.Error(why)
		}
	})
	t.Run("defaults of knobs", func(t *testing.T) { checkDefaults(t, p, all) })
}

// fewest is how many commands and scenarios the documents show at least: fewer means that the reader of
// documents is blind.
const fewest = 8

func checkCommands(t *testing.T, p *program, all []page) {
	n := 0
	for _, page := range all {
		for _, c := range commandsOf(page) {
			n++
			if why := p.checkCommand(t, c.args); why != "" {
				t.Errorf("%s:%d: racebench %s: %s", c.page, c.line, strings.Join(c.args, " "), why)
			}
		}
	}
	if n < fewest {
		t.Errorf("%d commands were found in the documents", n)
	}
}

func checkScenarios(t *testing.T, p *program, all []page) {
	n, quotes := 0, 0
	for _, page := range all {
		blocks := blocksOf(page)
		for i, b := range blocks {
			text, ok := scenarioOf(b)
			why := ""
			switch {
			case b.invalid != "":
				quotes++
				why = p.checkErrors(t.TempDir(), b, blocks[min(i+1, len(blocks)-1)])
			case b.lang == "yaml" && ok:
				n++
				why = p.checkScenario(t.TempDir(), text)
			}
			if why != "" {
				t.Errorf("%s:%d: %s", b.page, b.line, why)
			}
		}
	}
	if n < fewest || quotes == 0 {
		t.Errorf("%d scenarios and %d quoted errors were found in the documents", n, quotes)
	}
}

// checkPage compares a page's tables of fields with the schema that a command prints.
func checkPage(t *testing.T, p *program, all []page, name string, except []string, args ...string) {
	out, errs, status := p.run("", args...)
	if status != 0 {
		t.Fatalf("racebench %v: %s", args, errs)
	}
	i := slices.IndexFunc(all, func(p page) bool { return p.name == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	for _, why := range checkFields(all[i], propertiesOf(t, out), except) {
		t.Error(why)
	}
}

// checkRulesOut computes the tables of what clean trials rule out again.
func checkRulesOut(all []page) []string {
	var wrong []string
	n := 0
	for _, page := range all {
		for _, c := range rowsOf(page) {
			if c.first() != "clean trials" {
				continue
			}
			n++
			var trials int
			var percent float64
			if _, err := fmt.Sscanf(c.row[0]+" "+c.row[1], "%d %f %%", &trials, &percent); err != nil {
				wrong = append(wrong, fmt.Sprintf("%s:%d: %v", c.page, c.line, err))
				continue
			}
			// The document's number is a bound, rounded for people.
			exact := 100 * result.RulesOut(trials)
			if diff := percent - exact; diff < -0.05 || diff > 0.02*percent {
				wrong = append(wrong, fmt.Sprintf("%s:%d: %d clean trials rule out %.3f %%, not %g %%", c.page, c.line, trials, exact, percent))
			}
		}
	}
	if n == 0 {
		wrong = append(wrong, "no document says what clean trials rule out")
	}
	return wrong
}

// checkDefaults compares the defaults in tables of knobs with those that the program lists, of the target
// whose page it is: two targets may have a knob of one name.
func checkDefaults(t *testing.T, p *program, all []page) {
	out, _, _ := p.run("", "list", "knobs", "--json")
	var rows []struct{ Target, Name, Default string }
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatal(err)
	}
	for _, page := range all {
		for _, c := range rowsOf(page) {
			at := slices.Index(c.header, "default")
			if c.first() != "knob" || at < 0 {
				continue
			}
			for _, row := range rows {
				if page.name == "docs/"+row.Target+".md" && names(c.row[0])[0] == row.Name && strings.Trim(c.row[at], "`") != row.Default {
					t.Errorf("%s:%d: the default of %s is %s, not %s", c.page, c.line, row.Name, row.Default, c.row[at])
				}
			}
		}
	}
}
