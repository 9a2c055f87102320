// Package release is tests of what a release is made of: the cut of CHANGELOG.md, the image, builds that repeat.
package release

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// script runs a script of .ci over a changelog of its own.
func script(t *testing.T, name, changelog string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash is here: the scripts of a release run on Linux and macOS")
	}
	var out, errs bytes.Buffer
	cmd := exec.Command("bash", append([]string{filepath.Join(root, ".ci", name)}, args...)...)
	cmd.Env = append(os.Environ(), "CHANGELOG="+changelog)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "CHANGELOG.md")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The project's own changelog can be cut, and what was unreleased are the notes of the release, whole.
func TestTheChangelogCanBeCut(t *testing.T) {
	before := read(t, filepath.Join(root, "CHANGELOG.md"))
	_, unreleased, ok := strings.Cut(before, "## [Unreleased]\n")
	if !ok {
		t.Fatal("CHANGELOG.md has no section [Unreleased]")
	}
	unreleased, _, _ = strings.Cut(unreleased, "\n## ")
	file := write(t, before)
	if out, errs, status := script(t, "cut", file, "99.1.0"); status != 0 || !strings.Contains(out, "git tag v99.1.0") {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
	after := read(t, file)
	if !regexp.MustCompile(`(?m)^## \[Unreleased\]\n\n## \[99\.1\.0\] - \d{4}-\d\d-\d\d\n`).MatchString(after) {
		t.Errorf("the new section does not follow an empty [Unreleased]:\n%.400s", after)
	}
	notes, errs, status := script(t, "notes", file, "v99.1.0")
	if status != 0 || strings.TrimSpace(notes) != strings.TrimSpace(unreleased) {
		t.Errorf("status %d, %s: the notes are %d bytes, and %d were unreleased", status, errs, len(notes), len(unreleased))
	}
	if _, errs, status := script(t, "cut", file, "99.1.0"); status != 2 || !strings.Contains(errs, "has a section of 99.1.0") {
		t.Errorf("the same version again: status %d: %s", status, errs)
	}
	if _, errs, status := script(t, "cut", file, "99.2.0"); status != 2 || !strings.Contains(errs, "there is nothing to release") {
		t.Errorf("nothing is new: status %d: %s", status, errs)
	}
	if read(t, file) != after {
		t.Error("a cut that was refused changed the file")
	}
}

func TestACutIsRefused(t *testing.T) {
	for _, c := range []struct{ text, version, says string }{
		{"## [Unreleased]\n\n- x\n", "v0.1.0", "a version is needed"},
		{"## [Unreleased]\n\n- x\n", "", "a version is needed"},
		{"## [Unreleased]\n\n- x\n", "0.1", "a version is needed"},
		{"## [0.0.1]\n\n- x\n", "0.1.0", "there is nothing to release"},
	} {
		file := write(t, c.text)
		if _, errs, status := script(t, "cut", file, c.version); status != 2 || !strings.Contains(errs, c.says) || read(t, file) != c.text {
			t.Errorf("%q: status %d: %s", c.version, status, errs)
		}
	}
	if _, errs, status := script(t, "notes", write(t, "## [0.1.0]\n\n- x\n"), "v0.2.0"); status != 2 || !strings.Contains(errs, "no section of 0.2.0") {
		t.Errorf("notes of a version that is not there: status %d: %s", status, errs)
	}
}

// The action's script takes an archive only with the checksum of its release.
func TestInstallVerifiesTheChecksum(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s is here", tool)
		}
	}
	releases := t.TempDir()
	dir := filepath.Join(releases, "v0.1.0")
	run := func(name string, args ...string) (string, int) {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "RELEASES=file://"+releases)
		out, err := cmd.CombinedOutput()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	put("racebench", "#!/bin/sh\necho racebench v0.1.0\n")
	archive := filepath.Join(dir, "racebench_linux_amd64.tar.gz")
	if out, status := run("tar", "czf", archive, "-C", dir, "racebench"); status != 0 {
		t.Fatal(out)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(read(t, archive))))
	install := func(version, arch string) (out, to string, status int) {
		to = filepath.Join(t.TempDir(), "bin")
		out, status = run("bash", filepath.Join(root, ".ci", "install"), version, "Linux", arch, to)
		return out, filepath.Join(to, "racebench"), status
	}
	put("checksums.txt", sum+"  racebench_linux_amd64.tar.gz\n")
	out, path, status := install("v0.1.0", "X64")
	if status != 0 {
		t.Fatalf("status %d: %s", status, out)
	}
	if said, _ := run(path); said != "racebench v0.1.0\n" {
		t.Errorf("what was installed says %q", said)
	}
	for _, c := range []struct{ sums, version, arch, says string }{
		{strings.Repeat("0", 64) + "  racebench_linux_amd64.tar.gz\n", "v0.1.0", "X64", "nothing was installed"},
		{sum + "  racebench_linux_arm64.tar.gz\n", "v0.1.0", "X64", "does not name racebench_linux_amd64.tar.gz"},
		{sum + "  racebench_linux_amd64.tar.gz\n", "v0.2.0", "X64", "is v0.2.0 a release?"},
		{sum + "  racebench_linux_amd64.tar.gz\n", "v0.1.0", "RISCV64", "there is no release for RISCV64"},
	} {
		put("checksums.txt", c.sums)
		out, path, status := install(c.version, c.arch)
		if _, err := os.Stat(path); err == nil || status != 2 || !strings.Contains(out, c.says) {
			t.Errorf("%s: status %d, %s", c.says, status, out)
		}
	}
}

// lacks says what an image must have and the text of a Dockerfile does not.
func lacks(text string) []string {
	var missing []string
	for _, must := range []struct{ pattern, what string }{
		{`(?s)\nFROM [^\n]+ AS build\n.*\nFROM `, "two stages"},
		{`CGO_ENABLED=0`, "a static binary"},
		{`go build -trimpath `, "a build without the builder's paths"},
		{`(?m)^USER [1-9]\d*:[1-9]\d*$`, "a user that is not root, by number"},
		{`(?m)^ENTRYPOINT \["racebench"\]$`, "racebench as its program"},
		{`-X main\.release=`, "the release's version"},
	} {
		if !regexp.MustCompile(must.pattern).MatchString(text) {
			missing = append(missing, must.what)
		}
	}
	return missing
}

func TestTheImage(t *testing.T) {
	text := read(t, filepath.Join(root, "Dockerfile"))
	if missing := lacks(text); len(missing) > 0 {
		t.Errorf("Dockerfile lacks %s", strings.Join(missing, ", "))
	}
	for line := range strings.Lines(text) { // each is missed
		if regexp.MustCompile(`^(USER|ENTRYPOINT|FROM|RUN CGO)`).MatchString(line) && len(lacks(strings.Replace(text, line, "", 1))) == 0 {
			t.Errorf("without %q nothing is missing", line)
		}
	}
}
