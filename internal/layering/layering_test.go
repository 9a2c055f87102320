// Package layering is one test: it reads the source of this repository and holds it to the rules that no
// compiler checks. Who may import whom, what a server under test must not touch, how large a package, a
// file and a function may grow, and that everything exported is documented.
//
// The tables a change may have to touch stand in tables_test.go. Every rule carries planted violations
// and clean twins, because a rule that never fires is worth nothing.
package layering

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A rule finds violations in a tree.
type rule struct {
	name  string
	check func(t *tree) []problem
}

// A problem is one violation: where, and what to do about it.
type problem struct {
	path string
	line int
	text string
}

func (p problem) String() string { return fmt.Sprintf("%s:%d: %s", p.path, p.line, p.text) }

var rules = []rule{
	{"import order", importOrder},
	{"third-party imports", thirdParty},
	{"testing stays in tests", testingImports},
	{"target cores", coreBans},
	{"map ranges", mapRanges},
	{"chance", globalChance},
	{"recover", recovers},
	{"process", processUse},
	{"connections", connections},
	{"printing", printing},
	{"opened files", openedFiles},
	{"exported names", exportedNames},
	{"function length", functionLength},
	{"file length", fileLength},
	{"file arrows", fileArrows},
	{"doc comments", docComments},
	{"race detector", raceless},
	{"words", words},
	{"links", links},
}

func TestLayering(t *testing.T) {
	tree, err := readTree(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, p := range ordered(r.check(tree)) {
				t.Error(p)
			}
		})
	}
}

func ordered(problems []problem) []problem {
	slices.SortFunc(problems, func(a, b problem) int {
		if a.path != b.path {
			return strings.Compare(a.path, b.path)
		}
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.text, b.text)
	})
	return problems
}

// root returns the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
