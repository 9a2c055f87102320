//go:build release

package release

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// run runs a command in dir and returns what it printed.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// checkOut makes a clean tree of the commit that is checked out here.
func checkOut(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	run(t, root, nil, "git", "clone", "-q", "--no-hardlinks", ".", dir)
	return dir
}

// flagsOfRelease are the linker's flags in .goreleaser.yaml, with a version in them.
func flagsOfRelease(t *testing.T, tree, version string) string {
	t.Helper()
	m := regexp.MustCompile(`ldflags: \["([^"]+)"\]`).FindStringSubmatch(read(t, filepath.Join(tree, ".goreleaser.yaml")))
	if m == nil {
		t.Fatal(".goreleaser.yaml has no ldflags")
	}
	return strings.ReplaceAll(m[1], "{{ .Version }}", version)
}

// build builds racebench as a release does. RACEBENCH_REPRODUCE=all compiles everything anew, which takes minutes.
func build(t *testing.T, tree, version string) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "racebench")
	env := []string{"CGO_ENABLED=0", "GOFLAGS="}
	if os.Getenv("RACEBENCH_REPRODUCE") == "all" {
		env = append(env, "GOCACHE="+t.TempDir())
	}
	run(t, tree, env, "go", "build", "-trimpath", "-ldflags", flagsOfRelease(t, tree, version), "-o", path, "./cmd/racebench")
	return path, []byte(read(t, path))
}

// Two builds of a commit, in folders of other names, are the same byte for byte; one of another version is not.
func TestBuildsRepeat(t *testing.T) {
	first, second := checkOut(t), checkOut(t)
	path, a := build(t, first, "9.8.7")
	if _, b := build(t, second, "9.8.7"); !bytes.Equal(a, b) {
		t.Errorf("two builds of one commit differ: %d and %d bytes", len(a), len(b))
	}
	if _, other := build(t, second, "9.8.6"); bytes.Equal(a, other) {
		t.Error("a build of another version is the same: the comparison sees nothing")
	}
	if bytes.Contains(a, []byte(first)) {
		t.Error("the builder's path is in the binary")
	}
	commit := strings.TrimSpace(run(t, first, nil, "git", "rev-parse", "HEAD"))
	want := "racebench v9.8.7 (build " + commit + ", " + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")\n"
	if got := run(t, "", nil, path, "version"); got != want {
		t.Errorf("version is %q, want %q", got, want)
	}
	const limit = 32 << 20
	if len(a) > limit {
		t.Errorf("the binary has %d bytes: more than %d", len(a), limit)
	}
	t.Logf("the binary has %.1f MB", float64(len(a))/1e6)
}

// Every command has a man page, and none has the command that writes them.
func TestPages(t *testing.T) {
	tree := checkOut(t)
	run(t, tree, nil, "bash", ".ci/pages", "bin/pages")
	path, _ := build(t, tree, "9.8.7")
	help := run(t, "", nil, path, "--help")
	_, list, ok := strings.Cut(help, "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	if !ok {
		t.Fatalf("no commands in\n%s", help)
	}
	n := 0
	for line := range strings.Lines(list) {
		name := strings.Fields(line)[0]
		if name == "help" {
			continue
		}
		n++
		if page := read(t, filepath.Join(tree, "bin", "pages", "man", "racebench-"+name+".1")); !strings.Contains(page, `.SH SYNOPSIS`) {
			t.Errorf("the page of %s is none", name)
		}
	}
	if n < 15 {
		t.Errorf("%d commands in the help: it is not read", n)
	}
	if _, err := os.Stat(filepath.Join(tree, "bin", "pages", "man", "racebench-pages.1")); err == nil || strings.Contains(help, "  pages ") {
		t.Error("the command that writes pages is told to users")
	}
	for _, shell := range []string{"bash", "zsh", "fish", "ps1"} {
		if text := read(t, filepath.Join(tree, "bin", "pages", "completions", "racebench."+shell)); !strings.Contains(text, "racebench") {
			t.Errorf("no completion for %s", shell)
		}
	}
	if changed := run(t, tree, nil, "git", "status", "--porcelain"); changed != "" {
		t.Errorf("pages change the tree, and a build would be marked as changed:\n%s", changed)
	}
}

// goreleaser accepts the file, and makes of it, for one platform, what a release has.
func TestGoreleaser(t *testing.T) {
	goreleaser, err := exec.LookPath("goreleaser")
	if err != nil {
		t.Skip("goreleaser is not installed: .goreleaser.yaml was not checked")
	}
	tree := checkOut(t)
	env := []string{"TAP_TOKEN=", "GOFLAGS="}
	run(t, tree, env, goreleaser, "check")
	config := filepath.Join(tree, ".goreleaser.yaml")
	one := strings.NewReplacer("goos: [linux, darwin, windows]", "goos: [linux]", "goarch: [amd64, arm64]", "goarch: [amd64]")
	text := read(t, config)
	reduced := one.Replace(text)
	if reduced == text {
		t.Fatal("the platforms of .goreleaser.yaml were not found")
	}
	mine := filepath.Join(t.TempDir(), "one.yaml")
	if err := os.WriteFile(mine, []byte(reduced), 0o644); err != nil {
		t.Fatal(err)
	}
	skip := "publish,homebrew"
	if _, err := exec.LookPath("syft"); err != nil {
		skip += ",sbom"
		t.Log("syft is not installed: the lists of what is in the archives were not made")
	}
	run(t, tree, env, goreleaser, "release", "--snapshot", "--clean", "--skip="+skip, "-f", mine)
	dist := filepath.Join(tree, "dist")
	for _, name := range []string{"racebench_linux_amd64.tar.gz", "racebench_linux_amd64.deb", "racebench_linux_amd64.rpm", "checksums.txt"} {
		if _, err := os.Stat(filepath.Join(dist, name)); err != nil {
			t.Errorf("a release has no %s", name)
		}
	}
	inside := run(t, dist, nil, "tar", "tzf", "racebench_linux_amd64.tar.gz")
	for _, name := range []string{"racebench", "LICENSE", "README.md", "man/racebench-probe.1", "completions/racebench.fish"} {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `$`).MatchString(inside) {
			t.Errorf("the archive has no %s:\n%s", name, inside)
		}
	}
	run(t, dist, nil, "tar", "xzf", "racebench_linux_amd64.tar.gz", "racebench")
	if said := run(t, dist, nil, "./racebench", "version"); strings.Contains(said, "+changed") || !strings.HasPrefix(said, "racebench v0.") {
		t.Errorf("the archive's racebench is %s", said)
	}
}
