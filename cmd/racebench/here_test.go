package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/all"
)

// TestWhatIsHereSaysHowItIsBuiltAndStarted, and the scenario that follows from it is one.
func TestWhatIsHereSaysHowItIsBuiltAndStarted(t *testing.T) {
	for name, c := range map[string]struct {
		files   map[string]string
		build   string
		command []string
	}{
		"nothing": {nil, "", nil},
		"go": {map[string]string{"go.mod": "module x", "cmd/cart/main.go": "// a comment\npackage main\n", "cmd/lib/lib.go": "package lib", "x.go": "package x"},
			"go build -o bin/cart ./cmd/cart", []string{"./bin/cart"}},
		"go at the root":      {map[string]string{"go.mod": "module x", "main.go": "package main"}, "go build -o bin/server .", []string{"./bin/server"}},
		"go, a library":       {map[string]string{"go.mod": "module x", "x.go": "package x", "x_test.go": "package main", "Makefile": "all:\n"}, "make", nil},
		"go, a name with ':'": {map[string]string{"go.mod": "module x", "cmd/a' b/main.go": "package main"}, "", nil},
		"node":                {map[string]string{"package.json": `{"main": "app.js", "scripts": {"build": "tsc", "start": "node --enable-source-maps dist/app.js"}}`, "package-lock.json": "{}"}, "npm ci && npm run build", []string{"node", "--enable-source-maps", "dist/app.js"}},
		"node, a shell":       {map[string]string{"package.json": `{"main": "app.js", "scripts": {"start": "node a.js && node b.js"}}`, "yarn.lock": ""}, "yarn install --frozen-lockfile", []string{"node", "app.js"}},
		"node, nothing said":  {map[string]string{"package.json": "{}", "Dockerfile": "CMD [\"node\", \"x.js\"]\n"}, "npm install", []string{"node", "x.js"}},
		"node, broken":        {map[string]string{"package.json": `{`}, "", nil},
		"python":              {map[string]string{"pyproject.toml": "[project]\nname = \"my-cart\"\n"}, "python3 -m pip install .", []string{"python3", "-m", "my_cart"}},
		"python, a script":    {map[string]string{"pyproject.toml": "[project]\nname = \"my-cart\"\n[project.scripts]\ncartd = \"cart:main\"\n"}, "python3 -m pip install .", []string{"cartd"}},
		"make and an image":   {map[string]string{"Makefile": "build: x\n", "Dockerfile": "FROM x\nENTRYPOINT [\"/srv/cart\", \"--port\"]\nCMD [\"80\"]\n"}, "make build", []string{"/srv/cart", "--port", "80"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				path := filepath.Join(dir, filepath.FromSlash(file))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Skipf("this system has no such name: %v", err)
				}
			}
			t.Chdir(dir)
			p := projectHere()
			if p.build != c.build || !slices.Equal(p.command, c.command) {
				t.Errorf("build %q, command %q; want %q, %q", p.build, p.command, c.build, c.command)
			}
			for _, workflow := range workflows() {
				if text := string(p.fits(workflow.text)); strings.Contains(text, "--build 'make'") != (c.build == "" || c.build == "make") || c.build != "" && !strings.Contains(text, "--build '"+c.build+"'") {
					t.Errorf("the workflow builds otherwise:\n%s", text)
				}
				if text := string(p.fits(workflow.text)); strings.Contains(text, "- make #") != (c.build == "" || c.build == "make") && strings.Contains(string(workflow.text), "- make #") {
					t.Errorf("a job of the workflow builds otherwise:\n%s", text)
				}
			}
			external, _ := trial.Catalog(all.Targets()).Find(scenario.External)
			text := p.starts(external.Example)
			if c.files["Dockerfile"] != "" && !strings.Contains(string(text), "# as Dockerfile says") {
				t.Errorf("the command is of the image:\n%s", text)
			}
			s, problems := scenario.Parse("here.yaml", text, time.Now())
			if problems != nil {
				t.Fatalf("%v\n%s", problems, text)
			}
			if _, errs := trial.Compile(s, all.Targets()); len(errs) > 0 {
				t.Errorf("%v\n%s", errs, text)
			}
			command, _ := s.External.Get("command")
			for i, word := range c.command {
				if len(command.Items) != len(c.command) || command.Items[i].Text != word {
					t.Errorf("the scenario starts %+v", command)
				}
			}
		})
	}
}
