package layering

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// own returns the folder of a package of this module that is imported by its path.
func own(importPath string) (string, bool) {
	if importPath == modulePath {
		return ".", true
	}
	return strings.CutPrefix(importPath, modulePath+"/")
}

// targetOf returns the concrete target that a folder belongs to, and what stands below it: "" is the
// core, anything else a shell.
func targetOf(dir string) (name, shell string, ok bool) {
	rest, ok := strings.CutPrefix(dir, "targets/")
	if !ok {
		return "", "", false
	}
	name, shell, _ = strings.Cut(rest, "/")
	if slices.Contains(notTargets, name) {
		return "", "", false
	}
	return name, shell, true
}

// rowOf returns a package's row in the import order, counted from the top; -1 for one the table does
// not name.
func rowOf(dir string) int {
	if _, _, ok := targetOf(dir); ok {
		dir = anyTarget
	}
	return slices.IndexFunc(importRows, func(row []string) bool { return slices.Contains(row, dir) })
}

// importOrder holds the table of packages: down only, and narrower where the table says so. Tests may
// look at anything; it is what ships that must not.
func importOrder(t *tree) []problem {
	var found []problem
	for s := range t.product {
		if rowOf(s.dir) < 0 {
			found = append(found, s.problem(s.ast.Name, "package %s has no row in the import order: "+
				"give it one in internal/layering/tables_test.go and say so in docs/architecture.md", s.dir))
			continue
		}
		for _, spec := range s.ast.Imports {
			p := importPath(spec)
			if why := forbidden(s.dir, p); why != "" {
				found = append(found, s.problem(spec, "%s imports %s: %s", s.dir, p, why))
			}
		}
	}
	return found
}

// forbidden says why a package may not import a path, or "".
func forbidden(from, importPath string) string {
	for _, d := range denied {
		if below(from, d.from) && slices.Contains(d.paths, importPath) {
			return d.why
		}
	}
	to, ok := own(importPath)
	if !ok {
		return ""
	}
	fromTarget, fromShell, isTarget := targetOf(from)
	key := from
	if isTarget {
		key = anyTarget
	}
	only, narrow := narrowed[key]
	toTarget, toShell, toConcrete := targetOf(to)
	switch {
	case isTarget && toConcrete && fromTarget == toTarget:
		if fromShell == "" && toShell != "" && !slices.Contains(allShell, fromTarget) {
			return "a core must not see its shell: let the shell import the core, and targets/all put them together"
		}
		return ""
	case toConcrete && from != "targets/all":
		return "only targets/all knows the concrete targets: look them up in the catalogue"
	case to == "targets/all" && from != "cmd/racebench":
		return "only cmd/racebench knows the catalogue of targets: take it as an argument"
	case rowOf(to) < 0:
		return "that package has no row in the import order: give it one in internal/layering/tables_test.go"
	case narrow && !slices.Contains(only, to):
		return "it may import only " + strings.Join(only, ", ") + " of ours"
	case rowOf(to) <= rowOf(from):
		return "imports go down the table of docs/architecture.md, never sideways or up: " +
			"move what both need into a package below"
	}
	return ""
}

// thirdParty holds each dependency to the packages that own it. Tests may use all of go.mod.
func thirdParty(t *tree) []problem {
	var found []problem
	for s := range t.product {
		for _, spec := range s.ast.Imports {
			p := importPath(spec)
			if _, ours := own(p); ours || !strings.Contains(first(p), ".") {
				continue
			}
			owners, known := ownersOf(p)
			if !known {
				found = append(found, s.problem(spec, "%s belongs to no package: "+
					"name its owner in internal/layering/tables_test.go, or do without", p))
			} else if !slices.ContainsFunc(owners, func(o string) bool { return below(s.dir, o) || s.path == o }) {
				found = append(found, s.problem(spec, "%s is for %s: ask there for what you need",
					p, cmp.Or(strings.Join(owners, " and "), "tests only")))
			}
		}
	}
	return found
}

func ownersOf(importPath string) ([]string, bool) {
	for p := importPath; p != "."; p = path.Dir(p) {
		if owners, ok := moduleOwners[p]; ok {
			return owners, true
		}
	}
	return nil, false
}

func first(importPath string) string {
	head, _, _ := strings.Cut(importPath, "/")
	return head
}

// testingImports keeps the testing package and what needs it out of the shipped binary.
func testingImports(t *tree) []problem {
	var found []problem
	for s := range t.product {
		if slices.Contains(testingPackages, s.dir) {
			continue
		}
		for _, spec := range s.ast.Imports {
			if p := importPath(spec); below(p, "testing") {
				found = append(found, s.problem(spec, "%s outside tests: only %s may import it",
					p, strings.Join(testingPackages, " and ")))
			}
		}
	}
	return found
}
