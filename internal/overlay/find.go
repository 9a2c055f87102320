package overlay

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// atomicMethods are the methods of the typed atomics: each gets a point in the line of its head.
var atomicMethods = regexp.MustCompile(`(?m)^func \(x \*[A-Za-z0-9]+(\[T\])?\) (\w+)\([^)]*\)[^{\n]*\{`)

const (
	atomicFile    = "sync/atomic/type.go"
	atomicAtLeast = 40
)

func allEdits() []edit {
	return slices.Concat(doorEdits, sightEdits, chanceEdits, pointEdits, systemEdits, testEdits)
}

// A Miss is an anchor that is not in the source of a Go tree as it must be.
type Miss struct {
	File, Name string
}

// Unsupported says that a Go version is not one that the patch fits.
type Unsupported struct {
	Version string
	Anchors int
	Misses  []Miss
}

// Error names every anchor that misses.
func (u *Unsupported) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is not supported: %d of %d anchors are not in its source:", u.Version, len(u.Misses), u.Anchors)
	for _, m := range u.Misses {
		fmt.Fprintf(&b, "\n  %s: %s", m.File, m.Name)
	}
	b.WriteString("\nremedy: go 1.26 or newer, or a racebench that knows this one")
	return b.String()
}

// A patch is what an overlay consists of: texts by their path below the src folder of a Go tree.
type patch struct {
	texts map[string]string
	lines int // that were inserted into files of the tree
}

// find applies all edits to a tree's files. What does not fit is in the error, all of it.
func find(src fs.FS, version string) (*patch, error) {
	p := &patch{texts: map[string]string{}}
	u := &Unsupported{Version: version}
	read := func(file string) (string, error) {
		if t, ok := p.texts[file]; ok {
			return t, nil
		}
		raw, err := fs.ReadFile(src, file)
		return string(raw), err
	}
	for _, e := range allEdits() {
		u.Anchors++
		text, err := read(e.file)
		if err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("read the source of %s: %w", version, err)
		}
		if err != nil || strings.Count(text, e.anchor) != e.times {
			u.Misses = append(u.Misses, Miss{e.file, e.name})
			continue
		}
		p.texts[e.file] = e.apply(text)
		p.lines += e.lines()
	}
	u.Anchors++
	text, err := read(atomicFile)
	n := len(atomicMethods.FindAllString(text, -1))
	if err != nil || n < atomicAtLeast {
		u.Misses = append(u.Misses, Miss{atomicFile, fmt.Sprintf("the methods of the typed atomics, %d of at least %d", n, atomicAtLeast)})
	}
	p.texts[atomicFile] = atomicMethods.ReplaceAllStringFunc(text, atomicPoint)
	p.lines += n
	if len(u.Misses) > 0 {
		return nil, u
	}
	return p, nil
}

func atomicPoint(head string) string {
	kind := "rbStore"
	if atomicMethods.FindStringSubmatch(head)[2] == "Load" {
		kind = "rbLoad"
	}
	return head + " rbpoint(" + kind + ", unsafe.Pointer(x));"
}

func (e edit) apply(text string) string {
	put := map[how]string{after: e.anchor + e.text, before: e.text + e.anchor, instead: e.text}[e.how]
	return strings.ReplaceAll(text, e.anchor, put)
}

// lines is how many lines of a file are new or differ.
func (e edit) lines() int {
	count := func(s string) int {
		n := strings.Count(s, "\n")
		if !strings.HasSuffix(s, "\n") {
			n++
		}
		return n
	}
	if e.how != instead {
		return count(e.text) * e.times
	}
	same := 0
	for line := range strings.Lines(e.anchor) {
		if strings.Contains(e.text, line) {
			same++
		}
	}
	return max(count(e.text)-same, 1) * e.times
}

// added are the files that the patch adds: our own, and the sources that the test process shares with racebench, with
// their imports told anew.
func (p *patch) add(sources []Source) error {
	own, err := fs.Sub(patchFiles, "_patch")
	if err != nil {
		return err
	}
	err = fs.WalkDir(own, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		to := name
		if !strings.HasPrefix(name, inTree+"/") { // beside files of the tree
			to = filepath.ToSlash(filepath.Join(filepath.Dir(name), "zracebench_"+filepath.Base(name)))
		}
		return p.copy(own, name, to)
	})
	if err != nil {
		return err
	}
	for _, s := range append(slices.Clone(sources), wireSource) {
		names, err := fs.Glob(s.FS, "*.go")
		if err != nil {
			return err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || name == embedding {
				continue
			}
			if err := p.copy(s.FS, name, renamed(s.ImportPath)+"/"+name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *patch) copy(from fs.FS, name, to string) error {
	raw, err := fs.ReadFile(from, name)
	if err != nil {
		return err
	}
	p.texts[to] = importing.ReplaceAllStringFunc(string(raw), func(line string) string {
		before, path, _ := strings.Cut(line, `"`)
		return before + `"` + renamed(strings.TrimSuffix(path, `"`)) + `"`
	})
	return nil
}

const (
	// embedding is the file of a shared source that embeds it; it is no part of what is shared.
	embedding = "source.go"
	// inTree is where our packages lie in the tree.
	inTree = "internal/racebench"
	module = "github.com/racebench/racebench/"
)

var importing = regexp.MustCompile(`(?m)^(import |\t)(\w+ )?"` + regexp.QuoteMeta(module) + `[^"\n]*"`)

// renamed is where a package of ours lies in the tree.
func renamed(path string) string {
	rest := strings.TrimPrefix(path, module)
	for _, from := range []string{"internal/overlay/_patch/" + inTree + "/", "internal/overlay/", "engine/"} {
		if name, ok := strings.CutPrefix(rest, from); ok {
			return inTree + "/" + name
		}
	}
	return path
}
