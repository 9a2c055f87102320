package main

import (
	_ "embed" // the workflows, which examples/ci shows to readers
	"maps"
	"os"
	"path/filepath"
	"slices"
)

//go:embed ci/github.yml
var githubWorkflow []byte

//go:embed ci/gitlab.yml
var gitlabJob []byte

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
	if toStdout {
		_, err := a.stdout.Write(w.text)
		return err
	}
	return a.writeNew(w.path, w.text, w.next)
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
