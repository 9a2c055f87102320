package main

import (
	"bytes"
	_ "embed" // the workflows, which examples/ci shows to readers
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/result"
)

//go:embed ci/github.yml
var githubWorkflow []byte

//go:embed ci/gitlab.yml
var gitlabJob []byte

// latestRacebench is how the examples install racebench. What is written names one version: another would judge otherwise
// some morning.
const latestRacebench = "github.com/racebench/racebench/cmd/racebench@latest"

// goInstalls are, by system, the lines of a workflow that build racebench, which a release replaces with its archive.
var goInstalls = map[string]struct{ builds, downloads string }{
	"github": {`      - uses: actions/setup-go@v6
        with:
          go-version: stable
      - run: go install ` + latestRacebench + `
`, `      - uses: racebench/racebench@VERSION # its archive, whose checksum is verified
        with:
          version: VERSION
`},
	"gitlab": {`    - go install ` + latestRacebench + `
`, `    - curl -fsSL --remote-name-all https://github.com/racebench/racebench/releases/download/VERSION/{racebench_linux_amd64.tar.gz,checksums.txt}
    - sha256sum -c --ignore-missing checksums.txt && tar xzf racebench_linux_amd64.tar.gz -C /usr/local/bin racebench
`},
}

// pinned is a workflow that installs the racebench which writes it: a release by its archive, a build of a commit by go install.
// Of a build that nobody can fetch it is the latest.
func pinned(system string, text []byte, tool result.Tool) []byte {
	lines := goInstalls[system]
	switch {
	case release != "":
		return bytes.ReplaceAll(text, []byte(lines.builds), []byte(strings.ReplaceAll(lines.downloads, "VERSION", tool.Version)))
	case revision.MatchString(tool.Build):
		return bytes.ReplaceAll(text, []byte(latestRacebench), []byte(strings.Replace(latestRacebench, "latest", tool.Build, 1)))
	case version.MatchString(tool.Version): // by go install, of a version
		return bytes.ReplaceAll(text, []byte(latestRacebench), []byte(strings.Replace(latestRacebench, "latest", tool.Version, 1)))
	}
	return text
}

// version is a version that the go command can fetch.
var version = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)

// revision is a commit that the build was of, unchanged.
var revision = regexp.MustCompile(`^[0-9a-f]{40}$`)

// A workflow is what --ci writes.
type workflow struct {
	path string
	text []byte
	next string // what is left to do
}

func workflows() map[string]workflow {
	return map[string]workflow{
		"github": {filepath.Join(".github", "workflows", "racebench.yml"), githubWorkflow, "say in it how your program is built, and commit it with .racebench"},
		"gitlab": {filepath.Join(".gitlab", "racebench.yml"), gitlabJob, "say in it how your program is built, and include it: include: {local: .gitlab/racebench.yml}"},
	}
}

// writeWorkflow writes the workflow of a CI system, or prints it.
func (a *app) writeWorkflow(system string, toStdout bool) error {
	w, ok := workflows()[system]
	if !ok {
		known := slices.Sorted(maps.Keys(workflows()))
		return usagef("--ci %s: it is %s%s", system, alternatives(known), didYouMean(system, known))
	}
	here := projectHere()
	text, next := here.fits(pinned(system, w.text, toolInfo())), w.next
	if here.build != "" {
		next = strings.Replace(next, "say in it how your program is built, and ", "it builds with "+here.build+", as "+here.buildFile+" says; ", 1)
	}
	if toStdout {
		_, err := a.stdout.Write(text)
		return err
	}
	return a.writeNew(w.path, text, next)
}

// hintArtifact says in a GitHub workflow how a failing trial gets to a developer's machine.
func (a *app) hintArtifact(replays []string) {
	if os.Getenv("GITHUB_ACTIONS") != "true" || a.status != statusFinding {
		return
	}
	for _, replay := range replays {
		if replay != "" {
			a.stderr.Sayf("racebench: at home, with the artifact of this run:\n  gh run download %s -n racebench-runs -D %s\n  %s\n",
				os.Getenv("GITHUB_RUN_ID"), defaultDir, replay)
			return
		}
	}
}
