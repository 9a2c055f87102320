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
