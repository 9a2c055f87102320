package mutants

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// target is the target of the mutant's design.
func (m mutant) target() string {
	target, _, _ := strings.Cut(m.design, "/")
	return target
}

// folder is the package that the mutant changes.
func (m mutant) folder() string { return "targets/" + m.target() }

var changes = regexp.MustCompile(`(?m)^\+\+\+ b/(\S+)`)

// apply returns the sources that the mutant changes, by their path from the module's root.
func (m mutant) apply(t *testing.T) map[string]string {
	t.Helper()
	diff, err := filepath.Abs(filepath.Join("testdata", m.id+".diff"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(diff)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	changed := map[string]string{}
	for _, name := range changes.FindAllStringSubmatch(string(text), -1) {
		path := name[1]
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		if err != nil {
			t.Errorf("mutant %s: %v", m.id, err)
			return nil
		}
		copied := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, source, 0o644); err != nil {
			t.Fatal(err)
		}
		changed[path] = copied
	}
	if len(changed) == 0 {
		t.Errorf("mutant %s changes no file", m.id)
	}
	git := exec.Command("git", "apply", "--whitespace=nowarn", diff)
	git.Dir = dir
	git.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir)) // the folder is in no repository
	if said, err := git.CombinedOutput(); err != nil {
		t.Errorf("mutant %s does not apply: %v\n%s", m.id, err, said)
		return nil
	}
	for path, copied := range changed {
		text, err := os.ReadFile(copied)
		if err != nil {
			t.Fatal(err)
		}
		changed[path] = string(text)
	}
	return changed
}

// build makes the program that has the mistake.
func (m mutant) build(t *testing.T, out string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for path, text := range m.apply(t) {
		source, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		replace[source] = filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(replace[source], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-overlay", overlay, "-o", out, "./cmd/racebench")
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build mutant %s: %v\n%s", m.id, err, said)
	}
}

// A checker checks the types of changed packages, which takes a hundredth of building a program of each.
type checker struct {
	files   *token.FileSet
	imports types.Importer
	parsed  map[string]*ast.File // what is not changed, by its path from the root
}

// newChecker asks the go command once where the compiled imports of the targets lie.
func newChecker(t *testing.T) *checker {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}",
		"./targets/broker", "./targets/coldstore", "./targets/durability", "./targets/gateway")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list the imports of the targets: %v", err)
	}
	exported := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		exported[path] = file
	}
	c := &checker{files: token.NewFileSet(), parsed: map[string]*ast.File{}}
	c.imports = importer.ForCompiler(c.files, "gc", func(path string) (io.ReadCloser, error) {
		raw, err := os.ReadFile(exported[path])
		return io.NopCloser(bytes.NewReader(raw)), err
	})
	return c
}

// check says what is wrong with a package in which some files are changed.
func (c *checker) check(folder string, changed map[string]string) error {
	names, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		return err
	}
	var all []*ast.File
	for _, name := range names {
		path := folder + "/" + filepath.Base(name)
		text, mutated := changed[path]
		switch file := c.parsed[path]; {
		case strings.HasSuffix(name, "_test.go"):
			continue
		case mutated:
			file, err = parser.ParseFile(c.files, path, text, parser.SkipObjectResolution)
			all = append(all, file)
		case file == nil:
			file, err = parser.ParseFile(c.files, name, nil, parser.SkipObjectResolution)
			c.parsed[path] = file
			all = append(all, file)
		default:
			all = append(all, file)
		}
		if err != nil {
			return err
		}
	}
	_, err = (&types.Config{Importer: c.imports}).Check(folder, c.files, all, nil)
	return err
}
