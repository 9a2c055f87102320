package layering

import (
	"bytes"
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// exportedNames holds each package to a number of exported names: types, functions, methods of exported
// types, constants and variables. Struct fields do not count.
func exportedNames(t *tree) []problem {
	counts := map[string]int{}
	anchor := map[string]*source{}
	var dirs []string
	for s := range t.product {
		if below(s.dir, "cmd") {
			continue
		}
		if anchor[s.dir] == nil {
			anchor[s.dir] = s
			dirs = append(dirs, s.dir)
		}
		for range exported(s) {
			counts[s.dir]++
		}
	}
	slices.Sort(dirs)
	var found []problem
	for _, dir := range dirs {
		budget := nameBudget
		if b, ok := nameBudgets[dir]; ok {
			budget = b
		}
		if counts[dir] > budget {
			s := anchor[dir]
			found = append(found, s.problem(s.ast.Name, "package %s exports %d names of %d: unexport one, or split the package",
				dir, counts[dir], budget))
		}
	}
	return found
}

// functionLength holds functions to a screen, from "func" to the closing brace. Tests are left out:
// their length is their tables'.
func functionLength(t *tree) []problem {
	var found []problem
	for s := range t.product {
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := s.fset.Position(f.End()).Line - s.line(f.Type) + 1
			if lines > max(functionLines, longFunctions[s.dir+"."+receiver(f)+f.Name.Name]) {
				found = append(found, s.problem(f.Type, "%s has %d lines, %d are the most: name its parts and call them",
					f.Name.Name, lines, functionLines))
			}
		}
	}
	return found
}

// receiver returns "T." for a method of T or *T, and "" for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return ""
	}
	return receiverType(f) + "."
}

func receiverType(f *ast.FuncDecl) string {
	e := f.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// fileLength holds Go files that are no tests to one idea.
func fileLength(t *tree) []problem {
	var found []problem
	for s := range t.product {
		if lines := bytes.Count(s.code, []byte{'\n'}); lines > max(fileLines, longFiles[s.path]) {
			found = append(found, problem{s.path, lines, fmt.Sprintf("%d lines, %d are the most: "+
				"move one of its ideas to a file of its own", lines, fileLines)})
		}
	}
	return found
}

// A name is one exported identifier and whether it is documented.
type name struct {
	text string
	node ast.Node
	doc  bool
}

// exported yields the exported identifiers of a file.
func exported(s *source) []name {
	var names []name
	for _, d := range s.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiverType(d))) {
				names = append(names, name{receiver(d) + d.Name.Name, d.Name, says(d.Doc)})
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				names = append(names, specified(d, spec)...)
			}
		}
	}
	return names
}

func specified(d *ast.GenDecl, spec ast.Spec) []name {
	var names []name
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() {
			names = append(names, name{spec.Name.Name, spec.Name, says(spec.Doc) || says(d.Doc)})
		}
	case *ast.ValueSpec:
		for _, id := range spec.Names {
			if id.IsExported() {
				names = append(names, name{id.Name, id, says(spec.Doc) || says(spec.Comment) || says(d.Doc)})
			}
		}
	}
	return names
}

// says says whether a comment holds words; a lint directive is no documentation.
func says(c *ast.CommentGroup) bool { return c != nil && strings.TrimSpace(c.Text()) != "" }

// docComments finds what is exported and not explained, commands aside.
func docComments(t *tree) []problem {
	var found []problem
	documented := map[string]bool{}
	anchor := map[string]*source{}
	for s := range t.product {
		if anchor[s.dir] == nil {
			anchor[s.dir] = s
		}
		documented[s.dir] = documented[s.dir] || says(s.ast.Doc)
		if below(s.dir, "cmd") {
			continue
		}
		for _, n := range exported(s) {
			if !n.doc {
				found = append(found, s.problem(n.node, "%s has no doc comment: say what it means, its units, its errors", n.text))
			}
		}
	}
	for dir, s := range anchor {
		if !documented[dir] {
			found = append(found, s.problem(s.ast.Name, "package %s has no comment: say in one file what it is for", dir))
		}
	}
	return found
}
