package main

import (
	"os"
	"strings"
	"testing"
)

// TestThePageOnKubernetesIsRun holds that each command of the page is one of its script, which runs it with two trials.
func TestThePageOnKubernetesIsRun(t *testing.T) {
	page, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/script/kubernetes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(page)) {
		words, server := strings.CutSuffix(strings.TrimSpace(line), " -- ./server")
		if !server || !strings.HasPrefix(words, "racebench ") {
			continue
		}
		if n++; !strings.Contains(string(script), words+" -- ./server ") && !strings.Contains(string(script), words+" --trials 2 --progress none -- ./server ") {
			t.Errorf("nobody runs %s", words)
		}
	}
	if n < 3 {
		t.Errorf("the page has %d commands", n)
	}
}
