package main

import (
	"errors"
	"strings"
	"testing"
)

func TestShardOfTheEnvironment(t *testing.T) {
	for _, c := range []struct{ name, environment, want string }{
		{"named", "RACEBENCH_SHARD=2/4", "2/4"},
		{"named beats systems", "RACEBENCH_SHARD=2/4 CI_NODE_INDEX=1 CI_NODE_TOTAL=3 JOB_COMPLETION_INDEX=0", "2/4"},
		{"an empty one names nothing", "RACEBENCH_SHARD= CI_NODE_INDEX=1 CI_NODE_TOTAL=3", "1/3"},
		{"GitLab's first", "CI_NODE_INDEX=1 CI_NODE_TOTAL=3", "1/3"},
		{"GitLab's last", "CI_NODE_INDEX=3 CI_NODE_TOTAL=3", "3/3"},
		{"Kubernetes' first", "JOB_COMPLETION_INDEX=0 RACEBENCH_SHARDS=4", "1/4"},
		{"Kubernetes' last", "JOB_COMPLETION_INDEX=3 RACEBENCH_SHARDS=4", "4/4"},
		{"Slurm from 0", "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT=4", "3/4"},
		{"Slurm in steps", "SLURM_ARRAY_TASK_ID=9 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=4 SLURM_ARRAY_TASK_COUNT=3", "3/3"},
		{"a total alone is no system", "CI_NODE_TOTAL=1 JOB_COMPLETION_INDEX=1 RACEBENCH_SHARDS=2", "2/2"},

		{"nothing", "", "the environment names no part"},
		{"a total alone", "CI_NODE_TOTAL=1", "the environment names no part"},
		{"named out of range", "RACEBENCH_SHARD=5/4", "RACEBENCH_SHARD is 5/4: it is I/N"},
		{"named from 0", "RACEBENCH_SHARD=0/4", "RACEBENCH_SHARD is 0/4: it is I/N"},
		{"no total", "CI_NODE_INDEX=1", "CI_NODE_INDEX is set, and CI_NODE_TOTAL is not"},
		{"no completions", "JOB_COMPLETION_INDEX=0", "JOB_COMPLETION_INDEX is set, and RACEBENCH_SHARDS is not: set it to the job's completions"},
		{"no count", "SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_STEP=1", "SLURM_ARRAY_TASK_COUNT is not"},
		{"no least", "SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_STEP=1 SLURM_ARRAY_TASK_COUNT=2", "SLURM_ARRAY_TASK_MIN is not"},
		{"two systems", "CI_NODE_INDEX=1 CI_NODE_TOTAL=3 JOB_COMPLETION_INDEX=0 RACEBENCH_SHARDS=3", "CI_NODE_INDEX and JOB_COMPLETION_INDEX are both set"},
		{"GitLab from 0", "CI_NODE_INDEX=0 CI_NODE_TOTAL=3", "CI_NODE_INDEX is 0, which is none of 3 that begin at 1"},
		{"GitLab past the end", "CI_NODE_INDEX=4 CI_NODE_TOTAL=3", "which is none of 3"},
		{"Kubernetes past the end", "JOB_COMPLETION_INDEX=4 RACEBENCH_SHARDS=4", "JOB_COMPLETION_INDEX is 4, which is none of 4 that begin at 0"},
		{"Slurm past the end", "SLURM_ARRAY_TASK_ID=13 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=4 SLURM_ARRAY_TASK_COUNT=3", "in steps of 4"},
		{"Slurm between steps", "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=4 SLURM_ARRAY_TASK_COUNT=3", "in steps of 4"},
		{"Slurm without steps", "SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=0 SLURM_ARRAY_TASK_COUNT=3", "which is none of 3"},
		{"no number", "CI_NODE_INDEX=one CI_NODE_TOTAL=3", `CI_NODE_INDEX is "one", and no number`},
		{"no number of parts", "CI_NODE_INDEX=1 CI_NODE_TOTAL=x", `CI_NODE_TOTAL is "x", and no number`},
		{"no parts", "CI_NODE_INDEX=1 CI_NODE_TOTAL=0", "which is none of 0"},
	} {
		environment := map[string]string{}
		for _, pair := range strings.Fields(c.environment) {
			name, value, _ := strings.Cut(pair, "=")
			environment[name] = value
		}
		s, err := shardOf(func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
		var usage usageError
		switch {
		case err == nil && s.String() != c.want:
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		case err != nil && (!errors.As(err, &usage) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}
