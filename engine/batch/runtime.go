package batch

import (
	"bufio"
	"debug/buildinfo"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/racebench/racebench/scenario/spec"
)

// runtimes are the runtimes that executables are named after, by how the names begin.
var runtimes = []struct{ begins, name string }{
	{"node", "node"}, {"deno", "node"}, {"bun", "node"}, {"python", "python"}, {"pypy", "python"}, {"java", "java"}, {"ruby", "ruby"},
	{"php", "php"}, {"dotnet", "dotnet"}, {"beam", "beam"},
}

// runtimeOf is the runtime of an external program: what its executable is, or what its first line names. It is empty
// where nobody can tell, as of a shell's command line or of a program that is not there.
func runtimeOf(external *spec.Value) string {
	if external == nil {
		return ""
	}
	command, _ := external.Get("command")
	words, _ := spec.Split(command.Text)
	if len(command.Items) > 0 {
		words = []string{command.Items[0].Text}
	}
	if len(words) == 0 || words[0] == "" {
		return ""
	}
	path := words[0]
	if strings.ContainsRune(path, filepath.Separator) {
		if cwd, ok := external.Get("cwd"); ok && !filepath.IsAbs(path) {
			path = filepath.Join(cwd.Text, path)
		}
	} else if found, err := exec.LookPath(path); err == nil {
		path = found
	}
	return runtimeAt(path)
}

// runtimeAt looks at an executable; a script's first line names another.
func runtimeAt(path string) string {
	if name := namedAfter(path); name != "" {
		return name
	}
	if whole, err := filepath.EvalSymlinks(path); err == nil {
		path = whole
	}
	if name := namedAfter(path); name != "" {
		return name
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	if _, err := buildinfo.ReadFile(path); err == nil {
		return "go"
	}
	return namedAfter(interpreterOf(path))
}

func namedAfter(path string) string {
	base := filepath.Base(path)
	for _, r := range runtimes {
		if rest, ok := strings.CutPrefix(base, r.begins); ok && strings.Trim(rest, "0123456789.-sjw") == "" {
			return r.name
		}
	}
	return ""
}

// lineRoom is more than a first line needs.
const lineRoom = 256

// interpreterOf is the program that a script's first line names; empty where it has none.
func interpreterOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, lineRoom)).ReadString('\n')
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	switch {
	case !strings.HasPrefix(line, "#!") || len(words) == 0:
		return ""
	case filepath.Base(words[0]) == "env":
		for _, w := range words[1:] {
			if !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") {
				return w
			}
		}
		return ""
	}
	return words[0]
}
