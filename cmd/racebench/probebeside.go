package main

import (
	"fmt"
	"strings"

	"github.com/racebench/racebench/scenario/spec"
)

// servicesOf are the services that stand beside a probe's program, as a scenario has them.
func (w *probeFlags) servicesOf() (spec.Value, error) {
	var all mapping
	for _, text := range w.services {
		name, command, ok := strings.Cut(text, "=")
		if !ok || name == "" || command == "" {
			return spec.Value{}, usagef("--service %s: write it as NAME=COMMAND, such as --service 'redis=redis-server --port {redis}'", text)
		}
		if _, twice := all.Get(name); twice {
			return spec.Value{}, usagef("--service %s: there is one of that name already", name)
		}
		if words, _ := spec.Split(command); len(words) > 0 {
			if err := findCommand(words[0]); err != nil { // before anything else is done
				return spec.Value{}, fmt.Errorf("--service %s: %w", name, err)
			}
		}
		var one mapping
		one.text("command", command)
		all.put(name, one.Value)
	}
	return all.Value, nil
}

// jobLoad is what a probe's worker is given to do.
func (w *probeFlags) jobLoad() ([]spec.Value, error) {
	if w.jobs == "" {
		return nil, nil
	}
	words := strings.Fields(w.jobs)
	if len(words) < 3 {
		return nil, usagef("--jobs %s: write it as 'URL KIND NAME', such as --jobs 'redis://127.0.0.1:{redis}/0 list jobs'", w.jobs)
	}
	var m mapping
	m.text("client", "jobs")
	m.put("clients", spec.Text("2"))
	paced(&m)
	m.text("queue", words[0])
	m.text("push", strings.Join(words[1:], " "))
	m.text("done", w.done)
	return []spec.Value{m.Value}, nil
}

// checkJobs refuses flags of jobs that go with others.
func (w *probeFlags) checkJobs() error {
	switch {
	case w.jobs == "" && w.done == "":
		return nil
	case !w.worker:
		return usagef("--jobs and --done are for a program that takes jobs and listens on nothing: add --worker; a scenario has them for any program, as client: jobs")
	case w.done == "":
		return usagef("--jobs needs --done: where a job is found that is done, such as --done 'set done'")
	case w.jobs == "":
		return usagef("--done needs --jobs: where jobs are pushed, such as --jobs 'redis://127.0.0.1:{redis}/0 list jobs'")
	}
	return nil
}
