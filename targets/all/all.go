// Package all is the table of targets.
package all

import (
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/broker"
	"github.com/racebench/racebench/targets/durability"
	"github.com/racebench/racebench/targets/durability/disk"
	"github.com/racebench/racebench/targets/external"
)

// Targets lists every target of this build, by name.
func Targets() []targets.Target {
	return []targets.Target{
		broker.Target{},
		durability.Target{Disk: disk.Disk{}},
		external.Target{},
	}
}

// Find returns the target of that name.
func Find(name string) (targets.Target, bool) {
	for _, t := range Targets() {
		if t.Name() == name {
			return t, true
		}
	}
	return nil, false
}
