package layering

import (
	"bytes"
	"go/ast"
	"slices"
	"strings"
)

// raceless holds the packages that the Makefile leaves out of `make race` to what excuses them: neither they nor their
// tests start goroutines or synchronize any.
func raceless(t *tree) []problem {
	var found []problem
	for _, file := range t.texts {
		if file.path != "Makefile" {
			continue
		}
		for i, line := range bytes.Split(file.data, []byte("\n")) {
			if list, ok := strings.CutPrefix(string(line), "RACELESS := "); ok {
				for _, dir := range strings.Fields(list) {
					inIt := 0
					for _, s := range t.files {
						if s.dir == dir {
							inIt++
							found = append(found, concurrent(s)...)
						}
					}
					if inIt == 0 {
						found = append(found, problem{file.path, i + 1, dir + " has no Go file: leave it out of RACELESS"})
					}
				}
			}
		}
	}
	return found
}

// concurrent finds what starts goroutines in a file, and what only goroutines need.
func concurrent(s *source) []problem {
	const why = ", which the race detector is to see: take %s out of RACELESS in the Makefile"
	var found []problem
	for _, spec := range s.ast.Imports {
		if path := strings.Trim(spec.Path.Value, `"`); path == "sync" || path == "sync/atomic" {
			found = append(found, s.problem(spec, "imports %s"+why, path, s.dir))
		}
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, s.problem(n, "starts a goroutine"+why, s.dir))
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Go", "Parallel"}, sel.Sel.Name) {
				found = append(found, s.problem(n, "calls %s"+why, sel.Sel.Name, s.dir))
			}
		}
		return true
	})
	return found
}
