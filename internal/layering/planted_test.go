package layering

import (
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A plant is a small tree with violations. Files follow lines of "-- path --"; a line that a rule must
// object to ends in "// want: part of the message". Every other line is the clean twin: the rule must
// leave it alone.
var plants = map[string]string{
	"words":           plantedWords,
	"exported names":  plantedNames,
	"function length": plantedFunctions,
	"file length":     plantedFiles,
}

// The words cannot stand in a file of testdata, which the rule reads as well.
var plantedWords = `
-- docs/guide.md --
See the file in .` + `./shared/notes.md. // want: outside the project
See .` + `./.` + `./shared/notes.md. // want: outside the project
The ` + "`/" + "work/main`" + ` checkout // want: outside the project
cd /` + `root/go // want: outside the project
GET https://example.org/` + `work/main and ./` + `work/x are other paths, so is ../sharedness
-- Dockerfile --
ENV GOPROXY=https://proxy.` + `golang.org // want: registry
RUN npm --registry https://registry.` + `npmjs.org install // want: registry
RUN echo http://deb.` + `debian.org/debian // want: registry
SEE https://www.debian.org and https://pkg.go.dev
`

var plantedNames = "-- engine/measure/many.go --\npackage measure // want: exports 61 names of 60\n" +
	numbered(61, "func F%d() {}\n") +
	"-- engine/fault/many.go --\npackage fault\n" + numbered(60, "func F%d() {}\n") +
	// Neither methods of unexported types nor fields nor tests are counted.
	"type hidden struct {\n" + numbered(61, "\tF%d int\n") + "}\n" + numbered(61, "func (hidden) M%d() {}\n") +
	"-- engine/fault/many_test.go --\npackage fault\n" + numbered(61, "func T%d() {}\n")

var plantedFunctions = "-- engine/long.go --\npackage engine\n\nfunc long() { // want: long has 71 lines\n" +
	strings.Repeat("\t_ = 0\n", 69) + "}\n\nfunc (t *T) method() { // want: method has 71 lines\n" +
	strings.Repeat("\t_ = 0\n", 69) + "}\n\n// A comment does not count.\nfunc fits() {\n" + strings.Repeat("\t_ = 0\n", 68) + "}\n" +
	"-- engine/long_test.go --\npackage engine\n\nfunc long() {\n" + strings.Repeat("\t_ = 0\n", 100) + "}\n"

var plantedFiles = "-- engine/long.go --\npackage engine\n" + strings.Repeat("//\n", 399) + "// want: 401 lines\n" +
	"-- engine/fits.go --\npackage engine\n" + strings.Repeat("//\n", 399) +
	"-- engine/long_test.go --\npackage engine\n" + strings.Repeat("//\n", 500)

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestRulesFindWhatIsPlanted(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			plant, ok := plants[r.name]
			if !ok {
				plant = readPlant(t, r.name)
			}
			tree, wanted := grow(t, plant)
			if len(wanted) == 0 {
				t.Fatal("nothing is planted")
			}
			for _, p := range ordered(r.check(tree)) {
				i := slices.IndexFunc(wanted, func(w problem) bool {
					return w.path == p.path && w.line == p.line && strings.Contains(p.text, w.text)
				})
				if i < 0 {
					t.Errorf("accused, though it is clean: %s", p)
					continue
				}
				wanted = slices.Delete(wanted, i, i+1)
			}
			for _, w := range wanted {
				t.Errorf("not found: %s", w)
			}
		})
	}
}

func readPlant(t *testing.T, rule string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", strings.ReplaceAll(rule, " ", "-")+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var (
	fileLine = regexp.MustCompile(`^-- (\S+) --$`)
	wantMark = regexp.MustCompile(`\s*// want: (.*)$`)
)

// grow builds a tree from a plant and returns the marks, which are not part of its files.
func grow(t *testing.T, plant string) (*tree, []problem) {
	t.Helper()
	grown := &tree{fset: token.NewFileSet(), dir: root(t)}
	var wanted []problem
	var files []text
	for _, line := range strings.SplitAfter(plant, "\n") {
		bare := strings.TrimSuffix(line, "\n")
		if m := fileLine.FindStringSubmatch(bare); m != nil {
			files = append(files, text{path: m[1]})
			continue
		}
		if len(files) == 0 {
			continue
		}
		f := &files[len(files)-1]
		if m := wantMark.FindStringSubmatchIndex(bare); m != nil {
			at := 1 + strings.Count(string(f.data), "\n")
			for part := range strings.SplitSeq(bare[m[2]:m[3]], " // and: ") {
				wanted = append(wanted, problem{f.path, at, part})
			}
			line = bare[:m[0]] + "\n"
		}
		f.data = append(f.data, line...)
	}
	for _, f := range files {
		grown.texts, grown.names = append(grown.texts, f), append(grown.names, f.path)
		if !strings.HasSuffix(f.path, ".go") {
			continue
		}
		if err := grown.add(f.path, f.data); err != nil {
			t.Fatal(err)
		}
	}
	return grown, wanted
}

// An exception that nothing needs any more is a hole. One for a package that is not there is none.
func TestExceptionsAreNeeded(t *testing.T) {
	tree, err := readTree(root(t))
	if err != nil {
		t.Fatal(err)
	}
	all := exceptions
	defer func() { exceptions = all }()
	for i, e := range all {
		dir := e.function[:strings.LastIndexByte(e.function, '.')]
		if !slices.ContainsFunc(tree.files, func(s *source) bool { return s.dir == dir }) {
			continue
		}
		exceptions = slices.Delete(slices.Clone(all), i, i+1)
		at := slices.IndexFunc(rules, func(r rule) bool { return r.name == e.rule })
		if at < 0 {
			t.Errorf("exception for rule %q, which does not exist", e.rule)
		} else if len(rules[at].check(tree)) == 0 {
			t.Errorf("%s no longer needs its exception from %q: take it out of the table", e.function, e.rule)
		}
	}
}
