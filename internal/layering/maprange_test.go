package layering

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// mapRanges finds iteration over maps in code that a replay must repeat step by step: Go shuffles it on
// purpose.
func mapRanges(t *tree) []problem {
	var found []problem
	checker := t.typed()
	sorted := map[ast.Node]bool{} // arguments of slices.Sorted and its kin
	for s := range t.worldly {
		if !checker.builds(s) {
			continue
		}
		info := checker.check(s.dir)
		ast.Inspect(s.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.RangeStmt:
				switch kind := info.TypeOf(n.X); {
				case kind == nil || kind == types.Typ[types.Invalid]:
					found = append(found, s.problem(n, "cannot tell what is ranged over, %s does not type-check: %v",
						s.dir, checker.errs[s.dir]))
				case isMap(kind):
					found = append(found, s.problem(n, "range over a map, in random order: "+
						"keep a slice, or range over slices.Sorted(maps.Keys(m))"))
				}
			case *ast.CallExpr:
				pkg, name, _ := s.selected(n.Fun)
				if pkg == "slices" && strings.HasPrefix(name, "Sorted") && len(n.Args) > 0 {
					sorted[n.Args[0]] = true
				}
				if pkg == "maps" && slices.Contains([]string{"Keys", "Values", "All"}, name) && !sorted[n] {
					found = append(found, s.problem(n, "maps.%s yields in random order: sort it with slices.Sorted", name))
				}
			}
			return true
		})
	}
	return found
}

// isMap says whether values of the type are maps, or may be where the type is a parameter.
func isMap(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Map:
		return true
	case *types.Interface:
		for e := range u.EmbeddedTypes() {
			if isMap(e) {
				return true
			}
		}
	case *types.Union:
		for term := range u.Terms() {
			if isMap(term.Type()) {
				return true
			}
		}
	}
	return false
}

// A checker type-checks packages of the tree from their source and takes everything else from the go
// command's export data. A package with errors yields what is known of it.
type checker struct {
	tree     *tree
	context  build.Context
	external types.Importer
	packages map[string]*types.Package
	infos    map[string]*types.Info
	errs     map[string]error // the first of a folder
}

// typed is the tree's checker.
func (t *tree) typed() *checker {
	if t.types == nil {
		t.types = newChecker(t)
	}
	return t.types
}

func newChecker(t *tree) *checker {
	c := &checker{
		tree: t, context: build.Default,
		packages: map[string]*types.Package{}, infos: map[string]*types.Info{}, errs: map[string]error{},
	}
	c.context.OpenFile = func(name string) (io.ReadCloser, error) {
		i := slices.IndexFunc(t.files, func(s *source) bool { return s.path == name })
		if i < 0 {
			return nil, os.ErrNotExist
		}
		return io.NopCloser(bytes.NewReader(t.files[i].code)), nil
	}
	c.context.JoinPath = func(elem ...string) string { return strings.Join(elem, "/") }
	c.external = importer.ForCompiler(t.fset, "gc", c.export)
	return c
}

// builds says whether a file belongs to this system's build.
func (c *checker) builds(s *source) bool {
	ok, err := c.context.MatchFile(s.dir, s.path[strings.LastIndexByte(s.path, '/')+1:])
	return ok && err == nil
}

// export opens the compiled form of a package outside the tree.
func (c *checker) export(path string) (io.ReadCloser, error) {
	cmd := exec.Command("go", "list", "-export", "-f", "{{.Export}}", "--", path)
	cmd.Dir = c.tree.dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -export %s: %w", path, err)
	}
	return os.Open(strings.TrimSpace(string(out)))
}

// Import implements types.Importer.
func (c *checker) Import(path string) (*types.Package, error) {
	dir, ok := own(path)
	if !ok {
		return c.external.Import(path)
	}
	c.check(dir)
	if c.packages[dir] == nil {
		return nil, fmt.Errorf("%s is not there", path)
	}
	return c.packages[dir], nil
}

// check type-checks one folder, once.
func (c *checker) check(dir string) *types.Info {
	if info, ok := c.infos[dir]; ok {
		return info
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	c.infos[dir] = info
	var files []*ast.File
	for s := range c.tree.product {
		if s.dir == dir && c.builds(s) {
			files = append(files, s.ast)
		}
	}
	if len(files) == 0 {
		return info
	}
	config := types.Config{Importer: c, Error: func(err error) {
		if c.errs[dir] == nil {
			c.errs[dir] = err
		}
	}}
	// The error is kept above; what could be checked is.
	c.packages[dir], _ = config.Check(modulePath+"/"+dir, c.tree.fset, files, info)
	return info
}
