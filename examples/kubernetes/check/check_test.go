// Package check decodes the Job of this example strictly into the type that Kubernetes has for it, and compares what has
// to agree. It is a module of its own, so that racebench needs nothing of Kubernetes.
package check

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const file = "../job.yml"

// jobIn is the Job among the documents of a file.
func jobIn(text string) (*batch.Job, error) {
	for _, doc := range strings.Split(text, "\n---\n") {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal([]byte(doc), &kind); err != nil {
			return nil, err
		}
		if kind.Kind != "Job" {
			continue
		}
		var job batch.Job
		return &job, yaml.UnmarshalStrict([]byte(doc), &job)
	}
	return nil, fmt.Errorf("there is no Job in it")
}

// wrong says what of the Job does not fit.
func wrong(text string) []string {
	job, err := jobIn(text)
	if err != nil {
		return []string{err.Error()}
	}
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	s := job.Spec
	if s.CompletionMode == nil || *s.CompletionMode != batch.IndexedCompletion {
		say("completionMode is not Indexed: no pod is told which part is its own")
	}
	if s.Completions == nil || s.Parallelism == nil || *s.Completions < 2 || *s.Parallelism > *s.Completions {
		say("completions and parallelism do not fit")
		return all
	}
	pod := s.Template.Spec
	if len(pod.Containers) != 1 {
		say("%d containers", len(pod.Containers))
		return all
	}
	c := pod.Containers[0]
	if got, want := value(c.Env, "RACEBENCH_SHARDS"), strconv.Itoa(int(*s.Completions)); got != want {
		say("RACEBENCH_SHARDS is %q, and completions are %s", got, want)
	}
	command := strings.Join(append(c.Command, c.Args...), " ")
	for _, must := range []string{"--shard auto", "--seed "} {
		if !strings.Contains(command, must) {
			say("the command has no %s: %s", must, command)
		}
	}
	if pod.RestartPolicy != core.RestartPolicyNever || s.BackoffLimitPerIndex == nil || *s.BackoffLimitPerIndex != 0 {
		say("a part that found something would be run again")
	}
	if len(c.VolumeMounts) == 0 || len(pod.Volumes) == 0 {
		say("no volume takes the results")
	}
	return all
}

func value(env []core.EnvVar, name string) string {
	for _, e := range env {
		if e.Name == name {
			return e.Value
		}
	}
	return ""
}

func TestTheJob(t *testing.T) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong(string(text)) {
		t.Error(w)
	}
	// One wrong field is found.
	for _, plant := range [][2]string{
		{"completionMode: Indexed", "completionMode: NonIndexed"},
		{"completionMode:", "completionmodus:"},
		{"completions: 4", "completions: 5"},
		{"--shard auto", "--shard 1/4"},
		{"restartPolicy: Never", "restartPolicy: OnFailure"},
		{"backoffLimitPerIndex: 0", "backoffLimitPerIndex: 3"},
		{"kind: Job", "kind: CronJob"},
		{"volumeMounts:", "volumeMount:"},
	} {
		planted := strings.Replace(string(text), plant[0], plant[1], 1)
		if planted == string(text) || len(wrong(planted)) == 0 {
			t.Errorf("%s in the place of %s is not found", plant[1], plant[0])
		}
	}
}
