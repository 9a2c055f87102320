package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/racebench/racebench/engine/batch"
)

// autoShard is the word of --shard for the part that the environment names.
const autoShard = "auto"

// part reads --shard.
func (f *runFlags) part() (batch.Shard, error) {
	var s batch.Shard
	var err error
	switch {
	case f.shard == "":
		return s, nil
	case f.shard == autoShard:
		s, err = shardOf(os.LookupEnv)
	default:
		s, err = parseShard("--shard "+f.shard, f.shard)
	}
	if err == nil && f.forTime > 0 {
		err = usagef("--shard %s: a time has no parts: say --trials", f.shard)
	}
	return s, err
}

// parseShard reads I/N; named is what an error calls it.
func parseShard(named, text string) (batch.Shard, error) {
	number, of, ok := strings.Cut(text, "/")
	i, numberErr := strconv.Atoi(number)
	n, ofErr := strconv.Atoi(of)
	if !ok || numberErr != nil || ofErr != nil || i < 1 || i > n {
		return batch.Shard{}, usagef("%s: it is I/N, such as 2/4 for the second of four parts", named)
	}
	return batch.Shard{Number: i, Of: n}, nil
}

// A splitter is a system that runs several copies of a job, and tells each which one it is.
type splitter struct {
	index, total string // variables
	remedy       string // where the total is missing
	first        int    // the lowest index; not of Slurm's arrays, which name theirs
	lowest, step string // variables; empty where the index counts by one from first
}

var splitters = []splitter{
	{index: "CI_NODE_INDEX", total: "CI_NODE_TOTAL", first: 1, remedy: "set it to how many jobs run in parallel"},
	{index: "JOB_COMPLETION_INDEX", total: "RACEBENCH_SHARDS", remedy: "set it to the job's completions in its pod template"},
	{index: "SLURM_ARRAY_TASK_ID", total: "SLURM_ARRAY_TASK_COUNT", lowest: "SLURM_ARRAY_TASK_MIN", step: "SLURM_ARRAY_TASK_STEP", remedy: "start the job as an array: sbatch --array=1-4"},
}

// shardOf reads the part of a run from the environment: from RACEBENCH_SHARD, else from the one system that has split it.
func shardOf(lookup func(string) (string, bool)) (batch.Shard, error) {
	if text, ok := lookup("RACEBENCH_SHARD"); ok && text != "" {
		return parseShard("--shard auto: RACEBENCH_SHARD is "+text, text)
	}
	var found []splitter
	var known []string
	for _, s := range splitters {
		known = append(known, s.index)
		if text, ok := lookup(s.index); ok && text != "" {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return batch.Shard{}, usagef("--shard auto: the environment names no part: neither RACEBENCH_SHARD, such as 2/4, nor %s is set", strings.Join(known, ", "))
	case 1:
		return found[0].shard(lookup)
	}
	return batch.Shard{}, usagef("--shard auto: %s and %s are both set, and each names another part: set RACEBENCH_SHARD, such as 2/4", found[0].index, found[1].index)
}

// shard reads the part from the variables of a system.
func (s splitter) shard(lookup func(string) (string, bool)) (batch.Shard, error) {
	number := func(name, remedy string) (int, error) {
		text, _ := lookup(name)
		if text == "" {
			return 0, usagef("--shard auto: %s is set, and %s is not: %s", s.index, name, remedy)
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, usagef("--shard auto: %s is %q, and no number", name, text)
		}
		return n, nil
	}
	index, err := number(s.index, "")
	if err != nil {
		return batch.Shard{}, err
	}
	total, err := number(s.total, s.remedy)
	if err != nil {
		return batch.Shard{}, err
	}
	first, step := s.first, 1
	if s.lowest != "" {
		if first, err = number(s.lowest, s.remedy); err != nil {
			return batch.Shard{}, err
		}
		if step, err = number(s.step, s.remedy); err != nil {
			return batch.Shard{}, err
		}
	}
	past := index - first
	if step < 1 || past < 0 || past%step != 0 || past/step >= total {
		return batch.Shard{}, usagef("--shard auto: %s is %d, which is none of %d that begin at %d%s: set RACEBENCH_SHARD, such as 2/4",
			s.index, index, total, first, inSteps(step))
	}
	return batch.Shard{Number: past/step + 1, Of: total}, nil
}

func inSteps(step int) string {
	if step == 1 {
		return ""
	}
	return " in steps of " + strconv.Itoa(step)
}
