// Package adding is tests of docs/adding.md: each adds a thing to a copy of this repository in the way the page
// says, in the files that the page names and in no other, and sees that it works there.
package adding

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A put is one step of an addition: text that goes into a file of the repository.
type put struct {
	file string // with slashes, from the root
	// named is how the page calls the file, where the page cannot know its name: "engine/invariant/NAME.go".
	named string
	// behind is a line of the file, without its leading space, that the text follows. A new file has none.
	behind string
	text   string
}

// An addition is a thing that somebody adds.
type addition struct {
	section string // the heading in docs/adding.md under which it is told how
	folder  string // the one folder that is touched, the pages apart
	files   int    // how many of its files, tests apart
	puts    []put
}

// timeLimit is the most that a copy's go command may take: a busy machine builds the whole project in less.
const timeLimit = 4 * time.Minute

// add makes a copy of the repository with the addition in it. It fails where the addition does not keep to what
// the page says.
func add(t *testing.T, a addition) copied {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a copy of the repository")
	}
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "adding.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range a.problems(string(page)) {
		t.Error(problem)
	}
	c := copied{dir: t.TempDir()}
	if err := copyTree(c.dir, root); err != nil {
		t.Fatal(err)
	}
	for _, p := range a.puts {
		if err := p.into(c.dir); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// problems says in what an addition departs from the page.
func (a addition) problems(page string) []string {
	var found []string
	section, ok := sectionOf(page, a.section)
	if !ok {
		found = append(found, fmt.Sprintf("docs/adding.md has no section %q", a.section))
	}
	var files []string
	for _, p := range a.puts {
		if strings.HasPrefix(p.file, "docs/") || p.file == "CHANGELOG.md" {
			continue // every addition has its line there
		}
		if p.file != a.folder && !strings.HasPrefix(p.file, a.folder+"/") {
			found = append(found, fmt.Sprintf("%s is touched, which is not in %s", p.file, a.folder))
		}
		name := p.file
		if p.named != "" {
			name = p.named
		}
		if ok && !strings.Contains(section, "`"+name+"`") && !strings.Contains(section, "`"+strings.TrimPrefix(name, a.folder+"/")+"`") {
			found = append(found, fmt.Sprintf("docs/adding.md, section %q, does not name %s, which has to be touched", a.section, name))
		}
		if !strings.HasSuffix(p.file, "_test.go") && !strings.Contains(p.file, "/testdata/") && !slices.Contains(files, p.file) {
			files = append(files, p.file)
		}
	}
	if len(files) != a.files {
		found = append(found, fmt.Sprintf("%d files are touched, not %d: %s", len(files), a.files, strings.Join(files, ", ")))
	}
	return found
}

// sectionOf returns what stands under a heading, up to the next one of its rank or a higher one.
func sectionOf(page, heading string) (string, bool) {
	var kept []string
	rank := 0
	for line := range strings.Lines(page) {
		marks := len(line) - len(strings.TrimLeft(line, "#"))
		if marks > 0 {
			if rank > 0 && marks <= rank {
				break
			}
			if rank == 0 && strings.TrimSpace(line[marks:]) == heading {
				rank = marks
			}
		}
		if rank > 0 {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, ""), rank > 0
}

// into carries out one step below a folder.
func (p put) into(root string) error {
	name := filepath.Join(root, filepath.FromSlash(p.file))
	old, err := os.ReadFile(name)
	if p.behind == "" {
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already: say behind which line the text goes", p.file)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		return os.WriteFile(name, []byte(p.text), 0o644)
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	times := 0
	for line := range strings.Lines(string(old)) {
		b.WriteString(line)
		if strings.TrimSpace(line) == p.behind {
			times++
			b.WriteString(p.text)
		}
	}
	if times != 1 {
		return fmt.Errorf("%s has the line %q %d times, not once", p.file, p.behind, times)
	}
	return os.WriteFile(name, []byte(b.String()), 0o644)
}

// copyTree copies the repository, without its history and the runs that lie in it.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		base := path.Base(filepath.ToSlash(rel))
		switch {
		case d.IsDir() && (base == ".git" || base == "racebench-runs" || base == "node_modules"):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		case !d.Type().IsRegular() || base == ".git":
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o644)
	})
}

// A copied is a copy of the repository.
type copied struct{ dir string }

// run runs a go command in the copy, which must succeed, and returns what it printed. Paths are left out of what
// is built, so that packages which the addition does not change come from the cache the next time.
func (c copied) run(t *testing.T, command string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{command, "-trimpath"}, args...)...)
	cmd.Dir, cmd.WaitDelay = c.dir, time.Second
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s %s in the copy: %v\n%s", command, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The helper itself: what departs from the page is found, and what keeps to it is left alone.
func TestAnAdditionIsHeldToThePage(t *testing.T) {
	page := "# Adding\n\n## A lamp\n\n1. Write `lamps/NAME.go`.\n2. Add it to `table.go`.\n\n### Its light\n\n`light.go`\n\n## A chair\n\n`chairs.go`\n"
	lamp := put{file: "lamps/red.go", named: "lamps/NAME.go", text: "package lamps\n"}
	row := put{file: "lamps/table.go", behind: "x", text: "y\n"}
	for what, c := range map[string]struct {
		a    addition
		want string
	}{
		"as the page says":       {addition{"A lamp", "lamps", 2, []put{lamp, row, {file: "docs/lamps.md"}, {file: "CHANGELOG.md"}}}, ""},
		"a part of the section":  {addition{"A lamp", "lamps", 1, []put{{file: "lamps/light.go"}}}, ""},
		"twice in one file":      {addition{"A lamp", "lamps", 1, []put{row, row}}, ""},
		"another folder":         {addition{"A lamp", "lamps", 2, []put{lamp, {file: "chairs.go"}}}, "chairs.go is touched, which is not in lamps"},
		"a folder with its name": {addition{"A lamp", "lamps", 1, []put{{file: "lampshades/table.go"}}}, "lampshades/table.go is touched"},
		"a file not named":       {addition{"A lamp", "lamps", 1, []put{{file: "lamps/chairs.go"}}}, "does not name lamps/chairs.go"},
		"one file more":          {addition{"A lamp", "lamps", 1, []put{lamp, row}}, "2 files are touched, not 1: lamps/red.go, lamps/table.go"},
		"no such section":        {addition{"A table", "lamps", 1, []put{row}}, `no section "A table"`},
	} {
		got := strings.Join(c.a.problems(page), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

func TestAStepGoesWhereItSays(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.go")
	if err := os.WriteFile(name, []byte("one\n\ttwo\ntwins\ntwins\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := (put{file: "a.go", behind: "two", text: "\tmore\n"}).into(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "one\n\ttwo\n\tmore\ntwins\ntwins\n" {
		t.Errorf("%q, error %v", got, err)
	}
	if err := (put{file: "b/new.go", text: "new\n"}).into(dir); err != nil {
		t.Error(err)
	}
	for _, p := range []put{
		{file: "a.go", text: "x"}, // there already
		{file: "a.go", behind: "three", text: "x"},
		{file: "a.go", behind: "twins", text: "x"}, // where?
		{file: "absent.go", behind: "two", text: "x"},
	} {
		if err := p.into(dir); err == nil {
			t.Errorf("%+v: no error", p)
		}
	}
}
