package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhoeverKeepsRunsIsToldWhatIsInThem: what counts as a secret stands in one page, and the action that uploads runs
// and the page about it lead there.
func TestWhoeverKeepsRunsIsToldWhatIsInThem(t *testing.T) {
	for file, link := range map[string]string{"docs/ci.md": "(kept.md)", "action.yml": "docs/kept.md"} {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "racebench-runs") || !strings.Contains(string(text), link) {
			t.Errorf("%s uploads runs and does not lead to %s", file, link)
		}
	}
}
