package main

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
)

// A program that go run made is called by go run; any other by the word that was typed, wherever it lies.
func TestCalledAs(t *testing.T) {
	tree, other := t.TempDir(), t.TempDir()
	for path, text := range map[string]string{
		filepath.Join(tree, "go.mod"):  "// a comment\nmodule example.com/rb // another\n\ngo 1.26\n",
		filepath.Join(other, "go.mod"): "module example.com/user\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(tree, "cmd", "rb"), 0o755); err != nil {
		t.Fatal(err)
	}
	const (
		once   = "/tmp/go-build340983306/b001/exe/rb"
		cached = "/home/ada/.cache/go-build/06/06405c16d0c10d50136a1f126f0e7b842f4df0f6757db2d6459542f1cc05145f-d/rb"
	)
	own := debug.BuildInfo{Path: "example.com/rb/cmd/rb", Main: debug.Module{Path: "example.com/rb", Version: "(devel)"}}
	fetched := own
	fetched.Main.Version, fetched.Main.Sum = "v0.1.0", "h1:sum"
	tool := own
	tool.Main.Path = "example.com/user"
	for _, c := range []struct {
		name, arg, dir string
		info           *debug.BuildInfo
		want           string
	}{
		{"in PATH", "racebench", tree, &own, "racebench"},
		{"built in the tree", "bin/racebench", tree, &own, "bin/racebench"},
		{"with another name", "./rb3", tree, &own, "./rb3"},
		{"built into the temporary folder", "/tmp/mine/racebench", tree, &own, "/tmp/mine/racebench"},
		{"go run", once, tree, &own, "go run ./cmd/rb"},
		{"go run from the cache", cached, tree, &own, "go run ./cmd/rb"},
		{"go run beside the package", once, filepath.Join(tree, "cmd"), &own, "go run ./rb"},
		{"go run of a fetched module", once, tree, &fetched, "go run example.com/rb/cmd/rb@v0.1.0"},
		{"a tool of the user's module", cached, other, &tool, "go run example.com/rb/cmd/rb"},
		{"no module is there", once, "", &own, "go run example.com/rb/cmd/rb"},
		{"nothing is known of the build", once, tree, nil, "racebench"},
	} {
		if got := calledAs(c.arg, c.info, c.dir); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
