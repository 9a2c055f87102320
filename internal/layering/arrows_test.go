package layering

import (
	"go/ast"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An arrow goes from a file to another file of its folder that declares a name which the first one uses. Names are
// those of the package's own scope: types, functions, constants, variables. Methods and fields are found by their
// types. Only files of this system's build are looked at, and no tests.
type arrow struct{ from, to string } // base names

// readingOrder is the order in which the files of the engine are read: what stands in a file is told by the files
// below it. An arrow to a file above is uphill.
var readingOrder = map[string][]string{
	"engine": {"turns.go", "confirm.go", "replay.go", "look.go", "control.go", "repro.go", "campaign.go", "plain.go", "judgeall.go"},
	"engine/search": {"findings.go", "search.go", "searchprogress.go", "toolarge.go", "arena.go", "corpus.go", "shrinksim.go", "tellsim.go",
		"replaysim.go"},
	"engine/batch": {"header.go", "runtime.go", "rules.go", "failfast.go", "quota.go", "budget.go", "shard.go"},
	"engine/trial": {"trial.go", "simulate.go", "judge.go", "evidence.go", "child.go", "audit.go", "serve.go", "storeprobe.go",
		"probe.go", "outside.go", "await.go", "inject.go", "client.go", "serving.go", "stored.go", "plan.go", "startup.go",
		"config.go", "compileplain.go", "compile.go", "launch.go", "launch_linux.go", "launch_unix.go", "launch_windows.go",
		"exit_unix.go", "exit_windows.go", "memory_linux.go", "memory_other.go"},
}

// uphill are the arrows that go up all the same. There may be maxUphill of them.
var uphill = map[string][]arrow{
	"engine/search": {
		{"searchprogress.go", "search.go"}, // a search tells where it stands
		{"toolarge.go", "search.go"},       // its first schedules are tried as a search would play them
	},
	"engine/trial": {
		{"audit.go", "child.go"},    // a panic on our part of a phase ends the child
		{"probe.go", "child.go"},    // the same
		{"serving.go", "client.go"}, // a serving has clients, and a client its serving
		{"serving.go", "inject.go"}, // and windows
	},
}

// maxArrows is how many arrows the folders of readingOrder may have together, maxUphill how many of them go up.
// Before engine was cut in four, when all stood in one folder, they were 129 by this count.
const (
	maxArrows = 80
	maxUphill = 6
)

// fileArrows holds the engine's files to their order.
func fileArrows(t *tree) []problem {
	var found []problem
	arrows, up := 0, 0
	for _, dir := range folders(readingOrder) {
		order := readingOrder[dir]
		seen := map[arrow]*source{}
		for s := range t.product {
			if s.dir != dir {
				continue
			}
			name := path.Base(s.path)
			if !slices.Contains(order, name) {
				found = append(found, s.problem(s.ast.Name, "%s has no place in the order of %s: give it one in internal/layering/arrows_test.go", name, dir))
				continue
			}
			for a, at := range t.arrowsOf(s) {
				if _, twice := seen[a]; twice {
					continue
				}
				seen[a] = s
				arrows++
				if arrows == maxArrows+1 {
					found = append(found, s.problem(at, "the engine's files have more than %d arrows between them: put what is used together into one file", maxArrows))
				}
				if slices.Index(order, a.to) > slices.Index(order, a.from) || !slices.Contains(order, a.to) {
					continue
				}
				if up++; !slices.Contains(uphill[dir], a) || up > maxUphill {
					found = append(found, s.problem(at, "%s is read before %s, which uses its %s: move the name down, or the file", a.to, a.from, at.Name))
				}
			}
		}
		for _, a := range uphill[dir] {
			from := slices.IndexFunc(t.files, func(s *source) bool { return s.path == dir+"/"+a.from })
			if _, there := seen[a]; from >= 0 && !there {
				found = append(found, t.files[from].problem(t.files[from].ast.Name, "no arrow goes up to %s any more: take it out of the table", a.to))
			}
		}
	}
	return found
}

func folders(m map[string][]string) []string {
	var all []string
	for dir := range m {
		all = append(all, dir)
	}
	slices.Sort(all)
	return all
}

// arrowsOf yields the arrows of a file, each with a place where its name is used.
func (t *tree) arrowsOf(s *source) func(yield func(arrow, *ast.Ident) bool) {
	checker := t.typed()
	return func(yield func(arrow, *ast.Ident) bool) {
		if !checker.builds(s) {
			return
		}
		info := checker.check(s.dir)
		ast.Inspect(s.ast, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			of, ok := info.Uses[id]
			if !ok || of.Pkg() == nil || of.Pkg() != checker.packages[s.dir] || !ofPackage(of) {
				return true
			}
			to := t.fset.Position(of.Pos()).Filename
			if from := path.Base(s.path); path.Base(to) != from && strings.HasSuffix(to, ".go") {
				return yield(arrow{from, path.Base(to)}, id)
			}
			return true
		})
	}
}

// ofPackage says whether a name is one of its package's own scope.
func ofPackage(o types.Object) bool { return o.Parent() == o.Pkg().Scope() }

// TestTooManyArrowsAreFound plants one arrow more than there may be, all of them downwards.
func TestTooManyArrowsAreFound(t *testing.T) {
	for _, arrows := range []int{maxArrows, maxArrows + 1} {
		const files = 14 // 91 arrows go down between so many
		order, plant, left := readingOrder["engine/trial"], "", arrows
		for i := range files {
			plant += "-- engine/trial/" + order[i] + " --\npackage trial\n\nfunc f" + strconv.Itoa(i) + "() {\n"
			for j := i + 1; j < files && left > 0; j++ {
				left--
				plant += "\tf" + strconv.Itoa(j) + "()\n"
			}
			plant += "}\n"
		}
		all := uphill
		uphill = nil
		tree, _ := grow(t, plant)
		found := fileArrows(tree)
		uphill = all
		if len(found) != arrows-maxArrows {
			t.Errorf("%d arrows: %v", arrows, found)
		}
	}
}
