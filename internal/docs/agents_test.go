package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var linked = regexp.MustCompile(`\]\(([^()\s]+)\)`)

// broken are the links of a text that lead to nothing.
func broken(text string, has func(path string) bool) []string {
	var wrong []string
	for _, m := range linked.FindAllStringSubmatch(text, -1) {
		if !has(m[1]) {
			wrong = append(wrong, m[1])
		}
	}
	return wrong
}

// TestAgentsAreToldWhatIs holds llms.txt to the files, and the commands in AGENTS.md's tables to the program.
func TestAgentsAreToldWhatIs(t *testing.T) {
	all := pages(t)
	text := func(name string) string {
		return all[slices.IndexFunc(all, func(p page) bool { return p.name == name })].text
	}
	has := func(path string) bool { _, err := os.Stat(filepath.Join(root, path)); return err == nil }
	for _, path := range broken(text("llms.txt"), has) {
		t.Errorf("llms.txt links to %s, which the project does not have", path)
	}
	if n := len(linked.FindAllString(text("llms.txt"), -1)); n < 10 {
		t.Errorf("llms.txt has %d links: they are not read", n)
	}
	if got := broken("[a](here.md) [b](gone.md)", func(path string) bool { return path == "here.md" }); !slices.Equal(got, []string{"gone.md"}) {
		t.Errorf("broken links: %q", got)
	}
	p, n := build(t), 0
	for _, span := range codeSpan.FindAllStringSubmatch(text("AGENTS.md"), -1) {
		command, ok := strings.CutPrefix(span[1], "racebench ")
		if !ok {
			continue
		}
		n++
		if why := p.checkCommand(t, strings.Fields(command)); why != "" {
			t.Errorf("AGENTS.md: %s: %s", span[1], why)
		}
	}
	if n < 10 {
		t.Errorf("AGENTS.md has %d commands: they are not read", n)
	}
	if why := p.checkCommand(t, []string{"probe", "--jason"}); why == "" {
		t.Error("a flag that is not there is not found")
	}
}
