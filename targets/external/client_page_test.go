package external

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestThePageSaysWhatEachClientTakes holds the table of clients to the table of kinds. "The same" is the list that was
// last written out, "as NAME" that of another client; size is a word of the load, and so of no kind.
func TestThePageSaysWhatEachClientTakes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "external.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "| client | does | takes |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if !ok {
		t.Fatal("docs/external.md has no table of clients")
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	var written []string
	takes := map[string][]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		cell, _, _ := strings.Cut(strings.TrimSpace(cells[len(cells)-1]), ";")
		var words []string
		for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
			words = append(words, m[1])
		}
		switch name := strings.Trim(cells[0], " `"); {
		case strings.HasPrefix(cell, "the same"):
			takes[name] = append(slices.Clone(written), words...)
		case strings.HasPrefix(cell, "as ") && len(words) > 0:
			takes[name] = append(slices.Clone(takes[words[0]]), words[1:]...)
		default:
			written, takes[name] = words, words
		}
	}
	for _, k := range kinds {
		got := slices.DeleteFunc(slices.Sorted(slices.Values(takes[k.name])), func(word string) bool { return word == "size" })
		if want := slices.Sorted(slices.Values(k.fields)); !slices.Equal(got, want) {
			t.Errorf("docs/external.md says that %s takes %q: it takes %q", k.name, got, want)
		}
	}
}
