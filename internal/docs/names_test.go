package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// namesRow is a row of a table that says of a Go file what stands in it.
	namesRow = regexp.MustCompile("^\\| `([^`]+\\.go)` \\| ([^|]+) \\|")
	codeSpan = regexp.MustCompile("`([^`]+)`")
)

// strangers returns what the tables of a page say of Go files that is not so. Declared returns the names of a file.
func strangers(text string, declared func(file string) ([]string, error)) (wrong []string, rows int) {
	for line := range strings.Lines(text) {
		m := namesRow.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		rows++
		names, err := declared(m[1])
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", m[1], err))
			continue
		}
		asked := codeSpan.FindAllStringSubmatch(m[2], -1)
		if len(asked) == 0 {
			wrong = append(wrong, m[1]+": nothing is named")
		}
		for _, name := range asked {
			if !slices.Contains(names, name[1]) {
				wrong = append(wrong, m[1]+": there is no "+name[1])
			}
		}
	}
	return wrong, rows
}

// declaredIn lists the functions, methods and types of a file of the repository.
func declaredIn(file string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, filepath.FromSlash(file)), nil, 0)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if of, ok := s.(*ast.TypeSpec); ok {
					names = append(names, of.Name.Name)
				}
			}
		}
	}
	return names, nil
}

// TestFilesHaveWhatIsNamed holds the way of a trial in architecture.md to the source.
func TestFilesHaveWhatIsNamed(t *testing.T) {
	told := 0
	for _, p := range pages(t) {
		wrong, rows := strangers(p.text, declaredIn)
		for _, w := range wrong {
			t.Errorf("%s: %s", p.name, w)
		}
		if p.name == "docs/architecture.md" {
			told = rows
		}
	}
	if told < 30 {
		t.Errorf("docs/architecture.md tells a trial's way through %d files: the rows are not read", told)
	}
}

// TestStrangersAreFound plants a name and a file that are not there.
func TestStrangersAreFound(t *testing.T) {
	const page = "| file | names | what |\n|---|---|---|\n| `a.go` | `Here`, `there` | both |\n| `a.go` | `gone` | not |\n| `b.go` | `x` | no file |\n| `a.go` | nothing | no name |\n" +
		"Text with `c.go` in it.\n| `d.md` | `x` | no Go |\n"
	wrong, rows := strangers(page, func(file string) ([]string, error) {
		if file != "a.go" {
			return nil, fmt.Errorf("no such file")
		}
		return []string{"Here", "there"}, nil
	})
	if want := []string{"a.go: there is no gone", "b.go: no such file", "a.go: nothing is named"}; !slices.Equal(wrong, want) || rows != 4 {
		t.Errorf("%d rows: %q, want %q", rows, wrong, want)
	}
}
