package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/invariant"
	"github.com/racebench/racebench/internal/glossary"
	"github.com/racebench/racebench/internal/report"
)

// fewestClasses is how many classes the judges write out in their source at least: fewer means that its reader is blind.
const fewestClasses = 30

// TestEveryClassIsExplained looks for classes where they are made, in the judges' source, and where they were seen, in
// the documents and in the golden files.
func TestEveryClassIsExplained(t *testing.T) {
	made := classesMade(t, filepath.Join(root, "engine", "invariant"), filepath.Join(root, "engine", "gotest"))
	if len(made) < fewestClasses {
		t.Errorf("the judges write out %d classes: %q", len(made), made)
	}
	for _, class := range append(made, classesSeen(t)...) {
		if strings.HasSuffix(class, "/") {
			whole, _ := glossary.Explain(strings.TrimSuffix(class, "/"))
			if whole.Kind != "class" && !slices.ContainsFunc(glossary.Listed(), func(word string) bool { return strings.HasPrefix(word, class) }) {
				t.Errorf("no class that begins with %s is explained: give it a row in docs/classes.md", class)
			}
			continue
		}
		e, ok := glossary.Explain(class)
		if !ok || e.Kind != "class" || len(e.Means) == 0 {
			t.Errorf("class %s is not explained: give it a row in docs/classes.md", class)
		} else if len(e.Judged) == 0 {
			t.Errorf("how class %s is judged is not said", class)
		}
	}
}

// TestEveryBuiltInClassSaysWhatMendsIt holds the table of classes, and the advice of reports, to the third answer.
func TestEveryBuiltInClassSaysWhatMendsIt(t *testing.T) {
	for _, page := range pages(t) {
		for _, c := range rowsOf(page) {
			if page.name != "docs/classes.md" || c.first() != "class" {
				continue
			}
			pattern := names(c.row[0])[0]
			e, ok := glossary.Explain(pattern)
			if !ok {
				t.Errorf("%s:%d: %s is not found by its own pattern", c.page, c.line, pattern)
			} else if !strings.Contains(string(report.Explain(e, report.Options{})), "  mends ") {
				t.Errorf("%s:%d: nothing is said of what mends %s", c.page, c.line, pattern)
			}
		}
	}
}

func TestEveryInvariantIsExplained(t *testing.T) {
	for _, v := range invariant.All() {
		e, ok := glossary.Explain(v.Name)
		if !ok || e.Kind != "invariant" || len(e.See) == 0 || !slices.Contains(e.Means, v.Summary) {
			t.Errorf("%s is not explained, or has no class: %+v", v.Name, e)
		}
		if len(e.Judged) == 0 {
			t.Errorf("how %s is judged is not said: docs/verdicts.md has no section about it", v.Name)
		}
	}
}

func TestWhatNoReportPrintsIsNotExplained(t *testing.T) {
	for _, word := range []string{"", "/", "nothing", "no-lost-message/", "drain-ends-not", "nothing/station/cause", "p50/nothing"} {
		if e, ok := glossary.Explain(word); ok {
			t.Errorf("%q is explained: %+v", word, e)
		}
	}
}

// invariantNames begin the classes.
func invariantNames() string {
	names := []string{"test-passes", "no-race"}
	for _, v := range invariant.All() {
		names = append(names, v.Name)
	}
	return strings.Join(names, "|")
}

// classesMade are the classes in literals of Go source. What is filled in later is left out, and such a one ends in "/".
func classesMade(t *testing.T, dirs ...string) []string {
	t.Helper()
	begins := regexp.MustCompile(`^(` + invariantNames() + `)/`)
	var all []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				if text, err := strconv.Unquote(lit.Value); err == nil && begins.MatchString(text) {
					if strings.Count(text, "/") < 2 {
						text = strings.TrimSuffix(text, "/") + "/"
					}
					all = append(all, text)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// classesSeen are the classes that stand in the documents and in what is kept beside the judges' tests.
func classesSeen(t *testing.T) []string {
	t.Helper()
	class := regexp.MustCompile(`(?:^|[^a-z/-])((?:` + invariantNames() + `)/[A-Za-z0-9_.+-]+/[A-Za-z0-9_.+-]+)`)
	var all []string
	for _, pattern := range []string{"README.md", "CHANGELOG.md", "docs/*.md", "engine/*/testdata/*"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err != nil || info.IsDir() {
				continue
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range class.FindAllSubmatch(raw, -1) {
				all = append(all, strings.TrimRight(string(m[1]), "."))
			}
		}
	}
	if slices.Sort(all); len(all) == 0 {
		t.Fatal("no document shows a class")
	}
	return slices.Compact(all)
}
