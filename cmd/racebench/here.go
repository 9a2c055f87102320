package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/spec"
)

// A projectKind is how the program of the folder that we are in is built and started, as far as its files say.
type projectKind struct {
	build   string // a shell command
	command []string

	buildFile, commandFile string // that say so; empty where none does
}

// kinds are the files that are looked for, the surest first.
var kinds = []struct {
	file string
	read func(text string) projectKind
}{
	{"go.mod", goProject}, {"package.json", nodeProject}, {"pyproject.toml", pythonProject}, {"Makefile", makeProject}, {"Dockerfile", imageProject},
}

// projectHere looks at what is there. What one file does not say the next one may.
func projectHere() projectKind {
	var found projectKind
	for _, k := range kinds {
		text, err := input.Found(k.file, input.Text)
		if err != nil {
			continue
		}
		p := k.read(string(text))
		if found.build == "" && p.build != "" {
			found.build, found.buildFile = p.build, k.file
		}
		if found.command == nil && p.command != nil {
			found.command, found.commandFile = p.command, k.file
		}
	}
	return found
}

// plainName is a name that no shell and no YAML reads as anything else.
var plainName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

var packageMain = regexp.MustCompile(`(?m)^package main\b`)

// goProject builds the module's one program: that of its root, or of cmd.
func goProject(string) projectKind {
	dirs, _ := filepath.Glob(filepath.Join("cmd", "*"))
	var mains []string
	for _, dir := range append([]string{"."}, dirs...) {
		files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
		for _, f := range files {
			text, err := input.Found(f, input.Text)
			if err == nil && !strings.HasSuffix(f, "_test.go") && packageMain.Match(text) {
				mains = append(mains, filepath.ToSlash(dir))
				break
			}
		}
	}
	if len(mains) == 0 {
		return projectKind{}
	}
	name, pkg := filepath.Base(mains[0]), "./"+mains[0]
	if !plainName.MatchString(name) {
		return projectKind{}
	}
	if mains[0] == "." {
		name, pkg = "server", "."
	}
	return projectKind{build: fmt.Sprintf("go build -o bin/%s %s", name, pkg), command: []string{"./bin/" + name}}
}

// nodeProject installs what is locked, builds where there is something to, and starts node itself: npm start would keep the
// signal to itself.
func nodeProject(text string) projectKind {
	var p struct {
		Main    string            `json:"main"`
		Scripts map[string]string `json:"scripts"`
	}
	if json.Unmarshal([]byte(text), &p) != nil {
		return projectKind{}
	}
	tool, install := "npm", "npm ci"
	switch {
	case exists("pnpm-lock.yaml"):
		tool, install = "pnpm", "pnpm install --frozen-lockfile"
	case exists("yarn.lock"):
		tool, install = "yarn", "yarn install --frozen-lockfile"
	case !exists("package-lock.json"):
		install = "npm install"
	}
	if p.Scripts["build"] != "" {
		install += " && " + tool + " run build"
	}
	words, closed := spec.Split(p.Scripts["start"])
	if !closed || len(words) < 2 || words[0] != "node" || strings.ContainsAny(p.Scripts["start"], "&|;$<>") {
		words = nil
		if p.Main != "" {
			words = []string{"node", p.Main}
		}
	}
	return projectKind{build: install, command: words}
}

var (
	pythonName   = regexp.MustCompile(`(?m)^name\s*=\s*["']([A-Za-z0-9._-]+)["']`)
	pythonScript = regexp.MustCompile(`(?m)^\[project\.scripts\]\s*\n\s*["']?([A-Za-z0-9._-]+)["']?\s*=`)
)

func pythonProject(text string) projectKind {
	p := projectKind{build: "python3 -m pip install ."}
	if m := pythonScript.FindStringSubmatch(text); m != nil {
		p.command = []string{m[1]}
	} else if m := pythonName.FindStringSubmatch(text); m != nil {
		p.command = []string{"python3", "-m", strings.ReplaceAll(m[1], "-", "_")}
	}
	return p
}

var buildTarget = regexp.MustCompile(`(?m)^build\s*:`)

func makeProject(text string) projectKind {
	if buildTarget.MatchString(text) {
		return projectKind{build: "make build"}
	}
	return projectKind{build: "make"}
}

var imageStart = regexp.MustCompile(`(?m)^(ENTRYPOINT|CMD)\s+(\[.*\])\s*$`)

// imageProject starts what the image would start. How the image is built says nothing of a program outside of it.
func imageProject(text string) projectKind {
	var entry, args []string
	for _, m := range imageStart.FindAllStringSubmatch(text, -1) {
		var words []string
		if json.Unmarshal([]byte(m[2]), &words) != nil {
			continue
		}
		if m[1] == "CMD" {
			args = words
		} else {
			entry = words
		}
	}
	return projectKind{command: append(entry, args...)}
}

// exampleBuild and exampleCommand stand in the workflows and in the example for what a project has of its own.
const (
	exampleBuild   = "'make'"
	exampleCommand = `command: [./server, --port, "{port}"]`
)

// fits puts the project's build into a workflow.
func (p projectKind) fits(workflow []byte) []byte {
	if p.build == "" {
		return workflow
	}
	text := strings.ReplaceAll(string(workflow), exampleBuild, "'"+p.build+"'")
	text = strings.ReplaceAll(text, "- run: make #", "- run: "+p.build+" #")
	return []byte(strings.ReplaceAll(text, "- make #", "- "+p.build+" #"))
}

// starts puts the project's command into the example of an external program.
func (p projectKind) starts(example []byte) []byte {
	if p.command == nil {
		return example
	}
	words := make([]string, len(p.command))
	for i, w := range p.command {
		quoted, _ := json.Marshal(w) // a string of JSON is one of YAML
		words[i] = string(quoted)
	}
	return []byte(strings.Replace(string(example), exampleCommand, "command: ["+strings.Join(words, ", ")+"] # as "+p.commandFile+" says; it listens on PORT, or say {port} here", 1))
}

// schemaFile is what the first line of an example names, beside it.
const schemaFile = "racebench.schema.json"

// writeSchema writes the schema that editors read, unless it is there: what names a file comes with it.
func (a *app) writeSchema() error {
	path := filepath.Join(scenario.ProjectDir, schemaFile)
	if exists(path) {
		return nil
	}
	if err := os.MkdirAll(scenario.ProjectDir, 0o755); err != nil {
		return usagef("write %s: %w", path, pathless(err))
	}
	if err := os.WriteFile(path, scenario.Schema(a.catalog.Vocabulary()), 0o644); err != nil {
		return usagef("write %s: %w", path, pathless(err))
	}
	return nil
}
