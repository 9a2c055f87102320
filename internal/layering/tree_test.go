package layering

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const modulePath = "github.com/racebench/racebench"

// A tree is the source that is judged: Go files parsed, every tracked text file as bytes.
type tree struct {
	fset  *token.FileSet
	files []*source // by path
	texts []text    // by path
	names []string  // of every tracked file, pictures too
	dir   string    // where go commands may run
	types *checker  // made on first use
}

// A source is one Go file. Paths have slashes and start at the root.
type source struct {
	path    string
	dir     string
	test    bool // a _test.go file
	code    []byte
	ast     *ast.File
	fset    *token.FileSet
	imports map[string]string // import path by the name it has in the file
}

type text struct {
	path string
	data []byte
}

func (s *source) line(n ast.Node) int { return s.fset.Position(n.Pos()).Line }

func (s *source) problem(n ast.Node, format string, args ...any) problem {
	return problem{s.path, s.line(n), fmt.Sprintf(format, args...)}
}

// readTree parses every Go file below root, for whatever system it is built, and reads the text files.
func readTree(root string) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), dir: root}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && skipped(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		code, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return t.add(filepath.ToSlash(rel), code)
	})
	if err != nil {
		return nil, err
	}
	return t, t.readTexts(root)
}

// skipped names the folders the go command ignores, and those of other modules.
func skipped(dir string) bool {
	base := filepath.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func (t *tree) add(name string, code []byte) error {
	file, err := parser.ParseFile(t.fset, name, code, parser.ParseComments)
	if err != nil {
		return err
	}
	s := &source{
		path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
		code: code, ast: file, fset: t.fset, imports: map[string]string{},
	}
	for _, spec := range file.Imports {
		p := importPath(spec)
		local := path.Base(p)
		if len(local) > 1 && local[0] == 'v' && strings.Trim(local[1:], "0123456789") == "" {
			local = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			local = spec.Name.Name
		}
		s.imports[local] = p
	}
	t.files = append(t.files, s)
	return nil
}

// readTexts asks git which files belong to the project. Without git (an archive) all of them do.
func (t *tree) readTexts(root string) error {
	names, err := tracked(root)
	if err != nil {
		names, err = everything(root)
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			continue // deleted or a link, and git has not been told yet
		}
		t.names = append(t.names, name)
		if !bytes.Contains(data[:min(len(data), 8000)], []byte{0}) {
			t.texts = append(t.texts, text{name, data})
		}
	}
	return nil
}

func tracked(root string) ([]string, error) {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	names := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	slices.Sort(names)
	return slices.Compact(names), nil
}

func everything(root string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "bin", "racebench-runs"}, d.Name()) {
			return fs.SkipDir
		}
		if d.Type().IsRegular() {
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	return names, err
}

func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value
	}
	return p
}

// product yields the Go files that are no tests.
func (t *tree) product(yield func(*source) bool) {
	for _, s := range t.files {
		if !s.test && !yield(s) {
			return
		}
	}
}

// below says whether dir is the folder top or stands below it.
func below(dir, top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }

// selected resolves pkg.Name to the import path and the name; false for anything else.
func (s *source) selected(n ast.Node) (pkg, name string, ok bool) {
	sel, isSel := n.(*ast.SelectorExpr)
	if !isSel {
		return "", "", false
	}
	id, isIdent := sel.X.(*ast.Ident)
	// The parser has resolved local names, so a variable called like a package is told apart from it.
	if !isIdent || id.Obj != nil { // go/types would need every dependency
		return "", "", false
	}
	pkg, ok = s.imports[id.Name]
	return pkg, sel.Sel.Name, ok
}

// builtin says whether a call is of the built-in function of that name.
func builtin(call *ast.CallExpr, name string) bool {
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == name && id.Obj == nil
}

// function returns the name of the declared function that n stands in, "" outside of any.
func (s *source) function(n ast.Node) string {
	for _, d := range s.ast.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Pos() <= n.Pos() && n.End() <= f.End() {
			return f.Name.Name
		}
	}
	return ""
}
