package void

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryCodeHasAText looks at the table: a code that is not in it would be told as its bare word.
func TestEveryCodeHasAText(t *testing.T) {
	names := constants(t)
	if len(names) != len(table) {
		t.Errorf("%d codes are declared and %d are in the table", len(names), len(table))
	}
	seen := map[string]Code{}
	for _, r := range table {
		args := make([]any, strings.Count(r.text, "%"))
		for i := range args {
			args[i] = i
		}
		if why := r.code.Because(args...); why.Code != r.code || why.Text == "" || why.Text == string(r.code) {
			t.Errorf("%s is told as %+v", r.code, why)
		}
		if _, twice := seen[string(r.code)]; twice {
			t.Errorf("%s stands in the table twice", r.code)
		}
		seen[string(r.code)] = r.code
	}
	if why := Code("new").Because(); why.Text != "new" {
		t.Errorf("a code without a text is told as %q", why.Text)
	}
}

// TestEveryCodeIsGiven holds that the engine gives each code to some trial: one that nothing gives is dead.
func TestEveryCodeIsGiven(t *testing.T) {
	given := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "void" {
					given[s.Sel.Name] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range constants(t) {
		if !given[name] {
			t.Errorf("no trial is void by %s", name)
		}
	}
}

// constants are the names of the codes that void.go declares.
func constants(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "void.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			for _, name := range s.(*ast.ValueSpec).Names {
				names = append(names, name.Name)
			}
		}
	}
	return names
}
