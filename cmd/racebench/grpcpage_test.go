package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheCommandsOfTheGRPCPageAreRun holds docs/grpc.md to the script that runs its commands, with fewer trials, and its
// scenario.
func TestTheCommandsOfTheGRPCPageAreRun(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "grpc.md"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join("testdata", "script", "grpc.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile(` (--trials [0-9]+|--progress none|-o json=\S+)`).ReplaceAllString(string(raw), "")
	n := 0
	for i, block := range strings.Split(string(page), "```") {
		if i%2 == 0 {
			continue
		}
		kind, text, _ := strings.Cut(block, "\n")
		switch kind {
		case "yaml":
			if n++; !strings.Contains(string(raw), "\n"+text) {
				t.Errorf("no scenario of the script is\n%s", text)
			}
		case "sh":
			for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
				if n++; !regexp.MustCompile(`(?m)^status [0-9] ` + regexp.QuoteMeta(line) + `$`).MatchString(script) {
					t.Errorf("the script does not run: %s", line)
				}
			}
		}
	}
	if n < 5 {
		t.Errorf("the page has %d commands", n)
	}
}
