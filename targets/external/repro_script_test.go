//go:build linux

package external_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestScriptsAreReadByShells has what reads shell here read every part of repro.sh by itself, and whole scripts: what
// is wrong in a script that a user gets is found without running it.
func TestScriptsAreReadByShells(t *testing.T) {
	parts, err := filepath.Glob("repro/*.sh")
	if err != nil || len(parts) == 0 {
		t.Fatalf("no parts of repro.sh: %v", err)
	}
	dir := t.TempDir()
	for _, tc := range handmade {
		text := scriptOf(t, tc.class, handmadeScenario(tc.command, tc.more, tc.load), tc.evidence, tc.signal)
		if err := os.WriteFile(filepath.Join(dir, tc.name+".sh"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	scripts, err := filepath.Glob(filepath.Join(dir, "*.sh"))
	if err != nil || len(scripts) != len(handmade) {
		t.Fatalf("%d scripts, want %d: %v", len(scripts), len(handmade), err)
	}
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\ngo() {\n  if true; then echo x\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read := false
	for _, reader := range []struct {
		files   []string
		command []string
	}{
		{append(scripts, parts...), []string{"sh", "-n"}},
		{append(scripts, parts...), []string{"bash", "-n"}},
		{parts, []string{"shellcheck", "--severity=style"}},
		{scripts, []string{"shellcheck", "--severity=warning"}},
	} {
		if _, err := exec.LookPath(reader.command[0]); err != nil {
			continue
		}
		read = true
		if exec.Command(reader.command[0], append(reader.command[1:], broken)...).Run() == nil {
			t.Errorf("%s has nothing against a script that lacks its fi", strings.Join(reader.command, " "))
		}
		for _, file := range reader.files {
			if out, err := exec.Command(reader.command[0], append(reader.command[1:], file)...).CombinedOutput(); err != nil {
				t.Errorf("%s %s: %v\n%s", strings.Join(reader.command, " "), filepath.Base(file), err, out)
			}
		}
	}
	if !read {
		t.Skip("neither a shell nor shellcheck is installed: scripts are not read")
	}
}
