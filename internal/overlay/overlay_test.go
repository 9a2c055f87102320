package overlay

import (
	"context"
	"encoding/json"
	"errors"
	goversion "go/version"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/racebench/racebench/internal/overlay/wire"
)

// onlyHere skips a test that needs a Go tree of the one system that the patch is for.
func onlyHere(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skipf("the patch is for linux/amd64, and this is %s/%s", runtime.GOOS, runtime.GOARCH)
	}
}

// thisTree is the tree of the go command that runs the tests.
func thisTree(t *testing.T) tree {
	t.Helper()
	onlyHere(t)
	found, err := findTree(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestThePatchFitsThisTree(t *testing.T) {
	tree := thisTree(t)
	p, err := find(os.DirFS(filepath.Join(tree.root, "src")), tree.version)
	if err != nil {
		t.Fatal(err)
	}
	const most = 200
	if p.lines > most {
		t.Errorf("the patch inserts %d lines, %d are the most", p.lines, most)
	}
	t.Logf("%s: %d lines in %d files", tree.version, p.lines, len(p.texts))
}

// Toolchains that the go command has downloaded lie in the module cache. Which ones is the machine's affair.
func TestThePatchFitsTheToolchainsThatWereDownloaded(t *testing.T) {
	tree := thisTree(t)
	roots, err := filepath.Glob(filepath.Join(tree.modules, "golang.org", "toolchain@*.linux-amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if len(roots) == 0 {
		t.Skip("no toolchain was downloaded to this machine")
	}
	for _, root := range roots {
		_, version, _ := strings.Cut(strings.TrimSuffix(filepath.Base(root), ".linux-amd64"), "-go")
		_, err := find(os.DirFS(filepath.Join(root, "src")), "Go "+version)
		var u *Unsupported
		switch old := goversion.Compare("go"+version, "go1.26") < 0; {
		case old && !errors.As(err, &u):
			t.Errorf("Go %s is before all that the patch fits, and was taken: %v", version, err)
		case !old && err != nil:
			t.Error(err)
		}
	}
}

// files are those of a tree that the patch changes, in memory.
func files(t *testing.T, root string) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	for _, name := range changed() {
		raw, err := os.ReadFile(filepath.Join(root, "src", name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = &fstest.MapFile{Data: raw}
	}
	return all
}

func changed() []string {
	names := []string{atomicFile}
	for _, e := range allEdits() {
		names = append(names, e.file)
	}
	return names
}

func TestEveryAnchorThatMissesIsNamed(t *testing.T) {
	tree := thisTree(t)
	src := files(t, tree.root)
	for _, e := range allEdits() {
		whole := src[e.file].Data
		damaged := strings.Replace(string(whole), strings.TrimSuffix(e.anchor, "\n"), "/* moved */", 1)
		src[e.file] = &fstest.MapFile{Data: []byte(damaged)}
		_, err := find(src, "Go 9.9")
		var u *Unsupported
		if !errors.As(err, &u) || len(u.Misses) == 0 || !strings.Contains(err.Error(), e.file+": "+e.name) {
			t.Errorf("%s: %s is damaged, and the error is %v", e.file, e.name, err)
		}
		src[e.file] = &fstest.MapFile{Data: whole}
	}
	if _, err := find(src, "Go 9.9"); err != nil {
		t.Errorf("the whole tree: %v", err)
	}
	delete(src, "sync/cond.go")
	delete(src, atomicFile)
	_, err := find(src, "Go 9.9")
	want := "Go 9.9 is not supported: 4 of "
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "0 of at least 40") {
		t.Errorf("two files are gone: %v, want %q", err, want)
	}
}

// An anchor that an edit before it has changed would be found in none, or in its own text.
func TestAnchorsAreNotChangedByOtherEdits(t *testing.T) {
	names := map[string]bool{}
	for _, e := range allEdits() {
		if names[e.file+e.name] {
			t.Errorf("%s: two anchors are named %s", e.file, e.name)
		}
		names[e.file+e.name] = true
		for _, o := range allEdits() {
			if o.file == e.file && strings.Contains(o.text, e.anchor) && o.anchor != e.anchor {
				t.Errorf("%s: the text for %s holds the anchor of %s", e.file, o.name, e.name)
			}
		}
	}
}

func TestPrepareWritesBesideTheTreeOnce(t *testing.T) {
	thisTree(t)
	cache := t.TempDir()
	source := Source{module + "engine/schedule", fstest.MapFS{
		"a.go":      {Data: []byte("package schedule\n\nimport \"" + module + "engine/explore\"\n")},
		"a_test.go": {Data: []byte("package schedule")},
		"source.go": {Data: []byte("package schedule")},
	}}
	prepare := func(build string) Prepared {
		p, err := Prepare(t.Context(), Options{CacheDir: cache, Sources: []Source{source}, Build: build})
		if err != nil {
			t.Error(err)
		}
		return p
	}
	var all [4]Prepared
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() { all[i] = prepare("1") })
	}
	group.Wait()
	for _, p := range all {
		if p.File != all[0].File || p.Key != all[0].Key {
			t.Errorf("one patch was written twice: %s and %s", p.File, all[0].File)
		}
	}
	if other := prepare("2"); other.Key == all[0].Key {
		t.Error("another racebench has the same patch")
	}
	left, err := filepath.Glob(filepath.Join(cache, "overlay", "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("the cache holds %q: %v", left, err)
	}
	raw, err := os.ReadFile(all[0].File)
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(raw, &overlay); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"internal/racebench/schedule/a.go":                `"internal/racebench/explore"`,
		"internal/racebench/decide/decider.go":            `"internal/racebench/wire"`,
		"internal/racebench/wire/memory.go":               "package wire",
		"testing/internal/testdeps/zracebench_harness.go": `"internal/racebench/decide"`,
		"runtime/zracebench_turn.go":                      "func rbattach",
		"runtime/chan.go":                                 "rbpoint(rbSend",
	} {
		raw, err := os.ReadFile(overlay.Replace[filepath.Join(all[0].GOROOT, "src", name)])
		if err != nil || !strings.Contains(string(raw), text) || strings.Contains(string(raw), `"`+module) {
			t.Errorf("%s: no %s in it, or a package of ours by its own path: %v", name, text, err)
		}
	}
	for _, name := range []string{"a_test.go", "source.go"} {
		if overlay.Replace[filepath.Join(all[0].GOROOT, "src/internal/racebench/schedule", name)] != "" {
			t.Errorf("%s is no part of what is shared", name)
		}
	}
}

// The go command lays nothing over files of the module cache, where it puts the toolchains that it downloads.
func TestATreeInTheModuleCacheGetsAnotherPath(t *testing.T) {
	cache, modules := t.TempDir(), t.TempDir()
	root := filepath.Join(modules, "golang.org", "toolchain@v0.0.1-go9.9.linux-amd64")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		in := tree{root: root, modules: modules, version: "Go 9.9"}
		if err := in.move(cache); err != nil {
			t.Fatal(err)
		}
		to, err := os.Readlink(in.root)
		if err != nil || to != root || !strings.HasPrefix(in.root, cache) || in.command != filepath.Join(in.root, "bin", "go") {
			t.Errorf("moved to %+v, a link to %q: %v", in, to, err)
		}
	}
	out := tree{root: t.TempDir(), modules: modules, command: "go"}
	was := out
	if err := out.move(cache); err != nil || out != was {
		t.Errorf("a tree elsewhere was moved: %+v, %v", out, err)
	}
}

func TestOtherSystemsAreNamed(t *testing.T) {
	onlyHere(t)
	_, err := findTree(t.Context(), Options{Env: append(os.Environ(), "GOOS=darwin", "GOARCH=arm64")})
	if err == nil || err.Error() != "Go tests are searched on linux/amd64; this is darwin/arm64" {
		t.Errorf("another system: %v", err)
	}
	_, err = findTree(t.Context(), Options{Go: filepath.Join(t.TempDir(), "go")})
	if err == nil || !strings.HasPrefix(err.Error(), "ask ") {
		t.Errorf("no go command: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = findTree(ctx, Options{}); !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "canceled") {
		t.Errorf("canceled: %v", err)
	}
}

// Every file of wire goes along, or the test process has another wire than this racebench.
func TestTheSourceOfWireIsWhole(t *testing.T) {
	names, err := filepath.Glob("wire/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		base := filepath.Base(name)
		_, err := fs.Stat(wire.Source, base)
		if whole := err == nil; whole == (strings.HasSuffix(base, "_test.go") || base == embedding) {
			t.Errorf("%s: shared %v", name, whole)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports " "}}`, "./wire").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		if strings.Contains(name, ".") {
			t.Errorf("wire imports %s, and a test process has the standard library alone", name)
		}
	}
}
