package layering

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

const primitives = "engine/world/prim"

// isCore says whether a folder holds a server's shutdown logic, which must run in a simulated world.
func isCore(dir string) bool {
	name, shell, ok := targetOf(dir)
	return ok && shell == "" && !slices.Contains(allShell, name)
}

func (t *tree) worldly(yield func(*source) bool) {
	for s := range t.product {
		if (isCore(s.dir) || s.dir == primitives) && !yield(s) {
			return
		}
	}
}

// coreBans finds what a scheduler of our own could not see: other goroutines, clocks and locks than the
// World's. The primitives may guard their state with a plain mutex, which they never hold across a wait.
func coreBans(t *tree) []problem {
	var found []problem
	for s := range t.worldly {
		for _, spec := range s.ast.Imports {
			p := importPath(spec)
			if spec.Name != nil && spec.Name.Name == "." {
				found = append(found, s.problem(spec, "dot import of %s hides what the code uses: import it by name", p))
			}
			if below(p, "sync") && (p != "sync" || s.dir != primitives) {
				found = append(found, s.problem(spec, "%s in code that runs in both worlds: "+
					"take locks and atomics from engine/world", p))
			}
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if why := coreBan(s, n); why != "" {
				found = append(found, s.problem(n, "%s", why))
			}
			return true
		})
	}
	return found
}

// coreBan says why a node may not stand in a core, or "".
func coreBan(s *source, n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go statement: start a task with Task.Go"
	case *ast.SelectStmt:
		return "select statement: wait with Task.Select"
	case *ast.ChanType:
		return "channel: use a queue, a notify or a token of the World"
	case *ast.SendStmt:
		return "channel send: use a queue of the World"
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "channel receive: use a queue of the World"
		}
	case *ast.SelectorExpr:
		pkg, name, ok := s.selected(n)
		switch {
		case !ok:
		case pkg == "time" && slices.Contains(clockNames, name):
			return "time." + name + ": take the time from the World (Task.Now, Task.Sleep, World.NewTimer)"
		case pkg == "context" && strings.HasPrefix(name, "With"):
			return "context." + name + ": cancel and limit with tokens of the World"
		case pkg == "sync" && s.dir == primitives && name != "Mutex":
			return "sync." + name + ": a primitive guards its state with sync.Mutex and waits by Task.Await"
		}
	}
	return ""
}

// globalChance finds chance that does not come from a named stream of the seed, tests included: a test
// that cannot be repeated cannot be debugged.
func globalChance(t *tree) []problem {
	var found []problem
	for _, s := range t.files {
		for _, spec := range s.ast.Imports {
			if p := importPath(spec); below(p, "math/rand") && spec.Name != nil && spec.Name.Name == "." {
				found = append(found, s.problem(spec, "dot import of %s hides global chance: import it by name", p))
			}
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			pkg, name, ok := s.selected(n)
			if ok && below(pkg, "math/rand") && !slices.Contains(streamNames, name) {
				found = append(found, s.problem(n, "rand.%s draws from no seed: take a named stream (Seed.Stream, World.Rand)", name))
			}
			return true
		})
	}
	return found
}

// recovers finds recover outside the one task wrapper: a recover in a server would catch the unwinding
// of an aborted task, which would then go on running.
func recovers(t *tree) []problem {
	return guarded(t, "recover", func(s *source, n ast.Node) string {
		call, ok := n.(*ast.CallExpr)
		if ok && builtin(call, "recover") {
			return "recover outside the World's task wrapper: let the panic reach it, it is evidence"
		}
		return ""
	})
}

// processUse finds what only the command may do: end the process, and write to its standard output.
func processUse(t *tree) []problem {
	return guarded(t, "process", func(s *source, n ast.Node) string {
		if below(s.dir, "cmd") {
			return ""
		}
		if call, ok := n.(*ast.CallExpr); ok && (builtin(call, "print") || builtin(call, "println")) {
			return "built-in print: return the text, or write to a writer that was passed in"
		}
		pkg, name, ok := s.selected(n)
		switch {
		case !ok:
		case pkg == "os" && name == "Exit", pkg == "log" && strings.HasPrefix(name, "Fatal"):
			return pkg + "." + name + " outside cmd/racebench: the library returns, main exits"
		case pkg == "os" && name == "Stdout", pkg == "fmt" && slices.Contains(printNames, name):
			return pkg + "." + name + " outside cmd/racebench: write to a writer that was passed in"
		}
		return ""
	})
}

// printing finds what prints to people around internal/console, which makes visible what a terminal or a CI system would
// obey. In the command everything that is printed goes through it; elsewhere nothing is printed.
func printing(t *tree) []problem {
	return guarded(t, "printing", func(s *source, n ast.Node) string {
		pkg, name, ok := s.selected(n)
		switch {
		case !ok || s.dir == "internal/console":
		case pkg == "os" && (name == "Stderr" || name == "Stdout" && below(s.dir, "cmd")),
			below(s.dir, "cmd") && pkg == "fmt" && (strings.HasPrefix(name, "Fprint") || slices.Contains(printNames, name)):
			return pkg + "." + name + " prints around internal/console: say it by a console.Writer"
		}
		return ""
	})
}

// connections finds what opens connections elsewhere than in engine/reach, which knows where load may go.
func connections(t *tree) []problem {
	return guarded(t, "connections", func(s *source, n ast.Node) string {
		if s.dir == "engine/reach" {
			return ""
		}
		pkg, name, ok := s.selected(n)
		switch {
		case !ok:
		case pkg == "net" && strings.HasPrefix(name, "Dial"), pkg == "crypto/tls" && strings.HasPrefix(name, "Dial"),
			pkg == "golang.org/x/sys/unix" && name == "Connect", pkg == "syscall" && name == "Connect",
			pkg == "net/http" && slices.Contains(httpClients, name), pkg == "github.com/gorilla/websocket" && strings.HasPrefix(name, "Dial"):
			return pkg + "." + name + " outside engine/reach: connect by its Way, which refuses other machines than this one"
		}
		return ""
	})
}

// openedFiles finds what opens a file past internal/input, which has the limits and does not wait for ever.
func openedFiles(t *tree) []problem {
	return guarded(t, "opened files", func(s *source, n ast.Node) string {
		if slices.ContainsFunc(openers, func(o string) bool { return below(s.dir, o) }) {
			return ""
		}
		if pkg, name, ok := s.selected(n); ok && pkg == "os" && slices.Contains(openNames, name) {
			return "os." + name + " opens whatever is there: read it with internal/input, which has limits"
		}
		return ""
	})
}

// guarded reports what find objects to, except in the functions that the exceptions name for the rule.
func guarded(t *tree, rule string, find func(s *source, n ast.Node) string) []problem {
	var found []problem
	for s := range t.product {
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if n == nil {
				return true
			}
			why := find(s, n)
			if why != "" && !excepted(rule, s.dir+"."+s.function(n)) {
				found = append(found, s.problem(n, "%s (or give %s.%s a reason in internal/layering/tables_test.go)",
					why, s.dir, s.function(n)))
			}
			return true
		})
	}
	return found
}

func excepted(rule, function string) bool {
	return slices.ContainsFunc(exceptions, func(e exception) bool { return e.rule == rule && e.function == function })
}
